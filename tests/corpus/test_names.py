"""Names of people and places are replaced where that is asked for, by Presidio with whatever model there is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chatwright.core.errors import UsageError
from chatwright.corpus.collection.documents import judge
from chatwright.corpus.collection.settings import JudgeSettings, NameSettings
from chatwright.corpus.judging.verdicts import Judging
from chatwright.corpus.private import names
from chatwright.corpus.private.names import check_names, replace_names

KINDS = ("PERSON", "LOCATION")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of spaCy that knows two names."""
    import spacy

    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    patterns = [("PERSON", "Anna Schmidt"), ("PERSON", "Anna"), ("GPE", "Heidelberg"), ("ORG", "Acme Corporation")]
    ruler.add_patterns([{"label": label, "pattern": text} for label, text in patterns])  # type: ignore[attr-defined]
    folder = tmp_path_factory.mktemp("spacy") / "model"
    pipeline.to_disk(folder)
    return str(folder)


def test_names_become_placeholders_and_all_else_stays(model: str) -> None:
    text = "Anna Schmidt left Heidelberg.\n\nAcme Corporation wrote to <EMAIL>, not to Anna."
    told, found = replace_names(text, model, "en", KINDS)
    assert told == "<PERSON> left <LOCATION>.\n\nAcme Corporation wrote to <EMAIL>, not to <PERSON>."
    assert found == ["PERSON", "LOCATION", "PERSON"]
    assert replace_names(told, model, "en", KINDS) == (told, [])
    assert replace_names(text, model, "en", ("LOCATION",))[1] == ["LOCATION"]
    assert replace_names("", model, "en", KINDS) == ("", [])


@pytest.mark.parametrize("between", ["\n\n", " "])
def test_long_texts_are_read_in_blocks(model: str, monkeypatch: pytest.MonkeyPatch, between: str) -> None:
    monkeypatch.setattr(names, "_BLOCK", 100)
    text = between.join(["Nobody was there at all on that long day."] * 40)
    assert "".join(names._blocks(text)) == text and max(map(len, names._blocks(text))) <= 100
    told, found = replace_names(text + "\n\nAnna came.", model, "en", KINDS)
    assert told == text + "\n\n<PERSON> came." and found == ["PERSON"]


def test_judging_replaces_names_in_texts_and_titles_of_that_language(model: str) -> None:
    by = Judging(off=("gopher", "c4", "fineweb"), names=NameSettings(model=model))
    text = "Anna Schmidt wrote to anna@example.org from Heidelberg, as she always did in the winter of that year."
    made = judge([text, text], ["Anna", "Anna"], ["en", "zh"], ["", ""], by=by)
    assert made["text"][0] == text.replace("Anna Schmidt", "<PERSON>").replace("anna@example.org", "<EMAIL>").replace(
        "Heidelberg", "<LOCATION>"
    )
    assert made["title"] == ["<PERSON>", "Anna"] and made["private"][0] == ["EMAIL", "PERSON", "LOCATION"]
    assert "Heidelberg" in made["text"][1] and made["private"][1] == ["EMAIL"]


def test_what_is_missing_is_told_before_anything_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no model 'en_core_web_none'"):
        check_names("en_core_web_none", "en")
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(UsageError, match="need Presidio") as told:
        check_names(str(tmp_path), "en")
    assert "chatwright[presidio]" in str(told.value)


def test_names_are_not_looked_for_unless_asked() -> None:
    assert JudgeSettings().names is None and Judging().names is None
