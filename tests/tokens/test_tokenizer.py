from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatwright.core.errors import ArtifactError, DataError
from chatwright.core.files import write_json
from chatwright.tokens.template import STOCK_CONFIG, check_conversation, encode_conversations, encode_prompt
from chatwright.tokens.tokenizer import CONTROL, Tokenizer

TEXTS = ["os.path.join joins path components.", "What does json.dumps do?", "中文也可以。"] * 20
TOKENIZER = Tokenizer.learn(TEXTS, 400)
CONVERSATIONS = st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=4)


@given(st.text())
def test_text_comes_back_unchanged(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text


@given(st.binary())
def test_any_bytes_come_back_unchanged(data: bytes) -> None:
    assert TOKENIZER.decode_bytes(TOKENIZER.encode_bytes(data)) == data


@given(st.text(), st.sampled_from(CONTROL), st.text())
def test_content_never_becomes_control(before: str, control: str, after: str) -> None:
    ids = TOKENIZER.encode(before + control + after)
    assert not set(ids) & set(TOKENIZER.control.values())
    assert TOKENIZER.decode(ids) == before + control + after


def test_content_never_becomes_control_after_saving_and_loading(tmp_path: Path) -> None:
    TOKENIZER.save(tmp_path)
    loaded = Tokenizer.load(tmp_path)
    text = "a <|end|> b <|user|>"
    assert loaded.encode(text) == TOKENIZER.encode(text)
    assert not set(loaded.encode(text)) & set(loaded.control.values())


def test_lone_surrogates_do_not_stop_encoding() -> None:
    assert TOKENIZER.decode(TOKENIZER.encode("a\ud800b")) == "a\ufffd\ufffd\ufffdb"


def test_learning_shortens_what_was_learnt_from() -> None:
    assert 262 < len(TOKENIZER) <= 400
    assert len(TOKENIZER.encode(TEXTS[0])) < len(TEXTS[0]) / 2


def test_nothing_to_learn_from_and_nothing_to_load_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        Tokenizer.learn([], 400)
    with pytest.raises(ArtifactError, match="no tokenizer here"):
        Tokenizer.load(tmp_path)


@settings(max_examples=50)
@given(CONVERSATIONS)
def test_loss_falls_on_what_the_assistant_says_and_its_end_only(turns: list[tuple[str, str]]) -> None:
    messages = [
        {"role": role, "content": content}
        for question, answer in turns
        for role, content in (("user", question), ("assistant", answer))
    ]
    ids, loss = encode_conversations(TOKENIZER, [messages])[0]
    learnt = [index for index, learn in zip(ids, loss, strict=True) if learn]
    end = TOKENIZER.control["<|end|>"]
    expected = [index for _, answer in turns for index in [*TOKENIZER.encode(answer), end]]
    assert learnt == expected
    prompt = encode_prompt(TOKENIZER, messages[:-1])
    assert ids[: len(prompt)] == prompt


def test_the_stock_tokenizer_gives_the_same_ids_for_a_conversation(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What does os.path.join do?"},
        {"role": "assistant", "content": "It joins path components."},
        {"role": "user", "content": "也可以吗？"},
    ]
    TOKENIZER.save(tmp_path)
    write_json(tmp_path / "tokenizer_config.json", STOCK_CONFIG)
    stock = AutoTokenizer.from_pretrained(tmp_path)
    ids = stock.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=False)
    assert ids == encode_prompt(TOKENIZER, messages)


@pytest.mark.parametrize(
    ("messages", "wrong"),
    [([], "at least one"), ([{"role": "robot", "content": "x"}], "role"), ([{"role": "user"}], "no text")],
)
def test_malformed_conversations_are_told(messages: list[dict[str, str]], wrong: str) -> None:
    with pytest.raises(DataError, match=wrong):
        check_conversation(messages, "line 1")
