"""What happens to one document at a time."""

from __future__ import annotations

from typing import Any

import pytest

from chatwright.corpus.collection.documents import clean, extract, judge
from chatwright.corpus.private.kinds import KINDS
from tests.corpus.judging.test_judging import HAN, PROSE

PAGE = f"""<html lang="en"><head><title>The mill</title><meta name="date" content="2026-03-04"></head><body>
<nav><a href="/">Home</a><a href="/shop">Shop</a></nav>
<article><h1>The mill</h1><p>{PROSE.replace(chr(10), "</p><p>")}</p></article>
<footer>All rights reserved. Cookie settings.</footer></body></html>"""


TITLE = "From anna.berg@example.org"


def judged(*texts: str, said: str = "", **options: Any) -> dict[str, list[Any]]:
    settings: dict[str, Any] = {"kept": ("en", "zh"), "least_score": 0.65, "off": (), "limits": {}, "private": KINDS}
    return judge(texts, [TITLE] * len(texts), [said] * len(texts), **(settings | options))


def test_of_a_page_the_main_part_is_taken() -> None:
    made = extract(["html"], [PAGE.encode()], [""], [""], [""], [""])
    assert "river that runs behind the old mill" in made["text"][0]
    assert not any(word in made["text"][0] for word in ("Shop", "Cookie", "<p>"))
    assert made["title"] == ["The mill"] and made["date"] == ["2026-03-04"] and made["rule"] == [None]


@pytest.mark.parametrize("charset", ["gb18030", "no-such-charset", "undefined", ""])
def test_a_page_is_read_in_its_own_character_set(charset: str) -> None:
    page = f'<html><head><meta charset="gb18030"></head><body><article><p>{HAN * 3}</p></article></body></html>'
    assert HAN in extract(["html"], [page.encode("gb18030")], [charset], [""], [""], [""])["text"][0]


def test_the_language_that_templates_declare_is_not_believed() -> None:
    german = PAGE.replace('lang="en"', 'lang="de-DE"')
    made = extract(["html"] * 2, [PAGE.encode(), german.encode()], *([[""] * 2] * 4))
    assert made["language"] == ["", "de-DE"]


def test_a_page_without_text_goes_and_says_why() -> None:
    made = extract(["html", "text"], [b"<html></html>", b"plain"], ["", ""], ["", ""], ["", ""], ["", ""])
    assert made["rule"] == ["a page without main text", None] and made["text"][1] == "plain"


def test_what_a_source_says_is_kept() -> None:
    made = extract(["html"], [PAGE.encode()], [""], ["Its own title"], ["1999"], ["de"])
    assert (made["title"], made["date"], made["language"]) == (["Its own title"], ["1999"], ["de"])


def test_clean_text_stays_and_nothing_is_no_text() -> None:
    made = clean(["sch\u00c3\u00b6n  \r\n\r\n\r\n\x00ok", " \x00 \n"])
    assert made["text"][0] == "schön\n\nok" and made["rule"] == [None, "nothing left"]


def test_languages_are_told_apart_and_others_go() -> None:
    german = (
        "Der Fluss hinter der alten Mühle führt seit dem Frühjahr kaum Wasser, und niemand glaubt, dass es besser wird."
    )
    japanese = "今日は朝から公園を散歩しました。お年寄りが将棋を指していて、とても楽しそうでした。"
    made = judged(PROSE, HAN, german, japanese)
    assert made["language"] == ["en", "zh", "de", "ja"]
    assert made["rule"] == [None, None, "language", "language"] and made["why"][2:] == ["de", "ja"]
    assert judged(german, kept=(), off=("gopher", "c4", "fineweb"))["rule"] == [None]
    assert all(judged(PROSE, said=said)["language"] == ["en"] for said in ("eng", "EN_us", "English", "en, de", "?"))
    assert judged(german, said="deu", kept=("de",), off=("gopher", "c4", "fineweb"))["rule"] == [None]
    assert judged(german, said="en-GB", off=("gopher", "c4", "fineweb"))["language"] == ["en"]


def test_a_broken_rule_is_told_with_value_and_limit() -> None:
    made = judged("This is far too short. It is said in English, of that there can be no doubt.")
    assert (made["rule"], made["value"], made["limit"]) == (["words"], [17.0], [50])


def test_personal_data_is_replaced_in_what_stays() -> None:
    text = PROSE + " Write to anna.berg@example.org if you know of a well."
    assert judged(text)["text"][0].endswith("Write to <EMAIL> if you know of a well.")
    assert judged(text)["private"] == [1] and judged(text)["title"] == ["From <EMAIL>"]
    assert judged(text, private=())["text"] == [text]
