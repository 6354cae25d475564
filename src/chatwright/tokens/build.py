"""The two stages of this room: learn the tokenizer, pack the corpus; of conversations, pairs and labelled texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatwright.core.errors import DataError
from chatwright.core.progress import Progress
from chatwright.corpus.pair_texts import more_texts
from chatwright.corpus.tables import read_rows
from chatwright.tokens.clozes import cloze_pairs
from chatwright.tokens.gap_sentences import gap_sentence_pairs
from chatwright.tokens.labels import EncodedTexts
from chatwright.tokens.masking import encode_words, pack_words
from chatwright.tokens.packing import Rows, pack_conversations, pack_documents
from chatwright.tokens.pairs import Pair, pack_pairs
from chatwright.tokens.settings import DenoisingSettings, PackingSettings, TokenizerSettings
from chatwright.tokens.template import Message, encode_conversations
from chatwright.tokens.tokenizer import BEGIN, END, GAPS, PAD, Tokenizer

_BATCH = 4096  # texts encoded at a time


def build_tokenizer(
    folder: Path, corpus: Path, chat: Path, settings: TokenizerSettings, progress: Progress
) -> dict[str, Any]:
    """Learn from training documents and a prefix of the training conversations; returns figures."""
    documents = [row["text"] for row in read_rows(corpus / "documents.parquet") if row["split"] == "train"]
    conversations = read_rows(chat / "train.parquet")[: settings.examples]
    progress.update(0.2, f"learning from {len(documents):,} documents and {len(conversations):,} conversations")

    said = (message["content"] for row in conversations for message in row["messages"])
    tokenizer = _learn(folder, chain(documents, said), settings)
    return {"vocabulary_size": len(tokenizer), **_sizes(tokenizer, documents[:2000])}


def _learn(folder: Path, texts: Iterable[str], settings: TokenizerSettings, extra: Sequence[str] = ()) -> Tokenizer:
    tokenizer = Tokenizer.learn(texts, settings.vocabulary_size, extra, words=settings.words)
    tokenizer.save(folder)
    return tokenizer


def _sizes(tokenizer: Tokenizer, sample: list[str]) -> dict[str, float]:
    """What a token of these texts holds, on average."""
    ids = max(1, sum(map(len, tokenizer.encode_batch(sample))))
    return {
        "bytes_per_token": round(sum(len(text.encode()) for text in sample) / ids, 3),
        "characters_per_token": round(sum(map(len, sample)) / ids, 3),
    }


def pack_corpus(
    folder: Path, tokenizer_folder: Path, corpus: Path, chat: Path, settings: PackingSettings, progress: Progress
) -> dict[str, Any]:
    """Write packed rows `documents`, `validation` and `conversations`; returns figures."""
    tokenizer = Tokenizer.load(tokenizer_folder)
    pad = tokenizer.control[PAD]
    documents = read_rows(corpus / "documents.parquet")
    figures: dict[str, Any] = {}
    for name, split in (("documents", "train"), ("validation", "validation")):
        texts = [row["text"] for row in documents if row["split"] == split]
        figures[f"{name}_bytes"] = sum(len(text.encode()) for text in texts)
        if texts:
            rows = pack_documents(_framed(tokenizer, texts), settings.row_tokens, pad)
            rows.save(folder, name)
            figures |= _figures(name, rows)
    progress.update(0.3, "packing conversations")
    encoded = []
    conversations = read_rows(chat / "train.parquet")
    for start in range(0, len(conversations), _BATCH):
        part = [row["messages"] for row in conversations[start : start + _BATCH]]
        encoded += encode_conversations(tokenizer, part)
        progress.update(0.3 + 0.5 * start / len(conversations), "encoding conversations")
    rows = pack_conversations(encoded, settings.row_tokens, pad, settings.open_rows)
    rows.save(folder, "conversations")
    return figures | _figures("conversations", rows)


def _framed(tokenizer: Tokenizer, texts: list[str]) -> Iterator[list[int]]:
    begin, end = tokenizer.control[BEGIN], tokenizer.control[END]
    for ids in tokenizer.encode_each(texts):
        yield [begin, *ids, end]


def _figures(name: str, rows: Rows) -> dict[str, Any]:
    figures = _filled(name, rows.segment[:, :-1])
    places, learnt = figures[f"{name}_tokens"], int(rows.learnt.sum())
    if name == "validation":  # what perplexity is counted over
        figures[f"{name}_tokens"] = learnt
    return {**figures, f"{name}_learnt": round(learnt / places, 4)}


def _filled(name: str, segment: NDArray[np.int16]) -> dict[str, Any]:
    places = segment >= 0
    return {
        f"{name}_rows": len(segment),
        f"{name}_tokens": int(places.sum()),
        f"{name}_filled": round(float(places.mean()), 4),
    }


def learn_from_texts(
    folder: Path,
    texts: Mapping[str, list[str]],
    settings: TokenizerSettings,
    progress: Progress,
    *,
    extra: Sequence[str] = (),
) -> dict[str, Any]:
    """Learn one vocabulary from all texts, with `extra` control tokens; returns figures."""
    every = [text for group in texts.values() for text in group]
    progress.update(0.2, f"learning from {len(every):,} texts")
    tokenizer = _learn(folder, every, settings, extra)
    return {"vocabulary_size": len(tokenizer), **_sizes(tokenizer, every[:4000])}


def encode_texts(
    folder: Path, tokenizer_folder: Path, texts: Mapping[str, list[str]], progress: Progress
) -> dict[str, Any]:
    """Write each group of texts as ids that know their words; returns figures."""
    tokenizer, figures = Tokenizer.load(tokenizer_folder), dict[str, Any]()
    for name, group in texts.items():
        progress.update(0.3, f"encoding {len(group):,} texts")
        encoded = EncodedTexts.of(encode_words(tokenizer, group))
        encoded.save(folder, name)
        figures |= {f"{name}_texts": len(encoded), f"{name}_tokens": len(encoded.ids)}
    return figures


def pack_texts(
    folder: Path,
    tokenizer_folder: Path,
    splits: Mapping[str, list[str]],
    settings: PackingSettings,
    progress: Progress,
    *,
    masked: bool,
) -> dict[str, Any]:
    """Write each split's texts as packed rows, one behind the other, or `masked`: rows that know their words."""
    tokenizer, figures = Tokenizer.load(tokenizer_folder), dict[str, Any]()
    pad = tokenizer.control[PAD]
    for name, texts in splits.items():
        progress.update(0.3, f"packing {name}")
        if masked:
            words = pack_words(encode_words(tokenizer, texts), settings.row_tokens, pad, settings.open_rows)
            words.save(folder, name)
            figures |= _filled(name, words.segment)
        else:
            rows = pack_documents(_framed(tokenizer, texts), settings.row_tokens, pad)
            rows.save(folder, name)
            figures |= _figures(name, rows)
    return figures


