"""Model folders to take away: written aside, proven, and only then in place."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Literal

import torch

from chatwright.core.errors import UsageError
from chatwright.core.files import read_json, write_json
from chatwright.corpus.preparation import PREPARATION_FILE
from chatwright.generate.assistant import model_folder
from chatwright.generate.grounding import GROUNDING_FILE
from chatwright.interop.hub import find_model
from chatwright.interop.proof import prove
from chatwright.interop.text import GENERATION_FILE, has_tokenizer, is_ours, load_codec
from chatwright.interop.writing import stock_generation
from chatwright.model.config import Family
from chatwright.model.files import CONFIG_FILE, load_model, save_model
from chatwright.tokens.template import STOCK_CONFIG
from chatwright.tokens.tokenizer import BEGIN, END, MASK, PAD, Tokenizer

Precision = Literal["float32", "bfloat16"]
# What a tokenizer may consist of, what generation starts from, and how an assistant of ours checks itself.
_COPIED = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "tokenizer.model",
    "chat_template.jinja",
    GENERATION_FILE,
    GROUNDING_FILE,
    PREPARATION_FILE,
)
_SPECIAL = ("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id", "cls_token_id", "sep_token_id")


def write_stock_folder(source: str, to: Path, precision: Precision = "float32") -> dict[str, Any]:
    """Write the model behind `source` (a run, a folder, a hub name) as a stock folder `to`, and prove it.

    Returns what was written and compared. `to` appears whole or not at all; it must not be there yet.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError("is there already", where=str(to), remedy="choose a new folder with --to")
    folder = model_folder(find_model(source))
    model = load_model(folder)
    if has_tokenizer(folder):  # one of another model is refused here
        load_codec(folder, read_json(folder / CONFIG_FILE), model.config.vocabulary_size, model.config.family)
    partial = to.parent / f".{to.name}.partial"
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    try:
        save_model(model, partial, getattr(torch, precision), _special_tokens(folder))
        for name in _COPIED:
            if (folder / name).exists():
                shutil.copyfile(folder / name, partial / name)
        if is_ours(folder):
            _write_own_tokenizer(folder, partial, model.config.family)
            write_json(partial / GENERATION_FILE, stock_generation(folder, model.config))
        if not is_ours(folder):
            prove(folder)  # that it was read right; what is written is proven apart
        proof = prove(partial)
        if to.exists():
            to.rmdir()
        partial.rename(to)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return {
        "folder": str(to),
        "architecture": read_json(to / CONFIG_FILE)["architectures"][0],
        "parameters": model.config.parameters,
        "precision": precision,
        "proof": proof,
    }


def _write_own_tokenizer(folder: Path, to: Path, family: Family) -> None:
    """Our tokenizer as stock classes read it: what they encode begins and ends as texts do here."""
    own = Tokenizer.load(folder)
    gpt2 = own.save_stock(to, begun=family != "encoder-decoder", ended=family != "decoder")
    told = {**STOCK_CONFIG, "bos_token": BEGIN}
    if MASK in own.control:
        told["mask_token"] = MASK
    if gpt2:
        told |= {"tokenizer_class": "GPT2Tokenizer", "unk_token": END, "add_prefix_space": False}
    write_json(to / "tokenizer_config.json", told)


def _special_tokens(folder: Path) -> dict[str, Any]:
    """The ids of special tokens, which a stock configuration names beside the shape."""
    if is_ours(folder):
        control = Tokenizer.load(folder).control
        return {
            "pad_token_id": control[PAD],
            "bos_token_id": control[BEGIN],
            "eos_token_id": control[END],
            "decoder_start_token_id": control[BEGIN],
        }
    config = read_json(folder / CONFIG_FILE)
    return {key: config[key] for key in _SPECIAL if key in config}
