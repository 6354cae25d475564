"""The teaching documents: their examples run, what they name and quote stands in the source, their links lead on."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
DOCS, SOURCE = ROOT / "docs", ROOT / "src" / "chatwright"
LESSONS = ("how-it-works.md", "how-it-works.zh.md")
DOCUMENTS = (*LESSONS, "reading.md", "architectures.md")
PICTURES = ("decoder.svg", "encoder.svg", "encoder-decoder.svg")
_WIDEST = 480  # pixels of a picture
_PATH = re.compile(r"`([^`\s]+\.py)`")
_NAMED = re.compile(r"`([\w/]+\.py)`((?:[,、]? ?`[A-Za-z_][\w.]*`)+)")
_COUNTED = r"^### (\d+)\. ", r"^\$\$.+\$\$$"  # steps and formulas
_ARXIV = re.compile(r"(?<![\d.])\d{4}\.\d{4,5}(?![\d.])")


@dataclass(frozen=True)
class Block:
    """Python code in a document: the line that it begins at, the step that it belongs to, the file named before it."""

    document: str
    line: int
    step: str
    path: str
    code: str


@cache
def text_of(document: str) -> str:
    return (DOCS / document).read_text(encoding="utf-8")


@cache
def blocks(document: str) -> tuple[Block, ...]:
    """The blocks of Python of a document, in order."""
    found, code, begun = list[Block](), list[str](), 0
    step, path = "", ""
    for number, line in enumerate(text_of(document).splitlines(), 1):
        if begun and line == "```":
            found.append(Block(document, begun + 1, step, path, "\n".join(code)))
            begun = 0
        elif begun:
            code.append(line)
        elif line == "```python":
            begun, code = number, []
        elif heading := re.match(r"#+ (?:(\d+)\. )?", line):
            step = heading[1] or step
        elif named := _PATH.findall(line):
            path = named[-1]
    assert not begun, f"{document}: the block of line {begun} does not end"
    return tuple(found)


def lessons() -> list[object]:
    """Every example, under its language, its step and the English name of the step."""
    found = list[object]()
    names = dict(re.findall(r"^### (\d+)\. (.+)$", text_of(LESSONS[0]), re.MULTILINE))
    for document in LESSONS:
        language = "zh" if document.endswith(".zh.md") else "en"
        for block in blocks(document):
            words = re.sub(r"\W+", "-", names.get(block.step, "")).strip("-").lower()
            found.append(pytest.param(block, id=f"{language}-{block.step.zfill(2)}-{words}"))
    return found


def prose_of(document: str) -> str:
    """A document without its code."""
    return re.sub(r"^```.*?^```$", "", text_of(document), flags=re.MULTILINE | re.DOTALL)


@cache
def names_in(path: Path) -> frozenset[str]:
    """What a module defines: `name`, and `Class.name` of what a class defines."""

    def defined(body: list[ast.stmt], prefix: str) -> Iterator[str]:
        for part in body:
            match part:
                case ast.ClassDef(name=name):
                    yield prefix + name
                    yield from defined(part.body, f"{prefix}{name}.")
                case ast.FunctionDef(name=name):
                    yield prefix + name
                case ast.AnnAssign(target=ast.Name(id=name)):
                    yield prefix + name
                case ast.Assign(targets=targets):
                    for target in targets:
                        yield from (prefix + each.id for each in ast.walk(target) if isinstance(each, ast.Name))

    return frozenset(defined(ast.parse(path.read_text(encoding="utf-8")).body, ""))


@pytest.mark.parametrize("block", lessons())
def test_an_example_runs_and_checks_something(block: Block) -> None:
    lines_before = "\n" * (block.line - 1)  # so that a traceback names the line of the document
    tree = ast.parse(lines_before + block.code)
    assert any(isinstance(node, ast.Assert) for node in ast.walk(tree)), "this example asserts nothing"
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert any(module.startswith("chatwright.") for module in imported), "this example imports nothing of ours"
    exec(compile(tree, f"docs/{block.document}", "exec"), {"__name__": "example"})


def test_both_languages_have_the_same_steps_and_the_same_code() -> None:
    english, chinese = (
        [(block.step, ast.dump(ast.parse(block.code))) for block in blocks(document)] for document in LESSONS
    )
    assert english == chinese
    steps, formulas = ([re.findall(pattern, text_of(each), re.MULTILINE) for each in LESSONS] for pattern in _COUNTED)
    assert steps[0] == steps[1] and len(formulas[0]) == len(formulas[1]) == len(steps[0])
    paths = [_PATH.findall(text_of(document)) for document in LESSONS]
    assert paths[0] == paths[1]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_and_names_that_are_mentioned_exist(document: str) -> None:
    prose = prose_of(document)
    paths = set(_PATH.findall(prose)) - {"tests/test_documents.py"}
    assert paths and [path for path in sorted(paths) if not (SOURCE / path).is_file()] == []
    missing = [
        f"{path} {name}"
        for path, names in _NAMED.findall(prose)
        for name in re.findall(r"`([^`]+)`", names)
        if name not in names_in(SOURCE / path)
    ]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_relative_links_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", prose_of(document))
    inside = [link.partition("#")[0] for link in links if not re.match(r"https?:|#", link)]
    assert inside and [link for link in inside if not (DOCS / link).exists()] == []


@pytest.mark.parametrize("block", blocks("architectures.md"), ids=lambda block: f"{block.path}-line-{block.line}")
def test_quoted_lines_stand_in_the_source(block: Block) -> None:
    wanted = textwrap.dedent(block.code)
    source = (SOURCE / block.path).read_text(encoding="utf-8").splitlines()
    count = len(wanted.splitlines())
    windows = (source[start : start + count] for start in range(len(source) - count + 1))
    assert any(textwrap.dedent("\n".join(window)) == wanted for window in windows), f"not in {block.path}:\n{wanted}"


@pytest.mark.parametrize("picture", PICTURES)
def test_pictures_are_sound_narrow_and_white_behind(picture: str) -> None:
    assert f"pictures/{picture}" in text_of("architectures.md")
    root = ElementTree.parse(DOCS / "pictures" / picture).getroot()
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert width <= _WIDEST and root.attrib["viewBox"].split() == ["0", "0", f"{width:g}", f"{height:g}"]
    behind = next(iter(root.iter("{http://www.w3.org/2000/svg}rect")))
    size = (behind.attrib["width"], behind.attrib["height"])
    assert behind.attrib["fill"] in ("white", "#fff", "#ffffff") and size == (f"{width:g}", f"{height:g}")


def test_every_paper_that_the_source_cites_can_be_found() -> None:
    told = set(_ARXIV.findall(text_of("reading.md")))
    cited = {
        number: path.relative_to(SOURCE)
        for path in sorted(SOURCE.rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "arXiv" in line
        for number in _ARXIV.findall(line)
    }
    assert {number: str(path) for number, path in cited.items() if number not in told} == {}
