"""Conversations as the model sees them: which tokens there are, and which of them it learns to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from chatwright.corpus.row_checks import Talk
from chatwright.tokens.template import encode_conversations
from chatwright.tokens.tokenizer import BEGIN, END, Tokenizer

_MOST_TOKENS = 30_000  # of a tokenizer that is learnt from what it is to show: each of its words becomes a token


@dataclass(frozen=True)
class Marked:
    """Ids and loss mask of a text or a conversation."""

    tokenizer: Tokenizer
    ids: list[int]
    loss: list[bool]

    def tokens(self) -> list[str]:
        """Each token as people read it; bytes that are no whole character as `\\xe4`."""
        names = {index: name for name, index in self.tokenizer.control.items()}
        return [
            names.get(token) or self.tokenizer.decode_bytes([token]).decode("utf-8", "backslashreplace")
            for token in self.ids
        ]

    def stretches(self) -> Iterator[tuple[str, bool, bool]]:
        """(text, whether it is learnt, whether it is a control token) of tokens that are alike in this."""
        names = {index: name for name, index in self.tokenizer.control.items()}
        told = [(learnt, names.get(token, ""), token) for token, learnt in zip(self.ids, self.loss, strict=True)]
        for (learnt, name), group in groupby(told, key=lambda each: each[:2]):
            yield name or self.tokenizer.decode([token for *_, token in group]), learnt, bool(name)


def mark(tokenizer: Tokenizer, texts: Sequence[Talk | str]) -> list[Marked]:
    """Ids and loss masks; of a document, whose every token is learnt but the one that begins it."""
    talks = [text for text in texts if not isinstance(text, str)]
    halves = iter(encode_conversations(tokenizer, [half for talk in talks for half in (talk.prompt, talk.learnt)]))
    documents = iter(tokenizer.encode_batch([text for text in texts if isinstance(text, str)]))
    marked = []
    for text in texts:
        if isinstance(text, str):
            ids = [tokenizer.control[BEGIN], *next(documents), tokenizer.control[END]]
            marked.append(Marked(tokenizer, ids, [False, *[True] * (len(ids) - 1)]))
            continue
        (before, _), (ids, loss) = next(halves), next(halves)
        marked.append(Marked(tokenizer, [*before, *ids], [*[False] * len(before), *loss]))
    return marked


def token_sizes(tokenizer: Tokenizer, texts: Sequence[Talk | str]) -> list[tuple[int, int]]:
    """(tokens, learnt tokens) of each."""
    return [(len(marked.ids), sum(marked.loss)) for marked in mark(tokenizer, texts)]


def tokenizer_of_words(texts: Iterable[Talk | str]) -> Tokenizer:
    """A tokenizer for showing these texts where there is no model's: each of their words is a token of its own."""
    said = list[str]()
    for text in texts:
        turns = [] if isinstance(text, str) else [*text.prompt, *text.learnt]
        said += [text] if isinstance(text, str) else [turn["content"] for turn in turns]
    return Tokenizer.learn(said, _MOST_TOKENS)
