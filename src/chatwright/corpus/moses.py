"""Text as the Moses scripts prepare it for translation: punctuation normalised, words and signs apart."""

from __future__ import annotations

from sacremoses import MosesDetokenizer, MosesPunctNormalizer, MosesTokenizer


class Moses:
    """Prepares text of one language, and puts it together again.

    >>> Moses("en", lower=True).split("A man's hat, isn't it?")
    'a man &apos;s hat , isn &apos;t it ?'
    """

    def __init__(self, language: str, *, lower: bool) -> None:
        self._lower = lower
        self._normalise = MosesPunctNormalizer(lang=language).normalize
        self._tokenise = MosesTokenizer(lang=language).tokenize
        self._join = MosesDetokenizer(lang=language).detokenize

    def split(self, text: str) -> str:
        """Normalised, in lower case if so set, tokens with spaces between; quotes and the like escaped."""
        return str(self._tokenise(self._normalise(text.lower() if self._lower else text), return_str=True))

    def join(self, text: str) -> str:
        """Tokens as running text."""
        return str(self._join(text.split(" ")))