def pack_messages(
    folder: Path,
    tokenizer_folder: Path,
    splits: Mapping[str, Sequence[Sequence[Message]]],
    settings: PackingSettings,
    progress: Progress,
    *,
    both_sides: bool,
) -> dict[str, Any]:
    """Write each split's conversations as packed rows; `both_sides` are learnt, or the assistant's only."""
    tokenizer, figures = Tokenizer.load(tokenizer_folder), dict[str, Any]()
    for name, conversations in splits.items():
        progress.update(0.2, f"encoding {len(conversations):,} conversations ({name})")
        encoded = encode_conversations(tokenizer, conversations)
        if both_sides:
            encoded = [(ids, [True] * len(ids)) for ids, _ in encoded]
        rows = pack_conversations(encoded, settings.row_tokens, tokenizer.control[PAD], settings.open_rows)
        rows.save(folder, name)
        figures |= _figures(name, rows)
    return figures


def learn_from_pairs(
    folder: Path, pairs: Path, settings: TokenizerSettings, progress: Progress, *, gaps: bool = False
) -> dict[str, Any]:
    """Learn one vocabulary from both sides of the training pairs and the texts beside them; returns figures.

    With `gaps` it has tokens for denoising.
    """
    rows = [row for row in read_rows(pairs / "pairs.parquet") if row["split"] == "train"]
    progress.update(0.2, f"learning from {len(rows):,} pairs")
    texts = [row[side] for row in rows for side in ("source", "target")] + more_texts(pairs)
    tokenizer = _learn(folder, texts, settings, GAPS if gaps else ())
    return {"vocabulary_size": len(tokenizer), **_sizes(tokenizer, texts[:4000])}


