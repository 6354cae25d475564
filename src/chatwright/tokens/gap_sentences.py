"""Gap sentences (PEGASUS, arXiv 1912.08777): the part of a text that tells most of the rest is to be written.

    We measured the new pump. The pump saves a third of the power. Users like it.
    → source  We measured the new pump. <0> Users like it. <|end|>
    → target  <|begin|> The pump saves a third of the power. <|end|>

Of a share of the texts these parts stay in the source: the model learns to find and copy what tells most, as titles
and summaries do. Several parts of a text can be asked for, in their order: targets of more tokens teach more a step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from chatwright.core.seeds import share
from chatwright.tokens.pairs import Pair
from chatwright.tokens.settings import DenoisingSettings
from chatwright.tokens.tokenizer import BEGIN, END, Tokenizer

# Sentences; in Chinese clauses, which are as long as titles, with half-width marks as some journals have them too.
_PART = re.compile(r"[^。！？；，!?;\n]+?(?:[。！？；，!?;\n]+|\.(?=\s)|[,.](?=[\u3400-\u9fff])|$)")
_SHORTEST = 5  # tokens of a part that can be asked for
_BATCH = 4096  # texts at a time


def gap_sentence_pairs(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    settings: DenoisingSettings,
    source_places: int,
    target_places: int,
) -> Iterator[Pair]:
    """One pair of each text of three parts and more; what is longer than its places is left out."""
    begin, end, gap = tokenizer.control[BEGIN], tokenizer.control[END], tokenizer.gaps[0]
    for text, ids in cut_texts(tokenizer, texts):
        chosen = _most_telling(ids, settings.told_share)
        if not chosen:
            continue
        stays = share(text, 0, "gap sentence") < settings.kept_sentences
        source = [token for at, part in enumerate(ids) for token in (part if stays or at not in chosen else [gap])]
        target = [begin, *(token for at in sorted(chosen) for token in ids[at]), end]
        if len(source) < source_places and len(target) <= target_places + 1:
            yield [*source, end], target


def cut_texts(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[tuple[str, list[list[int]]]]:
    """Each text of three parts and more, with the ids of its parts."""
    for start in range(0, len(texts), _BATCH):
        cut = [(text, _PART.findall(text)) for text in texts[start : start + _BATCH]]
        cut = [(text, parts) for text, parts in cut if len(parts) > 2]
        encoded = iter(tokenizer.encode_batch([part for _, parts in cut for part in parts]))
        for text, parts in cut:
            yield text, [next(encoded) for _ in parts]


def _most_telling(parts: Sequence[Sequence[int]], told: float) -> set[int]:
    """The parts whose tokens, each counted once, share most with the others (F1); none where all are too short.

    One, and as many more as have, with it, no more than a share of the text's tokens (`told`).
    """
    scores = []
    for at, part in enumerate(parts):
        own = set(part)
        rest = {token for other, ids in enumerate(parts) if other != at for token in ids}
        scores.append(2 * len(own & rest) / (len(own) + len(rest)) if len(part) >= _SHORTEST else 0.0)
    chosen, room = set[int](), told * sum(map(len, parts))
    for at in sorted(range(len(parts)), key=scores.__getitem__, reverse=True):
        if scores[at] and (not chosen or len(parts[at]) <= room):
            chosen.add(at)
            room -= len(parts[at])
    return chosen
