"""A foreign decoder to go on from: its weights as they are, its tokenizer with our control tokens beside its own.

Conversations are always written with our template (`tokens/template.py`), so that every model that is trained
here talks in the same way. Where a stock tokenizer lacks the control tokens, they are added behind its last, and
their rows begin as random ones of the same mean and spread as all others: adapters leave them as they are, so each has
to differ from the rest from the start.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken
from tokenizers import Tokenizer as StockTokenizer

from chatwright.core.errors import ArtifactError, UsageError
from chatwright.core.files import hash_file
from chatwright.generate.assistant import check_vocabulary, model_folder
from chatwright.interop.hub import find_model
from chatwright.interop.text import is_ours
from chatwright.model.decoder import Decoder
from chatwright.model.files import load_decoder, save_model
from chatwright.tokens.tokenizer import CONTROL, TOKENIZER_FILE, Tokenizer


def adopt(source: str, folder: Path) -> dict[str, Any]:
    """Write the decoder behind `source` (a run, a folder, a hub name) into `folder`, ready to learn conversations.

    Returns figures; a tokenizer that is not byte-level BPE is an `ArtifactError`.
    """
    place = model_folder(find_model(source))
    model = load_decoder(place)
    tokenizer, added = (Tokenizer.load(place), list[int]()) if is_ours(place) else _with_control(place)
    check_vocabulary(len(tokenizer) - len(added), model.config.vocabulary_size, place)
    if len(tokenizer) > model.config.vocabulary_size:
        model = widened(model, len(tokenizer))
    _begin_rows(model, added)
    save_model(model, folder)
    tokenizer.save(folder)
    return {
        "base": source,
        "parameters": model.config.parameters,
        "vocabulary_size": model.config.vocabulary_size,
        "context": model.config.context,
        "control_tokens_added": len(added),
    }


def adopted_tokenizer(place: Path) -> Tokenizer:
    """The tokenizer that conversations are written with, where a model is gone on from."""
    return Tokenizer.load(place) if is_ours(place) else _with_control(place)[0]


def base_identity(source: str) -> dict[str, str]:
    """Hashes of the files that are read; `UsageError` where there is no such model."""
    place = model_folder(find_model(source))
    read = (*place.glob("*.safetensors"), *place.glob("*.json"), *place.glob("merges.txt"))
    return {path.name: hash_file(path) for path in sorted(read)}


def widened(model: Decoder, vocabulary_size: int) -> Decoder:
    """The same model with rows for more tokens; new rows are zero."""
    wider = Decoder(model.config.model_copy(update={"vocabulary_size": vocabulary_size}))
    kept = model.state_dict()
    with torch.no_grad():
        for name, weight in wider.state_dict().items():
            old = kept[name]
            weight.zero_()
            weight[tuple(map(slice, old.shape))] = old
    return wider


def _begin_rows(model: Decoder, tokens: list[int]) -> None:
    """Draw the rows of these tokens with the mean and the spread of all others, the same at every call."""
    generator = torch.Generator().manual_seed(0)
    others = torch.ones(model.config.vocabulary_size, dtype=torch.bool)
    others[tokens] = False
    with torch.no_grad():
        for matrix in (model.embedding, model.head):
            if matrix is not None and tokens:
                drawn = torch.randn(len(tokens), matrix.shape[1], generator=generator)
                matrix[tokens] = matrix[others].mean(dim=0) + matrix[others].std(dim=0) * drawn


def _with_control(place: Path) -> tuple[Tokenizer, list[int]]:
    """Its tokenizer with our control tokens, and the ids of those that were added."""
    path = place / TOKENIZER_FILE
    try:
        bpe = StockTokenizer.from_file(str(path)) if path.exists() else _converted(place)
    except Exception as error:  # whatever a strange file makes the library raise
        raise ArtifactError(f"the tokenizer cannot be read: {error}", where=str(path)) from None
    decoder = json.loads(bpe.to_str()).get("decoder") or {}
    kinds = {decoder.get("type"), *(part.get("type") for part in decoder.get("decoders", ()))}
    if "ByteLevel" not in kinds:
        raise UsageError(
            "its tokenizer is no byte-level BPE, as those of GPT-2, Llama 3 and Qwen are",
            where=str(place),
            remedy="go on from a model with such a tokenizer",
        )
    missing = [token for token in CONTROL if bpe.token_to_id(token) is None]
    bpe.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in missing])
    tokenizer = Tokenizer(bpe)
    return tokenizer, [tokenizer.control[token] for token in missing]


def _converted(place: Path) -> StockTokenizer:
    """From `vocab.json` and `merges.txt`, by way of transformers."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(place), local_files_only=True)
    return StockTokenizer.from_str(tokenizer.backend_tokenizer.to_str())
