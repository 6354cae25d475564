"""What stands around the text of a page: its lead, which belongs to it; calls to subscribe or read on, which do not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from chatwright.corpus.clean import one_line

_LEAD = re.compile(
    r"lead(?!er|ing)|lede|teaser|excerpt|abstract|sub-?title|sub-?head|intro|standfirst|chapo|summary|\bdek\b|sapo|anleser"
    r"|vorspann|description|article-?head"
)
_SMALL = re.compile(
    r"newsletter|promo(?!tion)|subscri|paywall|\bcta\b|related|copyright|recommend|read-?more|also-?read|share|social|sign-?up"
    r"|donat|credit|advert|sponsor|breadcrumb|toolbar|print|byline|author-?(?:box|bio|info)|cookie|consent|tags?\b|rating"
    r"|pagination|pager|comments?\b|citation|disclaimer|follow|outbrain|taboola"
)
_CALL = re.compile(  # beside what `corpus.boilerplate` cuts and tells of: notices of rights, sharing, bare links
    r"""\W*(?:
    read(?:\ more|\ also|\ next)|also\ read|see\ also|more\ (?:on|from|about)\ this|related(?:\ articles?|\ stories|:)
    |recommended|click\ here|sign\ up|subscribe|get\ the\ |never\ miss|don.t\ miss
    |we\ want\ to\ hear|download\ (?:the|our)\ app|support\ (?:us|our)
    |(?:lesen\ sie\ )?auch\ (?:lesen|interessant|spannend)|lesen\ sie\ (?:auch|mehr|hier)
    |mehr\ (?:zum\ thema|lesen|dazu|infos)
    |weiterlesen|das\ könnte|zum\ newsletter|jetzt\ (?:abonnieren|anmelden)|newsletter|folgen\ sie
    |weitere\ (?:artikel|beiträge|informationen|themen)
    |lire\ aussi|à\ lire|voir\ aussi|abonnez|lea\ (?:también|además)|leia\ (?:também|mais)|leggi\ anche
    |lees\ ook
    |czytaj\ (?:też|także|więcej)|zobacz\ (?:też|także|również)|читайте\ также
    |(?:photo|foto|image|bild|credit|quelle|source)s?\s?[:©]|getty\ images
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_LONGEST_CALL, _LONGEST_SMALL = 200, 600  # characters; what is longer is text, whatever it is named
_LEAD_LENGTHS = range(40, 601)  # characters
_MOST_LEADS = 2
_SAME = 60  # characters by which a passage is known again
_DESCRIBED = 40  # of a description


def drop_small(tree: Any) -> None:
    """Take out empty elements, and short ones that are named for what is no text: promotions, sharing, credits."""
    blocks = list(tree.iter("div", "section", "p", "ul", "ol", "span", "form", "h2", "h3", "h4"))
    for element in [each for each in blocks if each.attrib and _small(_name(each))]:
        if (
            element.getparent() is not None
            and len(element.text_content()) < _LONGEST_SMALL
            and element.find(".//h1") is None
        ):
            element.drop_tree()
    for element in reversed(blocks):  # what is empty, from the inside out: it holds up the search for text
        if not len(element) and not (element.text and element.text.strip()) and element.getparent() is not None:
            element.drop_tree()


def lead_of(tree: Any, text: str, descriptions: Sequence[str]) -> list[str]:
    """The summary that a page shows above its text and that is not in the text yet, in order: two passages at most.

    It is named as such and stands below the first heading, or begins as one of the page's `descriptions` of itself.
    """
    known, found = one_line(text), list[str]()
    begins = tuple(each[:_DESCRIBED] for told in descriptions if len(each := one_line(told)) >= _DESCRIBED)
    below = tree.find(".//h1") is None
    for element in tree.iter("h1", "h2", "h3", "p", "div", "span"):
        if element.tag == "h1":
            below = True
            continue
        named = _leads(_name(element))
        if not named and not (begins and element.text and element.text.strip()):
            continue  # what holds other elements only is looked at in those
        passage = one_line(str(element.text_content()))
        if len(passage) not in _LEAD_LENGTHS:
            continue
        if passage[:_SAME] in known:
            if len(passage) > _SAME and not named:
                break  # here the text begins
            continue
        if ((named and below) or passage.startswith(begins)) and not _linked(element, passage):
            found.append(passage)
            known = f"{passage} {known}"
            if len(found) == _MOST_LEADS:
                break
    return found


def without_calls(text: str) -> str:
    """A text without the short lines that ask to subscribe, to share or to read something else."""
    return "\n".join(_lines(text))


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.split("\n") if len(line) >= _LONGEST_CALL or not _CALL.match(line))


def _name(element: Any) -> str:
    return f"{element.get('class', '')} {element.get('id', '')}".lower()


@lru_cache(100_000)
def _small(name: str) -> bool:
    return _SMALL.search(name) is not None


@lru_cache(100_000)
def _leads(name: str) -> bool:
    return _LEAD.search(name) is not None


def _linked(element: Any, passage: str) -> bool:
    """Whether a passage is links for the most part."""
    return sum(len(link.text_content()) for link in element.iter("a")) > 0.5 * len(passage)
