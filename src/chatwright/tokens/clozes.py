"""Clozes (arXiv 1804.00720): a part of a text stands before it with a gap, and what the gap hides is asked for.

    We measured the new pump. The pump saves a third of the power. Users like it.
    → source  The pump saves <0> of power. ⏎ We measured the new pump. The pump saves a third of … <|end|>
    → target  <|begin|> a third <|end|>

Some words of the part are left out, as questions do not repeat all of what they ask about. So a model learns what
questions about texts need before it has seen one: to find the place, and to copy from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatwright.core.seeds import stream
from chatwright.tokens.gap_sentences import cut_texts
from chatwright.tokens.pairs import Pair
from chatwright.tokens.settings import DenoisingSettings
from chatwright.tokens.tokenizer import BEGIN, END, Tokenizer

_SHORTEST = 6  # tokens of a part that is asked about
_LONGEST = 12  # tokens in a gap, at most half of the part
_LEFT_OUT = 0.2  # share of the other tokens


def cloze_pairs(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    settings: DenoisingSettings,
    source_places: int,
    target_places: int,
) -> Iterator[Pair]:
    """Pairs of each text of three parts and more, as many as are set; a text that is too long loses its end."""
    begin, end, gap, line = tokenizer.control[BEGIN], tokenizer.control[END], tokenizer.gaps[0], tokenizer.encode("\n")
    for text, parts in cut_texts(tokenizer, texts):
        random, whole = stream(0, f"cloze {text}"), [token for part in parts for token in part]
        fitting = [at for at, part in enumerate(parts) if len(part) >= _SHORTEST]
        for at in random.sample(fitting, min(len(fitting), settings.clozes)):
            part = parts[at]
            length = random.randint(1, min(_LONGEST, len(part) // 2, target_places - 1))
            first = random.randint(0, len(part) - length)
            hidden = range(first, first + length)
            asked = [
                gap if place == first else token
                for place, token in enumerate(part)
                if place == first or (place not in hidden and random.random() >= _LEFT_OUT)
            ]
            room = source_places - len(asked) - len(line) - 1
            if sum(map(len, parts[: at + 1])) <= room:  # what is asked for is still there
                yield [*asked, *line, *whole[:room], end], [begin, *part[first : first + length], end]
