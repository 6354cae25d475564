from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from chatwright.corpus.answers import UNKNOWN, UNKNOWN_HEADING, claim, difference_answer, signature_answer, what_answer
from chatwright.corpus.tables import Fact
from chatwright.generate import assistant as module
from chatwright.generate import check
from chatwright.generate.assistant import Assistant, Reply
from chatwright.generate.engine import Written
from chatwright.generate.grounding import Grounding, mentions
from chatwright.generate.settings import GenerateSettings
from chatwright.tokens.template import Message
from chatwright.tokens.tokenizer import Tokenizer
from tests.model.test_decoder import small_model

ASKED_BACK = "Which one does this: {description}?"
NAMES = Grounding(refusal=UNKNOWN, claim=claim("function"), asked_back=ASKED_BACK)
HEADINGS = Grounding(refusal=UNKNOWN_HEADING, claim=claim("section"), asked_back=None)
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


def names(grounding: Grounding, answer: str) -> list[str]:
    return [match.group(1) for match in re.finditer(grounding.claim, answer, re.MULTILINE)]


def test_answers_say_what_they_are_about() -> None:
    one, other = fact("json.dumps"), fact("json.loads", "Deserialize (a part of) it: all.")
    assert names(NAMES, what_answer(one)) == ["json.dumps"]
    assert names(NAMES, what_answer(other)) == ["json.loads"]
    assert names(NAMES, signature_answer(one)) == ["json.dumps"]
    assert names(NAMES, difference_answer(one, other)) == ["json.dumps", "json.loads"]
    for about_nothing in ("As I said: json.dumps: Do it.", "It is a function.", "json.dumps", UNKNOWN, "", "Hello!"):
        assert names(NAMES, about_nothing) == []
    assert names(HEADINGS, "Closures and Scope (The Book): They capture.") == ["Closures and Scope (The Book)"]
    assert names(HEADINGS, "As I said: Closures (The Book): They capture.") == []


def test_it_lies_beside_the_model(tmp_path: Path) -> None:
    assert Grounding.load(tmp_path) is None
    NAMES.save(tmp_path)
    assert Grounding.load(tmp_path) == NAMES


def test_what_stands_of_an_answer() -> None:
    one, other = fact("json.dumps"), fact("json.loads")
    asked: list[Message] = [{"role": "user", "content": "json.dumps?"}]
    both = difference_answer(one, other)
    assert NAMES.kept(what_answer(one), asked) is None
    assert NAMES.kept("Hello!", asked) is None
    assert NAMES.kept(UNKNOWN, asked) == ""
    assert NAMES.kept(what_answer(other), asked) == ""
    assert NAMES.kept(both, asked) == f"Side by side:\n{what_answer(one)}\n"
    assert NAMES.kept(both, [*asked, {"role": "user", "content": "And loads?"}]) is None


@pytest.mark.parametrize(
    ("grounding", "beginning", "turns"),
    [
        (NAMES, "", None),
        (NAMES, "json.du", None),
        (NAMES, "json.dumps:", True),
        (NAMES, "json.dumps(", True),
        (NAMES, "json.loads:", False),
        (NAMES, "It is", False),
        (HEADINGS, "Closures and", None),
        (HEADINGS, "json.dumps:", True),
        (HEADINGS, "As I said: Clo", False),
        (HEADINGS, "two\nlines", False),
    ],
)
def test_when_a_beginning_turns_to_the_question(grounding: Grounding, beginning: str, turns: bool | None) -> None:
    assert grounding.turns_to(beginning, "What does dumps do?") is turns


