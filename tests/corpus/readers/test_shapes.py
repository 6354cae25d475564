import pytest

from chatwright.corpus.readers.found import Broken
from chatwright.corpus.readers.shapes import is_pair, is_shape, rendered

USER, ASSISTANT = {"role": "user", "content": "Q"}, {"role": "assistant", "content": "good"}
SHAPES: list[tuple[dict[str, object], str]] = [
    ({"instruction": "Add.", "input": "1 and 2", "output": "3"}, "Add.\n1 and 2\n\n3"),
    ({"instruction": "Sing.", "input": "", "output": "La"}, "Sing.\n\nLa"),
    ({"instruction": "Sing.", "context": None, "response": "La"}, "Sing.\n\nLa"),
    ({"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]}, "Q\n\nA"),
    ({"messages": [{"role": "system", "content": "Be"}, USER, {"role": "assistant", "content": None}]}, "Q"),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Q"}, {"type": "image_url"}]}]}, "Q"),
    ({"prompt": "Q", "chosen": "good", "rejected": "bad"}, "Q\n\ngood"),
    ({"chosen": "\n\nHuman: Q\n\nAssistant: good", "rejected": "\n\nHuman: Q\n\nAssistant: bad"}, "Q\n\ngood"),
    ({"prompt": [USER], "chosen": [USER, ASSISTANT], "rejected": []}, "Q\n\ngood"),
    ({"conversations": [USER], "chosen": {"from": "gpt", "value": "good"}, "rejected": {}}, "Q\n\ngood"),
]


@pytest.mark.parametrize(("row", "text"), SHAPES)
def test_shapes_are_recognised_and_rendered(row: dict[str, object], text: str) -> None:
    assert is_shape(row) and rendered(row) == text


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"instruction": "Add.", "output": ""}, "row has no text"),
        ({"instruction": ["Add."], "output": "3"}, "column is no text"),
        ({"messages": ["Q", "A"]}, "turn is no object"),
        ({"messages": [{"role": "user", "content": {"a": 1}}]}, "turn without text"),
        ({"messages": []}, "row has no text"),
        ({"prompt": "Q", "chosen": 5, "rejected": "x"}, "row holds no turns"),
    ],
)
def test_rows_that_break_their_promise(row: dict[str, object], rule: str) -> None:
    with pytest.raises(Broken) as caught:
        rendered(row)
    assert caught.value.rule == rule


def test_pairs_are_told_only_of_rows_without_text() -> None:
    row = {"question": "Q", "answer": "A"}
    assert not is_shape(row) and is_pair(row) and rendered(row) == "Q\n\nA"
    assert not is_shape({"text": "a", "messages": "b"})
