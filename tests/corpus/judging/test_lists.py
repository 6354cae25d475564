from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.core.errors import UsageError
from chatwright.corpus.judging.lists import BlockedHosts, BlockedWords, read_hosts, read_words
from tests.corpus.judging.test_judging import HAN, PROSE

words = st.text(st.sampled_from("abc坏人"), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("ass", "He passes the class.", False),
        ("ass", "An ASS, they say.", True),
        ("bad word", "A Bad\n  word.", True),
        ("bad word", "Bad words.", False),
        ("c++", "In C++ it is.", True),
        ("坏人", "他说那个坏人来了。", True),
        ("sb", "你是sb吗", True),  # Latin letters stand by themselves between Han
        ("sb", "你是sbs吗", False),
        ("कम", "कमल", False),
        ("कम", "कमी", False),  # what follows is a vowel's sign
    ],
)
def test_a_word_counts_where_it_stands_by_itself(word: str, text: str, found: bool) -> None:
    share, counts = BlockedWords((word,)).look(text)
    assert (share > 0) == found and counts == ({word: 1} if found else {})


def test_overlapping_words_are_all_found_and_their_characters_counted_once() -> None:
    share, counts = BlockedWords(("bad", "bad wo", "bad word", "word")).look("bad word bad")
    assert counts == {"bad": 2, "bad word": 1, "word": 1} and share == 11 / 12
    assert BlockedWords(()).why(counts) == "bad (2), bad word (1), word (1)"


@given(st.lists(words, min_size=1, max_size=4, unique=True), st.text(st.sampled_from("abc坏人 \n"), max_size=30))
def test_what_is_found_is_there(blocked: list[str], text: str) -> None:
    share, counts = BlockedWords(tuple(blocked)).look(text)
    tidy = " ".join(text.split())
    assert 0 <= share <= 1 and (share > 0) == bool(counts)
    assert all(tidy.count(word) >= 1 for word in counts)
    alone = {word for word in blocked if f" {word} " in f" {tidy} "}
    assert alone <= set(counts)


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("http://example.org", "example.org"),
        ("https://Www.Example.ORG:8080/a?b", "example.org"),
        ("http://notexample.org/", None),
        ("http://example.org.evil.net/", None),
        ("http://a.net/forum", "a.net/forum"),
        ("http://a.net/forum/1", "a.net/forum"),
        ("http://a.net/forums", None),
        ("http://bücher.example/1", "xn--bcher-kva.example"),
        ("http://[::1", None),
        ("no address", None),
    ],
)
def test_hosts_are_blocked_with_what_is_below_them(url: str, entry: str | None) -> None:
    hosts = read_hosts(["*.example.org", "https://a.net/forum/", "0.0.0.0 ads.net", "Bücher.example."], None)
    assert hosts.look(url) == entry


@given(st.text(max_size=40))
def test_any_address_can_be_looked_at(url: str) -> None:
    assert BlockedHosts(("example.org",)).look(url) in {None, "example.org"}


def test_lists_are_files_with_comments(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("\ufeff# mine\nBad  Word # why\n\n坏人\n坏人\nc#\n", encoding="utf-8")
    (tmp_path / "hosts.txt").write_text("# ads\nads.net\n", encoding="utf-8")
    assert read_words(["words.txt"], str(tmp_path)).words == ("bad word", "坏人", "c#")
    assert read_hosts("hosts.txt", str(tmp_path)).entries == ("ads.net",)
    assert read_words([], None).words == () and read_hosts((), None).entries == ()


def test_mistakes_in_lists_are_told_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "hosts.txt").write_text("fine.org\nnot a host\nexa$mple\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"'not a host' \(hosts.txt:2\), 'exa\$mple' \(hosts.txt:3\)"):
        read_hosts("hosts.txt", str(tmp_path))
    with pytest.raises(UsageError, match=r"no such file: one\.txt, two\.txt"):
        read_words(["one.txt", "hosts.txt", "two.txt"], str(tmp_path))
    (tmp_path / "empty.txt").write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"blocklists: .*empty\.txt: this file has no entries"):
        read_words(["empty.txt"], str(tmp_path))
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(UsageError, match=r"latin\.txt: this file cannot be read"):
        read_words(["latin.txt"], str(tmp_path))


def test_prose_holds_none_of_a_published_list(data_folder: Path) -> None:
    lists = read_words(["ldnoobw/en.txt", "ldnoobw/zh.txt"], str(data_folder))
    assert len(lists.words) > 600
    assert lists.look(PROSE) == lists.look(HAN) == (0.0, {})