class Scripted:
    """Stands for both ways of writing: drafts first, then what is recalled and how it goes on."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        drafts: list[str],
        seconds: list[str | None],
        sureness: float,
        led_back: bool,
        later: str,
    ) -> None:
        self.tokenizer, self.drafts, self.seconds, self.later = tokenizer, drafts, seconds, later
        self.sureness, self.led_back = sureness, led_back
        self.begun: list[list[str]] = []
        self.wrote = False

    def generate(self, model: object, prompts: list[list[int]], *_: object) -> list[Written]:
        texts = [self.later for _ in prompts] if self.wrote else self.drafts
        likelihood = 0.0 if self.wrote else self.sureness
        self.wrote = True
        return [Written(self.tokenizer.encode(text), likelihood) for text in texts]

    def recall(self, model: object, prompts: list[list[int]], *_: object) -> list[Written | None]:
        self.begun.append([self.tokenizer.decode(prompt) for prompt in prompts])
        if len(self.begun) > 1:  # what was doubted, asked back
            return [Written([], -1.0) if self.led_back else None for _ in prompts]
        return [None if text is None else Written(self.tokenizer.encode(text), -1.0) for text in self.seconds]


def replies(
    monkeypatch: pytest.MonkeyPatch,
    asked: list[list[str]],
    drafts: list[str],
    seconds: list[str | None],
    sureness: float = 0.0,
    led_back: bool = True,
    grounding: Grounding = NAMES,
    later: str = " Go on.",
) -> list[Reply]:
    tokenizer = Tokenizer.learn(["json.dumps and json.loads"], 300)
    assistant = Assistant(small_model(), tokenizer, grounding)
    conversations: list[list[Message]] = [
        [{"role": "assistant" if at % 2 else "user", "content": text} for at, text in enumerate(turns)]
        for turns in asked
    ]
    unchecked = [Reply(text, text) for text in drafts]
    for checked in (
        lambda: assistant.answer(conversations, SETTINGS.model_copy(update={"grounded": False})),
        lambda: replace(assistant, grounding=None).answer(conversations, SETTINGS),
    ):
        monkeypatch.setattr(module, "generate", Scripted(tokenizer, drafts, [], 0.0, True, later).generate)
        assert checked() == unchecked
    script = Scripted(tokenizer, drafts, seconds, sureness, led_back, later)
    monkeypatch.setattr(module, "generate", script.generate)
    monkeypatch.setattr(check, "recall", script.recall)
    made = assistant.answer(conversations, SETTINGS)
    assert len(script.begun[0]) == len(seconds)
    return made


def test_an_unlikely_answer_is_asked_back(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = "json.dumps: Serialize it."
    unsure = math.log(SETTINGS.sure_from) - 0.1
    for sureness, led_back, answer in ((unsure, True, draft), (unsure, False, UNKNOWN), (unsure + 0.2, False, draft)):
        assert replies(monkeypatch, [["dumps?"]], [draft], [], sureness, led_back) == [Reply(answer, draft)]
    assert NAMES.asks_back(draft) == ("Which one does this: Serialize it?", "json.dumps")
    for a_text in ("In one sentence, please:\nSerialize an object with json.dumps.", "Of json.dumps:" + " it" * 30):
        assert replies(monkeypatch, [[a_text]], [draft], [], unsure, False) == [Reply(draft, draft)]
    again, before = f"As I said: {draft}", ["dumps?", draft, "Pardon?"]
    assert replies(monkeypatch, [before], [again], [], unsure, False) == [Reply(again, again)]
    bare = "json.dumps"  # what is asked for by a description cannot be asked back by it
    assert replies(monkeypatch, [["What serializes?"]], [bare], [], unsure, False) == [Reply(bare, bare)]
    both = difference_answer(fact("json.dumps"), fact("json.loads", "Read it."))
    assert NAMES.asks_back(both) == ("Which one does this: Read it?", "json.loads")
    either = "dumps: Do you mean json.dumps or pickle.dumps? json.dumps: Serialize it."
    assert NAMES.asks_back(either) == NAMES.asks_back(draft)
    heading = "Setup: Install it."
    assert replies(monkeypatch, [["Setup?"]], [heading], [], unsure, False, HEADINGS) == [Reply(heading, heading)]
    assert HEADINGS.asks_back(heading) is None
    for about_nothing in ("json.dumps(obj)", "json.dumps", "It is a class.", ""):
        assert NAMES.asks_back(about_nothing) is None


@pytest.mark.parametrize(
    ("later", "sure", "stands"),
    [
        ("json.dumps: Serialize it.", False, True),  # it knows what has these arguments
        ("json.loads: Read it.", False, False),
        (UNKNOWN, False, False),
        (UNKNOWN, True, True),  # likely arguments are not doubted
    ],
)
def test_unlikely_arguments_are_those_of_something_known(
    monkeypatch: pytest.MonkeyPatch, later: str, sure: bool, stands: bool
) -> None:
    arguments, unsure = "json.dumps(obj, indent=None)", math.log(SETTINGS.sure_from) - 0.1
    made = replies(monkeypatch, [["Arguments of dumps?"]], [arguments], [], 0.0 if sure else unsure, False, later=later)
    assert made == [Reply(arguments if stands else UNKNOWN, arguments)]


def test_an_answer_about_what_nobody_mentioned_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = "json.dumps: Serialize it."
    asked = [["dumps?"], ["dumpz?"], ["json.dumps?", "json.dumps: Serialize it.", "Once more, what does it do?"]]
    made = replies(monkeypatch, asked, [draft] * 3, [None])
    assert made == [Reply(draft, draft), Reply(UNKNOWN, draft), Reply(draft, draft)]


def test_a_refusal_is_thought_over(monkeypatch: pytest.MonkeyPatch) -> None:
    made = replies(monkeypatch, [["json.dumps?"], ["json.dumpz?"]], [UNKNOWN] * 2, ["json.dumps:", None])
    assert made == [Reply("json.dumps: Go on.", UNKNOWN), Reply(UNKNOWN, UNKNOWN)]


def test_what_stands_is_kept_and_what_slipped_is_thought_over(monkeypatch: pytest.MonkeyPatch) -> None:
    one = fact("json.dumps")
    draft = difference_answer(one, fact("json.loads"))
    asked = [["json.dumps?", what_answer(one), "And unlike json.load?"]]
    kept = f"Side by side:\n{what_answer(one)}\n"
    assert replies(monkeypatch, asked, [draft], ["json.load:"]) == [Reply(f"{kept}json.load: Go on.", draft)]
    assert replies(monkeypatch, asked, [draft], [None]) == [Reply(UNKNOWN, draft)]


def test_a_real_model_is_checked_and_every_conversation_gets_its_own_answer() -> None:
    tokenizer = Tokenizer.learn(["json.dumps and json.loads"], 300)
    everything = Grounding(
        refusal=UNKNOWN, claim=r"(?s)^()(?=.)", asked_back=ASKED_BACK
    )  # whatever is said is about the empty name
    assistant = Assistant(small_model(), tokenizer, everything)
    asked: list[list[Message]] = [[{"role": "user", "content": text}] for text in ("json.dumps?", "loads", "what")]
    answers = assistant.answer(asked, SETTINGS)
    assert [reply.text for reply in answers] == [UNKNOWN] * 3
    assert all(reply.draft != UNKNOWN for reply in answers)
