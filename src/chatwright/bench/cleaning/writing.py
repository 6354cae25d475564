"""How a model goes on from openings that it never read: how much it repeats itself, how often it breaks a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatwright.bench.cleaning.states import languages_of
from chatwright.core.seeds import share
from chatwright.corpus.judging.measures import measure
from chatwright.corpus.judging.rules import Rule, broken
from chatwright.generate.engine import generate
from chatwright.generate.settings import GenerateSettings
from chatwright.model.decoder import Decoder
from chatwright.tokens.tokenizer import BEGIN, Tokenizer

GRAM = 4  # tokens
TEMPERATURE = 0.8
_OPENINGS = 64  # of each language
_OF_WHOLE_DOCUMENTS = frozenset(  # measures that say nothing of a piece
    {"words", "characters", "sentences", "ended_lines", "short_lines"}
)


@dataclass(frozen=True)
class Opening:
    """The first tokens of a held-out passage, those that follow in it, and its language."""

    tokens: list[int]
    follows: list[int]
    language: str


def take_openings(tokenizer: Tokenizer, passages: Sequence[Mapping[str, str]], row_tokens: int) -> list[Opening]:
    """A sixteenth of a row and half a row at most of what follows, of the first passages by hash that have as much."""
    first, then = row_tokens // 16, row_tokens // 2
    found = list[Opening]()
    for language in languages_of(passages):
        own = [passage for passage in passages if passage["language"] == language]
        own.sort(key=lambda passage: share(passage["id"], 0, "opening"))
        ids = tokenizer.encode_batch([passage["text"] for passage in own])
        long = [each for each in ids if len(each) >= 2 * first][:_OPENINGS]
        found += [Opening(each[:first], each[first : first + then], language) for each in long]
    return found


def writing_scores(
    model: Decoder, tokenizer: Tokenizer, openings: Sequence[Opening], rules: Sequence[Rule], batch: int
) -> dict[str, float]:
    """Shares, of what is written after the openings until the model ends it or half its context is full.

    Greedily and at a temperature; the draws are always the same.
    """
    begin, stop = tokenizer.control[BEGIN], tuple(tokenizer.control.values())
    prompts = [[begin, *opening.tokens] for opening in openings]
    greedy = GenerateSettings(max_new_tokens=model.config.context // 2, batch=batch)
    drawn = greedy.model_copy(update={"temperature": TEMPERATURE})
    written = {
        name: [one.tokens for one in generate(model, prompts, settings, stop)]
        for name, settings in (("greedy", greedy), ("sampled", drawn))
    }
    return {
        "repeated_greedy": repeated_grams(written["greedy"]),
        "repeated_sampled": repeated_grams(written["sampled"]),
        "broken_sampled": breaking(tokenizer, openings, written["sampled"], rules),
    }


def text_scores(tokenizer: Tokenizer, openings: Sequence[Opening], rules: Sequence[Rule]) -> dict[str, float]:
    """The same shares of what really follows the openings: what people write has some of both."""
    follows = [opening.follows for opening in openings]
    return {"repeated": repeated_grams(follows), "broken": breaking(tokenizer, openings, follows, rules)}


def repeated_grams(texts: Sequence[Sequence[int]]) -> float:
    """The share of n-grams of tokens that stood in their text before (seq-rep-4 of arXiv 1908.04319).

    Of all texts together, so that short ones count as little as they hold.
    """
    grams = [list(zip(*(text[start:] for start in range(GRAM)), strict=False)) for text in texts]
    count = sum(map(len, grams))
    return 1 - sum(len(set(each)) for each in grams) / count if count else 0.0


def breaking(
    tokenizer: Tokenizer, openings: Sequence[Opening], written: Sequence[Sequence[int]], rules: Sequence[Rule]
) -> float:
    """The share of openings that break a rule together with what is written after them."""
    asked = [rule for rule in rules if rule.measure not in _OF_WHOLE_DOCUMENTS]
    faults = 0
    for language in {opening.language for opening in openings}:
        texts = [
            tokenizer.decode([*opening.tokens, *tokens])
            for opening, tokens in zip(openings, written, strict=True)
            if opening.language == language
        ]
        faults += sum(bool(each) for each in broken(measure(texts, language), language, asked))
    return faults / max(1, len(openings))
