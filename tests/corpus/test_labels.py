from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sklearn.model_selection import StratifiedKFold

from chatwright.core.errors import DataError, UsageError
from chatwright.core.progress import Silent
from chatwright.corpus.label_sets import LABEL_SETS
from chatwright.corpus.labels import build_labels, labels_identity
from chatwright.corpus.pair_sets import PAIR_SETS, hashed_split
from chatwright.corpus.pairs import build_pairs, pairs_identity
from chatwright.corpus.settings import LabelSettings, PairSettings
from chatwright.corpus.tables import read_rows


def surge(folder: Path, lines: list[str]) -> LabelSettings:
    (folder / "surge-toxicity").mkdir(parents=True, exist_ok=True)
    (folder / "surge-toxicity" / "toxicity_en.csv").write_text("\n".join(["text,is_toxic", *lines]) + "\n")
    (folder / "davidson-hate").mkdir(exist_ok=True)
    (folder / "davidson-hate" / "labeled_data.csv").write_text("class,tweet\n0,text 1\n0,another text\n")
    return LabelSettings(name="surge-toxicity", data=str(folder), folds=3)


def test_folds_ask_every_text_once_with_like_shares_of_labels(tmp_path: Path) -> None:
    lines = [f"text {at},{'Toxic' if at % 3 == 0 else 'Not Toxic'}" for at in range(30)]
    settings = surge(tmp_path, [*lines, "text 1,Toxic", '"  ",Toxic'])
    figures = build_labels(tmp_path, settings, Silent())
    rows = read_rows(tmp_path / "labelled.parquet")
    assert len(rows) == 30 and figures["folds"] == 3 and figures["dropped"] == 2
    for fold in range(3):
        labels = Counter(row["label"] for row in rows if row["fold"] == fold)
        assert sum(labels.values()) == 10 and 3 <= labels["Toxic"] <= 4
    said = [row["label"] for row in rows]  # as anyone may draw the folds again, by the seed 0
    drawn = StratifiedKFold(3, shuffle=True, random_state=0).split(said, said)
    for fold, (_, asked) in enumerate(drawn):
        assert [at for at, row in enumerate(rows) if row["fold"] == fold] == asked.tolist()
    rules = {row["rule"] for row in read_rows(tmp_path / "dropped.parquet")}
    assert {"the same text again", "the text is empty"} < rules
    plain = [row["text"] for row in read_rows(tmp_path / "plain.parquet")]
    assert plain == ["another text"]  # what is labelled stands there only once


def test_a_published_split_is_kept_and_nothing_asked_is_learnt(tmp_path: Path) -> None:
    folder = tmp_path / "cold-zh"
    folder.mkdir()
    import gzip

    (folder / "train.csv.gz").write_bytes(gzip.compress("TEXT,label\n一,0\n二,1\n三,1\n".encode()))
    (folder / "dev.csv").write_text("TEXT,label\n三,1\n四,0\n", encoding="utf-8")
    build_labels(tmp_path, LabelSettings(name="cold-zh", data=str(tmp_path)), Silent())
    rows = read_rows(tmp_path / "labelled.parquet")
    assert {row["text"]: row["fold"] for row in rows} == {"一": -1, "二": -1, "三": 0, "四": 0}


@pytest.mark.parametrize(
    ("lines", "told"),
    [(["a,Toxic", "b,Toxic"], "two labels"), (["a,Toxic", "b,Not Toxic", "c,Toxic"], "fewer than there are folds")],
)
def test_too_few_texts_are_told(tmp_path: Path, lines: list[str], told: str) -> None:
    with pytest.raises(DataError, match=told):
        build_labels(tmp_path, surge(tmp_path, lines), Silent())


def test_missing_files_and_columns_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="CHATWRIGHT_DATA"):
        labels_identity(LabelSettings())
    with pytest.raises(UsageError, match=r"labeled_data\.csv"):
        labels_identity(LabelSettings(data=str(tmp_path)))
    settings = surge(tmp_path, [])
    (tmp_path / "surge-toxicity" / "toxicity_en.csv").write_text("text,label\na,1\n")
    with pytest.raises(DataError, match="no column is_toxic"):
        build_labels(tmp_path, settings, Silent())


@pytest.mark.parametrize("name", LABEL_SETS)
def test_the_public_label_sets_are_read(data_folder: Path, tmp_path: Path, name: str) -> None:
    settings = LabelSettings(name=name, data=str(data_folder))  # type: ignore[arg-type]
    assert labels_identity(settings)
    figures = build_labels(tmp_path, settings, Silent())
    assert figures["texts"] > 800 and figures["folds"] in (1, 5)
    if LABEL_SETS[name].plain:
        assert figures["plain_texts"] > 15_000


@pytest.mark.parametrize(("name", "source", "target"), [("tatoeba-en-zh", "en", "zh"), ("tatoeba-en-zh", "zh", "en")])
def test_no_sentence_of_the_test_is_learnt(
    data_folder: Path, tmp_path: Path, name: str, source: str, target: str
) -> None:
    settings = PairSettings(
        name=name,  # type: ignore[arg-type]
        source=source,
        target=target,
        tokenised=False,
        lower=False,
        data=str(data_folder),
    )
    build_pairs(tmp_path, settings, Silent())
    rows = read_rows(tmp_path / "pairs.parquet")
    sources = {split: [row["source"] for row in rows if row["split"] == split] for split in ("train", "test")}
    assert len(sources["test"]) == len(set(sources["test"])) > 900
    assert not set(sources["test"]) & set(sources["train"])


@pytest.mark.parametrize("name", ["dialogsum", "csl-title-zh"])
def test_the_public_summaries_are_read(data_folder: Path, tmp_path: Path, name: str) -> None:
    settings = PairSettings(name=name, tokenised=False, lower=False, data=str(data_folder))  # type: ignore[arg-type]
    assert pairs_identity(settings) and PAIR_SETS[name].task == "summary"
    figures = build_pairs(tmp_path, settings, Silent())
    assert figures["test_pairs"] == {"dialogsum": 500, "csl-title-zh": 180}[name]


def test_a_split_by_hash_has_its_shares() -> None:
    splits = Counter(hashed_split(f"sentence {at}", validation=0.1, test=0.2) for at in range(5000))
    assert splits["test"] / 5000 == pytest.approx(0.2, abs=0.02)
    assert splits["validation"] / 5000 == pytest.approx(0.1, abs=0.02)
