import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatwright.core.errors import ArtifactError
from chatwright.report.build import build_report
from chatwright.report.costs import run_cost
from chatwright.report.page import _noted
from chatwright.report.record import read_run
from chatwright.report.settings import ReportSettings
from chatwright.report.story import Story

TITLE = "A chat that knows <Python>"
VOID = {"meta", "br", "img", "link", "input", "hr"}
FILES = ("index.html", "scores.json", "README.md", "curves.png")


class Page(HTMLParser):
    """Checks that elements nest, and gathers what a test wants to know."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def classes(self, name: str) -> int:
        return sum(name in (attributes.get("class") or "").split() for _, attributes in self.tags)


def report(folder: Path, run: Path, **changed: Any) -> dict[str, Any]:
    arguments = {"title": TITLE, "recipe": "python-docs", "seed": 3, **changed}
    settings = arguments.pop("settings", ReportSettings(languages=("en",)))
    folder.mkdir(exist_ok=True)
    return build_report(folder, run, settings, **arguments)


@pytest.fixture(scope="module")
def built(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    report(folder, run)
    return folder


@pytest.fixture(scope="module")
def page(built: Path) -> Page:
    return Page((built / "index.html").read_text(encoding="utf-8"))


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads((folder / "scores.json").read_text("utf-8"))["rows"]}


def links(page: Page) -> Iterator[str]:
    for _, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "srcset", "data"):
            if value := attributes.get(name):
                yield value


def test_the_page_is_one_file_without_scripts(page: Page) -> None:
    assert all(link.startswith("#") for link in links(page))
    assert not any(tag in ("script", "iframe", "link", "object") for tag, _ in page.tags)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_text_from_data_stays_text(page: Page, hostile: str) -> None:
    assert hostile in page.text
    assert TITLE in page.text


def test_section_links_lead_somewhere(page: Page) -> None:
    ids = {attributes.get("id") for _, attributes in page.tags}
    targets = {link[1:] for tag, attributes in page.tags if tag == "a" and (link := attributes.get("href"))}
    assert {"scores", "answers", "read", "curves", "cost", "made"} <= targets
    assert targets <= ids


@pytest.mark.parametrize(
    "told",
    [
        "98.4%",
        "2,912",
        "same text as another object",
        "Modules that most files of the library import, then short names.",
        "tok:13a",
        "AMD EPYC 9B14",
        "vocabulary size",
        "6 min 11 s",
        "9 min 45 s",
        "settings of corpus",
    ],
)
def test_the_page_tells_what_the_artifacts_hold(page: Page, told: str) -> None:
    assert told in page.text


def test_thirty_answers_are_shown_right_and_wrong_alike(page: Page) -> None:
    assert page.classes("talk") == 30
    marks = {mark: page.classes(mark) for mark in ("right", "near", "wrong")}
    assert sum(marks.values()) == 30
    assert marks["wrong"] > 0
    assert page.classes("expected") == marks["near"] + marks["wrong"]


def test_nearly_right_is_what_the_evaluation_says(run: Path) -> None:
    record, settings = read_run(run), ReportSettings(sampled_answers=400)
    story = Story(TITLE, "", 3, settings, record, run_cost(record, settings.watts), {}, [])
    marks = [sample.mark for sample in story.samples()]
    assert marks.count("right") == sum(row["exact"] for row in record.answers)
    assert marks.count("near") == sum(not row["exact"] and row["rouge_l"] >= 0.85 for row in record.answers)


def test_the_seed_chooses_the_answers(run: Path, built: Path, tmp_path: Path) -> None:
    report(tmp_path / "same", run)
    report(tmp_path / "other", run, seed=4)
    for name in FILES:
        assert (tmp_path / "same" / name).read_bytes() == (built / name).read_bytes()
    assert (tmp_path / "other" / "index.html").read_bytes() != (built / "index.html").read_bytes()


def test_scores_are_flat_rows_with_targets(run: Path, built: Path) -> None:
    evaluated = json.loads((run / "evaluate" / "scores.json").read_text("utf-8"))
    scores = rows(built)
    keys = {"name", "value", "unit", "low", "high", "n", "target", "holds", "aim", "aim_holds"}
    assert all(set(row) == keys for row in scores.values())
    what, which = scores["what.exact_match"], scores["which.exact_match"]
    assert (what["value"], what["target"], what["holds"]) == (0.984, "at least 0.95", True)
    assert (which["holds"], which["aim_holds"]) == (True, False)
    assert scores["arguments.exact_match"]["target"] is None
    assert scores["what.bleu"]["value"] == evaluated["tasks"]["what"]["bleu"]["value"]


def test_conditions_stand_beside_the_scores(run: Path, built: Path) -> None:
    plan = json.loads((run / "plan" / "plan.json").read_text("utf-8"))
    conditions = json.loads((built / "scores.json").read_text("utf-8"))["conditions"]
    assert conditions["machine"] == plan["machine"]
    assert conditions["threads"] == 2
    assert "python" in conditions["versions"]
    assert conditions["watts_assumed"] == ReportSettings().watts


def test_figures_count_what_was_met(run: Path, tmp_path: Path) -> None:
    figures = report(tmp_path, run)
    assert figures["gates"] == {"met": 8, "missed": 0}
    assert figures["aims"] == {"met": 7, "missed": 3}
    assert figures["scores"] == len(rows(tmp_path))


def test_other_recipes_are_not_judged(run: Path, tmp_path: Path) -> None:
    figures = report(tmp_path, run, recipe="my-notes")
    assert figures["gates"] == {"met": 0, "missed": 0}
    assert all(row["target"] is None and row["holds"] is None for row in rows(tmp_path).values())
    page = Page((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert "gate" not in page.text
    assert page.classes("tick") == 1  # the baseline of the summaries


def test_the_card_has_metadata_that_the_hub_reads(built: Path) -> None:
    text = (built / "README.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    metadata = yaml.safe_load(front)
    assert metadata["license"] == "unknown"
    assert metadata["language"] == ["en"]
    model = metadata["model-index"][0]
    assert model["name"] == TITLE
    metrics = [metric for result in model["results"] for metric in result["metrics"]]
    assert {"exact_match", "rouge", "bleu"} <= {metric["type"] for metric in metrics}
    assert metrics[0]["value"] == 98.4
    assert next(each["value"] for each in metrics if each["type"] == "perplexity") == 41.2
    for result in model["results"]:
        assert {"task", "dataset", "metrics"} <= set(result)
        assert result["dataset"]["type"]
    assert "98.4%" in body
    assert "![Loss curves](curves.png)" in body
    assert "<Python>" not in body


@pytest.mark.parametrize(
    "left_out",
    [("pretrain",), ("plan",), ("evaluate",), ("plan", "chat", "tokens", "pretrain", "finetune", "evaluate")],
    ids="+".join,
)
def test_what_was_not_run_is_left_out(
    left_out: tuple[str, ...], build_run: Callable[..., Path], tmp_path: Path
) -> None:
    report(tmp_path / "report", build_run(tmp_path / "run", left_out))
    page = Page((tmp_path / "report" / "index.html").read_text(encoding="utf-8"))
    headings = [attributes.get("id") for tag, attributes in page.tags if tag == "section"]
    assert ("answers" in headings) is ("evaluate" not in left_out)
    assert ("curves" in headings) is ("finetune" not in left_out)
    assert (tmp_path / "report" / "curves.png").exists() is ("finetune" not in left_out)
    facts = rows(tmp_path / "report").get("facts.covered")
    assert facts is None or facts["holds"] is ("evaluate" not in left_out)


def test_an_empty_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(ArtifactError, match="no stage has finished"):
        report(tmp_path / "report", tmp_path / "run")


def test_settings_load_neither_torch_nor_matplotlib() -> None:
    code = (
        "import sys, chatwright.report.settings, chatwright.report.build;"
        "print([name for name in ('torch', 'matplotlib', 'jinja2', 'yaml') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_ledger_counts_apart_what_was_left_out_and_what_was_kept() -> None:
    entries = [("collect", 2), ("read", 3), ("facts", 40), ("decoded", 5), ("deduplicate", 7)]
    ledger = [{"stage": stage, "rule": "some rule", "count": count} for stage, count in entries]
    assert _noted(ledger) == {"left_out": 12, "no_fact": 40, "kept": 5}


def test_the_page_says_which_steps_are_exercises(page: Page) -> None:
    assert "The first 100 steps of pretraining are copying exercises." in page.text


def test_what_was_measured_apart_is_shown_with_its_conditions(run: Path, hostile: str, tmp_path: Path) -> None:
    bench = tmp_path / "facts.json"
    row = {"name": "5 min: facts", "value": 900, "unit": "facts", "target": "at least 1,000", "holds": False}
    plain = {"name": "speed", "value": 0.5, "unit": "share", "target": None, "holds": None}
    bench.write_text(json.dumps({"rows": [row, plain], "conditions": {"measured": "2030-01-02", "processor": hostile}}))
    report(tmp_path / "with", run, benches=[bench])
    page = Page((tmp_path / "with" / "index.html").read_text())
    assert (
        "5 min: facts" in page.text
        and "900 facts" in page.text
        and "at least 1,000" in page.text
        and "50.0%" in page.text
        and "2030-01-02" in page.text
    )
    assert hostile in page.text
    assert json.loads((tmp_path / "with" / "scores.json").read_text())["apart"]["facts"]["rows"] == [row, plain]
    report(tmp_path / "without", run)
    assert "Measured apart" not in (tmp_path / "without" / "index.html").read_text()


def test_charts_and_intervals_of_benches_are_shown_from_their_file(run: Path, tmp_path: Path) -> None:
    points = [{"value": 2.5, "low": 2.25, "high": 2.75}, {"value": 2.0, "low": 1.75, "high": 2.25}]
    chart = {"title": "Held-out bits per byte", "axis": "Done to the text", "unit": "bits per byte"}
    chart |= {"places": ["raw", "cleaned"], "lines": [{"name": "all", "points": points}]}
    row = {"name": "held-out text: raw", **points[0], "n": 3, "unit": "bits per byte", "target": None, "holds": None}
    bench = tmp_path / "cleaning.json"
    bench.write_text(json.dumps({"rows": [row], "conditions": {"recipe": "mine"}, "charts": [chart]}))
    report(tmp_path / "with", run, benches=[bench])
    html = (tmp_path / "with" / "index.html").read_text(encoding="utf-8")
    page = Page(html)
    assert "Held-out bits per byte: Done to the text" in page.text and "2.25 bits per byte to 2.75" in page.text
    apart = html[html.index('<section id="apart">') : html.index('<section id="made">')]
    assert apart.count("<figure>") == 1 and ">cleaned</text>" in apart and "var(--blue)" in apart
    assert json.loads((tmp_path / "with" / "scores.json").read_text())["apart"]["cleaning"]["charts"] == [chart]
