from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.bench.private import read_marked, score_marked, score_private
from chatwright.core.errors import DataError
from chatwright.corpus.private import replace
from chatwright.corpus.private.kinds import KINDS
from chatwright.corpus.private.numbers import is_card, is_chinese_identity, is_iban, luhn
from chatwright.corpus.private.replace import Span, find_private, replace_private

SENTENCES = Path(__file__).parent / "private_sentences.txt"
CARD = "4507812365409877"
IBAN = "DE89370400440532013000"
IDENTITY = "11010519491231002X"

# Pieces of which texts are made that are full of matches, half matches and what connects them
PIECES = st.sampled_from(
    [
        *"0179+-/.:(), \n@x<>_卡",
        *(
            "phone ",
            "Tel. ",
            "order ",
            "IP ",
            "card ",
            "电话",
            "手机",
            "version ",
            "SSN ",
            "PHONE",
            "<PHONE>",
            "<EMAIL> ",
        ),
        *(
            "anna@example.org",
            "13800138000",
            "030 12345678",
            "+49 30 123456",
            "(212) 555-0123",
            "467 3395",
            "192.0.2.7",
        ),
        *(
            CARD,
            "4507 8123 6540 9877",
            IBAN,
            "DE89 3704 0044 0532 0130 00",
            IDENTITY,
            "219-84-5073",
            "::",
            "2001:db8::7334",
        ),
        *(
            "https://a:b@c.org/d",
            "ftp://x:y@",
            "AKIA" + "Q3EGTV7HZPLWM2XC",
            "sk-" + "a1" * 12,
            "2021-03-14",
            "978-0-14-044913-6",
        ),
    ]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=12).map("".join),
    st.text(alphabet="0123456789 +-./()@:axX<>\n", max_size=60),
    st.text(max_size=60),
)


def kinds(text: str) -> list[str]:
    return [span.kind for span in find_private(text)]


@given(TEXTS)
def test_replacing_twice_changes_nothing(text: str) -> None:
    once, _ = replace_private(text)
    again, counts = replace_private(once)
    assert again == once
    assert not counts


@given(TEXTS)
def test_spans_are_in_order_and_inside_and_never_overlap(text: str) -> None:
    at = 0
    for span in find_private(text):
        assert at <= span.start < span.end <= len(text)
        at = span.end


@given(TEXTS)
def test_what_is_passed_over_without_a_closer_look_holds_nothing(text: str) -> None:
    found = find_private(text)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(replace, "_HINT", re.compile(""))
        assert find_private(text) == found


@given(TEXTS)
def test_text_outside_of_spans_is_unchanged(text: str) -> None:
    spans = find_private(text)
    replaced, counts = replace_private(text)
    assert counts == Counter(span.kind for span in spans)
    at = 0
    for span, before in zip(spans, [0, *(span.end for span in spans)], strict=False):
        expected = f"{text[before : span.start]}<{span.kind}>"
        assert replaced[at : at + len(expected)] == expected
        at += len(expected)
    assert replaced[at:] == text[spans[-1].end if spans else 0 :]


@given(st.lists(st.tuples(PIECES, PIECES), max_size=5), st.sets(st.sampled_from(KINDS)))
def test_only_the_kinds_that_are_asked_for_are_found(pairs: list[tuple[str, str]], asked: set[str]) -> None:
    text = " ".join(a + b for a, b in pairs)
    assert {span.kind for span in find_private(text, asked)} <= asked  # type: ignore[arg-type]


def test_kinds_not_asked_for_still_keep_their_characters() -> None:
    assert find_private(f"card phone {CARD}", ("PHONE",)) == []


def test_spans_may_be_given_in_any_order() -> None:
    spans = [Span(4, 5, "IP"), Span(0, 1, "EMAIL")]
    assert replace_private("a b c", spans) == ("<EMAIL> b <IP>", Counter(EMAIL=1, IP=1))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("anna@example.org", "EMAIL"),
        ("邮箱zhang.san@qq.com或者", "EMAIL"),
        ("anna (at) example (dot) org", "EMAIL"),
        ("+49 30 1234567", "PHONE"),
        ("(+44 20 7946 0331)", "PHONE"),
        ("(212) 555-0123", "PHONE"),
        ("Tel.: 0171/1234567", "PHONE"),
        ("手机号13800138000。", "PHONE"),
        ("010-62751234", "PHONE"),
        ("Phone:\n467 3395", "PHONE"),
        (CARD, "CARD"),
        ("卡号6225880123456783。", "CARD"),
        ("DE89 3704 0044 0532 0130 00", "IBAN"),
        ("gb82west12345698765432", "IBAN"),
        ("192.0.2.77", "IP"),
        ("http://203.0.113.5:8080/", "IP"),
        ("2001:db8::8a2e:370:7334", "IP"),
        (f"身份证号{IDENTITY}。", "CN_ID"),
        ("219-84-5073", "SSN"),
        ("https://user:pass@example.org/x", "URL"),
        ("AKIA" + "Q3EGTV7HZPLWM2XC", "API_KEY"),
        ("ghp_" + "a1B2" * 9, "API_KEY"),
        ("AIza" + "a1B2c" * 7, "API_KEY"),
        ("xoxb-" + "1234567890-abcdef", "API_KEY"),
        ("sk-" + "a1B2" * 8, "API_KEY"),
    ],
)
def test_is_found(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "@anna said",
        "icon@2x.png",
        "git@github.com:a/b.git",
        "1998 - 2004",
        "2021-03-14 15:09:26",
        "978-3-16-148410-0",
        "3.14159265358979",
        "order 13800138000",
        "订单号13800138000",
        "12 500 000 people",
        "+12,345,678",
        "-74.0059413",
        "version 10.20.30.40",
        "1.2.3.4",
        "1.3.6.1.4.1",
        "127.0.0.1",
        "256.300.1.1",
        "std::abs(x)",
        "00:1B:44:11:3A:B7",
        CARD[:-1] + "8",
        "0000000000000000",
        "card 1234",
        IBAN[:-1] + "1",
        IDENTITY[:-1] + "1",
        "000-12-3456",
        "666-12-3456",
        "912-34-5678",
        "219-00-5073",
        "219-84-0000",
        "https://example.org:8080/x",
        "sk-" + "learning-rate-of-the-model",
        "AKIA" + "123",
    ],
)
def test_is_not_found(text: str) -> None:
    assert kinds(text) == []


