"""Where public data sets are: in a folder that people name, else in one of our own, fetched from the hub by name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from chatwright.cli.display import show
from chatwright.core.errors import UsageError

DATA_VARIABLE = "CHATWRIGHT_DATA"


def named_folder(option: str | None) -> str | None:
    """The folder of public data sets that `--data` or the environment names."""
    return option or os.environ.get(DATA_VARIABLE)


def own_folder() -> Path:
    """Where sets of the hub are kept; `UsageError` where a person has no folder for such things."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        return (cache if cache.is_absolute() else Path.home() / ".cache") / "chatwright" / "data"
    except RuntimeError:
        raise UsageError(
            "public data sets are named by no folder, and there is no home to keep those of the hub in",
            remedy="name the folder that holds them: --data DIR, or set XDG_CACHE_HOME",
        ) from None


def fetch_missing(sets: Sequence[str], *, docs: bool = False) -> Path:
    """Our own folder, with these sets in it; what cannot be had is told (`UsageError`, `DataError`).

    `docs`: a folder of people's own would do as well.
    """
    from chatwright.corpus.fetching.public import FOLDER_FORM, fetch_sets, missing_sets

    otherwise = f"read a folder of books of your own: --docs FOLDER; or {FOLDER_FORM}" if docs else FOLDER_FORM
    if missing := missing_sets(own_folder(), sets, otherwise):
        with show("data") as progress:
            fetch_sets(own_folder(), missing, progress)
    return own_folder()
