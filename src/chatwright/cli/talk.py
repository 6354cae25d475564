"""Talking to a trained model: in the terminal, from a script, or going on from a text."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from chatwright.cli.display import print_json, show
from chatwright.core.errors import DataError, Problem, RecipeError, UsageError
from chatwright.core.runs import newest_run
from chatwright.evaluate.answers import hold_conversations
from chatwright.generate.assistant import Assistant
from chatwright.generate.settings import GenerateSettings
from chatwright.interop.pretrained import Pretrained
from chatwright.tokens.template import Message, check_conversation


def generation_settings(options: dict[str, Any]) -> GenerateSettings:
    """The settings that the options mean; every mistake at once."""
    from pydantic import ValidationError

    try:
        return GenerateSettings.model_validate({key: value for key, value in options.items() if value is not None})
    except ValidationError as error:
        problems = [
            Problem("--" + str(detail["loc"][0]).replace("_", "-"), f"{detail['msg']}; got {detail['input']!r}")
            if detail["loc"]
            else Problem("--beams", detail["msg"].removeprefix("Value error, "))
            for detail in error.errors()
        ]
        raise RecipeError("options", problems) from None


def chat(run: Path | None, asked: list[str], ask_file: Path | None, options: dict[str, Any], as_json: bool) -> None:
    """Answer `asked` as one conversation, the file's conversations in batches, or a person."""
    settings = generation_settings(options)
    if asked and ask_file:
        raise UsageError("--ask and --ask-file exclude each other")
    if as_json and not asked and not ask_file:
        raise UsageError("--json needs a question", remedy="add --ask TEXT")
    if ask_file and as_json:
        raise UsageError("--ask-file answers as JSONL already", remedy="leave --json out")
    conversations = read_conversations(ask_file) if ask_file else []
    assistant = Assistant.load(run or newest_run("finetune", beside=("chat", "corpus/conversations.parquet")))
    if ask_file:
        too_long = [str(at + 1) for at, messages in enumerate(conversations) if not assistant.fits(messages)]
        if too_long:
            raise UsageError(
                f"these conversations end in a question longer than the model's context: {', '.join(too_long[:20])}",
                where=str(ask_file),
                remedy=f"shorten them to fewer than {assistant.model.config.context} tokens",
            )
        with show("answers") as progress:
            answers = _answer_in_batches(assistant, conversations, settings, progress)
        for answer in answers:
            sys.stdout.write(json.dumps({"answer": answer}, ensure_ascii=False) + "\n")
    elif asked:
        from chatwright.core.progress import Silent

        too_long = [text for text in asked if not assistant.fits([{"role": "user", "content": text}])]
        if too_long:
            raise UsageError(
                "this question is longer than the model's context",
                where=f"--ask {too_long[0][:40]!r}…",
                remedy=f"shorten it to fewer than {assistant.model.config.context} tokens",
            )
        (messages,), _ = hold_conversations(assistant, [asked], settings, Silent())
        answers = [message["content"] for message in messages if message["role"] == "assistant"]
        if as_json:
            print_json({"answers": answers})
        else:
            sys.stdout.write("".join(f"{answer}\n" for answer in answers))
    else:
        _converse(assistant, settings)


def _answer_in_batches(
    assistant: Assistant, conversations: list[list[Message]], settings: GenerateSettings, progress: Any
) -> list[str]:
    answers: list[str] = []
    size = 4 * settings.batch
    for start in range(0, len(conversations), size):
        answers += [reply.text for reply in assistant.answer(conversations[start : start + size], settings)]
        progress.update(len(answers) / len(conversations), f"{len(answers):,} of {len(conversations):,}")
    return answers


def read_conversations(path: Path) -> list[list[Message]]:
    """One conversation a line, {"messages": [...]}; all broken lines are reported together."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the file cannot be read: {error}", where=str(path)) from None
    conversations, mistakes = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            messages = json.loads(line)["messages"]
            check_conversation(messages, f"line {number}")
            if messages[-1]["role"] != "user":
                raise DataError("the last message is not the user's", where=f"line {number}")
            conversations.append(messages)
        except DataError as error:
            mistakes.append(f"  {error}")
        except (ValueError, KeyError, TypeError):
            mistakes.append(f'  line {number}: is not {{"messages": [...]}}')
    if mistakes:
        shown = "\n".join(mistakes[:20]) + (f"\n  … and {len(mistakes) - 20} more" if len(mistakes) > 20 else "")
        raise UsageError(f"{len(mistakes)} lines are no conversations:\n{shown}", where=str(path))
    return conversations


def _converse(assistant: Assistant, settings: GenerateSettings) -> None:
    """A conversation in the terminal until the person leaves; `/new` starts another."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # whatever bytes are piped in
    console = Console()
    console.print("Ask something. /new begins a new conversation, Ctrl-D or /quit ends.", style="dim")
    messages: list[Message] = []
    while True:
        try:
            text = console.input("[bold]> [/bold]").strip()
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if text == "/quit":
            return
        if text == "/new":
            messages = []
            console.print("(a new conversation)", style="dim")
            continue
        if not text:
            continue
        messages.append({"role": "user", "content": text})
        try:
            (reply,) = assistant.answer([messages], settings, on_text=_tell)
        except DataError as error:  # a question longer than the context: say so and go on
            messages.pop()
            console.print(str(error), style="red", markup=False)
            continue
        sys.stdout.write("\n")
        messages.append({"role": "assistant", "content": reply.text})


def _tell(piece: str) -> None:
    sys.stdout.write(piece)
    sys.stdout.flush()


def generate(model: str, text: str, max_length: int | None, options: dict[str, Any], as_json: bool) -> None:
    """Go on from a text and print it with its continuation, or what an encoder-decoder or a classifier makes of it."""
    if max_length is not None and options.get("max_new_tokens") is not None:
        raise UsageError("--max-length and --max-new-tokens exclude each other")
    generation_settings(options)  # what is wrong with them is told before a model is read
    loaded = Pretrained.load(model)
    settings = loaded.settings(**options)
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # whatever bytes a shell hands over
    if loaded.model.config.labels:
        (said,) = loaded.classify([text])
        if as_json:
            print_json({"text": text, "labels": said})
        else:
            likeliest = sorted(said.items(), key=lambda pair: -pair[1])
            sys.stdout.write("".join(f"{share:7.1%}  {label}\n" for label, share in likeliest))
        return
    if max_length is not None:
        settings = loaded.limited(text, max_length, settings)
    if as_json or settings.beams > 1 or settings.candidates > 1 or loaded.preparation:  # settled at the end only
        before, rest = loaded.complete([text], settings)[0]
        if as_json:
            print_json({"text": text, "continuation": rest})
        else:
            sys.stdout.write(f"{before}{rest}\n")
        return
    if loaded.goes_on:
        sys.stdout.write(text)
    loaded.complete([text], settings, on_text=_tell)
    sys.stdout.write("\n")
