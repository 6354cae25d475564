"""Text to ids and back, as the tokenizer of a model folder does it: ours, or any that transformers reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from chatwright.core.errors import ArtifactError
from chatwright.core.files import read_json
from chatwright.generate.assistant import check_vocabulary
from chatwright.model.config import Family
from chatwright.tokens.template import Message
from chatwright.tokens.tokenizer import BEGIN, CONTROL, END, MASK, TOKENIZER_FILE, Tokenizer

GENERATION_FILE = "generation_config.json"
_PLAIN, _SENTENCEPIECE = (TOKENIZER_FILE, "vocab.json", "vocab.txt"), ("spiece.model", "tokenizer.model")


class Codec(Protocol):
    """A tokenizer as generation needs it: `stop` ends a text, `start` begins an encoder-decoder's target."""

    @property
    def stop(self) -> tuple[int, ...]: ...

    @property
    def start(self) -> int: ...

    def encode(self, text: str) -> list[int]:
        """A prompt's ids, with what its model expects around them."""
        ...

    @property
    def mask(self) -> int | None:
        """The token that hides another; None where there is none."""
        ...

    def frame(self, text: str, *, ended: bool) -> list[int]:
        """A text's ids behind one that marks its beginning; `ended`: with what marks its end, where that is known."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, control tokens left out."""
        ...

    def spell(self, token: int) -> str:
        """One token as people read it, control tokens by their names."""
        ...


@dataclass(frozen=True)
class OwnCodec:
    """Our tokenizer: a text begins with `<|begin|>`, and the marks of texts and turns end it.

    As in training: a source of an encoder-decoder is ended by `<|end|>` instead (`tokens/build.py`), and a text
    that an encoder reads stands between both (`tokens/masking.py`).
    """

    tokenizer: Tokenizer
    family: Family = "decoder"

    @property
    def stop(self) -> tuple[int, ...]:
        return self.tokenizer.ends

    @property
    def start(self) -> int:
        return self.tokenizer.control[BEGIN]

    def encode(self, text: str) -> list[int]:
        before = [] if self.family == "encoder-decoder" else [self.start]
        after = [] if self.family == "decoder" else [self.tokenizer.control[END]]
        return [*before, *self.tokenizer.encode(text), *after]

    @property
    def mask(self) -> int | None:
        return self.tokenizer.control.get(MASK)

    def frame(self, text: str, *, ended: bool) -> list[int]:
        return [self.start, *self.tokenizer.encode(text), *([self.tokenizer.control[END]] if ended else [])]

    def decode(self, ids: Sequence[int]) -> str:
        return self.tokenizer.decode(list(ids))

    def spell(self, token: int) -> str:
        names = {index: name for name, index in self.tokenizer.control.items()}
        return names.get(token) or self.tokenizer.decode([token])


@dataclass(frozen=True)
class StockCodec:
    """A tokenizer that transformers reads, with the ids that the model's configuration names."""

    tokenizer: Any
    stop: tuple[int, ...]
    start: int

    def encode(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, verbose=False))  # how long a text may be is told by who reads it

    @property
    def mask(self) -> int | None:
        return self.tokenizer.mask_token_id  # type: ignore[no-any-return]

    def frame(self, text: str, *, ended: bool) -> list[int]:
        ids = self.encode(text)
        marks = {self.tokenizer.bos_token_id, self.tokenizer.cls_token_id} - {None}
        if ids and ids[0] in marks:
            return ids if ended else [each for each in ids if each != self.tokenizer.sep_token_id]
        first = self.tokenizer.bos_token_id if self.tokenizer.bos_token_id is not None else self.tokenizer.eos_token_id
        return ids if first is None else [first, *ids]  # as the harness does: the end token begins a text of GPT-2

    def reply(self, talk: Sequence[Message], text: str) -> tuple[list[int], list[int]]:
        """The ids of a talk by the tokenizer's own template, and of what is said next with its end.

        Without a template a turn is a line.
        """
        if not self.tokenizer.chat_template:
            said = "".join(f"{turn['content']}\n" for turn in talk)
            return self.frame(said, ended=False), self._plain(f"{text}\n")
        try:
            heard = self.tokenizer.apply_chat_template(
                [dict(turn) for turn in talk], add_generation_prompt=True, tokenize=True, return_dict=False
            )
        except Exception as error:  # templates are programs of other people
            raise ArtifactError(
                f"its chat template refuses a talk: {error}", where="chat_template", remedy="ask another task"
            ) from None
        end = self.tokenizer.eos_token_id
        return list(heard), [*self._plain(text), *([] if end is None else [end])]

    def _plain(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False, verbose=False))

    def decode(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))

    def spell(self, token: int) -> str:
        return str(self.tokenizer.decode([token]))


def is_ours(folder: Path) -> bool:
    """Does the folder hold a tokenizer with our control tokens?"""
    path = folder / TOKENIZER_FILE
    if not path.exists():
        return False
    try:
        added = json.loads(path.read_text(encoding="utf-8")).get("added_tokens", [])
        return set(CONTROL) <= {token["content"] for token in added}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"the tokenizer cannot be read: {error}", where=str(path)) from None


def has_tokenizer(folder: Path) -> bool:
    """Is there anything that a tokenizer can be read from?"""
    return any((folder / name).exists() for name in (*_PLAIN, *_SENTENCEPIECE))


def load_codec(folder: Path, config: Mapping[str, Any], vocabulary_size: int, family: Family) -> Codec:
    """The tokenizer of a model folder, for a model of this family; one with more tokens than rows is refused."""
    codec: Codec
    if is_ours(folder):
        codec, size = OwnCodec(own := Tokenizer.load(folder), family), len(own)
    else:
        codec, size = _load_stock(folder, config)
    check_vocabulary(size, vocabulary_size, folder)
    return codec


def _reads_sentencepiece() -> bool:
    try:  # its models are messages of protobuf, which transformers reads apart
        return find_spec("sentencepiece") is not None and find_spec("google.protobuf") is not None
    except ModuleNotFoundError:
        return False


def _load_stock(folder: Path, config: Mapping[str, Any]) -> tuple[StockCodec, int]:
    from transformers import AutoTokenizer

    remedy = f"the folder needs {TOKENIZER_FILE}, vocab.json and merges.txt, or spiece.model"
    if not has_tokenizer(folder):
        raise ArtifactError("there is no tokenizer here", where=str(folder), remedy=remedy)
    if not any((folder / name).exists() for name in _PLAIN) and not _reads_sentencepiece():
        raise ArtifactError(
            "its tokenizer is a model of SentencePiece, and what reads one is not installed",
            where=str(folder),
            remedy="install it: pip install 'chatwright[sentencepiece]'",
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:  # whatever a strange file makes the library raise
        reason = str(error).strip().split("\n")[0]
        raise ArtifactError(f"the tokenizer cannot be read: {reason}", where=str(folder), remedy=remedy) from None
    told = dict(config)
    if (folder / GENERATION_FILE).exists():
        told |= {key: value for key, value in read_json(folder / GENERATION_FILE).items() if value is not None}
    ends = told.get("eos_token_id")
    ends = tokenizer.eos_token_id if ends is None else ends
    stop = tuple(ends) if isinstance(ends, list) else () if ends is None else (int(ends),)
    return StockCodec(tokenizer, stop, int(told.get("decoder_start_token_id") or 0)), len(tokenizer)
