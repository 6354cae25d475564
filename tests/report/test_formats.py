import doctest

import pytest

from chatwright.report import formats


def test_examples_in_the_docstrings() -> None:
    outcome = doctest.testmod(formats)
    assert outcome.attempted >= 5
    assert outcome.failed == 0


@pytest.mark.parametrize("share", [0.9996, 0.99999999])
def test_only_all_of_it_is_a_hundred_percent(share: float) -> None:
    assert formats.percent(share) == "99.9%"


def test_durations_never_skip_a_minute() -> None:
    assert formats.duration(59.6) == "1 min 0 s"
    assert formats.duration(3599.7) == "1 h 0 min"


def test_rows_flatten_in_order_and_carry_units() -> None:
    values = {
        "read": {"bytes": 1_500_000, "documents": 12},
        "train_seconds": 75.0,
        "peak_share": 0.5,
        "flops": 2e15,
        "lossless": True,
        "missing": None,
        "modules": ["os", "re"],
        "expected": {"seconds": {"total": 120}},
    }
    assert formats.rows(values) == [
        ("read \u203a bytes", "1.5 MB"),
        ("read \u203a documents", "12"),
        ("train seconds", "1 min 15 s"),
        ("peak share", "50.0%"),
        ("flops", "2 PFLOP"),
        ("lossless", "yes"),
        ("missing", formats.DASH),
        ("modules", "os, re"),
        ("expected \u203a seconds \u203a total", "2 min 0 s"),
    ]


def test_what_is_not_a_number_is_shown_as_such() -> None:
    assert formats.number(float("nan")) == "nan"
    assert formats.number(float("inf")) == "inf"
