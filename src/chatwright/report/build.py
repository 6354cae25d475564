"""The report of a run: the page, its figures as JSON, the model card and the curves.

run folder → record → cost, scores, verdicts, curves → index.html, scores.json, README.md, curves.png, corpus.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatwright.core.files import replacing, write_json
from chatwright.report.card import model_card
from chatwright.report.collected import CORPUS_PAGE
from chatwright.report.corpus_page import write_corpus_page
from chatwright.report.costs import run_cost
from chatwright.report.curves import Curve, make_curve, write_png
from chatwright.report.page import render_page
from chatwright.report.record import RunRecord, read_run
from chatwright.report.scores import collect_scores
from chatwright.report.settings import ReportSettings
from chatwright.report.story import Story
from chatwright.report.targets import Verdict, judge, targets_for

CURVE_NAMES = {"pretrain": "Pretraining", "finetune": "Finetuning"}


def build_report(
    folder: Path,
    run: Path,
    settings: ReportSettings,
    *,
    title: str,
    recipe: str,
    seed: int,
    benches: Sequence[Path] = (),
    stages: Sequence[str] = (),
) -> dict[str, Any]:
    """Write `index.html`, `scores.json`, `README.md`, `curves.png` and `corpus.html` for `run` into `folder`.

    Everything comes from the artifacts in `run`; stages that it lacks are left out. The same
    artifacts, settings and seed give the same files. `recipe` and what the corpus was read
    from decide which targets judge the run. `benches` are files of `chatwright bench`: what was
    measured apart from this run; `stages` are those that led to it (none named: all of the folder).
    Returns the stage's figures; raises `ArtifactError` where no stage has finished.
    """
    record = read_run(run, benches, stages)
    cost = run_cost(record, settings.watts)
    scores = collect_scores(record, cost)
    verdicts = judge(targets_for(recipe, record.read_from), scores)
    story = Story(title, recipe, seed, settings, record, cost, scores, verdicts)
    curves = _curves(record, settings.curve_points)
    _write_text(folder / "index.html", render_page(story, curves))
    _write_text(folder / "README.md", model_card(story, has_curves=bool(curves)))
    rows = {"rows": score_rows(story), "conditions": conditions(story), "apart": record.benches}
    write_json(folder / "scores.json", rows)
    if record.collected:
        write_corpus_page(folder / CORPUS_PAGE, record.collected, run="../")
    if curves:
        with replacing(folder / "curves.png") as aside:
            write_png(aside, curves)
    return _figures(story)


def score_rows(story: Story) -> list[dict[str, Any]]:
    """Every score as a flat row; `target`, `holds`, `aim` and `aim_holds` are None where none is set."""
    judged = {verdict.target.name: verdict for verdict in story.verdicts}
    rows = []
    for name, score in story.scores.items():
        verdict = judged.get(name)
        target = verdict.target if verdict else None
        rows.append(
            {
                **asdict(score),
                "target": target.limit(target.gate) if target else None,
                "holds": verdict.gate_holds if verdict else None,
                "aim": target.limit(target.aim) if target else None,
                "aim_holds": verdict.aim_holds if verdict else None,
            }
        )
    return rows


def conditions(story: Story) -> dict[str, Any]:
    """Under which circumstances the figures hold."""
    return {
        "title": story.title,
        "recipe": story.recipe,
        "seed": story.seed,
        "created": story.record.created,
        "machine": story.record.machine,
        "threads": story.threads,
        "versions": story.record.versions,
        "signatures": story.record.scores.get("signatures") or {},
        "watts_assumed": story.settings.watts,
    }


def _figures(story: Story) -> dict[str, Any]:
    def count(attribute: str, verdicts: Sequence[Verdict]) -> dict[str, int]:
        held = [getattr(verdict, attribute) for verdict in verdicts]
        return {"met": held.count(True), "missed": held.count(False)}

    return {
        "scores": len(story.scores),
        "gates": count("gate_holds", story.verdicts),
        "aims": count("aim_holds", story.verdicts),
        "minutes": round(story.cost.seconds / 60, 3),
        "watt_hours": round(story.cost.watt_hours, 3),
    }


def _curves(record: RunRecord, points: int) -> dict[str, Curve]:
    curves = {name: make_curve(record.logs.get(stage, []), points) for stage, name in CURVE_NAMES.items()}
    return {name: curve for name, curve in curves.items() if curve}


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as aside:
        aside.write_text(text, encoding="utf-8")
