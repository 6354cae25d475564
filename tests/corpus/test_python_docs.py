from pathlib import Path

import pytest

from chatwright.corpus.build import FACTS_FILE
from chatwright.corpus.python_docs import name_objects, python_docs_identity
from chatwright.corpus.tables import Fact, read_facts, read_rows
from chatwright.corpus.usage import count_imports


@pytest.fixture(scope="module")
def facts(corpus: Path) -> dict[str, Fact]:
    return {fact.name: fact for fact in read_facts(corpus / FACTS_FILE)}


def test_names_are_those_that_people_use(facts: dict[str, Fact]) -> None:
    expected = {
        "len",
        "open",
        "str.join",
        "os.path.join",
        "os.getcwd",
        "shutil.copy",
        "json.dumps",
        "re.compile",
        "copy.copy",
    }
    assert expected <= set(facts)
    wrong = {"builtins.len", "posixpath.join", "posix.getcwd", "io.open", "json.decoder.JSONDecodeError", "os.error"}
    assert not wrong & set(facts)


def test_every_object_is_there_once(facts: dict[str, Fact], corpus: Path) -> None:
    documents = read_rows(corpus / "documents.parquet")
    bodies = [row["text"].partition("\n\n")[2] for row in documents]
    assert len(set(bodies)) == len(bodies)
    assert len({fact.document for fact in facts.values()}) == len(facts)


def test_facts_are_sentences_of_the_documentation(facts: dict[str, Fact]) -> None:
    assert facts["len"].summary == "Return the number of items in a container."
    assert facts["len"].signature == "(obj, /)"
    assert facts["shutil.copy"].kind == "function" and facts["str.join"].kind == "method"
    assert all(3 <= len(fact.summary) <= 240 and "\n" not in fact.summary for fact in facts.values())
    assert all(not part.startswith("_") for name in facts for part in name.split("."))


def test_built_in_names_are_asked_first_and_never_held_out(facts: dict[str, Fact]) -> None:
    built_in = [fact for fact in facts.values() if fact.module == "builtins"]
    assert max(fact.rank for fact in built_in) == len(built_in) - 1
    assert {fact.split for fact in built_in} == {"train"}
    assert facts["os"].rank < facts["os.getcwd"].rank < facts["os.DirEntry.inode"].rank < facts["textwrap.dedent"].rank


def test_held_out_facts_are_never_read(facts: dict[str, Fact], corpus: Path) -> None:
    splits = {row["id"]: row["split"] for row in read_rows(corpus / "documents.parquet")}
    held_out = [fact for fact in facts.values() if fact.split == "held-out"]
    assert 0 < len(held_out) <= 0.08 * len(facts)
    assert {splits[fact.document] for fact in held_out} == {"validation"}
    assert {splits[fact.document] for fact in facts.values() if fact.split == "train"} == {"train"}


def test_the_shortest_public_name_wins() -> None:
    thing = {"name": "Thing", "home": "a.b:Thing", "kind": "class", "doc": "x", "signature": None}
    member = {"name": "run", "kind": "method", "doc": "y", "signature": "()", "home": "a.b:Thing.run"}
    records = [{"module": module, "doc": None, "objects": [thing | {"members": [member]}]} for module in ("a.b", "a")]
    assert [entry.name for entry in name_objects(records)] == ["a.b", "a", "a.Thing", "a.Thing.run"]


def test_much_used_modules_count_high() -> None:
    counts = count_imports()
    assert counts["os"] == counts["os.path"] > counts["shutil"] > counts["turtle"]


def test_identity_is_stable() -> None:
    assert python_docs_identity() == python_docs_identity()
