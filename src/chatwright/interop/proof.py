"""The proof of an export: the stock class loads the folder and says what ours says."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from logging import ERROR
from pathlib import Path
from typing import Any

import torch

from chatwright.core.errors import ArtifactError
from chatwright.core.files import read_json
from chatwright.core.seeds import stream
from chatwright.generate.engine import generate
from chatwright.generate.settings import GenerateSettings
from chatwright.interop.text import OwnCodec, is_ours
from chatwright.interop.writing import as_scored
from chatwright.model.config import Family
from chatwright.model.encoder import Encoder
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.files import CONFIG_FILE, load_model
from chatwright.model.stock import shape_of
from chatwright.tokens.template import Message, encode_prompt
from chatwright.tokens.tokenizer import Tokenizer

PROMPTS, TOKENS, CONVERSATIONS = 20, 64, 200
SHIPPED, SHIPPED_TOKENS = 4, 24  # prompts under the folder's own settings of generation, and what each may write
TOLERANCE = 1e-4  # of logits, in float32
_WORDS = ("What", "does", "json.dumps", "do?", "it", "—", "naïve", "你好", "x_1", "\n", "  two", "3.14", "'s", "🙂")


def prove(folder: Path) -> dict[str, Any]:
    """Compare the folder's stock class with ours; `ArtifactError` where they differ. Returns what was compared.

    Decoders and encoder-decoders have to write the same greedy tokens, encoders to give the same logits; a
    tokenizer of ours has to give the same ids for conversations by its stock template.
    """
    import transformers

    config = read_json(folder / CONFIG_FILE)
    ours = load_model(folder)
    with quiet():
        name = shape_of(ours.config).architecture_of(ours.config)  # a body without its head may name another class
        stock = getattr(transformers, name).from_pretrained(str(folder), dtype=torch.float32)
    stock = stock.eval()
    prompts = _prompts(ours.config.vocabulary_size, ours.config.context)
    proof: dict[str, Any] = {"stock_class": type(stock).__name__, "prompts": len(prompts)}
    if isinstance(ours, Encoder):
        proof["largest_logit_difference"] = _compare_logits(ours, stock, prompts, folder)
    else:
        start = int(config.get("decoder_start_token_id") or 0)
        settings = GenerateSettings(max_new_tokens=TOKENS)
        written = [one.tokens for one in generate(ours, prompts, settings, (), start=start)]
        proof["tokens"] = sum(map(len, written))
        if is_ours(folder):
            proof["as_shipped"] = _compare_as_shipped(stock, ours, prompts, start, folder)
        _compare_tokens(written, _stock_tokens(stock, ours, prompts, start), folder)
    if is_ours(folder):
        proof["conversations"] = _compare_template(folder)
        proof["texts"] = _compare_texts(folder, ours.config.family)
    return proof


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' own bars and warnings off the terminal."""
    from transformers.utils import logging

    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(ERROR)
    if bars:
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _prompts(vocabulary_size: int, context: int) -> list[list[int]]:
    rng = stream(0, "proof")
    lengths = [rng.randint(1, max(1, min(24, context // 2))) for _ in range(PROMPTS)]
    return [[rng.randrange(vocabulary_size) for _ in range(length)] for length in lengths]


@torch.inference_mode()
def _compare_logits(ours: Encoder, stock: Any, prompts: Sequence[list[int]], folder: Path) -> float:
    largest = 0.0
    for prompt in prompts:
        ids = torch.tensor([prompt])
        largest = max(largest, float((ours(ids) - stock(ids).logits).abs().max()))
    if largest > TOLERANCE:
        raise _differ(f"logits differ by up to {largest:.2g}", folder)
    return largest


@torch.inference_mode()
def _stock_tokens(stock: Any, ours: Any, prompts: Sequence[list[int]], start: int) -> list[list[int]]:
    """What `generate` of the stock class writes, greedy, with nothing that would end it early."""
    import transformers

    # A folder's own may penalise or suppress tokens.
    stock.generation_config = transformers.GenerationConfig()  # type: ignore[no-untyped-call]
    written = []
    source = isinstance(ours, EncoderDecoder)
    for prompt in prompts:
        room = min(TOKENS, ours.config.context - (1 if source else len(prompt)))
        options = {"decoder_start_token_id": start} if source else {}
        ids = torch.tensor([prompt])
        with quiet():
            made = stock.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=room,
                do_sample=False,
                num_beams=1,
                pad_token_id=0,
                **options,
            )
        written.append(made[0, 1 if source else len(prompt) :].tolist())
    return written


@torch.inference_mode()
def _compare_as_shipped(stock: Any, ours: Any, prompts: Sequence[list[int]], start: int, folder: Path) -> int:
    """Under the folder's own `generation_config.json`: how many prompts gave the same text."""
    ends, prompts = Tokenizer.load(folder).ends, prompts[:SHIPPED]
    settings = GenerateSettings.model_validate(as_scored(folder, ours.config) | {"max_new_tokens": SHIPPED_TOKENS})
    written = generate(ours, prompts, settings, ends, start=start)
    for prompt, one in zip(prompts, written, strict=True):
        ids = torch.tensor([prompt])
        with quiet():
            made = stock.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=SHIPPED_TOKENS)[0].tolist()
        made = made[1 if isinstance(ours, EncoderDecoder) else len(prompt) :]
        if one.tokens != list(takewhile(lambda token: token not in ends, made)):
            raise _differ("its own settings of generation write another text", folder)
    return len(prompts)


def _compare_tokens(ours: list[list[int]], stock: list[list[int]], folder: Path) -> None:
    wrong = [number for number, (one, other) in enumerate(zip(ours, stock, strict=True)) if one != other]
    if wrong:
        raise _differ(f"greedy tokens differ for {len(wrong)} of {len(ours)} prompts", folder)


def _compare_template(folder: Path) -> int:
    from transformers import AutoTokenizer

    stock, ours, rng = AutoTokenizer.from_pretrained(str(folder)), Tokenizer.load(folder), stream(0, "conversations")
    for number in range(CONVERSATIONS):
        messages = _conversation(rng)
        ids = stock.apply_chat_template(
            [dict(each) for each in messages], add_generation_prompt=True, tokenize=True, return_dict=False
        )
        if list(ids) != encode_prompt(ours, messages):
            raise _differ(f"the chat template gives other ids for conversation {number + 1}: {messages}", folder)
    return CONVERSATIONS


def _compare_texts(folder: Path, family: Family) -> int:
    """Texts give the same ids by the stock tokenizer as prompts of ours have."""
    from transformers import AutoTokenizer

    stock, ours = AutoTokenizer.from_pretrained(str(folder)), OwnCodec(Tokenizer.load(folder), family)
    rng = stream(0, "texts")
    for _ in range(CONVERSATIONS):
        text = " ".join(rng.choices(_WORDS, k=rng.randint(1, 12)))
        if stock(text).input_ids != ours.encode(text):
            raise _differ(f"the stock tokenizer gives other ids for {text!r}", folder)
    return CONVERSATIONS


def _conversation(rng: random.Random) -> list[Message]:
    roles = ["system"] * rng.randint(0, 1) + ["user", "assistant"] * rng.randint(0, 3) + ["user"]
    return [{"role": role, "content": " ".join(rng.choices(_WORDS, k=rng.randint(1, 12)))} for role in roles]


def _differ(how: str, folder: Path) -> ArtifactError:
    return ArtifactError(
        f"the stock runtime does not agree: {how}; nothing was exported",
        where=str(folder),
        remedy="report this: an export has to be exact",
    )
