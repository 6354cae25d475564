from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.corpus.boilerplate import without_boilerplate
from chatwright.corpus.collection.settings import LineKind
from chatwright.corpus.public import read_lines, read_tabbed, read_text
from tests.corpus.judging.test_judging import HAN, PROSE

KINDS: tuple[LineKind, ...] = get_args(LineKind)
LINES: list[tuple[LineKind, str]] = [
    ("javascript", "Please enable JavaScript to view the comments."),
    ("policy", "By going on you agree to our Terms of Use and Privacy Policy."),
    ("policy", "This site uses cookies."),
    ("policy", "我已阅读并同意《用户协议》"),
    ("policy", "本网站使用Cookie"),
    ("rights", "© 2020 The Mill. All rights reserved."),
    ("rights", "Copyright (c) 2019 Mill Ltd"),
    ("rights", "版权所有 未经书面授权不得转载"),
    ("rights", "转载请注明出处"),
    ("rights", "文章仅代表作者本人观点，与本站无关。"),
    ("rights", "京ICP备12345678号"),
    ("sharing", "Share this article on Facebook"),
    ("sharing", "Click to share on Twitter (Opens in new window)"),
    ("sharing", "1,204 shares"),
    ("sharing", "分享到：微信 微博 QQ空间"),
    ("sharing", "扫描下方二维码关注我们"),
    ("credits", "责任编辑：郭明煜"),
    ("credits", "[责任编辑：刘斌]"),
    ("credits", "来源：证券时报网"),
    ("credits", "Reporting by Anna Berg; Editing by Tom Stone"),
    ("navigation", "Back to top"),
    ("navigation", "Read more »"),
    ("navigation", "Home | About us | Contact"),
    ("navigation", "You may also like"),
    ("navigation", "上一篇：河边的老磨坊"),
    ("navigation", "相关阅读"),
    ("navigation", "首页 > 新闻 > 分享"),
    ("navigation", "字号：大 中 小"),
]


@pytest.mark.parametrize(("kind", "line"), LINES)
def test_each_kind_of_line_goes_where_it_is_asked_for(kind: LineKind, line: str) -> None:
    assert without_boilerplate(f"{PROSE}\n{line}\n{HAN}", [kind]) == (f"{PROSE}\n{HAN}", [(kind, line)])
    others = [other for other in KINDS if other != kind]
    text = f"{HAN}\n{line}"
    assert kind not in {found for found, _ in without_boilerplate(text, others)[1]}
    assert without_boilerplate(text, []) == (text, [])


@pytest.mark.parametrize(
    "line",
    [
        "They share the bread with the people of the village.",
        "Search",
        "Home",
        "The next page of the history of the mill was written in winter.",
        "He wanted to print this on paper that he had made himself, and to read more of what others had printed.",
        "编辑把稿子退了回来，说来源不清楚。",
        "上一页的故事还没有讲完，他就睡着了。",
        "我把照片分享给了朋友，大家都很喜欢，说要一起去看看那条河，走走那座桥，在河边的茶馆里坐一坐，再慢慢地走回来。",
        "他关注的是孩子的教育。",
        "A law on privacy was passed, and everyone had to write a policy. " * 7 + "It was a privacy policy.",
    ],
)
def test_sentences_stay(line: str) -> None:
    assert without_boilerplate(line, KINDS)[1] == []


@given(st.lists(st.text(max_size=20) | st.sampled_from([line for _, line in LINES]), max_size=8))
def test_lines_stay_or_are_told_in_order(lines: list[str]) -> None:
    text = "\n".join(lines)
    kept, cut = without_boilerplate(text, KINDS)
    gone = [line for _, line in cut]
    left = kept.split("\n") if len(gone) < len(text.split("\n")) else []
    assert sorted(left + gone) == sorted(text.split("\n"))
    assert without_boilerplate(kept, KINDS) == (kept, [])


def test_clean_text_keeps_its_lines(data_folder: Path) -> None:
    reviews = [json.loads(line)["sentence"] for line in read_lines(data_folder / "fewclue/eprstmt/unlabeled.json.gz")]
    headlines = [json.loads(line)["sentence"] for line in read_lines(data_folder / "fewclue/tnews/unlabeled.json.gz")]
    sentences = [cells[1] for _, cells in read_tabbed(data_folder / "tatoeba-en-zh/cmn-eng.train.tsv.gz", 3)]
    articles = re.split(r"\n(?= = [^=])", read_text(data_folder / "wikitext-2/test.txt"))
    for texts in (reviews[:3_000], headlines[:3_000], sentences[:3_000], articles):
        lines = sum(len(text.split("\n")) for text in texts)
        assert sum(len(without_boilerplate(text, KINDS)[1]) for text in texts) <= 1e-4 * lines
