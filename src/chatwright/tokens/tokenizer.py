"""Byte-level BPE (arXiv 1508.07909; bytes as in GPT-2), learnt with Hugging Face `tokenizers`.

Content never becomes control: text is always encoded with special tokens disabled, so a document
that spells `<|end|>` gives ordinary tokens. Only the chat template writes control ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tokenizers import AddedToken, Regex
from tokenizers import Tokenizer as StockTokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split
from tokenizers.trainers import BpeTrainer

from chatwright.core.errors import ArtifactError, DataError
from chatwright.core.files import replacing, write_json

PAD, BEGIN, END, SYSTEM, USER, ASSISTANT = (
    "<|pad|>",
    "<|begin|>",
    "<|end|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
)
CONTROL = (PAD, BEGIN, END, SYSTEM, USER, ASSISTANT)
MASK = "<|mask|>"  # of masked pretraining
GAPS = tuple(f"<extra_id_{number}>" for number in range(32))  # of denoising; T5's names
TOKENIZER_FILE = "tokenizer.json"
_AHEAD = 256  # texts that are encoded ahead

# A word takes the one sign before it (" join", ".join", "_join"); digits stand alone.
# The pattern of Qwen2 and Llama 3, so that exported tokenizers behave as stock ones do.
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's printable stand-ins for the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): byte for byte in printable}
    return letters | {chr(256 + index): byte for index, byte in enumerate(others)}


class Tokenizer:
    """Text to ids and back, without loss; control tokens by name in `control`."""

    def __init__(self, bpe: StockTokenizer) -> None:
        bpe.encode_special_tokens = True
        self._bpe = bpe
        self._bytes = _byte_alphabet()
        self._byte_ids = {byte: bpe.token_to_id(letter) or 0 for letter, byte in self._bytes.items()}
        found = {token: bpe.token_to_id(token) for token in CONTROL}
        missing = [token for token, index in found.items() if index is None]
        found |= {token: index for token in (MASK, *GAPS) if (index := bpe.token_to_id(token)) is not None}
        if missing:
            raise ArtifactError(f"control tokens are missing: {', '.join(missing)}", where=TOKENIZER_FILE)
        self.control: dict[str, int] = {token: index for token, index in found.items() if index is not None}

    @property
    def gaps(self) -> tuple[int, ...]:
        """The ids of the gap tokens, in order; none where the tokenizer was learnt without them."""
        return tuple(self.control[token] for token in GAPS if token in self.control)

    @property
    def ends(self) -> tuple[int, ...]:
        """The ids that end what a model writes: the marks of padding, of texts and of turns."""
        return tuple(sorted(self.control[token] for token in CONTROL))

    @classmethod
    def learn(
        cls, texts: Iterable[str], vocabulary_size: int, extra: Iterable[str] = (), *, words: str = "llama3"
    ) -> Tokenizer:
        """Learn merges from `texts` until there are `vocabulary_size` tokens (or no pair is left).

        `extra` are control tokens beside those that every tokenizer has: `MASK`, `GAPS`. `words` says how text is
        cut before: as Qwen2 and Llama 3 do, or as GPT-2 does.
        """
        control = (*CONTROL, *extra)
        bpe = StockTokenizer(BPE())
        bpe.pre_tokenizer = ByteLevel(add_prefix_space=False)  # GPT-2's own pattern
        if words == "llama3":
            bpe.pre_tokenizer = Sequence([Split(Regex(_WORDS), "isolated"), ByteLevel(False, use_regex=False)])
        bpe.decoder = ByteLevelDecoder()
        trainer = BpeTrainer(
            vocab_size=vocabulary_size,
            special_tokens=[AddedToken(token, special=True, normalized=False) for token in control],
            initial_alphabet=ByteLevel.alphabet(),
            show_progress=False,
        )
        bpe.train_from_iterator(texts, trainer)
        if bpe.get_vocab_size() <= len(control) + 256:
            raise DataError("there is no text to learn a tokenizer from", remedy="give more text")
        return cls(bpe)

    @classmethod
    def load(cls, folder: Path) -> Tokenizer:
        """Read `tokenizer.json` from a folder."""
        path = folder / TOKENIZER_FILE
        if not path.exists():
            raise ArtifactError("there is no tokenizer here", where=str(path), remedy="name a model or run folder")
        return cls(StockTokenizer.from_file(str(path)))

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json` (the format that transformers and others read)."""
        with replacing(folder / TOKENIZER_FILE) as aside:
            self._bpe.save(str(aside))

    def save_stock(self, folder: Path, *, begun: bool, ended: bool) -> bool:
        """Write the tokenizer for other programs; says whether GPT-2's own class reads it.

        A text that is encoded there is `begun` with `<|begin|>` and `ended` with `<|end|>`, as it is here. Where words
        are cut as GPT-2 does, `vocab.json` and `merges.txt` are written too.
        """
        told = json.loads(self._bpe.to_str())
        around = [token for token, wanted in ((BEGIN, begun), (END, ended)) if wanted]
        pieces = [{"SpecialToken": {"id": token, "type_id": 0}} for token in around]
        before, after = pieces[: int(begun)], pieces[int(begun) :]
        text, other = ({"Sequence": {"id": which, "type_id": 0}} for which in "AB")
        told["post_processor"] = {
            "type": "TemplateProcessing",
            "single": [*before, text, *after],
            "pair": [*before, text, other, *after],
            "special_tokens": {
                token: {"id": token, "ids": [self.control[token]], "tokens": [token]} for token in around
            },
        }
        write_json(folder / TOKENIZER_FILE, told)
        stock: bool = told["pre_tokenizer"]["type"] == "ByteLevel"
        if stock:
            self._bpe.model.save(str(folder))
        return stock

    def __len__(self) -> int:
        return int(self._bpe.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        """Ids of a text; control tokens never come out. Lone surrogates become U+FFFD."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: list[str]) -> list[list[int]]:
        """Ids of many texts, on all threads of the library."""
        encodings = self._bpe.encode_batch_fast([_sound(text) for text in texts], add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def encode_each(self, texts: list[str]) -> Iterator[list[int]]:
        """Ids of each text in order; while the caller works on some, the next are encoded."""
        with ThreadPoolExecutor(1) as ahead:
            coming = ahead.submit(self.encode_batch, texts[:_AHEAD])
            for start in range(_AHEAD, len(texts) + _AHEAD, _AHEAD):
                here, coming = coming, ahead.submit(self.encode_batch, texts[start : start + _AHEAD])
                yield from here.result()

    def encode_with_ends(self, texts: list[str]) -> list[tuple[list[int], list[int]]]:
        """Ids of many texts, and for each id where its characters end in the text."""
        encodings = self._bpe.encode_batch([_sound(text) for text in texts], add_special_tokens=False)
        return [(encoding.ids, [end for _, end in encoding.offsets]) for encoding in encodings]

    def decode(self, ids: list[int]) -> str:
        """Text of ids; control tokens are left out, broken UTF-8 becomes U+FFFD."""
        return self.decode_bytes(ids).decode("utf-8", "replace")

    def encode_bytes(self, data: bytes) -> list[int]:
        """Ids of any bytes: valid UTF-8 as text, other bytes one token each. Never loses one."""
        ids: list[int] = []
        while data:
            try:
                return ids + self.encode(data.decode("utf-8"))
            except UnicodeDecodeError as error:
                if error.start:
                    ids += self.encode(data[: error.start].decode("utf-8"))
                ids += [self._byte_ids[byte] for byte in data[error.start : error.end]]
                data = data[error.end :]
        return ids

    def decode_bytes(self, ids: list[int]) -> bytes:
        """The bytes behind ids, control tokens left out: ``decode_bytes(encode_bytes(b)) == b``."""
        control = set(self.control.values())
        pieces = (self._bpe.id_to_token(index) or "" for index in ids if index not in control)
        return bytes(self._bytes[letter] for piece in pieces for letter in piece)


def _sound(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogates
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text
