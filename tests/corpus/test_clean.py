from ftfy.badness import is_bad
from hypothesis import given
from hypothesis import strategies as st

from chatwright.corpus.clean import clean_text, identifier, looks_bad, text_key


@given(st.text(alphabet=st.characters(exclude_categories=[]).filter(lambda c: not "\x80" <= c <= "\xff"), max_size=300))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_no_control_characters_are_left(text: str) -> None:
    cleaned = clean_text(text)
    assert all(character in "\n\t" or ord(character) >= 32 for character in cleaned)
    assert "\x7f" not in cleaned and "\r" not in cleaned


def test_surrogates_become_encodable() -> None:
    clean_text("a\ud800b").encode("utf-8")


def test_wrong_decoding_is_repaired_and_good_text_kept() -> None:
    assert clean_text("schÃ¶n") == "schön"
    assert clean_text("数据 ｆｕｌｌ width — “quoted”") == "数据 ｆｕｌｌ width — “quoted”"


def test_composed_form() -> None:
    assert clean_text("e\u0301") == "é"


def test_indentation_survives_but_trailing_space_and_blank_lines_do_not() -> None:
    assert clean_text("\n\na  \n    b\t\n\n\n\nc\n") == "a\n    b\n\nc"


def test_key_ignores_white_space_only() -> None:
    assert text_key("a  b\nc") == text_key("a b c")
    assert text_key("a b c") != text_key("ab c")


def test_identifiers_keep_their_parts_apart() -> None:
    assert identifier("a", "bc") != identifier("ab", "c")


_PIECES = [
    "Ã©",
    "â€™",
    "é",
    "–",
    "Â ",
    "Ð",
    "plain words of no harm ",
    "北京大学在哪里",
    "Ã",
    " ",
    "x",
    "\n",
    "ГўВЂВњ",
    "œ",
    "à²",
]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=8), max_size=12).map("".join))
def test_wrong_decoding_is_seen_as_soon_as_ftfy_sees_it(text: str) -> None:
    assert looks_bad(text) == is_bad(text)
