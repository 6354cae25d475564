"""Which public data sets a recipe reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chatwright.recipe import Recipe

# Stories that read public data, each by the recipe's section of its name.
PUBLIC_STORIES = ("pairs", "labels", "messages", "text")


def public_sets(recipe: Recipe) -> list[str]:
    """The sets below the folder of public data that a recipe reads, by their folders' names.

    None of a recipe that collects: what its sources are, and where they lie, is its own to say.
    """
    from chatwright.corpus.labels import labels_files
    from chatwright.corpus.messages import messages_files
    from chatwright.corpus.pairs import pairs_files
    from chatwright.corpus.texts import texts_files
    from chatwright.evaluate.tasks import task_folder

    if recipe.story not in PUBLIC_STORIES or recipe.collection.sources:
        return []
    files: Sequence[Callable[[Any], Mapping[str, Sequence[str]]]]
    files = (pairs_files, labels_files, messages_files, texts_files)
    read = dict(zip(PUBLIC_STORIES, files, strict=True))[recipe.story](getattr(recipe, recipe.story))
    folders = [file.split("/")[0] for each in read.values() for file in each]
    return list(dict.fromkeys((*folders, *(task_folder(name) for name in recipe.evaluate.tasks))))
