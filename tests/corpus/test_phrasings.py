import random
import re

import pytest

from chatwright.corpus import evaluation_phrasings, training_phrasings
from chatwright.corpus.small_talk import INTENTS
from chatwright.corpus.surface import described, surface
from chatwright.corpus.voice import EVALUATION, TRAINING, slip

SLOTS = {"which": {"description"}, "section.which": {"description"}, "summary": {"text"}}
GROUPS_WITHOUT_SLOT = (
    "then.arguments",
    "then.module",
    "section.then.module",
    "then.kind",
    "then.again",
    "then.does",
    "then.name",
)


def normalised(text: str) -> str:
    return " ".join(re.findall(r"[a-z{}]+", text.lower()))


def all_templates(phrasings: dict[str, tuple[str, ...]]) -> set[str]:
    return {normalised(text) for texts in phrasings.values() for text in texts}


def test_evaluation_never_asks_as_training_does() -> None:
    assert not all_templates(training_phrasings.PHRASINGS) & all_templates(evaluation_phrasings.PHRASINGS)
    openers = [{normalised(text) for text, _ in side.OPENERS} for side in (training_phrasings, evaluation_phrasings)]
    closers = [{normalised(text) for text in side.CLOSERS} for side in (training_phrasings, evaluation_phrasings)]
    assert not openers[0] & openers[1] and not closers[0] & closers[1]


def test_both_sides_have_the_same_groups_and_training_has_more() -> None:
    train, evaluation = training_phrasings.PHRASINGS, evaluation_phrasings.PHRASINGS
    assert set(train) == set(evaluation)
    assert all(len(train[group]) > len(evaluation[group]) >= 2 for group in train)
    assert len(train["what"]) >= 60


@pytest.mark.parametrize("side", [training_phrasings, evaluation_phrasings])
def test_templates_are_distinct_and_have_their_slot_once(side: object) -> None:
    for group, texts in side.PHRASINGS.items():  # type: ignore[attr-defined]
        assert len({normalised(text) for text in texts}) >= len(texts) - 1, group  # "{name}" and "{name}?"
        wanted = set() if group in GROUPS_WITHOUT_SLOT else SLOTS.get(group, {"name"})
        for text in texts:
            assert re.findall(r"\{(\w+)\}", text) == list(wanted), text


def test_small_talk_sides_differ_and_are_large_enough() -> None:
    training = {normalised(text) or text for intent in INTENTS for text in intent.training}
    evaluation = {normalised(text) or text for intent in INTENTS for text in intent.evaluation}
    assert not training & evaluation
    assert all(len(intent.training) >= 8 and len(intent.evaluation) >= 2 for intent in INTENTS)


def test_picks_use_every_template_before_one_comes_again() -> None:
    count = len(TRAINING.templates("what", "what.callable"))
    picked = [TRAINING.pick(12345, turn, "what", "what.callable")[0] for turn in range(count)]
    assert len(set(picked)) == count


@pytest.mark.parametrize("voice", [TRAINING, EVALUATION])
def test_the_words_in_the_slot_are_never_touched(voice: object) -> None:
    rng = random.Random(1)
    name = "Some.ODD_name(with='Stops.?!')"
    for _ in range(300):
        template = voice.any(rng, "what")[1]  # type: ignore[attr-defined]
        assert name in voice.say(template, rng, name=name)  # type: ignore[attr-defined]


def test_a_slip_changes_one_word_by_little() -> None:
    rng = random.Random(2)
    for _ in range(200):
        text = slip("What does {name} really do there?", rng)
        assert "{name}" in text and abs(len(text) - len("What does {name} really do there?")) <= 1


@pytest.mark.parametrize("kind", ["function", "class", "method", "property", "module", "topic"])
def test_names_of_code_are_spelt_as_they_are(kind: str) -> None:
    rng = random.Random(3)
    forms = {surface("os.path.join", kind, rng) for _ in range(200)}
    assert len(forms) >= 5 and all("os.path.join" in form for form in forms)
    assert any("()" in form for form in forms) == (kind in {"function", "class", "method"})


def test_descriptions_keep_their_words() -> None:
    rng = random.Random(4)
    forms = {described("Return the URL of it.", rng) for _ in range(50)}
    assert forms == {'"Return the URL of it."', "return the URL of it"}
    assert "URL of it" in {described("URL of it.", rng) for _ in range(50)}
