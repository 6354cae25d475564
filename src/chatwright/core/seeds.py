"""Seeds: every random choice takes its own stream, named by words and numbers."""

from __future__ import annotations

import hashlib
import random


def derive_seed(seed: int, *labels: str | int) -> int:
    """A 63-bit seed that depends on `seed` and the labels only.

    Streams with different labels are independent, so adding a random choice in one place never
    changes another: ``derive_seed(1, "batch", 7) != derive_seed(1, "batch", 8)``.
    """
    text = "\x1f".join([str(seed), *map(str, labels)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def stream(seed: int, *labels: str | int) -> random.Random:
    """A `random.Random` of its own for one named choice."""
    return random.Random(derive_seed(seed, *labels))


def share(text: str, seed: int, *labels: str | int) -> float:
    """A number in [0, 1) that depends on the text alone: the hash by which splits are made."""
    return derive_seed(seed, *labels, text) / 2**63
