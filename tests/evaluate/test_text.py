from chatwright.evaluate.text import answer_tokens, squeeze
from chatwright.tokens.words import characters


def test_squeeze_keeps_everything_but_whitespace() -> None:
    text = "  a\u00a0b\n\tc  d "
    assert squeeze(text) == "a b c d"
    assert squeeze(squeeze(text)) == squeeze(text)


def test_characters_split_han_and_keep_latin_runs() -> None:
    assert characters("用 Python 3 学习、NumPy2。") == ["用", "python", "3", "学", "习", "numpy2"]
    assert characters("かな漢字") == list("かな漢字")
    assert characters("。、!? _") == []


def test_words_lose_articles_case_and_punctuation() -> None:
    assert answer_tokens("An Answer: the one.", "words") == ["answer", "one"]
    assert answer_tokens("theatre", "words") == ["theatre"]
