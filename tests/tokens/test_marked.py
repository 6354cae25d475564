from __future__ import annotations

from chatwright.corpus.row_checks import Talk
from chatwright.tokens.marked import mark, token_sizes, tokenizer_of_words
from chatwright.tokens.template import encode_conversations

ASKED, ANSWERED = {"role": "user", "content": "Why 你好?"}, {"role": "assistant", "content": "Because of 你 <|end|>."}
TEXTS = [Talk([], [ASKED, ANSWERED, ASKED]), Talk([ASKED, ANSWERED, ASKED], [ANSWERED]), "A document."]


def test_what_is_marked_is_what_training_learns() -> None:
    tokenizer = tokenizer_of_words(TEXTS)
    whole, answer, document = mark(tokenizer, TEXTS)
    assert (whole.ids, whole.loss) == encode_conversations(tokenizer, [[ASKED, ANSWERED, ASKED]])[0]
    assert answer.ids == encode_conversations(tokenizer, [[ASKED, ANSWERED, ASKED, ANSWERED]])[0][0]
    learnt = tokenizer.decode([token for token, loss in zip(answer.ids, answer.loss, strict=True) if loss])
    assert learnt == ANSWERED["content"]  # the answer before it stands in the prompt
    assert document.loss == [False, *[True] * (len(document.ids) - 1)]
    sizes = [(len(marked.ids), sum(marked.loss)) for marked in (whole, answer, document)]
    assert token_sizes(tokenizer, TEXTS) == sizes


def test_tokens_and_stretches_are_the_text() -> None:
    tokenizer = tokenizer_of_words(TEXTS)
    marked = mark(tokenizer, TEXTS)[0]
    assert "".join(marked.tokens()) == "<|user|>Why 你好?<|assistant|>Because of 你 <|end|>.<|end|><|user|>Why 你好?"
    assert " of" in marked.tokens()
    told = [(text, learnt) for text, learnt, _ in marked.stretches()]
    assert told == [
        ("<|user|>", False),
        ("Why 你好?", False),
        ("<|assistant|>", False),
        ("Because of 你 <|end|>.", True),
        ("<|end|>", True),
        ("<|user|>", False),
        ("Why 你好?", False),
    ]
    assert [control for *_, control in marked.stretches()] == [True, False, True, False, True, True, False]


def test_bytes_that_are_no_character_are_spelt() -> None:
    tokenizer = tokenizer_of_words(["nothing of that kind"])
    assert mark(tokenizer, ["ä"])[0].tokens() == ["<|begin|>", "\\xc3", "\\xa4", "<|end|>"]
