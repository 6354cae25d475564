"""Packed rows on the disk: one .npy file an array, mapped into memory when read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatwright.core.errors import ArtifactError
from chatwright.core.files import replacing


def save_arrays(rows: object, folder: Path, name: str, arrays: Iterable[str]) -> None:
    """Write these attributes of packed rows as `NAME.ATTRIBUTE.npy`."""
    for array in arrays:
        with replacing(folder / f"{name}.{array}.npy") as aside, aside.open("wb") as file:
            np.save(file, getattr(rows, array), allow_pickle=False)


def map_arrays(folder: Path, name: str, arrays: Iterable[str]) -> list[NDArray[Any]]:
    """Map what `save_arrays` wrote; nothing is read before it is used."""
    try:
        return [np.load(folder / f"{name}.{array}.npy", mmap_mode="r") for array in arrays]
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"packed tokens cannot be read: {error}", where=str(folder), remedy="delete the folder and run again"
        ) from None


def token_type(vocabulary_size: int) -> type[np.unsignedinteger[Any]]:
    """The smallest type that holds every id: two bytes for up to 65,536 tokens, four for more."""
    return np.uint16 if vocabulary_size <= 2**16 else np.uint32
