"""Shared by all tests: public data where there is some, small models, and no silent skips."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

DATA_VARIABLE = "CHATWRIGHT_DATA"

settings.register_profile("shared machine", deadline=None)  # a slow moment is no failure
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of public data sets; without the variable the test is skipped."""
    if DATA_VARIABLE not in os.environ:
        pytest.skip(f"{DATA_VARIABLE} is not set")
    return Path(os.environ[DATA_VARIABLE])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where the public data is at hand, a skipped test is a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and DATA_VARIABLE in os.environ:
        report.outcome = "failed"
        report.longrepr = f"skipped although {DATA_VARIABLE} is set: {report.longrepr}"
    return report
