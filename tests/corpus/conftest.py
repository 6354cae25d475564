"""A small corpus of a few modules, built once for the tests of this room."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatwright.core.progress import Silent
from chatwright.corpus.build import build_corpus
from chatwright.corpus.chat import load_knowledge
from chatwright.corpus.knowledge import Knowledge
from chatwright.corpus.settings import ChatSettings, CorpusSettings

MODULES = ("builtins", "copy", "json", "os", "re", "shutil", "textwrap", "operator", "collections")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    build_corpus(folder, CorpusSettings(modules=MODULES), 7, Silent())
    return folder


@pytest.fixture(scope="session")
def knowledge(corpus: Path) -> Knowledge:
    return load_knowledge(corpus, ChatSettings(), 1_200, 7)
