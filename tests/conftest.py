"""Shared by all tests: public data where there is some, small models, and no silent skips."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from chatwright.bench.registry import conditions
from chatwright.core.files import write_json
from chatwright.core.runs import BENCHES

DATA_VARIABLE = "CHATWRIGHT_DATA"

_BEGAN = pytest.StashKey[float]()
_MOST_SECONDS = 600

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


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remember when the tests began."""
    session.config.stash[_BEGAN] = time.monotonic()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """How long the whole suite took is a figure of the report, as `chatwright bench` leaves them."""
    whole = not session.config.option.markexpr and not session.config.option.keyword
    if exitstatus or not whole or session.config.invocation_params.args:
        return
    seconds = round(time.monotonic() - session.config.stash[_BEGAN], 1)
    row = {"name": "make test", "value": seconds, "unit": "seconds", "target": f"at most {_MOST_SECONDS}"}
    rows = [{**row, "holds": seconds <= _MOST_SECONDS}, {"name": "tests", "value": session.testscollected}]
    rows[1] |= {"unit": "tests", "target": None, "holds": None}
    BENCHES.mkdir(parents=True, exist_ok=True)
    write_json(BENCHES / "tests.json", {"rows": rows, "conditions": conditions()})
