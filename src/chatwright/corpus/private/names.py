"""Names of people and places, which have no shape: found by Presidio with a model of spaCy, where that is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from chatwright.core.errors import UsageError
from chatwright.corpus.private.kinds import Name

_WHERE = "collection.judge.names"
_BLOCK = 100_000  # characters that are read together: the model takes some kilobytes a word
_PARAGRAPH = re.compile(r"\n\n+")


def check_names(model: str, language: str) -> None:
    """`UsageError` where Presidio or the model is not there; nothing is fetched."""
    _analyzer(model, language)


def replace_names(text: str, model: str, language: str, kinds: Sequence[Name]) -> tuple[str, list[Name]]:
    """The text with placeholders like <PERSON> in place of names, and the kind of each, in order."""
    analyzer, parts, found = _analyzer(model, language), list[str](), list[Name]()
    for block in _blocks(text):
        at = 0
        spans = analyzer.analyze(block, language=language, entities=list(kinds))
        for span in sorted(spans, key=lambda span: (span.start, -span.end)):
            if span.start < at or set("<>") & set(block[span.start : span.end]):  # inside of another, or a placeholder
                continue
            parts += [block[at : span.start], f"<{span.entity_type}>"]
            found.append(span.entity_type)
            at = span.end
        parts.append(block[at:])
    return "".join(parts), found


def _blocks(text: str) -> Iterator[str]:
    """The text in pieces that are no longer than a block, cut behind paragraphs where there are any."""
    start, end = 0, 0
    for cut in [*(match.end() for match in _PARAGRAPH.finditer(text)), len(text)]:
        while cut - start > _BLOCK:
            end = end if end > start else start + _BLOCK
            yield text[start:end]
            start = end
        end = cut
    if start < len(text):
        yield text[start:]


@cache
def _analyzer(model: str, language: str) -> Any:
    try:
        import spacy
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import SpacyNlpEngine
        from presidio_analyzer.predefined_recognizers import SpacyRecognizer
    except ImportError:
        raise UsageError(
            "names of people and places need Presidio",
            where=_WHERE,
            remedy="install it: pip install 'chatwright[presidio]'",
        ) from None
    if not (spacy.util.is_package(model) or Path(model).is_dir()):
        raise UsageError(
            f"spaCy has no model {model!r} here",
            where=f"{_WHERE}.model",
            remedy=f"fetch it (python -m spacy download {model}), or name a folder that holds one",
        )
    engine = SpacyNlpEngine(models=[{"lang_code": language, "model_name": model}])
    engine.load()
    recognizer = SpacyRecognizer(supported_language=language)
    registry = RecognizerRegistry(recognizers=[recognizer], supported_languages=[language])
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[language])
