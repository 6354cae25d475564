import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwright.corpus.prose import is_notice, paragraphs, plain, sentences, take_sentences


@given(st.text(alphabet="abcXYZ .!?()\"'", max_size=200))
def test_sentences_lose_nothing_but_space(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Return it. Then stop.", 2),
        ("Use e.g. This one. Next.", 2),
        ("Since 3.11 it works. Yes!", 2),
        ("See os.path.join for more.", 1),
        ("Wait... What? Really!", 2),
        ("The value of x. If not, y.", 2),
        ("它是一个函数。返回值是整数。", 2),
        ("", 0),
    ],
)
def test_sentence_ends(text: str, count: int) -> None:
    assert len(sentences(text)) == count


@given(st.text(alphabet="aB. ", max_size=300), st.integers(5, 100))
def test_taken_sentences_fit(text: str, limit: int) -> None:
    assert len(take_sentences(text, limit)) <= limit


def test_inline_marks_go_and_words_stay() -> None:
    assert plain("a :class:`~os.PathLike` in ``code`` and `text <https://x.y>`_") == "a os.PathLike in code and text"
    assert plain("*args* and **kwargs**, but *args and 2 * 3 * 4") == "args and kwargs, but *args and 2 * 3 * 4"


def test_paragraphs_keep_their_indentation() -> None:
    assert paragraphs("a\n\n    b\n    c\n \nd") == ["a", "    b\n    c", "d"]


def test_notices_are_no_descriptions() -> None:
    assert is_notice("New in version 3.5.") and is_notice("**Source code:** Lib/x.py")
    assert not is_notice("News about versions.")
