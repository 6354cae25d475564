"""A run folder as a real run leaves it, made without training anything."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from chatwright.core.artifacts import Artifact, Stage
from chatwright.core.files import write_json
from chatwright.core.seeds import stream

REFUSAL = "I do not know that name: it is not in the documentation I was trained on."
HOSTILE = "<script>alert('x')</script> & <b>bold</b>"

PLAN = {
    "minutes": 10,
    "machine": {
        "processor": "AMD EPYC 9B14",
        "cores": 2,
        "threads": 2,
        "memory_gb": 24.0,
        "peak_bf16_flops_per_second": 6.1e11,
        "peak_float32_flops_per_second": 2.1e11,
    },
    "precision": "bfloat16",
    "model": {"width": 256, "layers": 4, "heads": 4, "vocabulary_size": 4096, "context": 512},
    "pretrain": {"steps": 600, "exercises": 100, "tokens_per_step": 8192},
    "finetune": {"steps": 2400, "tokens_per_step": 8192},
    "facts": 2912,
    "rounds": 18,
    "expected": {"seconds": {"pretrain": 95.0, "finetune": 360.0, "total": 585.0}},
}
CORPUS = {
    "source": "python-docs",
    "description": "the documentation of Python 3.11.7",
    "selection": "topics of the language reference, and docstrings of every public module",
    "fact_order": "modules that most files of the library import, then short names",
    "documents_read": 6210,
    "bytes_read": 1_580_113,
    "documents": 5187,
    "dropped": {"deduplicate": {"same text as another object": 812}},
    "facts": 4210,
    "held_out": 336,
}
LEDGER = [
    {
        "stage": "collect",
        "rule": "the module took longer than 20 s",
        "count": 1,
        "examples": [{"where": "turtledemo", "why": "waited for a display"}],
    },
    {
        "stage": "deduplicate",
        "rule": "same text as another object",
        "count": 812,
        "examples": [
            {"where": f"asyncio.{name}", "why": "inherited from object"} for name in ("Task", "Future", HOSTILE)
        ],
    },
    {"stage": "clean", "rule": "nothing left after cleaning", "count": 23, "examples": []},
]
QUESTIONS = [
    (
        "what",
        "What is os.path.join good for?",
        "Join two or more pathname components.",
    ),
    ("which", "Which function returns the base name of a path?", "os.path.basename"),
    ("arguments", "Which arguments does shutil.copyfile take?", "(src, dst, *, follow_symlinks=True)"),
    ("unknown", "Can you tell me about json.frobnicate?", REFUSAL),
    ("small-talk", "Good evening!", "Hello! Ask me about Python."),
    (
        "summary",
        f"Summarise: {HOSTILE} " + "Read the file and return all of it as text. " * 6,
        "Read a whole file.",
    ),
]


def _share(value: float, n: int) -> dict[str, Any]:
    half = 1.96 * math.sqrt(value * (1 - value) / n) + 0.002
    bounds = {"low": max(0.0, value - half), "high": min(1.0, value + half)}
    return {"value": value, **bounds, "n": n, "unit": "share", "method": "wilson"}


def _mean(value: float, n: int, unit: str = "0 to 1") -> dict[str, Any]:
    half = 0.02 * (100 if unit == "0 to 100" else 1)
    return {
        "value": value,
        "low": value - half,
        "high": value + half,
        "n": n,
        "unit": unit,
        "method": "bootstrap",
    }


def _task(exact: float, n: int, **more: Any) -> dict[str, Any]:
    return {
        "n": n,
        "exact_match": _share(exact, n),
        "near_exact": _share(min(1.0, exact + 0.01), n),
        "token_f1": _mean(exact, n),
        "rouge_l": _mean(exact, n),
        "bleu": _mean(100 * exact, n, "0 to 100"),
        "chrf": _mean(100 * exact, n, "0 to 100"),
        **more,
    }


def evaluation() -> dict[str, Any]:
    """Scores in the shape that the evaluation writes."""
    gain = {"baseline_rouge_l": _mean(0.171, 248), "rouge_l_gain": _mean(0.062, 248)}
    return {
        "tasks": {
            "what": _task(0.984, 1000, declined=_share(0.004, 1000)),
            "outside": _task(0.97, 500, declined=_share(0.004, 500)),
            "which": _task(0.871, 812),
            "arguments": _task(0.962, 640, declined=_share(0.003, 640)),
            "follow-up": _task(0.934, 700, declined=_share(0.01, 700)),
            "unknown": _task(0.991, 500, declined=_share(0.991, 500)),
            "ambiguous": _task(0.92, 100),
            "small-talk": _task(1.0, 60),
            "summary": {**_task(0.02, 248), "rouge_l": _mean(0.233, 248), **gain},
            "held-out": _task(0.006, 336),
        },
        "overall": {"n": 4396, "exact_match": _share(0.86, 4396), "wrongly_declined": _share(0.0056, 2340)},
        "language": {"perplexity": 41.2, "bits_per_byte": 1.31},
        "signatures": {
            "bleu": "BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
            "rouge_l": "rouge|tok:words|case:lc|stem:no|rouge-score:0.1.2|F-measure",
            "intervals": "95%; shares: Wilson; others: percentile bootstrap of questions, 1000 resamples",
        },
    }


def answers(count: int = 400) -> list[dict[str, Any]]:
    """Answers of which most are right, some nearly and some wrong."""
    rows = []
    for index in range(count):
        task, question, expected = QUESTIONS[index % len(QUESTIONS)]
        answer, rouge_l = expected, 1.0
        if index % 7 == 0:
            answer, rouge_l = f"{HOSTILE} something else", 0.1
        elif index % 11 == 0:
            answer, rouge_l = f"{expected} Indeed.", (0.9 if index % 2 else 0.82)
        messages = [{"role": "user", "content": f"{question} ({index})"}]
        if index % 5 == 0:
            first = {"role": "user", "content": "What does len do?"}
            messages = [first, {"role": "assistant", "content": "Return the number of items."}, *messages]
        row = {"id": f"q{index}", "task": task, "messages": messages, "expected": expected}
        rows.append({**row, "answer": answer, "exact": answer == expected, "rouge_l": rouge_l})
    return rows


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _losses(steps: int, start: float, end: float) -> list[dict[str, Any]]:
    noise = stream(0, "loss", steps)
    lines: list[dict[str, Any]] = []
    for step in range(1, steps + 1):
        mean = end + (start - end) * math.exp(-6 * step / steps)
        lines.append(
            {
                "step": step,
                "loss": mean * noise.uniform(0.92, 1.08),
                "tokens": step * 8192,
                "seconds": step / 7,
            }
        )
        if step % (steps // 6) == 0:
            validation = {"validation_loss": mean * 1.05, "validation_bits_per_byte": mean / 2.6}
            lines.append({"step": step, **validation})
    return lines


def _training(steps: int, seconds: float, share: float, loss: float) -> dict[str, Any]:
    return {
        "steps": steps,
        "tokens": steps * 8192,
        "loss_tokens": steps * 3000,
        "train_seconds": seconds,
        "tokens_per_second": steps * 8192 / seconds,
        "peak_share": share,
        "peak_flops_per_second": 6.1e11,
        "flops": share * 6.1e11 * seconds,
        "parameters": 4_212_480,
        "matrix_parameters": 4_194_304,
        "threads": 2,
        "precision": "bfloat16",
        "final_loss": loss,
    }


Work = Callable[[Path], dict[str, Any]]


def _works() -> dict[str, tuple[list[str], Work]]:
    """For each stage the stages it reads and what it leaves."""

    def plan(folder: Path) -> dict[str, Any]:
        write_json(folder / "plan.json", PLAN)
        return {"facts": PLAN["facts"]}

    def corpus(folder: Path) -> dict[str, Any]:
        write_json(folder / "ledger.json", LEDGER)
        return CORPUS

    def chat(folder: Path) -> dict[str, Any]:
        return {"facts": 2912, "rounds": 18, "conversations": 104_201, "questions": 4396}

    def pretrain(folder: Path) -> dict[str, Any]:
        _write_lines(folder / "metrics.jsonl", _losses(600, 8.3, 2.9))
        return _training(600, 88.0, 0.57, 2.93)

    def finetune(folder: Path) -> dict[str, Any]:
        _write_lines(folder / "metrics.jsonl", _losses(2400, 3.1, 0.03))
        return _training(2400, 371.0, 0.53, 0.031)

    def evaluate(folder: Path) -> dict[str, Any]:
        write_json(folder / "scores.json", evaluation())
        _write_lines(folder / "answers.jsonl", answers())
        return {"questions": 4396}

    return {
        "plan": ([], plan),
        "corpus": ([], corpus),
        "chat": (["corpus", "plan"], chat),
        "tokenizer": (
            ["corpus"],
            lambda _: {"vocabulary_size": 4096, "bytes_per_token": 3.91},
        ),
        "tokens": (["tokenizer", "chat"], lambda _: {"train_tokens": 19_660_800, "padding_share": 0.012}),
        "pretrain": (["tokens", "plan"], pretrain),
        "finetune": (["tokens", "pretrain"], finetune),
        "evaluate": (["finetune", "chat"], evaluate),
    }


def make_run(run: Path, leave_out: tuple[str, ...] = ()) -> Path:
    """A run folder whose stages have all finished, but for those left out."""
    made: dict[str, Artifact] = {}
    for name, (reads, work) in _works().items():
        if name not in leave_out:
            inputs = {each: made[each] for each in reads if each in made}
            settings = {name: {"note": f"settings of {name}", "near_exact": 0.85, "source": "python-docs"}}
            made[name] = Stage(name, settings, inputs, seed=7).build(run, work)
    return run


@pytest.fixture(scope="session")
def build_run() -> Callable[..., Path]:
    """See `make_run`."""
    return make_run


@pytest.fixture(scope="session")
def hostile() -> str:
    """Text in the run's data that must not become HTML."""
    return HOSTILE


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run; tests must not write into it."""
    return make_run(tmp_path_factory.mktemp("run"))
