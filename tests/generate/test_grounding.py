from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from chatwright.corpus.answers import UNKNOWN, UNKNOWN_HEADING, claim, difference_answer, signature_answer, what_answer
from chatwright.corpus.tables import Fact
from chatwright.generate import assistant as module
from chatwright.generate.assistant import Assistant, Reply
from chatwright.generate.engine import generate
from chatwright.generate.grounding import Grounding, mentions
from chatwright.generate.settings import GenerateSettings
from chatwright.tokens.tokenizer import Tokenizer
from tests.model.test_decoder import small_model

NAMES = Grounding(refusal=UNKNOWN, claim=claim("function"))
HEADINGS = Grounding(refusal=UNKNOWN_HEADING, claim=claim("section"))
SETTINGS = GenerateSettings(max_new_tokens=40)


def fact(name: str, summary: str = "Do it.") -> Fact:
    return Fact(name, name, "function", "json", summary, "(obj, *, indent=None)", None, "", 0, "train")


@pytest.mark.parametrize(
    ("text", "name", "there"),
    [
        ("What does json.dumps do?", "json.dumps", True),
        ("what does `dumps()` do", "json.dumps", True),
        ("JSON.Dumps?", "json.dumps", True),
        ("It ends in json.dumps.", "json.dumps", True),
        ("hm...dumps?", "json.dumps", True),
        ("什么是json.dumps？", "json.dumps", True),
        ("os.path.join or path.join", "os.path.join", True),
        ("What does json.dumpsx do?", "json.dumps", False),
        ("json.xdumps", "json.dumps", False),
        ("json.dumps.walk", "json.dumps", False),
        ("toml.dumps", "json.dumps", False),
        ("dumps_all", "json.dumps", False),
        ("", "json.dumps", False),
        ("tell me about closures and scope", "Closures and Scope (The Book)", True),
        ("tell me about closures", "Closures and Scope (The Book)", False),
        ("closures (the book)?", "Closures (The Book)", True),
        ("闭包是什么", "闭包 (手册)", True),
    ],
)
def test_what_a_text_mentions(text: str, name: str, there: bool) -> None:
    assert mentions(text, name) is there


def test_answers_say_what_they_are_about() -> None:
    one, other = fact("json.dumps"), fact("json.loads", "Deserialize (a part of) it: all.")
    assert NAMES.names(what_answer(one)) == ["json.dumps"]
    assert NAMES.names(what_answer(other)) == ["json.loads"]
    assert NAMES.names(signature_answer(one)) == ["json.dumps"]
    assert NAMES.names(difference_answer(one, other)) == ["json.dumps", "json.loads"]
    for about_nothing in ("As I said: json.dumps: Do it.", "It is a function.", "json.dumps", UNKNOWN, "", "Hello!"):
        assert NAMES.names(about_nothing) == []
    assert HEADINGS.names("Closures and Scope (The Book): They capture.") == ["Closures and Scope (The Book)"]
    assert HEADINGS.names("As I said: Closures (The Book): They capture.") == []


def test_it_lies_beside_the_model(tmp_path: Path) -> None:
    assert Grounding.load(tmp_path) is None
    NAMES.save(tmp_path)
    assert Grounding.load(tmp_path) == NAMES


class Scripted:
    """Stands for the engine: says what it is told to, and something else when refusing is forbidden."""

    def __init__(self, tokenizer: Tokenizer, first: list[str], second: list[str]) -> None:
        self.tokenizer, self.first, self.second = tokenizer, first, second
        self.forbidden: list[list[int]] = []

    def __call__(self, *arguments: object) -> list[list[int]]:
        not_first = arguments[-1]
        assert isinstance(not_first, list | tuple)
        self.forbidden.append(list(not_first))
        return [self.tokenizer.encode(text) for text in (self.second if not_first else self.first)]


def replies(
    monkeypatch: pytest.MonkeyPatch, asked: list[list[str]], first: list[str], second: list[str]
) -> list[Reply]:
    tokenizer = Tokenizer.learn(["json.dumps and json.loads"], 300)
    assistant = Assistant(small_model(), tokenizer, NAMES)
    engine = Scripted(tokenizer, first, second)
    monkeypatch.setattr(module, "generate", engine)
    conversations = [
        [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(turns)] for turns in asked
    ]
    made = assistant.answer(conversations, SETTINGS)
    assert engine.forbidden[0] == [] and engine.forbidden[1:] in ([], [tokenizer.encode(UNKNOWN)[:1]])
    engine.forbidden.clear()
    raw = assistant.answer(conversations, SETTINGS.model_copy(update={"grounded": False}))
    assert raw == [Reply(text, text) for text in first] and engine.forbidden == [[]]
    assert replace(assistant, grounding=None).answer(conversations, SETTINGS) == raw
    return made


def test_an_answer_about_what_nobody_mentioned_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = "json.dumps: Serialize it."
    asked = [["dumps?"], ["dumpz?"], ["json.dumps?", "json.dumps: Serialize it.", "Once more, what does it do?"]]
    made = replies(monkeypatch, asked, [draft] * 3, [])
    assert made == [Reply(draft, draft), Reply(UNKNOWN, draft), Reply(draft, draft)]


def test_a_refusal_is_thought_over(monkeypatch: pytest.MonkeyPatch) -> None:
    right, other = "json.dumps: Serialize it.", "json.loads: Read it."
    asked = [["json.dumps?"], ["json.dumpz?"], ["json.loads?", other, "And json.dumpz?"], ["Hello!"]]
    made = replies(monkeypatch, asked, [UNKNOWN] * 4, [right, right, other, "Hello! Ask me something."])
    assert [reply.text for reply in made] == [right, UNKNOWN, UNKNOWN, UNKNOWN]
    assert {reply.draft for reply in made} == {UNKNOWN}


def test_a_forbidden_first_token_is_not_written_first() -> None:
    model = small_model()
    free = generate(model, [[5, 6], [7]], SETTINGS, [])
    held = generate(model, [[5, 6], [7]], SETTINGS, [], None, [free[0][0]])
    assert held[0][0] != free[0][0]
    with torch.no_grad():
        best = model(torch.tensor([[5, 6]]))[0, -1].topk(2).indices.tolist()
    assert held[0][0] == best[1]
