"""Where a model is: a folder on this machine, or a name on the hub."""

from __future__ import annotations

import re
from pathlib import Path

from chatwright.core.errors import UsageError

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
# Weights as safetensors only: nothing is unpickled. Tokenizers are JSON, text or a model of SentencePiece.
_WANTED = ("*.safetensors", "*.json", "*.txt", "*.jinja", "spiece.model", "tokenizer.model")
_FOLDER_FORM = "name a folder that holds config.json, model.safetensors and tokenizer.json"


def find_model(place: str) -> Path:
    """The folder `place`, or the hub's model of that name, fetched unless it was before.

    The hub is Hugging Face's or the one that the environment's HF_ENDPOINT names; `UsageError` says why a name
    cannot be had, and how to do without.
    """
    folder = Path(place)
    if place and folder.exists():
        return folder
    if not _HUB_NAME.fullmatch(place):
        raise UsageError("there is no such folder, and it is no hub name", where=place, remedy=_FOLDER_FORM)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    try:
        return Path(snapshot_download(place, allow_patterns=list(_WANTED)))
    except GatedRepoError:
        reason = "the hub gives this model only to accounts that have asked for it"
    except (RepositoryNotFoundError, HFValidationError):
        reason = "there is no folder and no model on the hub of this name"
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, ConnectionError, TimeoutError):
        reason = "there is no such folder, and the hub cannot be reached"
    except HfHubHTTPError as error:
        reason = f"the hub refuses: {str(error).splitlines()[0]}"
    raise UsageError(reason, where=place, remedy=_FOLDER_FORM)
