"""Models in and out: import and export, each with its proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from chatwright.cli.display import print_json
from chatwright.core.errors import UsageError
from chatwright.core.runs import newest_run

FORMATS = ("hf",)


def export_model(run: str | None, to: Path, form: str, bfloat16: bool, as_json: bool) -> None:
    """Write a run's model, or another, in a format of other programs."""
    if form not in FORMATS:
        raise UsageError("there is no such format", where=f"--format {form}", remedy=f"one of {', '.join(FORMATS)}")
    _write(run or str(newest_run("finetune")), to, bfloat16, as_json)


def import_model(name: str, to: Path, bfloat16: bool, as_json: bool) -> None:
    """Fetch a model and write it as a folder."""
    _write(name, to, bfloat16, as_json)


def _write(source: str, to: Path, bfloat16: bool, as_json: bool) -> None:
    from chatwright.interop.folders import write_stock_folder

    written = write_stock_folder(source, to, "bfloat16" if bfloat16 else "float32")
    if as_json:
        print_json(written)
        return
    console, proof = Console(), written["proof"]
    console.print(
        f"{written['architecture']}, {written['parameters']:,} parameters in {written['precision']}",
        markup=False,
        highlight=False,
    )
    console.print(f"proven with {proof['stock_class']}: {_proven(proof)}", markup=False, highlight=False)
    console.print(f"folder  {written['folder']}", soft_wrap=True, markup=False, highlight=False)


def _proven(proof: dict[str, Any]) -> str:
    if "tokens" in proof:
        told = f"the same {proof['tokens']:,} greedy tokens on {proof['prompts']} prompts"
    else:
        told = f"logits within {proof['largest_logit_difference']:.1e} on {proof['prompts']} prompts"
    if "conversations" in proof:
        told += f", the same ids for {proof['conversations']} conversations"
    return told
