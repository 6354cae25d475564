"""Whole collections: nothing is lost without a reason, the same on both runners, and after any interruption."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chatwright.cli.corpus import corpus_report, corpus_why
from chatwright.core.errors import DataError, UsageError
from chatwright.core.files import hash_file
from chatwright.core.progress import Silent
from chatwright.corpus.collection import collect
from chatwright.corpus.collection.parts import read_drops, read_parts
from chatwright.corpus.engine import run_apart
from chatwright.corpus.readers.found import Found
from chatwright.corpus.tables import read_rows
from chatwright.pipeline import collection
from chatwright.pipeline.job import Job
from chatwright.recipe import Recipe
from tests.corpus.collection.test_documents import PAGE
from tests.corpus.judging.test_judging import HAN

STAGES = ("collect", "extract", "clean", "judge", "deduplicate", "decontaminate")
WORDS = (
    "river mill stone valley winter bread lantern garden copper ladder pepper window farmer letter summer market "
    "bridge cattle orchard doctor teacher morning evening shoulder whisper answer thunder weather journey village "
    "harvest kitchen chimney blanket feather basket candle hammer soldier sailor church tower meadow forest island"
)
LITTLE = "the of and that with have from into they would never under after while some their before again without"


def prose(seed: int) -> str:
    """English enough for every rule, and unlike that of another seed."""
    drawn, words, little = random.Random(seed), WORDS.split(), LITTLE.split()
    sentences = (
        " ".join(drawn.choice(little if place % 2 else words) for place in range(12)).capitalize() for _ in range(9)
    )
    return ". ".join(sentences) + "."


def write_sources(root: Path) -> None:
    texts = root / "texts"
    texts.mkdir(parents=True)
    for number in range(12):
        (texts / f"{number:02}.txt").write_text(prose(number), encoding="utf-8")
    (texts / "again.txt").write_text(prose(3).upper(), encoding="utf-8")
    (texts / "nearly.md").write_text(prose(4) + " That is all that they have.", encoding="utf-8")
    (texts / "short.txt").write_text("No.", encoding="utf-8")
    (texts / "page.html").write_text(PAGE, encoding="utf-8")
    (texts / "image.png").write_bytes(b"\x89PNG\r\n")
    whole = gzip.compress("".join(f"{prose(n)}\n" for n in range(50, 90)).encode())
    (texts / "broken.txt.gz").write_bytes(whole[: len(whole) // 2])
    rows = [{"text": HAN[start:] + HAN[:start]} for start in range(0, 20, 5)]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (root / "questions.csv").write_text(f'question,answer\n"{prose(7)[200:340]}",yes\n', encoding="utf-8")
    (root / "rows.jsonl").write_text("\n".join([*lines[:2], "{no json", *lines[2:]]), encoding="utf-8")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sources")
    write_sources(root)
    return root


def recipe_values(root: Path) -> dict[str, Any]:
    return {
        "name": "mine",
        "story": "text",
        "text": {"data": str(root), "minimum_characters": 100, "held_out": 0.2},
        "collection": {
            "sources": [
                {"name": "texts", "path": "texts", "license": "CC0-1.0"},
                {"name": "rows", "path": "rows.jsonl", "language": "zh", "weight": 2},
            ],
            "evaluated": [{"name": "questions", "path": "questions.csv", "columns": {"text": "question"}}],
            "engine": {"threads": 1, "part_megabytes": 0.01},
        },
    }


def build(root: Path, run: Path) -> Job:
    job = Job(Recipe.model_validate(recipe_values(root)), run, lambda name: nullcontext(Silent()))
    collection.corpus(job)
    return job


@pytest.fixture(scope="module")
def built(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("built")
    build(sources, run)
    return run


def ids(folder: Path) -> list[str]:
    return [text for table in read_parts(folder, ["id"]) for text in table["id"].to_pylist()]


def drops(folder: Path) -> list[dict[str, Any]]:
    return pa.concat_tables(list(read_drops([folder]))).to_pylist()  # type: ignore[no-any-return]


def test_every_document_stays_or_has_a_reason(built: Path) -> None:
    for before, stage in pairwise(STAGES):
        came, stays, goes = ids(built / before), ids(built / stage), [drop["id"] for drop in drops(built / stage)]
        assert sorted(came) == sorted(stays + goes) and len(set(came)) == len(came)
        assert stays == [text for text in came if text in set(stays)]  # in order
        assert all(drop["rule"] and drop["stage"] == stage for drop in drops(built / stage))


def test_reasons_are_the_right_ones(built: Path) -> None:
    found = {drop["origin"]: drop for stage in STAGES for drop in drops(built / stage)}
    assert found["short.txt"]["rule"] in {"words", "language not sure"}
    again = found.get("again.txt") or found["03.txt"]
    assert again["rule"] == "the same text again" and again["kept"] in ids(built / "judge")
    near = found.get("nearly.md") or found["04.txt"]
    assert near["rule"] == "nearly the same text" and 0.7 <= near["value"] < 1 and near["kept"] in ids(built / "judge")
    assert found["07.txt"]["rule"] == "holds what is asked" and found["07.txt"]["stage"] == "decontaminate"
    assert found["image.png"]["stage"] == "collect" and "rows.jsonl#" in " ".join(found)
    assert any(origin.startswith("broken.txt.gz") for origin in found)


def test_the_corpus_tells_what_it_is(built: Path) -> None:
    rows = read_rows(built / "corpus" / "documents.parquet")
    assert {row["split"] for row in rows} == {"train", "validation"}
    assert {row["source"] for row in rows} == {"texts", "rows"}
    read = [row["origin"] for row in rows if row["source"] == "rows" and row["split"] == "train"]
    assert all(read.count(origin) == 2 for origin in read)  # its weight
    card = json.loads((built / "corpus" / "card.json").read_text(encoding="utf-8"))
    assert card["sources"]["texts"]["licenses"] == {"CC0-1.0": card["sources"]["texts"]["documents"]}
    assert sum(card["documents_by_length"]["counts"]) == len(ids(built / STAGES[-1]))
    ledger = json.loads((built / "corpus" / "ledger.json").read_text(encoding="utf-8"))
    assert sum(entry["count"] for entry in ledger) == sum(len(drops(built / stage)) for stage in STAGES)
    assert pq.read_metadata(built / "corpus" / "dropped.parquet").num_rows == sum(entry["count"] for entry in ledger)


def test_every_stage_tells_what_stays_and_what_went(built: Path) -> None:
    for stage in STAGES:
        told = json.loads((built / stage / "summary.json").read_text(encoding="utf-8"))
        assert (
            told["documents"] == len(ids(built / stage)) == sum(each["documents"] for each in told["sources"].values())
        )
        gone = Counter(drop["rule"] for drop in drops(built / stage))
        assert {rule["rule"]: rule["count"] for rule in told["rules"]} == gone
        assert all(len(rule["examples"]) == min(5, rule["count"]) for rule in told["rules"])
    judged = json.loads((built / "judge" / "summary.json").read_text(encoding="utf-8"))
    (words,) = (rule for rule in judged["rules"] if rule["rule"] == "words")
    english = sum(
        1 for table in read_parts(built / "judge", ["language"]) for row in table.to_pylist() if row["language"] == "en"
    )
    assert sum(words["values"]["kept"]) == english and sum(words["values"]["dropped"]) == words["count"]
    groups = json.loads((built / "deduplicate" / "clusters.json").read_text(encoding="utf-8"))
    assert groups["gone"] == len(drops(built / "deduplicate")) == sum(group["gone"] for group in groups["largest"])
    assert {group["id"] for group in groups["largest"]} <= set(ids(built / "deduplicate"))


def test_items_that_the_corpus_holds_are_told(built: Path) -> None:
    (item,) = read_rows(built / "decontaminate" / "met.parquet")
    assert item["source"] == "questions" and item["origin"].startswith("questions.csv") and item["kept"] == 0
    assert item["dropped"] == len(drops(built / "decontaminate"))
    told = json.loads((built / "decontaminate" / "asked.json").read_text(encoding="utf-8"))
    assert told == {"questions": {"items": 1, "met": 1, "documents": item["dropped"]}}


def test_the_data_card_tells_what_the_documents_are(built: Path) -> None:
    card = json.loads((built / "corpus" / "card.json").read_text(encoding="utf-8"))
    rows = read_rows(built / "corpus" / "documents.parquet")
    for split, told in card["splits"].items():
        own = [row for row in rows if row["split"] == split]
        assert told["passages"] == len(own) and told["characters"] == sum(len(row["text"]) for row in own)
        assert told["documents"] == len({row["id"].split("-")[0] for row in own})
    page = (built / "corpus" / "DATA_CARD.md").read_text(encoding="utf-8")
    assert f"| train | {card['splits']['train']['documents']:,} |" in page and "CC0-1.0" in page


def test_what_is_finished_is_not_done_again(sources: Path, built: Path) -> None:
    assert all(artifact.reused for artifact in build(sources, built).done.values())


def hashes(run: Path) -> dict[str, str]:
    return {
        path.relative_to(run).as_posix(): hash_file(path)
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.mark.slow
def test_a_collection_that_is_killed_ten_times_comes_out_the_same(sources: Path, built: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(_toml(recipe_values(sources)), encoding="utf-8")
    run = tmp_path / "run"
    command = [sys.executable, "-m", "chatwright", "corpus", "build", str(tmp_path / "recipe.toml"), "--out", str(run)]
    drawn = random.Random(0)
    for _ in range(10):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        time.sleep(drawn.uniform(0.5, 4))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    names = [f"{stage}/" for stage in (*STAGES, "corpus")]
    finished = {name: digest for name, digest in hashes(run).items() if name.startswith(tuple(names))}
    assert finished == {name: digest for name, digest in hashes(built).items() if name.startswith(tuple(names))}


@pytest.mark.slow
def test_both_runners_keep_the_same(sources: Path, built: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(_toml(recipe_values(sources)), encoding="utf-8")
    command = [sys.executable, "-m", "chatwright", "corpus", "build", str(tmp_path / "recipe.toml")]
    command += ["--out", str(tmp_path / "run"), "--set", "collection.engine.runner=ray"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    for stage in STAGES:
        assert ids(tmp_path / "run" / stage) == ids(built / stage)


def collected(root: Path, run: Path, *sources: dict[str, Any]) -> tuple[list[str], list[str], dict[str, str]]:
    """Ids and origins of what a collection of these sources holds, and the rules by origin of what it does not."""
    values = recipe_values(root)
    values["collection"] |= {"sources": list(sources), "evaluated": []}
    run.mkdir()
    collection.collect(Job(Recipe.model_validate(values), run, lambda name: nullcontext(Silent())))
    origins = [origin for table in read_parts(run / "collect") for origin in table["origin"].to_pylist()]
    return ids(run / "collect"), origins, {drop["origin"]: drop["rule"] for drop in drops(run / "collect")}


def test_members_of_one_name_are_two_documents(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.txt", "one")
        archive.writestr("x.txt", "two")
    found, origins, _ = collected(tmp_path, tmp_path / "run", {"name": "zip", "path": "a.zip"})
    assert len(set(found)) == 2 and origins == ["a.zip!x.txt", "a.zip!x.txt (2)"]


def test_nothing_outside_of_a_source_is_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret.txt").write_text("secret", encoding="utf-8")
    inside = tmp_path / "in"
    (inside / "runs" / "mine" / "plan").mkdir(parents=True)
    (inside / "runs" / "mine" / "plan" / "manifest.json").write_text("{}", encoding="utf-8")
    (inside / "runs" / "mine" / "part.txt").write_text("made of it", encoding="utf-8")
    (inside / "a.txt").write_text("a", encoding="utf-8")
    (inside / ".hidden").write_text("hidden", encoding="utf-8")
    (inside / "link").symlink_to(tmp_path / "out")
    (inside / "file.txt").symlink_to(tmp_path / "out" / "secret.txt")
    (inside / os.fsdecode(b"caf\xe9.txt")).write_text("b", encoding="utf-8")
    _, origins, rules = collected(tmp_path, tmp_path / "run", {"name": "all", "path": "in"})
    assert origins == ["a.txt", "caf\\udce9.txt"]
    assert rules == {"file.txt": "link out of the folder", "link": "link out of the folder"}
    _, origins, rules = collected(tmp_path, tmp_path / "other", {"name": "all", "path": "in/*/*.txt"})
    assert origins == [] and rules == {"link/secret.txt": "link out of the folder"}


def test_rows_with_broken_keys_cost_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"\\ud800": 1}\n{"text": "fine"}\n', encoding="utf-8")
    _, origins, rules = collected(tmp_path, tmp_path / "run", {"name": "rows", "path": "a.jsonl"})
    assert origins == ["a.jsonl#2"] and list(rules) == ["a.jsonl#1"]


def test_what_a_weight_leaves_out_is_told(sources: Path, tmp_path: Path) -> None:
    values = recipe_values(sources)
    values["collection"]["sources"][0]["weight"] = 0.5
    job = Job(Recipe.model_validate(values), tmp_path, lambda name: nullcontext(Silent()))
    collection.corpus(job)
    rows = read_rows(tmp_path / "corpus" / "documents.parquet")
    ledger = json.loads((tmp_path / "corpus" / "ledger.json").read_text(encoding="utf-8"))
    (left,) = (entry["count"] for entry in ledger if entry["rule"] == "left out by its source's weight")
    assert left > 0 and len({row["id"].split("-")[0] for row in rows}) + left == len(ids(tmp_path / STAGES[-1]))
    assert job.done["corpus"].figures["license"] is None  # rows.jsonl says none


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"story": "chat"}, "read by story = 'text'"),
        ({"text": {"docs": "books"}}, "not read beside collection.sources"),
        ({"collection": {"sources": [{"name": "a", "path": "a", "begins": "(?i)x"}]}}, "no regular expression"),
        ({"collection": {"evaluated": [{"name": "a", "path": "a"}] * 2}}, "two sources have the same name"),
    ],
)
def test_what_would_mean_nothing_is_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Recipe.model_validate(recipe_values(Path()) | change)


def test_why_finds_documents_by_id_and_by_file(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = ids(built / STAGES[-1])[0]
    corpus_why(kept, built, as_json=False)
    assert "kept as a document" in capsys.readouterr().out
    corpus_why("rows.jsonl", built, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["kept"] and told["dropped"][0]["where"].startswith("rows.jsonl#3")
    corpus_report(built, as_json=False)
    assert "what stays, by source" in capsys.readouterr().out


def write_examples(root: Path) -> None:
    """Good texts are of the mill; bad ones sell."""
    sold = prose(0).replace("the", "discount").replace("and", "free offer").split()
    for kind in ("good", "bad"):
        (root / kind).mkdir()
        for number in range(24):
            words = prose(1_000 + number).split() if kind == "good" else random.Random(number).sample(sold, 60)
            (root / kind / f"{number:02}.txt").write_text(" ".join(words), encoding="utf-8")


def judging_values(root: Path) -> dict[str, Any]:
    values = recipe_values(root)
    values["collection"]["clean"] = {"boilerplate": ["navigation", "sharing"]}
    values["collection"]["judge"] = {
        "quality": {"good": "good", "bad": "bad"},
        "blocklists": ["words.txt"],
        "blocked_hosts": ["spam.example"],
    }
    values["collection"] |= {"evaluated": [], "engine": {"threads": 1, "part_megabytes": 1}}
    return values


@pytest.mark.slow
def test_what_a_person_asks_of_texts_is_asked_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sources(tmp_path)
    write_examples(tmp_path)
    (tmp_path / "words.txt").write_text("secret word\n", encoding="utf-8")
    texts = tmp_path / "texts"
    (texts / "blocked.txt").write_text(prose(200) + " That is the Secret Word.", encoding="utf-8")
    (texts / "sold.txt").write_text((tmp_path / "bad" / "00.txt").read_text(encoding="utf-8"), encoding="utf-8")
    page = PAGE.replace("</article>", f"<p>{prose(300)}</p><p>Share this article on Facebook</p></article>")
    (texts / "page.html").write_text(page, encoding="utf-8")
    row = json.dumps({"text": prose(400), "url": "https://www.spam.example/1"})
    (texts / "spam.jsonl").write_text(row + "\n", encoding="utf-8")
    values = judging_values(tmp_path)
    values["collection"]["judge"]["off"] = ["gopher", "c4", "fineweb"]
    job = Job(Recipe.model_validate(values), tmp_path / "run", lambda name: nullcontext(Silent()))
    collection.corpus(job)
    found = {drop["origin"]: drop for drop in drops(tmp_path / "run" / "judge")}
    assert (found["blocked.txt"]["rule"], found["blocked.txt"]["why"]) == ("blocked words", "secret word (1)")
    assert found["sold.txt"]["rule"] == "quality" and found["sold.txt"]["value"] < found["sold.txt"]["limit"] == 0.5
    assert (found["spam.jsonl#1"]["rule"], found["spam.jsonl#1"]["why"]) == ("blocked host", "spam.example")
    figures = job.done["quality"].figures
    assert list(figures["languages"]) == ["en"] and figures["languages"]["en"]["good"] == 24
    assert 0.5 < figures["languages"]["en"]["auc"]["low"] <= figures["languages"]["en"]["auc"]["value"] <= 1
    assert job.done["clean"].figures["lines"] == {"sharing": 1}
    for stage in ("judge", "deduplicate"):
        rows = pa.concat_tables(list(read_parts(tmp_path / "run" / stage))).to_pylist()
        assert {row["quality"] for row in rows if row["language"] == "zh"} == {None}  # no examples in Chinese
        assert all(0.5 <= row["quality"] <= 1 for row in rows if row["language"] == "en")
    for name, told in (
        ("sold.txt", "dropped by judge / quality: 0."),
        ("blocked.txt", "dropped by judge / blocked words: secret word (1); 0."),
        ("spam.jsonl", "dropped by judge / blocked host: spam.example"),
        ("page.html", "dropped by clean / line: sharing: Share this article on Facebook"),
    ):
        corpus_why(name, tmp_path / "run", as_json=False)
        assert told in capsys.readouterr().out
    assert all(artifact.reused for artifact in again(values, tmp_path / "run", "judge").done.values())
    (tmp_path / "words.txt").write_text("other word\n", encoding="utf-8")
    done = again(values, tmp_path / "run", "judge").done
    assert done["clean"].reused and done["quality"].reused and not done["judge"].reused
    (tmp_path / "good" / "new.txt").write_text(prose(2_000), encoding="utf-8")
    done = again(values, tmp_path / "run", "judge").done
    assert done["clean"].reused and not done["quality"].reused and not done["judge"].reused


def again(values: dict[str, Any], run: Path, stage: str) -> Job:
    job = Job(Recipe.model_validate(values), run, lambda name: nullcontext(Silent()))
    getattr(collection, stage)(job)
    return job


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"good": 5, "bad": 30}, r"collection\.judge\.quality: too few examples .*en: 5 good, 30 bad"),
        ({"good": 30, "bad": 0}, r"en: 30 good, 0 bad\); not read: image.png"),
        ({"good": 30, "bad": 30, "alike": 1}, r"cannot be told from the bad ones: .* the AUC is 0\.\d\d"),
        ({"good": 30, "bad": 30, "alike": 2}, r"30 are good and bad, and left out"),
    ],
)
def test_examples_that_teach_nothing_are_told(tmp_path: Path, files: dict[str, int], told: str) -> None:
    write_sources(tmp_path)
    for place, kind in enumerate(("good", "bad")):
        (tmp_path / kind).mkdir()
        for number in range(files[kind]):
            seed = number if files.get("alike") == 2 else number + 1_000 * place
            (tmp_path / kind / f"{number}.txt").write_text(prose(seed), encoding="utf-8")
    (tmp_path / "bad" / "image.png").write_bytes(b"\x89PNG\r\n")
    (tmp_path / "words.txt").write_text("secret word\n", encoding="utf-8")
    with pytest.raises(DataError, match=told):
        again(judging_values(tmp_path), tmp_path / "run", "quality")


def test_lists_and_examples_are_looked_for_before_anything_is_read(sources: Path, tmp_path: Path) -> None:
    values = judging_values(sources)
    with pytest.raises(UsageError, match=r"no such file: words\.txt"):
        again(values, tmp_path, "collect")
    values["collection"]["judge"]["blocklists"] = []
    with pytest.raises(UsageError, match=r"collection\.judge\.quality\.good: good: this source has no files"):
        again(values, tmp_path, "collect")
    assert not list(tmp_path.iterdir())


def test_a_source_without_files_is_told(sources: Path, tmp_path: Path) -> None:
    (sources / "empty").mkdir(exist_ok=True)
    values = recipe_values(sources)
    values["collection"]["sources"].append({"name": "none", "path": "empty"})
    job = Job(Recipe.model_validate(values), tmp_path, lambda name: nullcontext(Silent()))
    with pytest.raises(UsageError, match="has no files"):
        collection.corpus(job)


def test_a_rule_that_is_misspelt_is_told_before_anything_is_read(sources: Path, tmp_path: Path) -> None:
    values = recipe_values(sources)
    values["collection"]["judge"] = {"off": ["wrods"]}
    job = Job(Recipe.model_validate(values), tmp_path, lambda name: nullcontext(Silent()))
    with pytest.raises(UsageError, match=r"collection\.judge: there is no rule 'wrods'"):
        collection.corpus(job)
    assert not list(tmp_path.iterdir())


def test_a_collection_of_which_nothing_stays_is_told(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = recipe_values(sources)
    values["collection"]["judge"] = {"languages": ["fi"]}
    job = Job(Recipe.model_validate(values), tmp_path, lambda name: nullcontext(Silent()))
    with pytest.raises(DataError, match="0 characters stayed") as told:
        collection.corpus(job)
    assert f"chatwright corpus report {tmp_path}" in str(told.value)
    corpus_report(tmp_path, as_json=False)
    assert "20 documents found, 0 kept" in capsys.readouterr().out
    assert "The corpus was not written" in (tmp_path / "corpus.html").read_text(encoding="utf-8")
    corpus_why("00.txt", tmp_path, as_json=False)
    assert "dropped by judge / language: en" in capsys.readouterr().out


def test_an_evaluation_set_that_cannot_be_read_is_told(sources: Path, built: Path, tmp_path: Path) -> None:
    (sources / "asked.jsonl").write_text("{", encoding="utf-8")
    values = recipe_values(sources)
    values["collection"]["evaluated"][0]["path"] = "asked.jsonl"
    job = Job(Recipe.model_validate(values), built, lambda name: nullcontext(Silent()))
    with pytest.raises(DataError, match=r"questions: asked\.jsonl#1: an evaluation set cannot be read"):
        collection.decontaminate(job)


def dying_reader(path: Path, origin: str, limits: Any, columns: Any) -> Iterator[Found]:
    """A reader that one file kills, as a library in another language may be killed."""
    if path.name == "03.txt":
        os.kill(os.getpid(), signal.SIGKILL)
    yield Found(origin, 0, "text", path.read_text(encoding="utf-8", errors="replace"))


def dying(work: Any, *arguments: Any) -> Any:
    """`work` in a process whose reader dies."""
    collect.read_file = dying_reader
    return work(*arguments)


def test_a_file_that_kills_its_reader_costs_a_line(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "run_apart", lambda work, *arguments: run_apart(dying, work, *arguments))
    collection.collect(Job(Recipe.model_validate(recipe_values(sources)), tmp_path, lambda name: nullcontext(Silent())))
    (drop,) = (drop for drop in drops(tmp_path / "collect") if drop["origin"] == "03.txt")
    assert drop["rule"] == "reading it ends the process"
    origins = [origin for table in read_parts(tmp_path / "collect") for origin in table["origin"].to_pylist()]
    assert {f"{number:02}.txt" for number in range(12)} - set(origins) == {"03.txt"}
    assert len(set(origins)) == len(origins)


def test_parts_are_full_by_all_that_their_rows_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "run_apart", lambda work, *arguments: work(*arguments))
    monkeypatch.setattr(collect, "_HELD_BYTES", 12_000)
    rows = [{"text": f"x{number}", "title": "t" * 20_000} for number in range(12)]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n{no row", encoding="utf-8")
    values = recipe_values(tmp_path)
    values["collection"] |= {"engine": {"threads": 1, "part_megabytes": 0.04}}
    values["collection"]["sources"] = [{"name": "rows", "path": "rows.jsonl"}]
    collection.collect(Job(Recipe.model_validate(values), tmp_path, lambda name: nullcontext(Silent())))
    tables = list(read_parts(tmp_path / "collect"))
    assert [len(table) for table in tables] == [4, 4, 4, 0] and len(drops(tmp_path / "collect")) == 1
    assert {len(title) for table in tables for title in table["title"].to_pylist()} == {10_000}  # no title is longer


def test_a_file_of_several_documents_is_cut_where_they_begin(tmp_path: Path) -> None:
    (tmp_path / "wiki.txt").write_text(" = One = \nfirst\n = = Part = = \nmore\n = Two = \nsecond\n", encoding="utf-8")
    values = recipe_values(tmp_path)
    values["collection"]["sources"] = [{"name": "wiki", "path": "wiki.txt", "begins": " = [^=]+ = $"}]
    collection.collect(Job(Recipe.model_validate(values), tmp_path, lambda name: nullcontext(Silent())))
    (table,) = read_parts(tmp_path / "collect")
    assert [text.decode() for text in table["content"].to_pylist()] == [
        "= One = \nfirst\n = = Part = = \nmore",
        "= Two = \nsecond",
    ]
    assert table["origin"].to_pylist() == ["wiki.txt#0", "wiki.txt#1"]


def _toml(values: dict[str, Any], at: str = "") -> str:
    """Values as TOML, tables last."""
    plain = {key: value for key, value in values.items() if not isinstance(value, dict) and not _tables(value)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
    for key, value in values.items():
        if isinstance(value, dict):
            lines += [f"[{at}{key}]", _toml(value, f"{at}{key}.")]
        elif _tables(value):
            lines += [line for each in value for line in (f"[[{at}{key}]]", _toml(each, f"{at}{key}."))]
    return "\n".join(lines)


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
