"""The chat template: a conversation as ids, and which of them the model learns to write.

    <|system|>…<|user|>question<|assistant|>answer<|end|><|user|>…

Loss falls on what the assistant says and on the `<|end|>` after it, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chatwright.core.errors import DataError
from chatwright.tokens.tokenizer import ASSISTANT, END, PAD, SYSTEM, USER, Tokenizer

Message = Mapping[str, str]  # {"role": "user" | "assistant" | "system", "content": …}
_ROLES = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}

# The same template in the language of stock tokenizers, for folders that other programs load.
JINJA = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'assistant' -%}{{ '<|assistant|>' + message['content'] + '<|end|>' }}"
    "{%- else -%}{{ '<|' + message['role'] + '|>' + message['content'] }}{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}"
)

# What stock programs need beside `tokenizer.json` (`tokenizer_config.json`).
STOCK_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "pad_token": PAD,
    "eos_token": END,
    "chat_template": JINJA,
    "clean_up_tokenization_spaces": False,
}


def check_conversation(messages: Sequence[Message], where: str) -> None:
    """Raise `DataError` unless every message has a known role and text as its content."""
    if not messages:
        raise DataError("a conversation needs at least one message", where=where)
    for index, message in enumerate(messages):
        if not isinstance(message, Mapping) or message.get("role") not in _ROLES:
            raise DataError(
                f"message {index + 1} has no role of {', '.join(_ROLES)}",
                where=where,
                remedy='write {"role": "user", "content": "…"}',
            )
        if not isinstance(message.get("content"), str):
            raise DataError(f"message {index + 1} has no text as its content", where=where)


def encode_prompt(tokenizer: Tokenizer, messages: Sequence[Message]) -> list[int]:
    """Ids up to where the assistant speaks next."""
    ids: list[int] = []
    for message, content in zip(messages, tokenizer.encode_batch([m["content"] for m in messages]), strict=True):
        ids += [tokenizer.control[_ROLES[message["role"]]], *content]
        if message["role"] == "assistant":
            ids.append(tokenizer.control[END])
    return [*ids, tokenizer.control[ASSISTANT]]


def encode_conversations(
    tokenizer: Tokenizer, conversations: Sequence[Sequence[Message]]
) -> list[tuple[list[int], list[bool]]]:
    """Ids and loss mask of whole conversations, all texts encoded in one batch."""
    flat = [message["content"] for messages in conversations for message in messages]
    contents = iter(tokenizer.encode_batch(flat))
    encoded = []
    for messages in conversations:
        ids: list[int] = []
        loss: list[bool] = []
        for message in messages:
            content = next(contents)
            spoken = message["role"] == "assistant"
            ids += [tokenizer.control[_ROLES[message["role"]]], *content]
            loss += [False, *[spoken] * len(content)]
            if spoken:
                ids.append(tokenizer.control[END])
                loss.append(True)
        encoded.append((ids, loss))
    return encoded
