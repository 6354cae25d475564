"""What happens to one document at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chatwright.corpus.collection.documents import clean, extract, judge
from chatwright.corpus.judging.lists import BlockedHosts, BlockedWords
from chatwright.corpus.judging.quality import Quality
from chatwright.corpus.judging.runs import BITS
from chatwright.corpus.judging.verdicts import Judging
from tests.corpus.judging.test_judging import HAN, PROSE

PAGE = f"""<html lang="en"><head><title>The mill</title><meta name="date" content="2026-03-04"></head><body>
<nav><a href="/">Home</a><a href="/shop">Shop</a></nav>
<article><h1>The mill</h1><p>{PROSE.replace(chr(10), "</p><p>")}</p></article>
<footer>All rights reserved. Cookie settings.</footer></body></html>"""


TITLE = "From anna.berg@example.org"


def judged(*texts: str, said: str = "", url: str = "", **options: Any) -> dict[str, list[Any]]:
    count = len(texts)
    return judge(texts, [TITLE] * count, [said] * count, [url] * count, by=Judging(**options))


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
    made = clean(["sch\u00c3\u00b6n  \r\n\r\n\r\n\x00ok", " \x00 \n"], ["text"] * 2, [""] * 2)
    assert made["text"][0] == "schön\n\nok" and made["rule"] == [None, "nothing left"]


def test_languages_are_told_apart_and_others_go() -> None:
    german = (
        "Der Fluss hinter der alten Mühle führt seit dem Frühjahr kaum Wasser, und niemand glaubt, dass es besser wird."
    )
    japanese = "今日は朝から公園を散歩しました。お年寄りが将棋を指していて、とても楽しそうでした。"
    made = judged(PROSE, HAN, german, japanese)
    assert made["language"] == ["en", "zh", "de", "ja"]
    assert made["rule"] == [None, None, "language", "language"] and made["why"][2:] == ["de", "ja"]
    assert judged(german, languages=(), off=("gopher", "c4", "fineweb"))["rule"] == [None]
    assert all(judged(PROSE, said=said)["language"] == ["en"] for said in ("eng", "EN_us", "English", "en, de", "?"))
    assert judged(german, said="deu", languages=("de",), off=("gopher", "c4", "fineweb"))["rule"] == [None]
    assert judged(german, said="en-GB", off=("gopher", "c4", "fineweb"))["language"] == ["en"]


def test_a_broken_rule_is_told_with_value_and_limit() -> None:
    made = judged("This is far too short. It is said in English, of that there can be no doubt.")
    assert (made["rule"], made["value"], made["limit"]) == (["words"], [17.0], [50])


def test_personal_data_is_replaced_in_what_stays() -> None:
    text = PROSE + " Write to anna.berg@example.org if you know of a well."
    assert judged(text)["text"][0].endswith("Write to <EMAIL> if you know of a well.")
    assert judged(text)["private"] == [["EMAIL"]] and judged(text)["title"] == ["From <EMAIL>"]
    assert judged(text, private=())["text"] == [text]


def test_lines_of_boilerplate_go_from_web_pages_and_nowhere_else() -> None:
    text = f"{PROSE}\n\n\nShare this article on Facebook\n\n{HAN}\n责任编辑：郭明煜"
    page = clean([text], ["html"], [""], boilerplate=("sharing", "credits"))
    assert page["text"] == [f"{PROSE}\n\n{HAN}"] and page["rule"] == [None]
    lines = [("sharing", "Share this article on Facebook"), ("credits", "责任编辑：郭明煜")]
    assert page["cut"] == [[{"kind": kind, "line": line} for kind, line in lines]]
    assert clean([text], ["text"], ["http://a.org/1"], boilerplate=("sharing", "credits"))["text"] == page["text"]
    for formats, urls, kinds in ((["text"], [""], ("sharing",)), (["html"], ["http://a.org/1"], ())):
        made = clean([text], formats, urls, boilerplate=kinds)
        assert "Share this" in made["text"][0] and made["cut"] == [[]]
    gone = clean(["Read more"], ["html"], [""], boilerplate=("navigation",))
    assert gone["rule"] == ["nothing left"] and gone["why"] == ["every line is boilerplate"]


def test_blocked_words_are_named_and_may_be_few() -> None:
    words = BlockedWords(("mill", "公园"))
    made = judged(PROSE, HAN, words=words)
    assert made["rule"] == ["blocked words"] * 2 and made["limit"] == [0, 0]
    assert made["why"] == ["mill (1)", "公园 (1)"] and 0 < made["value"][0] == 4 / len(PROSE)
    assert judged(PROSE, HAN, words=words, blocked_share=0.1)["rule"] == [None, None]


def test_pages_of_blocked_hosts_go() -> None:
    hosts = BlockedHosts(("example.org",))
    made = judged(PROSE, url="https://www.example.org/mill", hosts=hosts)
    assert (made["rule"], made["why"]) == (["blocked host"], ["example.org"])
    assert judged(PROSE, url="https://www.example.com/mill", hosts=hosts)["rule"] == [None]
    assert judged(PROSE, hosts=hosts)["rule"] == [None]


def test_texts_below_the_quality_asked_for_go_and_others_keep_their_score(tmp_path: Path) -> None:
    weights = np.zeros((1 << BITS) + 1, np.float32)
    weights[-1] = -1
    Quality({"en": weights}).save(tmp_path / "quality.npz")
    score = pytest.approx(1 / (1 + np.e))
    made = judged(PROSE, HAN, "No.", quality=str(tmp_path / "quality.npz"), least_quality=0.5)
    assert made["rule"][:2] == ["quality", None] and made["rule"][2] != "quality"
    assert made["quality"] == [score, None, None] and made["value"][0] == score and made["limit"][0] == 0.5
    stays = judged(PROSE, quality=str(tmp_path / "quality.npz"), least_quality=0.2)
    assert stays["rule"] == [None] and stays["quality"] == [score]
    assert judged(PROSE)["quality"] == [None]


def test_texts_that_stay_are_cut_after_personal_data_is_found() -> None:
    made = judged(PROSE + " Tel. 212 555 0123 is mine. Call me.", HAN, segment="sentences")
    assert made["text"][0].endswith("<PHONE> is mine.\nCall me.")
    assert made["text"][1].count("\n") == 1
    assert judged(HAN, segment="words")["text"][0].startswith("今天 早上 我")
    assert judged("No.", segment="sentences")["text"] == ["No."]
