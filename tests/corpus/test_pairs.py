from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatwright.core.errors import DataError, UsageError
from chatwright.core.files import read_json
from chatwright.core.progress import Silent
from chatwright.corpus.moses import Moses
from chatwright.corpus.pairs import build_pairs, pairs_identity
from chatwright.corpus.settings import PairSettings
from chatwright.corpus.tables import read_rows

TRAIN = [("A dog runs.", "Ein Hund rennt."), ("A cat's nap", "Ein Schläfchen"), ("", "Nichts"), ("A dog runs.",) * 2]
TRAIN += [("A dog runs.", "Ein Hund rennt."), ("Asked!", "Gefragt!")]


def multi30k(folder: Path, train: Sequence[tuple[str, ...]] = TRAIN) -> PairSettings:
    """A data folder of few pairs."""
    (folder / "multi30k").mkdir(parents=True)
    splits = {"train": train, "val": [("A man", "Ein Mann")], "test_2016_flickr": [("Asked!", "Gefragt!")]}
    for name, pairs in splits.items():
        for side, language in enumerate(("en", "de")):
            with gzip.open(folder / "multi30k" / f"{name}.{language}.gz", "wt", encoding="utf-8") as file:
                file.write("".join(f"{pair[side]}\n" for pair in pairs))
    return PairSettings(data=str(folder))


def test_pairs_are_prepared_and_what_is_left_out_has_a_reason(tmp_path: Path) -> None:
    settings = multi30k(tmp_path / "data")
    figures = build_pairs(tmp_path, settings, Silent())
    rows = {row["id"]: row for row in read_rows(tmp_path / "pairs.parquet")}
    assert rows["train 1"]["source"] == "a cat &apos;s nap" and rows["train 1"]["target"] == "ein schläfchen"
    assert rows["train 1"]["reference"] == "Ein Schläfchen"
    assert (figures["train_pairs"], figures["validation_pairs"], figures["test_pairs"]) == (3, 1, 1)
    ledger = {entry["rule"]: entry["count"] for entry in read_json(tmp_path / "ledger.json")}
    assert ledger == {"one side is empty": 1, "the same pair again": 1, "its source is asked in the test": 1}
    assert figures["dropped"] == 3 and figures["test_target_words"] == 2


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="CHATWRIGHT_DATA"):
        pairs_identity(PairSettings())
    settings = multi30k(tmp_path)
    assert len(pairs_identity(settings)) == 6
    (tmp_path / "multi30k" / "val.de.gz").unlink()
    with pytest.raises(UsageError, match=r"val\.de\.gz"):
        pairs_identity(settings)


def test_sides_of_different_length_and_broken_files_are_told(tmp_path: Path) -> None:
    settings = multi30k(tmp_path / "data")
    path = tmp_path / "data" / "multi30k" / "train.de.gz"
    path.write_bytes(gzip.compress(b"nur eine\n"))
    with pytest.raises(DataError, match="6 lines of en, 1 of de"):
        build_pairs(tmp_path, settings, Silent())
    whole = gzip.compress(b"eine Zeile\n" * 50)
    for broken in (b"no gzip", whole[:20], whole[:12] + b"\xff\xff\xff" + whole[15:]):
        path.write_bytes(broken)
        with pytest.raises(DataError, match="cannot be read"):
            build_pairs(tmp_path, settings, Silent())


def test_moses_takes_apart_and_joins() -> None:
    english = Moses("en", lower=False)
    text = "A man's hat, isn't it? (Yes.)"
    assert english.split(text) == "A man &apos;s hat , isn &apos;t it ? ( Yes . )"
    assert english.join(english.split(text)) == text


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_prepared_test_set_is_the_published_one(data_folder: Path, language: str) -> None:
    prepare = Moses(language, lower=True)
    with gzip.open(data_folder / "multi30k" / f"test_2016_flickr.{language}.gz", "rt", encoding="utf-8") as file:
        ours = [prepare.split(line.strip()) for line in file.read().removesuffix("\n").split("\n")]
    published = (data_folder / "multi30k" / "tok" / f"test_2016_flickr.lc.norm.tok.{language}").read_text("utf-8")
    assert ours == published.removesuffix("\n").split("\n")
    if language == "de":
        assert sum(len(line.split()) for line in ours) == 12_103
