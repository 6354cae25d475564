"""Asking the model: conversations are held turn by turn, with the model's own earlier answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatwright.core.progress import Progress
from chatwright.generate.assistant import Assistant, Reply
from chatwright.generate.settings import GenerateSettings
from chatwright.tokens.template import Message

_NOTHING = Reply("", "")


def hold_conversations(
    assistant: Assistant, questions: Sequence[Sequence[str]], settings: GenerateSettings, progress: Progress
) -> tuple[list[list[Message]], list[str]]:
    """Ask each list of user turns in order; returns the conversations with their answers, and the last drafts.

    A draft is what the model had written before the assistant checked it.

    All conversations take their first turn together, then their second, and so on. A question that
    is longer than the context gets an empty answer.
    """
    held: list[list[Message]] = [[] for _ in questions]
    drafts = [""] * len(questions)
    total = sum(len(turns) for turns in questions)
    done = 0
    for turn in range(max((len(turns) for turns in questions), default=0)):
        open_now = [index for index, turns in enumerate(questions) if len(turns) > turn]
        for start in range(0, len(open_now), 4 * settings.batch):
            group = open_now[start : start + 4 * settings.batch]
            for index in group:
                held[index].append({"role": "user", "content": questions[index][turn]})
            readable = [index for index in group if assistant.fits(held[index])]
            answers = dict(zip(readable, assistant.answer([held[i] for i in readable], settings), strict=True))
            for index in group:
                reply = answers.get(index, _NOTHING)
                held[index].append({"role": "assistant", "content": reply.text})
                drafts[index] = reply.draft
            done += len(group)
            progress.update(done / total, f"{done:,} of {total:,} questions")
    return held, drafts


def answer_questions(
    assistant: Assistant, rows: Sequence[dict[str, Any]], settings: GenerateSettings, progress: Progress
) -> list[dict[str, Any]]:
    """Rows of questions.parquet with `expected`, `answer`, `draft` and `messages` as they were really said.

    The last message of a row is the expected answer; earlier answers of the row are not shown to
    the model, it hears its own.
    """
    questions = [[m["content"] for m in row["messages"] if m["role"] == "user"] for row in rows]
    held, drafts = hold_conversations(assistant, questions, settings, progress)
    return [
        {
            **row,
            "messages": said[:-1],
            "expected": row["messages"][-1]["content"],
            "answer": said[-1]["content"],
            "draft": draft,
        }
        for row, said, draft in zip(rows, held, drafts, strict=True)
    ]
