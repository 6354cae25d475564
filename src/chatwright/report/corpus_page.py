"""The page of a collection: from what was found to what is read, and why the rest went."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chatwright.core.files import replacing
from chatwright.report import formats
from chatwright.report.bars import languages_svg, lengths_svg, values_svg
from chatwright.report.collected import CARD_PAGE, Collected
from chatwright.report.templates import template

_PICTURES = 12  # of rules, those that dropped the most
_LEAST_SHARE = 0.001  # below it there is nothing to read but zeros
_DOES = {
    "collect": "files are read, documents found",
    "extract": "text is made of every format; of web pages the main part",
    "clean": "Unicode is repaired, white space is tidied",
    "judge": "texts in other languages, and those that break a rule, go",
    "deduplicate": "copies go, and what is nearly a copy",
    "decontaminate": "texts go that hold what a model will be asked, or are nearly that",
    "corpus": "cut into passages, split into training and validation",
}


def write_corpus_page(path: Path, collected: Collected, *, run: str = "") -> None:
    """Write the page; `run` leads from it to the run folder ("../", or nothing where the page is in it)."""
    with replacing(path) as aside:
        aside.write_text(render_corpus_page(collected, run=run), encoding="utf-8")


def render_corpus_page(collected: Collected, *, run: str = "") -> str:
    """The page as HTML: everything inside it, no scripts. The same files give the same page."""
    from markupsafe import Markup

    rules = _rules(collected)
    pictures = {
        rule["id"]: Markup(values_svg(rule["rule"], rule["values"], rule["limits"]))
        for rule in sorted(rules, key=lambda rule: -rule["count"])[:_PICTURES]
        if rule["values"]
    }
    return template("corpus.html.j2").render(
        collected=collected,
        lead=lead(collected),
        tiles=_tiles(collected),
        flow=_flow(collected),
        sources=_sources(collected),
        stage_names=[step.name for step in collected.steps] + (["corpus"] if collected.card else []),
        histograms={name: Markup(picture) for name, picture in _histograms(collected).items()},
        rules=rules,
        pictures=pictures,
        samples=collected.samples.get("samples", []),
        changed=_changed(collected),
        clusters=collected.clusters,
        sizes=_sizes(collected.clusters),
        private=_private(collected),
        data_card=f"{run}{CARD_PAGE}" if collected.card else "",
    )


def lead(collected: Collected) -> str:
    """What became of the documents, in a sentence or two."""
    sources = _count(len(collected.steps[0].told["sources"]), "source")
    found = f"Of {_count(collected.found, 'document')} found in {sources} "
    if not collected.found:
        return f"No document was found in {sources}."
    kept = f"{collected.kept:,} are kept, {formats.percent(collected.kept / collected.found)}."
    if not collected.kept:
        kept = "none is kept."
    rules = [rule for rule in _rules(collected) if rule["stage"] != collected.steps[0].name]
    if not rules:
        return found + kept
    most = max(rules, key=lambda rule: rule["count"])
    return f"{found}{kept} The rule that dropped most, {most['count']:,}, is “{most['rule']}” ({most['stage']})."


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _tiles(collected: Collected) -> list[tuple[str, str, str]]:
    size = formats.scaled(collected.steps[0].told["bytes"], "B")
    tiles = [(f"{collected.found:,}", "documents found", size)]
    share = formats.percent(collected.kept / collected.found) if collected.found else formats.DASH
    tiles.append((f"{collected.kept:,}", "documents kept", share))
    characters = collected.characters
    tiles.append((formats.short(characters), "characters kept", f"{characters:,}"))
    if collected.card:
        splits = collected.card["splits"]
        read = splits["validation"]
        basis = f"{read['documents']:,} documents more are kept for validation"
        tiles.append((formats.short(splits["train"]["characters"]), "characters for training", basis))
    return tiles


def _flow(collected: Collected) -> list[dict[str, Any]]:
    """A row a stage: what stays, what went, as shares of what was found."""
    most, rows = max(1, collected.found), list[dict[str, Any]]()
    for step in collected.steps:
        told = step.told
        size = formats.scaled(told["bytes"], "B") if told["bytes"] else _characters(told["characters"])
        rows.append({"stage": step.name, "documents": step.documents, "size": size, "dropped": step.dropped})
    if collected.card:
        size, left_out = _characters(collected.characters), sum(collected.card["dropped"].get("corpus", {}).values())
        rows.append({"stage": "corpus", "documents": collected.kept, "size": size, "dropped": left_out})
    for number, row in enumerate(rows):
        went = row["dropped"] if number else 0  # what could not be read was no document yet
        row["does"] = _DOES.get(row["stage"], "")
        row["width"], row["went"] = (round(100 * count / most, 2) for count in (row["documents"], went))
        row["share"] = formats.percent(row["documents"] / most) if collected.found else formats.DASH
    return rows


def _characters(count: int) -> str:
    return f"{formats.short(count)} characters"


def _sources(collected: Collected) -> list[dict[str, Any]]:
    """A row a source: documents and characters after every stage, licences and weight."""
    card = collected.card.get("sources", {})
    names = dict.fromkeys([*card, *(name for step in collected.steps for name in step.told["sources"])])
    kept = sum(source["characters"] for source in card.values())
    rows = []
    for name in names:
        cells = [_cell(step.told["sources"].get(name, {})) for step in collected.steps]
        told = card.get(name)
        if told:
            cells.append(_cell(told))
        rows.append(
            {
                "name": name,
                "cells": cells,
                "documents": told["documents"] if told else 0,
                "characters": formats.short(told["characters"]) if told else formats.DASH,
                "share": formats.percent(told["characters"] / kept) if told and kept else formats.DASH,
                "weight": formats.number(told["weight"]) if told else formats.DASH,
                "read": formats.short(told["read"]) if told else formats.DASH,
                "licenses": [
                    (license_ or "not told", count) for license_, count in (told or {}).get("licenses", {}).items()
                ],
            }
        )
    return rows


def _cell(told: Mapping[str, Any]) -> tuple[str, str]:
    size = (
        formats.scaled(told["bytes"], "B") if "bytes" in told else f"{formats.short(told.get('characters', 0))} char."
    )
    return f"{told.get('documents', 0):,}", size


def _rules(collected: Collected) -> list[dict[str, Any]]:
    """Every rule that dropped something, in the order of the stages, with what it looked at and examples."""
    rows = []
    came = collected.found
    for number, step in enumerate(collected.steps):
        for place, rule in enumerate(step.told["rules"]):
            rows.append(
                {
                    **rule,
                    "id": f"rule-{number}-{place}",
                    "stage": step.name,
                    "share": _share(rule["count"], came) if number else "",
                    "where": _most(rule["sources"]),
                    "spoken": _most({name or "unknown": count for name, count in rule["languages"].items()}),
                    "examples": [{**example, "measured": _measured(example)} for example in rule["examples"]],
                }
            )
        came = step.documents
    for rule, count in collected.card.get("dropped", {}).get("corpus", {}).items():
        blank: dict[str, Any] = {"where": "", "spoken": "", "examples": [], "limits": [], "values": None}
        told = {"stage": "corpus", "rule": rule, "count": count, "share": _share(count, came)}
        rows.append({**blank, **told, "id": "rule-corpus"})
    return rows


def _share(count: int, came: int) -> str:
    if not came:
        return ""
    return formats.percent(count / came) if count / came >= _LEAST_SHARE else f"< {formats.percent(_LEAST_SHARE)}"


def _most(counts: Mapping[str, int]) -> str:
    """The three that come first, with their counts."""
    told = [f"{name} {count:,}" for name, count in list(counts.items())[:3]]
    more = [f"{len(counts) - 3} more"] if len(counts) > 3 else []
    return ", ".join(told + more)


def _measured(example: Mapping[str, Any]) -> str:
    value, limit = example["value"], example["limit"]
    if value is None or limit is None:
        return ""
    sign = "<" if value < limit else ">" if value > limit else "="
    return f"{formats.number(value)} {sign} {formats.number(limit)}"


def _histograms(collected: Collected) -> dict[str, str]:
    """Lengths and languages before and after."""
    pictures = dict[str, str]()
    steps = collected.steps
    texts = next((step for step in steps if sum(step.told["lengths"]["counts"])), None)
    if texts:
        before, last = texts.told["lengths"], steps[-1].told["lengths"]
        after = collected.card["documents_by_length"] if collected.card else last
        pictures["Lengths"] = lengths_svg(before["edges"], before["counts"], after["counts"])
    judged = next((step for step in steps if step.name == "judge"), None)
    if judged and judged.languages:
        kept = (collected.card or {"documents_by_language": steps[-1].told["languages"]})["documents_by_language"]
        pictures["Languages"] = languages_svg(judged.languages, kept)
    return pictures


def _changed(collected: Collected) -> dict[str, int]:
    counts: Sequence[Mapping[str, int]] = list(collected.samples.get("sources", {}).values())
    return {name: sum(each[name] for each in counts) for name in ("documents", "changed")}


def _sizes(clusters: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Groups of copies by their size, in classes."""
    counts = {int(size): count for size, count in clusters.get("sizes", {}).items()}
    classes = ((2, 2), (3, 3), (4, 5), (6, 10), (11, 100), (101, max(counts, default=0)))
    rows = []
    for least, most in classes:
        count = sum(counts[size] for size in counts if least <= size <= most)
        if count:
            rows.append((f"{least:,}" if least == most else f"{least:,} to {most:,}", count))
    return rows


def _private(collected: Collected) -> list[dict[str, Any]]:
    """A row a kind of personal data that was replaced, the most frequent first."""
    return [
        {"kind": kind, **told, "examples": [{**each, "parts": _marked(each["excerpt"])} for each in told["examples"]]}
        for kind, told in sorted(collected.private.items(), key=lambda item: -item[1]["count"])
    ]


def _marked(text: str) -> list[tuple[bool, str]]:
    """The text cut at its placeholders: whether a part is one, and the part."""
    return [(bool(number % 2), part) for number, part in enumerate(re.split(r"(<[A-Z_]{2,12}>)", text)) if part]
