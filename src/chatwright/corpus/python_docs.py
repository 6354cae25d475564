"""The documentation of the running Python: topics and docstrings, every object once."""

from __future__ import annotations

import keyword
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chatwright.core.progress import Progress
from chatwright.corpus.clean import clean_text, identifier
from chatwright.corpus.docstrings import Docstring, take_apart
from chatwright.corpus.drafts import Collected, DocumentDraft, FactDraft
from chatwright.corpus.ledger import Ledger
from chatwright.corpus.library import RULE, SITE_NAMES, library_modules, read_library
from chatwright.corpus.settings import CorpusSettings
from chatwright.corpus.usage import count_imports

FACT_ORDER = (
    "built-in names first, then the topics of the language reference, then modules by how many source files of "
    "the standard library (outside tests and their own package) import them, ties by name; within a module the "
    "module itself, then its functions and classes by name, then methods and properties, those of the classes "
    "with the shortest names first"
)
_FACTS = "facts"
_TIER = {"module": 0, "function": 1, "class": 1, "method": 2, "property": 2}
_NOUN = {"module": "module ", "class": "class "}


@dataclass(frozen=True)
class Entry:
    """One object under its one name."""

    name: str
    kind: str
    module: str
    doc: str | None
    signature: str | None


def _better(name: str, home: str) -> tuple[int, bool, int, str]:
    """Sort key of the names of one object: the shortest path, the name it calls itself, the first."""
    return name.count("."), not name.endswith(home.partition(":")[2]), len(name), name


def _full(module: str, attribute: str) -> str:
    return attribute if module == "builtins" else f"{module}.{attribute}"


def _once(candidates: Iterator[tuple[str, str, dict[str, Any]]], taken: dict[str, str]) -> list[Entry]:
    """Give every object (told apart by where it was defined) its best name; `taken` collects homes."""
    best: dict[str, tuple[tuple[int, bool, int, str], str, str, dict[str, Any]]] = {}
    for module, name, record in candidates:
        home = record["home"]
        key = _better(name, home)
        if home not in taken and (home not in best or key < best[home][0]):
            best[home] = (key, module, name, record)
    taken.update({home: name for home, (_, _, name, _) in best.items()})
    return [
        Entry(name, record["kind"], module, record["doc"], record["signature"])
        for _, module, name, record in best.values()
    ]


def name_objects(records: list[dict[str, Any]]) -> list[Entry]:
    """Every module, class, function, method and property once, under its public name.

    An object that several modules export goes under its shortest path (`asyncio.Queue`, not
    `asyncio.queues.Queue`); a method goes with the class that defines it, under that class's name.
    """
    taken: dict[str, str] = {}
    modules = [Entry(r["module"], "module", r["module"], r["doc"], None) for r in records]
    top = ((r["module"], _full(r["module"], o["name"]), o) for r in records for o in r["objects"])
    objects = _once(top, taken)
    members = (
        (r["module"], f"{_full(r['module'], o['name'])}.{m['name']}", m)
        for r in records
        for o in r["objects"]
        if taken.get(o["home"]) == _full(r["module"], o["name"])
        for m in o["members"]
    )
    return modules + objects + _once(members, taken)


def _document_text(entry: Entry, signature: str | None, doc: str) -> str:
    return f"{_NOUN.get(entry.kind, '')}{entry.name}{signature or ''}\n\n{doc}"


def _draft(entry: Entry, doc: str, parsed: Docstring, used: int) -> DocumentDraft:
    signature = entry.signature or parsed.signature if entry.kind in {"function", "method", "class"} else None
    facts: tuple[FactDraft, ...] = ()
    if parsed.summary:
        tier = 0 if entry.module == "builtins" else 2
        owner = len(entry.name.rpartition(".")[0]) if _TIER[entry.kind] == _TIER["method"] else 0
        order = (tier, -used, entry.module, _TIER[entry.kind], owner, entry.name)
        fact = FactDraft(entry.name, entry.kind, entry.module, parsed.summary, order, signature, parsed.body)
        facts = (fact,)
    return DocumentDraft(
        title=entry.name,
        kind=entry.kind,
        origin=entry.name,
        text=_document_text(entry, signature, doc),
        content=doc,
        facts=facts,
        may_be_held_out=entry.module != "builtins",  # what everybody asks first is always learnt
    )


def _object_drafts(entries: list[Entry], ledger: Ledger) -> list[DocumentDraft]:
    counts = count_imports()
    drafts = []
    for entry in entries:
        if not entry.doc:
            ledger.note("collect", "no docstring of its own", entry.name)
            continue
        doc = clean_text(entry.doc)
        parsed = take_apart(doc, entry.name)
        if not parsed.summary:
            ledger.note(_FACTS, parsed.reason, entry.name, doc[:80])
        drafts.append(_draft(entry, doc, parsed, counts[entry.module]))
    return drafts


def _topic_drafts(names: set[str], ledger: Ledger) -> list[DocumentDraft]:
    from pydoc_data.topics import topics

    drafts = []
    for topic, text in sorted(topics.items()):
        cleaned = clean_text(text)
        title, _, doc = cleaned.partition("\n")
        parsed = take_apart(re.sub(r"^\*+\s*", "", doc), topic)
        facts: tuple[FactDraft, ...] = ()
        if topic in names or not topic.isalpha():
            ledger.note(_FACTS, "topic whose name is taken or no word", topic, title)
        elif not parsed.summary:
            ledger.note(_FACTS, parsed.reason, topic, title)
        else:
            order = (1, 0 if keyword.iskeyword(topic) else 1, topic)
            facts = (FactDraft(topic, "topic", "", parsed.summary, order, None, parsed.body),)
        drafts.append(DocumentDraft(title, "topic", f"topic {topic}", cleaned, cleaned, facts, False))
    return drafts


def _every_name(records: list[dict[str, Any]], modules: list[str]) -> set[str]:
    names = set(SITE_NAMES)
    for module in [*library_modules(), *modules]:  # also those that were not asked for or failed
        parts = module.split(".")
        names.update(".".join(parts[: end + 1]) for end in range(len(parts)))
    for record in records:
        names.update(_full(record["module"], name) for name in record["names"])
    return names


def collect_python_docs(settings: CorpusSettings, ledger: Ledger, progress: Progress) -> Collected:
    """Read the documentation of the Python that runs this."""
    modules = library_modules(settings.modules)
    records = read_library(modules, seconds=settings.module_timeout_seconds, ledger=ledger, progress=progress)
    for record in records:
        ledger.note("collect", "slot wrappers", record["module"], "special methods", record["slot_wrappers"])
    names = _every_name(records, modules)  # the words of the language are no objects, but exist too
    documents = [] if settings.modules else _topic_drafts(names, ledger)
    documents += _object_drafts(name_objects(records), ledger)
    return Collected(
        source="python-docs",
        description=f"the documentation of Python {platform.python_version()}",
        selection=f"topics of the language reference, and docstrings of {RULE}",
        fact_order=FACT_ORDER,
        documents=documents,
        names=names | set(keyword.kwlist) | set(keyword.softkwlist),
        license="PSF-2.0",
    )


def python_docs_identity() -> dict[str, str]:
    """What the documentation of this Python is, found quickly: version, build and topics."""
    from pydoc_data import topics

    return {
        "python": platform.python_version(),
        "build": " ".join(platform.python_build()),
        "platform": platform.platform(terse=True),
        "topics": identifier(repr(sorted(topics.topics.items()))),
    }
