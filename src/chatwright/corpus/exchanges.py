"""What a row says: instructions, conversations and preferences, recognised by their columns.

{"messages": [{"role", "content"}]}                  OpenAI, and ours
{"conversations": [{"from", "value"}]}               ShareGPT
{"instruction", "input", "output"}                   Alpaca; Dolly has a "context" and a "response", LLaMA-Factory
                                                     a "system" message and a "history" of pairs before
{"prompt", "completion"}, {"question", "answer"} …   strings or lists of messages
{"prompt", "chosen", "rejected"}                     preferences; the prompt may stand in any of the ways above, or at
                                                     the beginning of both answers (Anthropic's hh-rlhf, TRL)
{"instruction", "output_1", "output_2", "preference"}  two answers that were judged (AlpacaEval): 1 or 2 is the better
any of the first four with a true or false "label"   answers that are liked or not (KTO)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import Any

from chatwright.corpus.readers.found import Broken

TURNS = ("messages", "conversations", "conversation")
INPUTS = ("input", "context")
ASKED = ("instruction", "prompt", "question", "query")
ANSWERED = ("output", "response", "completion", "answer")
LABELS = ("label", "kto_tag")
_ANSWERS = {"chosen", "rejected"}
_JUDGED = {"instruction", "output_1", "output_2", "preference"}
COLUMNS = frozenset({*TURNS, *INPUTS, *ASKED, *ANSWERED, *LABELS, *_ANSWERS, *_JUDGED})

ROLES = {
    "user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant", "system": "system",
    "developer": "system",
}  # fmt: skip
_OF_TOOLS = frozenset({"tool", "function", "observation", "function_call"})
_SPOKEN = re.compile(r"(?:^|\n\n)(Human|Assistant):[ ]?")  # how the hh-rlhf set writes its talks
Messages = list[dict[str, str]]  # {"role": "user" | "assistant" | "system", "content": …}


class Format(StrEnum):
    """How a row is written."""

    MESSAGES = "OpenAI messages"
    SHAREGPT = "ShareGPT"
    ALPACA = "Alpaca"
    COMPLETION = "prompt and completion"
    PREFERENCE = "preferences"


@dataclass(frozen=True)
class Turn:
    """What is said at once: an instruction and its input are two parts. `fault` is why it cannot be learnt from."""

    role: str  # "user", "assistant" or "system"; what is written where it is none of them
    parts: tuple[str, ...] = ()
    fault: Broken | None = None

    @property
    def text(self) -> str:
        """What is said, for comparing."""
        return "\n".join(self.parts).strip()

    @property
    def is_said(self) -> bool:
        """Whether a user or an assistant says it, rather than the program around them."""
        return self.role != "system" and self.role not in _OF_TOOLS


@dataclass(frozen=True)
class Exchange:
    """What a row says. Of preferences, `turns` is what stands before the two answers; else there are no answers."""

    format: Format
    turns: tuple[Turn, ...]
    chosen: tuple[Turn, ...] = ()
    rejected: tuple[Turn, ...] = ()
    label: bool | None = None  # whether the answer is liked, where a label tells


def is_shape(row: Mapping[str, Any]) -> bool:
    """Whether the columns are those of an instruction, a conversation or a preference, whatever else is there."""
    return _own_format(row) not in (None, Format.COMPLETION)


def is_pair(row: Mapping[str, Any]) -> bool:
    """Whether the columns are a question and an answer: told only of rows that have no text of their own."""
    return _own_format(row) is Format.COMPLETION


def exchange_of(row: Mapping[str, Any]) -> Exchange:
    """What the row says; `Broken` where it has no known columns, or they do not hold what they promise.

    What is wrong with a single turn is told with it, as its `fault`.

    >>> exchange_of({"prompt": "Why?", "chosen": "So.", "rejected": "No."}).turns
    (Turn(role='user', parts=('Why?',), fault=None),)
    """
    own = _own_format(row)
    if own is None:
        raise _unknown(row)
    if own is Format.PREFERENCE:
        return _preference(row)
    if own in (Format.MESSAGES, Format.SHAREGPT):
        name = next(name for name in TURNS if isinstance(row.get(name), list))
        turns = _turns(row[name], name)
    else:
        lists = own is Format.COMPLETION
        asked, answered = _first(row, ASKED if lists else ("instruction",)), _first(row, ANSWERED)
        before = () if lists else _before(row)
        turns = (*before, *_question(row, asked, lists), *_said(row[answered], answered, "assistant", lists))
    return Exchange(own, turns, label=_label(row))


def _before(row: Mapping[str, Any]) -> tuple[Turn, ...]:
    """What is said before an instruction, as LLaMA-Factory's rows hold it: a system message, earlier turns in pairs."""
    system, history = row.get("system"), row.get("history") or []
    if not isinstance(history, list) or any(not isinstance(pair, list) or len(pair) != 2 for pair in history):
        raise Broken("row holds no turns", "its history is no list of pairs")
    said = [(text, role) for pair in history for text, role in zip(pair, ("user", "assistant"), strict=True)]
    earlier = (turn for text, role in said for turn in _said(text, "history", role, lists=False))
    return (*(_said(system, "system", "system", lists=False) if system else ()), *earlier)