def test_the_longest_reading_wins() -> None:
    text = "see https://anna:secret@mail.example.org/192.0.2.7 now"
    assert find_private(text) == [Span(4, 50, "URL")]


def test_full_width_digits_keep_their_places() -> None:
    assert replace_private("打１３８００１３８０００吧")[0] == "打<PHONE>吧"


def test_a_list_of_numbers_after_one_word() -> None:
    assert replace_private("phone 1234567, 2345678 or 3456789")[0] == "phone <PHONE>, <PHONE> or <PHONE>"


def test_a_private_key_goes_as_a_whole() -> None:
    begin, end = "-----BEGIN " + "PRIVATE KEY-----", "-----END " + "PRIVATE KEY-----"
    body = "MIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu"
    assert replace_private(f"a\n{begin}\n{body}\n{end}\nb")[0] == "a\n<API_KEY>\nb"
    assert replace_private(f"a\n{begin}\n{body}\n{body}\n")[0] == "a\n<API_KEY>\n"  # cut off


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "+1 ", "0171 1234567 ", "a@", "a.", "12:", "(", "1.", "phone 1", "://a:", "(at)", "eyJ"]
)
def test_no_text_takes_long(piece: str) -> None:
    find_private(piece * (100_000 // len(piece)))


@given(st.text(alphabet="0123456789", min_size=11, max_size=18))
def test_one_digit_in_ten_checks(digits: str) -> None:
    good = [digits + last for last in "0123456789" if luhn(digits + last)]
    assert len(good) == 1


@given(st.integers(0, 15), st.integers(1, 9))
def test_every_wrong_digit_of_a_card_shows(place: int, by: int) -> None:
    wrong = str((int(CARD[place]) + by) % 10)
    assert is_card(CARD)
    assert not is_card(CARD[:place] + wrong + CARD[place + 1 :])


@given(st.integers(2, 21), st.integers(1, 9))
def test_every_wrong_digit_of_an_account_shows(place: int, by: int) -> None:
    wrong = str((int(IBAN[place]) + by) % 10)
    assert is_iban(IBAN)
    assert not is_iban(IBAN[:place] + wrong + IBAN[place + 1 :])
    assert not is_iban(IBAN[:-1])


@given(st.integers(0, 16), st.integers(1, 9))
def test_every_wrong_digit_of_an_identity_shows(place: int, by: int) -> None:
    wrong = str((int(IDENTITY[place]) + by) % 10)
    assert is_chinese_identity(IDENTITY)
    assert not is_chinese_identity(IDENTITY[:place] + wrong + IDENTITY[place + 1 :])


def test_own_sentences() -> None:
    rows = read_marked(SENTENCES)
    assert len(rows) >= 150
    assert sum(not row.spans for row in rows) >= 80
    figures = score_marked(rows)
    assert set(figures) == {*KINDS, "all"}
    assert all(figures[kind]["f1"] >= 0.95 for kind in figures), figures


def test_a_wrong_reading_lowers_the_score(tmp_path: Path) -> None:
    file = tmp_path / "marked.txt"
    file.write_text("# none\nWrite to ⟦EMAIL anna@example.or⟧g.\n⟦PHONE nobody⟧ called.\n", encoding="utf-8")
    figures = score_marked(read_marked(file))
    assert figures["EMAIL"] == {"f1": 0.0, "precision": 0.0, "recall": 0.0, "f1_touching": 1.0, "count": 1}
    assert figures["PHONE"]["recall"] == 0.0
    assert figures["all"]["f1_touching"] == pytest.approx(2 / 3, abs=1e-3)


def test_an_unknown_mark_is_told(tmp_path: Path) -> None:
    file = tmp_path / "marked.txt"
    file.write_text("⟦NAME Anna⟧ called.\n", encoding="utf-8")
    with pytest.raises(DataError, match="NAME"):
        read_marked(file)


def test_public_data(data_folder: Path) -> None:
    figures = score_private(data_folder, SENTENCES)
    held_out = figures["presidio"]["held_out"]
    assert set(held_out) == {"EMAIL", "PHONE", "CARD", "IBAN", "IP", "SSN", "all"}
    assert all(held_out[kind]["f1"] >= 0.95 for kind in held_out), held_out
    assert figures["wikitext"]["alarms_per_megabyte"] <= 2, figures["wikitext"]["alarms"]
    assert figures["sentences"]["all"]["f1"] >= 0.95
