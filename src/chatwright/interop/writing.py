"""How a model of ours writes where nothing else is said: as its run was scored, here and in stock programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatwright.core.artifacts import MANIFEST, open_artifact
from chatwright.core.files import read_json
from chatwright.generate.settings import GenerateSettings
from chatwright.interop.text import GENERATION_FILE, is_ours
from chatwright.model.config import ModelConfig
from chatwright.tokens.tokenizer import BEGIN, PAD, Tokenizer

_SCORED = "evaluate"  # the stage of a run that says how it was asked
_BOTH = ("length_penalty", "no_repeat_ngram_size", "repetition_penalty")  # named alike in stock programs


def as_scored(folder: Path, config: ModelConfig) -> dict[str, Any]:
    """What differs from greedy in how a model folder of ours, exported or in a run, was scored; else nothing.

    Nothing either where one sample was drawn: the same text twice is what people expect who ask for nothing.
    """
    if not is_ours(folder):
        return {}
    if (folder / GENERATION_FILE).exists():
        stock = read_json(folder / GENERATION_FILE)
        told = {name: stock[name] for name in _BOTH if name in stock} | {"beams": stock.get("num_beams", 1)}
        if config.family == "encoder-decoder":
            told["max_new_tokens"] = stock.get("max_length", config.context) - 1
    elif (folder.parent / _SCORED / MANIFEST).exists():
        scored = open_artifact(folder.parent / _SCORED).manifest.settings.get("generate") or {}
        sampled = scored.get("temperature") and scored.get("candidates", 1) == 1
        names = () if sampled else ("beams", "candidates", "temperature", "top_k", "top_p", "max_new_tokens", *_BOTH)
        told = {name: scored[name] for name in names if name in scored}
    else:
        return {}
    return GenerateSettings.model_validate(told).model_dump(exclude_defaults=True)


def stock_generation(folder: Path, config: ModelConfig) -> dict[str, Any]:
    """The same as stock programs read it, greedy where they cannot choose among candidates; texts end at our marks."""
    tokenizer, settings = Tokenizer.load(folder), GenerateSettings.model_validate(as_scored(folder, config))
    longest = settings.max_new_tokens + 1 if config.family == "encoder-decoder" else config.context
    told: dict[str, Any] = {
        "bos_token_id": tokenizer.control[BEGIN],
        "eos_token_id": list(tokenizer.ends),
        "pad_token_id": tokenizer.control[PAD],
        "do_sample": False,
        "max_length": min(longest, config.context),  # not max_new_tokens, which would outdo a caller's max_length
    }
    if settings.beams > 1:
        told |= {"num_beams": settings.beams, "length_penalty": settings.length_penalty, "early_stopping": False}
    if settings.no_repeat_ngram_size:
        told["no_repeat_ngram_size"] = settings.no_repeat_ngram_size
    if settings.repetition_penalty > 1:
        told["repetition_penalty"] = settings.repetition_penalty
    return told
