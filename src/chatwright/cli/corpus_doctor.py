"""What is wrong with data before anything is trained on it, and what would be learnt from it."""

from __future__ import annotations

import sys
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from chatwright.cli.display import print_json, show
from chatwright.core.errors import DataError, UsageError
from chatwright.corpus.doctor import Examination, Measure, characters, spelt, why_refused
from chatwright.corpus.row_checks import Checked

if TYPE_CHECKING:
    from chatwright.tokens.marked import Marked
    from chatwright.tokens.tokenizer import Tokenizer

_SHOWN_CHARACTERS = 1_500  # of an example in the terminal
_REMEDY = 'write a JSON object a line: {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", …}]}'


def corpus_doctor(files: list[Path], model: str | None, examples: int, rendered: int, as_json: bool) -> None:
    """Print what `corpus.doctor` finds; `DataError` where nothing can be learnt from it."""
    tokenizer, measure = _measure(model)
    examination = Examination(measure, max(examples, rendered))
    with show("doctor") as progress:
        examination.read(files, progress)
    result = examination.result()
    for problem in result["problems"]:
        problem["examples"] = problem["examples"][:examples]
    refused = why_refused(result)
    shown = _rendered(examination.shown(rendered), tokenizer)
    if as_json:
        told = [_told(checked, marked) for checked, marked in shown]
        print_json({**result, "model": model, "examples": told, "refused": refused or None})
    else:
        _print(result, shown, model)
    if refused:
        raise DataError(refused, where=", ".join(map(str, files)), remedy=_REMEDY)


def _measure(model: str | None) -> tuple[Tokenizer | None, Measure]:
    """The tokenizer of a model with the longest text that it reads; without a model characters are counted."""
    if model is None:
        return None, Measure(characters, "characters")
    from chatwright.generate.assistant import model_folder
    from chatwright.interop.adopt import adopted_tokenizer
    from chatwright.interop.hub import find_model
    from chatwright.model.files import load_config
    from chatwright.tokens.marked import token_sizes

    folder = model_folder(find_model(model))
    config = load_config(folder)
    if config.family != "decoder":
        raise UsageError(
            f"this is an {config.family}, and conversations are a decoder's",
            where=model,
            remedy="name the model that is to be trained, such as a run of `chatwright run instruct`",
        )
    tokenizer = adopted_tokenizer(folder)
    return tokenizer, Measure(partial(token_sizes, tokenizer), "tokens", config.context)


def _rendered(rows: list[Checked], tokenizer: Tokenizer | None) -> list[tuple[Checked, list[Marked]]]:
    from chatwright.tokens.marked import mark, tokenizer_of_words

    if not rows:
        return []
    reads = tokenizer or tokenizer_of_words(text for checked in rows for text in checked.texts)
    return [(checked, mark(reads, checked.texts)) for checked in rows]


def _told(checked: Checked, several: list[Marked]) -> dict[str, Any]:
    names = ("chosen", "rejected") if len(several) > 1 else ("text",)
    said = [
        {"what": name, "tokens": marked.tokens(), "learnt": [int(each) for each in marked.loss]}
        for name, marked in zip(names, several, strict=True)
    ]
    row = checked.row
    return {"file": row.origin, "line": row.line, "row": row.number, "format": checked.format, "rendered": said}


def _print(result: dict[str, Any], shown: list[tuple[Checked, list[Marked]]], model: str | None) -> None:
    console = Console(soft_wrap=not sys.stdout.isatty())
    _print_files(console, result)
    if result["problems"]:
        _print_problems(console, result["problems"])
    elif result["rows"]:
        console.print("no problems")
    for checked, several in shown:
        row = checked.row
        place = spelt({"file": row.origin, "line": row.line} if row.line else {"file": row.origin, "row": row.number})
        for name, marked in zip(("chosen", "rejected") if len(several) > 1 else ("",), several, strict=True):
            head = f"{place} {name}".strip()
            told = f"{sum(marked.loss):,} of {len(marked.loss):,} tokens are learnt"
            console.print(f"\n{head} · {checked.format} · {told}", style="bold", markup=False, highlight=False)
            console.print(_marked_text(marked, console.is_terminal and not console.no_color), soft_wrap=True)
    if shown:
        marks = "green" if console.is_terminal and not console.no_color else "between ⟦ and ⟧"
        whose = f"the tokenizer of {model}" if model else "words as tokens, as no --model is named"
        console.print(f"\nwhat is learnt is {marks}; {whose}", markup=False, highlight=False)


def _print_files(console: Console, result: dict[str, Any]) -> None:
    table = Table(title="what is read", title_justify="left")
    for heading in ("file", "rows", "usable", "format"):
        table.add_column(heading)
    for file in result["files"]:
        formats = [f"{name} ({count:,})" for name, count in file["formats"].items()] or ["none that is known"]
        formats += [f"label {label} ({count:,})" for label, count in file["labels"].items()]
        table.add_row(escape(file["file"]), f"{file['rows']:,}", f"{file['usable_rows']:,}", ", ".join(formats))
    console.print(table)
    told = [f"{result['learnt']:,} {result['unit']} are learnt, of {result['usable_rows']:,} rows"]
    if lengths := result["lengths"]:
        told.append(f"median row {lengths['median']:,} {result['unit']}")
        told.append(f"longest {lengths['longest']:,} ({spelt(lengths['longest_at'])})")
    console.print("; ".join(told), markup=False, highlight=False)
    if left_out := result["left_out"]:
        more = f" and {len(left_out) - 5:,} more" if len(left_out) > 5 else ""
        console.print(f"not looked at: {', '.join(left_out[:5])}{more}", markup=False, highlight=False)


def _print_problems(console: Console, problems: list[dict[str, Any]]) -> None:
    console.print("\nproblems", style="bold")
    for problem in problems:
        style = "red" if problem["severity"] == "error" else "yellow"
        console.print(f"[{style}]{problem['severity']:>7}[/]  {escape(problem['kind'])}: {problem['count']:,}")
        for example in problem["examples"]:
            told = _printable(f"{'':9}{spelt(example)}  {example['why']}".rstrip())
            console.print(told, markup=False, highlight=False, soft_wrap=True)


def _marked_text(marked: Marked, colour: bool) -> Text:
    """What is learnt in green, or between ⟦ and ⟧; control tokens are bold."""
    text, left = Text(), _SHOWN_CHARACTERS
    for learnt, stretches in groupby(marked.stretches(), key=lambda stretch: stretch[1]):
        text.append("⟦" if learnt and not colour else "")
        for said, _, control in stretches:
            style = ("bold " if control else "") + ("green" if learnt else "dim")
            text.append(_printable(said[:left] + (" […]" if len(said) > left else "")), style if colour else "")
            left -= min(left, len(said))
            if not left:
                break
        text.append("⟧" if learnt and not colour else "")
        if not left:
            break
    return text


def _printable(text: str) -> str:
    """Without what would steer a terminal."""
    return "".join(each if each.isprintable() or each in "\n\t" else f"\\x{ord(each):02x}" for each in text)
