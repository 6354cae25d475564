"""Markdown to blocks, read by markdown-it (CommonMark with tables)."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from chatwright.corpus.blocks import Block
from chatwright.corpus.clean import one_line

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_HTML_BLOCK_START = re.compile(r"^\s*<(?!!--)")


def _inline(token: Token) -> str:
    """The words of an inline token: link texts and code, no addresses, images or tags."""
    parts = []
    for child in token.children or []:
        if child.type in {"text", "code_inline"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
    return one_line("".join(parts))


def markdown_blocks(text: str) -> list[Block]:
    """Blocks of a Markdown text; front matter and comments are left out."""
    tokens = MarkdownIt("commonmark").enable("table").parse(_FRONT_MATTER.sub("", text))
    blocks, nested = [], 0
    for index, token in enumerate(tokens):
        if token.type in {"bullet_list_open", "ordered_list_open", "table_open"}:
            nested += 1
        elif token.type in {"bullet_list_close", "ordered_list_close", "table_close"}:
            nested -= 1
        elif token.type in {"fence", "code_block"}:
            blocks.append(Block("other", token.content.rstrip()))
        elif token.type == "html_block" and _HTML_BLOCK_START.match(token.content):
            blocks.append(Block("other", one_line(_TAG.sub(" ", token.content))))
        elif token.type == "inline":
            opening = tokens[index - 1]
            if opening.type == "heading_open":
                blocks.append(Block("heading", _inline(token), int(opening.tag[1])))
            else:
                mark = "- " if nested and opening.type == "paragraph_open" else ""
                blocks.append(Block("other" if nested else "prose", mark + _inline(token)))
    return [block for block in blocks if block.text.strip()]
