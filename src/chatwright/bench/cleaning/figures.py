"""What the trainings say: means over seeds with their intervals, differences seed by seed, and charts of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Any

from chatwright.bench.cleaning.grid import SEEDS, SHARES, Training
from chatwright.bench.cleaning.states import STATES
from chatwright.bench.measured import Chart, Measured, Row
from chatwright.evaluate.uncertainty import Interval, seeds_interval
from chatwright.recipe import Recipe

_DIFFERENCES = (("raw", "cleaned"), ("cleaned", "deduplicated"), ("raw", "deduplicated"))
_BITS, _SHARE = "bits per byte", "share"


def tell(
    recipe: Recipe,
    states: Mapping[str, Any],
    tokens: Mapping[str, Any],
    plan: Mapping[str, Any],
    trained: Mapping[str, Mapping[str, Any]],
) -> Measured:
    """Rows, charts and conditions out of the figures of the stages; `trained` has those of each training by name."""
    confidence = recipe.evaluate.confidence
    scores = {name: figures["scores"] for name, figures in trained.items()}
    labels = {
        "bits_per_byte": ("held-out text", _BITS),
        **{f"bits_per_byte_{language}": (f"held-out text, {language}", _BITS) for language in tokens["languages"]},
    }
    if tokens["openings"]:
        labels |= {
            "repeated_greedy": ("repeated 4-grams, greedy", _SHARE),
            "repeated_sampled": ("repeated 4-grams, sampled", _SHARE),
            "broken_sampled": ("sampled text breaks a rule", _SHARE),
        }

    def over_seeds(score: str, reads: str, less: str = "") -> Interval:
        values = [scores[Training(reads, seed).name][score] for seed in SEEDS]
        taken = [scores[Training(less, seed).name][score] if less else 0.0 for seed in SEEDS]
        return seeds_interval([one - other for one, other in zip(values, taken, strict=True)], confidence=confidence)

    rows = list[Row]()
    for score, (label, unit) in labels.items():
        rows += [_row(f"{label}: {_text(reads)}", over_seeds(score, reads), unit) for reads in (*STATES, *SHARES)]
        rows += [
            _row(f"{label}: {after} less {before}", over_seeds(score, after, before), _difference(unit))
            for before, after in _DIFFERENCES
        ]
    if tokens["openings"]:
        people = tokens["people"]
        rows.append(_plain("repeated 4-grams: what people wrote there", people["repeated"]))
        rows.append(_plain("what people wrote there breaks a rule", people["broken"]))
    charts = _charts(tokens, over_seeds)
    return Measured(rows, charts, _conditions(recipe, states, tokens, plan, trained))


def _text(reads: str) -> str:
    return f"{reads} of the deduplicated text" if reads in SHARES else reads


def _difference(unit: str) -> str:
    return "points / 100" if unit == _SHARE else unit


def _row(name: str, interval: Interval, unit: str) -> Row:
    row = {"name": name, "value": interval.value, "low": interval.low, "high": interval.high, "n": interval.n}
    return {**row, "unit": unit, "target": None, "holds": None}


def _plain(name: str, value: float) -> Row:
    return {"name": name, "value": value, "unit": _SHARE, "target": None, "holds": None}


def _charts(tokens: Mapping[str, Any], over_seeds: Callable[..., Interval]) -> list[Chart]:
    """By state and by share: bits per byte of each language, how far they are from raw or from all, repetition."""
    languages = tokens["languages"] if len(tokens["languages"]) > 1 else []
    bits = {"all": "bits_per_byte"} | {language: f"bits_per_byte_{language}" for language in languages}
    written = {"greedy": "repeated_greedy", "sampled": "repeated_sampled"} if tokens["openings"] else {}
    shares = {"1/8": "an eighth", "1/4": "a quarter", "1/2": "half", "all": STATES[-1]}
    axes = (
        ("What was done to the text", dict(zip(STATES, STATES, strict=True)), "raw text", STATES[0]),
        ("How much of the deduplicated text", shares, "all of it", STATES[-1]),
    )
    charts = [
        _chart("Held-out bits per byte", axis, _BITS, places, bits, over_seeds)
        for axis, places, _, _ in axes  # the languages lie far apart, so differences get charts of their own
    ]
    charts += [
        _chart(f"Held-out bits per byte, less those after {than}", axis, _BITS, places, bits, over_seeds, less)
        for axis, places, than, less in axes
    ]
    if written:
        charts += [
            _chart("Repeated 4-grams in what it writes", axis, _SHARE, places, written, over_seeds)
            for axis, places, _, _ in axes
        ]
    return charts


def _chart(
    title: str,
    axis: str,
    unit: str,
    places: Mapping[str, str],
    scores: Mapping[str, str],
    over_seeds: Callable[..., Interval],
    less: str = "",
) -> Chart:
    lines = [
        {"name": name, "points": [_point(over_seeds(score, reads, less)) for reads in places.values()]}
        for name, score in scores.items()
    ]
    return {"title": title, "axis": axis, "unit": unit, "places": list(places), "lines": lines}


def _point(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _conditions(
    recipe: Recipe,
    states: Mapping[str, Any],
    tokens: Mapping[str, Any],
    plan: Mapping[str, Any],
    trained: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    def epochs(reads: str) -> float:
        return fmean(trained[Training(reads, seed).name]["epochs"] for seed in SEEDS)

    return {
        "recipe": recipe.name,
        "minutes": recipe.plan.minutes,
        "seeds": len(SEEDS),
        "intervals": f"{recipe.evaluate.confidence:.0%}, Student's t over seeds; held-out text is always the same",
        "parameters": plan["parameters"],
        "steps": plan["steps"],
        "tokens_read": plan["tokens"],
        "documents": {state: states[f"{state}_documents"] for state in STATES},
        "characters": {state: states[f"{state}_characters"] for state in STATES},
        "held_out": {name: states[f"held_out_{name}"] for name in ("documents", "characters")},
        "left_out_like_held_out": states["like_held_out"],
        "epochs": {reads: round(epochs(reads), 2) for reads in (*STATES, *SHARES)},
        "openings": tokens["openings"],
    }
