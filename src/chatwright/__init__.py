"""Chatwright trains a ChatGPT of your own, from raw text to a measured assistant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatwright.interop.pretrained import Pretrained


def load(place: str | Path) -> Pretrained:
    """A model with its tokenizer: of a run, a model folder (ours or Hugging Face's) or a name on the hub.

    load("gpt2").generate("Once upon a time", max_length=50)
    """
    from chatwright.interop.pretrained import Pretrained  # loads torch, which the door must not

    return Pretrained.load(place)