def messages_of(turns: Sequence[Turn], joint: str = "\n\n") -> Messages:
    """The turns as the chat template takes them; `Broken` where one of them cannot be learnt from.

    Lone surrogates, which JSON can spell and no encoding can write, are replaced.
    """
    if fault := next((turn.fault for turn in turns if turn.fault), None):
        raise fault
    return [{"role": turn.role, "content": _sound(joint.join(turn.parts))} for turn in turns]


def _own_format(row: Mapping[str, Any]) -> Format | None:
    if row.keys() >= _ANSWERS or row.keys() >= _JUDGED:
        return Format.PREFERENCE
    if name := next((name for name in TURNS if isinstance(row.get(name), list)), ""):
        return Format.MESSAGES if name == "messages" else Format.SHAREGPT
    if not any(name in row for name in ANSWERED):
        return None
    if "instruction" in row:
        return Format.ALPACA
    return Format.COMPLETION if any(name in row for name in ASKED) else None


def _unknown(row: Mapping[str, Any]) -> Broken:
    told = f"(keys: {', '.join(str(name) for name in list(row)[:8])[:200]})"
    if name := next((name for name in TURNS if name in row), ""):
        return Broken("row holds no turns", f"its {name} are no list: {_kind(row[name])}")
    if found := sorted(_ANSWERS & row.keys()):
        return Broken("missing column", f"{found[0]} without {(_ANSWERS - set(found)).pop()} {told}")
    if name := next((name for name in ASKED if name in row), ""):
        return Broken("missing column", f"{name} without {', '.join(ANSWERED[:-1])} or {ANSWERED[-1]} {told}")
    if name := next((name for name in ANSWERED if name in row), ""):
        return Broken("missing column", f"{name} without {', '.join(ASKED[:-1])} or {ASKED[-1]} {told}")
    return Broken("unknown columns", f"has neither messages nor a question and its answer {told}")


def _preference(row: Mapping[str, Any]) -> Exchange:
    names = ("chosen", "rejected") if row.keys() >= _ANSWERS else _judged(row["preference"])
    chosen, rejected = (_answer(row[name], name) for name in names)
    name = next((name for name in (*TURNS, "prompt", *ASKED) if row.get(name)), "")
    before = (_talk(row[name]) or _question(row, name)) if name else ()
    if before and before[-1].role == "assistant" and not before[-1].text:
        before = before[:-1]  # of a prompt that ends with "Assistant:"
    if before:
        again = _repeated(before, chosen)
        before = chosen[:again] if again else before  # a system message may stand there only
        chosen, rejected = chosen[again:], rejected[_repeated(before, rejected) :]
    else:
        same = takewhile(lambda pair: _key(pair[0]) == _key(pair[1]), zip(chosen, rejected, strict=False))
        shared = max(0, min(len(list(same)), len(chosen) - 1, len(rejected) - 1))
        before, chosen, rejected = chosen[:shared], chosen[shared:], rejected[shared:]
    return Exchange(Format.PREFERENCE, before, chosen, rejected)


def _answer(value: Any, name: str) -> tuple[Turn, ...]:
    if value is not None and not isinstance(value, str | list | dict):
        raise Broken("row holds no turns", f"{name} is {_kind(value)}")
    return _talk(value) or _said(value, name, "assistant")