def pack_pair_corpus(
    folder: Path,
    tokenizer_folder: Path,
    pairs: Path,
    settings: PackingSettings,
    progress: Progress,
    *,
    cut_sources: bool = False,
    texts: DenoisingSettings | None = None,
) -> dict[str, Any]:
    """Write packed pair rows `train` and `validation`; pairs longer than a row are left out. Returns figures.

    With `cut_sources` only the beginning of a source is read where it is longer. With `texts` both sides of the
    training pairs and the texts beside them are written too, for denoising as these settings have it: as `documents`,
    their most telling sentences as pairs, `sentences`, and questions about them, `clozes`.
    """
    tokenizer = Tokenizer.load(tokenizer_folder)
    rows, figures = read_rows(pairs / "pairs.parquet"), dict[str, Any]()
    for split in ("train", "validation"):
        progress.update(0.5, f"packing {split}")
        chosen = [row for row in rows if row["split"] == split]
        encoded = encode_pairs(tokenizer, [(row["source"], row["target"]) for row in chosen])
        whole = sum(len(source) <= settings.source_tokens for source, _ in encoded)
        if cut_sources:
            encoded = [([*source[:-1][: settings.source_tokens - 1], source[-1]], target) for source, target in encoded]
        fitting = [p for p in encoded if len(p[0]) <= settings.source_tokens and len(p[1]) <= settings.row_tokens + 1]
        packed = pack_pairs(
            fitting, settings.source_tokens, settings.row_tokens, tokenizer.control[PAD], settings.open_rows
        )
        packed.save(folder, split)
        figures |= {
            f"{split}_rows": len(packed),
            f"{split}_pairs": len(fitting),
            f"{split}_too_long": len(encoded) - len(fitting),
            f"{split}_cut": len(encoded) - whole if cut_sources else 0,
            f"{split}_target_tokens": sum(len(target) - 1 for _, target in fitting),
            f"{split}_filled": round(float((packed.target_segment[:, :-1] >= 0).mean()), 4),
        }
    if texts:
        plain = [row[side] for row in rows if row["split"] == "train" for side in ("source", "target")]
        plain += more_texts(pairs)
        # a place less than sources have: gaps take fewer tokens than they hide, but a piece gets an end
        documents = pack_documents(_framed(tokenizer, plain), settings.source_tokens - 1, tokenizer.control[PAD])
        documents.save(folder, "documents")
        figures |= _figures("documents", documents)
        for name, setting, make in (
            ("sentences", "sentence_share", gap_sentence_pairs),
            ("clozes", "cloze_share", cloze_pairs),
        ):
            if not getattr(texts, setting):
                continue
            made = list(make(tokenizer, plain, texts, settings.source_tokens, settings.row_tokens))
            if not made:
                raise DataError(
                    "no text has three sentences, one of which could be asked for",
                    remedy=f"set denoising.{setting} = 0, or longer rows (packing.source_tokens)",
                )
            packed = pack_pairs(
                made, settings.source_tokens, settings.row_tokens, tokenizer.control[PAD], settings.open_rows
            )
            packed.save(folder, name)
            figures |= {f"{name}_rows": len(packed), f"{name}_pairs": len(made)}
    return figures


def encode_pairs(tokenizer: Tokenizer, texts: list[tuple[str, str]]) -> list[Pair]:
    """Ids of sources, ended by `<|end|>`, and of targets, between `<|begin|>` and `<|end|>`."""
    begin, end = tokenizer.control[BEGIN], tokenizer.control[END]
    sources, targets = (tokenizer.encode_batch([pair[side] for pair in texts]) for side in (0, 1))
    return [([*source, end], [begin, *target, end]) for source, target in zip(sources, targets, strict=True)]
