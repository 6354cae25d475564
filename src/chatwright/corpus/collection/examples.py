"""A person's good and bad examples: read as sources are, and what a classifier learns from them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatwright.core.errors import DataError
from chatwright.core.progress import Progress
from chatwright.corpus.clean import text_key
from chatwright.corpus.collection.collect import read_source, source_files, text_of
from chatwright.corpus.collection.settings import CollectionSettings, QualitySettings, SourceSettings
from chatwright.corpus.judging.language import language_of
from chatwright.corpus.judging.quality import LEAST, Learnt, Quality, learn
from chatwright.corpus.readers.found import Failed

QUALITY_FILE = "quality.npz"
_WHERE = "collection.judge.quality"
_NAMED = 5  # files that are named

Examples = dict[str, dict[str, str]]  # by language, texts by their keys


def example_sources(quality: QualitySettings) -> tuple[SourceSettings, SourceSettings]:
    """The good and the bad examples as sources."""
    return tuple(  # type: ignore[return-value]
        SourceSettings(name=f"{_WHERE}.{kind}", path=getattr(quality, kind), columns=quality.columns)
        for kind in ("good", "bad")
    )


def learn_quality(folder: Path, settings: CollectionSettings, data: str | None, progress: Progress) -> dict[str, Any]:
    """Write the classifier that tells the good examples from the bad ones, for each language that has enough of both.

    Returns the figures: how many examples, and how good it is on those it had not seen. `DataError` where no language
    has enough examples, or where those of one cannot be told apart.
    """
    quality = settings.judge.quality
    assert quality is not None
    progress.update(0.0, "reading examples")
    lost = list[Failed]()
    good, bad = (_texts(_read(source, settings, data, lost)) for source in example_sources(quality))
    both = _without_common(good, bad)
    languages = [name for name in sorted({*good, *bad}) if min(len(good[name]), len(bad[name])) >= LEAST]
    if not languages:
        raise _too_few(good, bad, both, lost)
    learnt = dict[str, Learnt]()
    for number, language in enumerate(languages):
        progress.update((1 + number) / (1 + len(languages)), f"learning {language or 'other languages'}")
        learnt[language] = learn(list(good[language].values()), list(bad[language].values()), quality.least)
        if learnt[language].auc.low <= 0.5:
            raise _not_told_apart(language, learnt[language])
    Quality({language: each.weights for language, each in learnt.items()}).save(folder / QUALITY_FILE)
    return {
        "languages": {name: _figures(each, len(good[name]), len(bad[name])) for name, each in learnt.items()},
        "examples_in_other_languages": sum(
            len(texts) for kind in (good, bad) for name, texts in kind.items() if name not in learnt
        ),
        "examples_that_are_good_and_bad": both,
        "not_read": dict(Counter(failed.rule for failed in lost).most_common()),
    }


def _read(
    source: SourceSettings, settings: CollectionSettings, data: str | None, lost: list[Failed]
) -> Iterator[tuple[str, str]]:
    """Each text and what is said of its language; what cannot be read is added to `lost`."""
    for found in read_source(source, *source_files(source, data), settings):
        if isinstance(found, Failed):
            lost.append(found)
        else:
            yield text_of(found), found.language


def _texts(read: Iterator[tuple[str, str]]) -> Examples:
    examples = defaultdict[str, dict[str, str]](dict)
    for text, said in read:
        if text:
            examples[language_of(text, said)[0]].setdefault(text_key(text), text)
    return examples


def _without_common(good: Examples, bad: Examples) -> int:
    """Take away what is in both, and say how many texts that were."""
    common = [(name, key) for name, texts in good.items() for key in texts if key in bad.get(name, {})]
    for name, key in common:
        del good[name][key], bad[name][key]
    return len(common)


def _figures(learnt: Learnt, good: int, bad: int) -> dict[str, Any]:
    shares = {name: asdict(getattr(learnt, name)) for name in ("auc", "good_kept", "bad_dropped")}
    return {"good": good, "bad": bad, **shares}


def _too_few(good: Examples, bad: Examples, both: int, lost: list[Failed]) -> DataError:
    found = "; ".join(
        f"{name or 'unknown language'}: {len(good[name])} good, {len(bad[name])} bad" for name in sorted({*good, *bad})
    )
    told = f"too few examples to learn from ({found or 'none at all'})"
    if both:
        told += f"; {both} are good and bad, and left out"
    if lost:
        named = ", ".join(f"{failed.origin} ({failed.rule})" for failed in lost[:_NAMED])
        told += f"; not read: {named}" + (f", and {len(lost) - _NAMED:,} more" if len(lost) > _NAMED else "")
    return DataError(
        told, where=_WHERE, remedy=f"give {LEAST} different good texts and {LEAST} bad ones at least, in one language"
    )


def _not_told_apart(language: str, learnt: Learnt) -> DataError:
    auc = learnt.auc
    return DataError(
        f"the good examples cannot be told from the bad ones: on unseen ones the AUC is {auc.value:.2f} "
        f"({auc.low:.2f} to {auc.high:.2f}), and 0.50 is chance",
        where=f"{_WHERE} ({language or 'unknown language'})",
        remedy="give more examples, or such as differ more; or take the classifier out of the recipe",
    )