def _judged(preference: Any) -> tuple[str, str]:
    if isinstance(preference, bool) or not isinstance(preference, int | float):
        raise Broken("preference that is no number", f"preference is {_kind(preference)}")
    if not 1 <= preference <= 2 or preference == 1.5:
        raise Broken("no answer is preferred", f"preference is {preference:g}; 1 or 2 says which is the better one")
    return ("output_1", "output_2") if preference < 1.5 else ("output_2", "output_1")


def _repeated(before: Sequence[Turn], answer: Sequence[Turn]) -> int:
    """How many turns of the answer repeat what stands before it; many sets write it into both."""
    wanted = [turn.text for turn in before if turn.is_said and turn.text]
    for place, turn in enumerate(answer):
        if not wanted:
            return place
        if turn.is_said and turn.text and turn.text != wanted.pop(0):
            return 0
    return 0 if wanted else len(answer)


def _key(turn: Turn) -> tuple[str, str]:
    return turn.role, turn.text


def _question(row: Mapping[str, Any], name: str, lists: bool = True) -> tuple[Turn, ...]:
    """What is asked, with what it is about."""
    if lists and isinstance(row[name], list | dict):
        return _said(row[name], name, "user")
    told = (_string(row[key], key) for key in (name, *INPUTS) if key in row)
    return (Turn("user", tuple(part for part in told if part.strip())),)


def _said(value: Any, name: str, role: str, lists: bool = True) -> tuple[Turn, ...]:
    """A prompt or an answer: a text, or where `lists` are allowed a message or several."""
    if lists and isinstance(value, list | dict):
        return _turns(value if isinstance(value, list) else [value], name)
    return (Turn(role, (_string(value, name),)),)


def _talk(value: Any) -> tuple[Turn, ...]:
    """The turns of a talk in one text, as the hh-rlhf set writes them; none where it is no such text."""
    if not isinstance(value, str) or not _SPOKEN.match(value.lstrip()):
        return ()
    pieces = _SPOKEN.split(value.strip())[1:]
    speakers = ("user" if speaker == "Human" else "assistant" for speaker in pieces[::2])
    return tuple(Turn(speaker, (said.strip(),)) for speaker, said in zip(speakers, pieces[1::2], strict=True))


def _turns(value: Sequence[Any], name: str) -> tuple[Turn, ...]:
    return tuple(_turn(each, name) for each in value)


def _turn(turn: Any, name: str) -> Turn:
    if not isinstance(turn, Mapping):
        return Turn("", fault=Broken("turn is no object", f"in {name}: {_kind(turn)}"))
    speaker = _first(turn, ("role", "from", "speaker"))
    role = ROLES.get(str(turn.get(speaker)).lower(), str(turn.get(speaker)).lower())
    known = role in ROLES.values()
    fault = (
        None if known else Broken("unknown role", f"{speaker} {turn.get(speaker)!r} is not one of {', '.join(ROLES)}")
    )
    words = _first(turn, ("content", "value", "text"))
    content = turn.get(words)
    lacks = f"a message has no text as its {words}"
    if isinstance(content, list):  # parts; pictures and the like have no text
        texts = [part["text"] for part in content if isinstance(part, Mapping) and isinstance(part.get("text"), str)]
        more = None if len(texts) == len(content) else Broken("turn with more than text", f"in {name}, its {words}")
        return Turn(role, tuple(texts), fault or more)
    if content is None:  # a call of a tool says nothing
        return Turn(role, (), fault or Broken("turn that says nothing", lacks))
    if not isinstance(content, str):
        return Turn(role, (), Broken("turn without text", f"{lacks}: {_kind(content)}"))
    return Turn(role, (content,), fault)


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of the columns that holds something; else the first that is there, or the first of all."""
    there = [name for name in names if name in row]
    return next((name for name in there if row[name] is not None), (there or list(names))[0])


def _label(row: Mapping[str, Any]) -> bool | None:
    value = next((row[name] for name in LABELS if name in row), None)
    if isinstance(value, str):  # in tables of text
        value = {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def _string(value: Any, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    if not isinstance(value, str):
        raise Broken("column is no text", f"{name} is no text: {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    """The type of a value in JSON's words."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    if isinstance(value, int | float):
        return "a number"
    return {"str": "text", "dict": "an object", "list": "a list"}.get(type(value).__name__, type(value).__name__)


def _sound(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
