import random
import re

import pytest

from chatwright.corpus.pools import CLOSERS, OPENERS, SMALL_TALK, Kernels, Side, normalised, outside, sides, split
from chatwright.corpus.small_talk import INTENTS
from chatwright.corpus.surface import described, surface
from chatwright.corpus.voice import EVALUATION, TRAINING, Voice, slip

TRAINED, ASKED = sides()["training"], sides()["evaluation"]
NAME, DESCRIPTION, TEXT = ["name"], ["description"], ["text"]
SLOTS = {
    **dict.fromkeys(("what", "what.callable", "what.module", "section.what", "arguments"), NAME),
    **dict.fromkeys(("then.other", "then.difference"), NAME),
    **dict.fromkeys(("which", "section.which"), DESCRIPTION),
    "summary": TEXT,
}


def words(pools: dict[str, tuple[str, ...]]) -> set[str]:
    return {normalised(text) for texts in pools.values() for text in texts}


def test_evaluation_never_asks_as_training_does() -> None:
    assert not words(TRAINED) & words(ASKED)


def test_no_greeting_or_closing_makes_a_trained_phrasing_of_one_that_is_asked() -> None:
    asked = words({group: texts for group, texts in ASKED.items() if not group.startswith(SMALL_TALK)})
    openers, closers = words({OPENERS: TRAINED[OPENERS]}), words({CLOSERS: TRAINED[CLOSERS]})
    for group, texts in TRAINED.items():
        if group in {OPENERS, CLOSERS} or group.startswith(SMALL_TALK):
            continue
        for text in map(normalised, texts):
            assert not {f"{opener} {text}" for opener in openers} & asked, text
            assert not {f"{text} {closer}" for closer in closers} & asked, text


def test_no_outsider_asks_as_training_does() -> None:
    asked, trained = words({"outside": outside()}), words(TRAINED)
    openers, closers = words({OPENERS: TRAINED[OPENERS]}), words({CLOSERS: TRAINED[CLOSERS]})
    assert len(outside()) >= 80
    assert not asked & trained
    assert not asked & {f"{opener} {text}" for opener in openers for text in trained}
    assert not asked & {f"{text} {closer}" for closer in closers for text in trained}


def test_every_group_has_enough_on_both_sides() -> None:
    assert set(TRAINED) == set(ASKED)
    for group in TRAINED:
        fewest = 2 if group.startswith(SMALL_TALK) else 3
        assert len(TRAINED[group]) > len(ASKED[group]) >= fewest, group
        assert len({normalised(text) for text in ASKED[group]}) >= fewest, group
    assert all(len(TRAINED[f"{SMALL_TALK}{intent.name}"]) >= 8 for intent in INTENTS)
    assert len(ASKED["what"]) / len(ASKED["what"] + TRAINED["what"]) == pytest.approx(0.12, abs=0.04)


@pytest.mark.parametrize("side", ["training", "evaluation"])
def test_templates_are_distinct_and_have_their_slot_once(side: Side) -> None:
    for group, texts in sides()[side].items():
        assert len({text.casefold() for text in texts}) == len(texts), group
        for text in texts:
            assert text == " ".join(text.split()), text
            assert re.findall(r"\{(\w+)\}", text) == SLOTS.get(group, []), (group, text)


def test_a_phrasing_stays_on_its_side_when_others_come() -> None:
    few = {"what": tuple(f"What is {word} {{name}}?" for word in "abcdefghijklmnopqrst")}
    more = {"what": (*few["what"], *(f"Explain {word} {{name}}." for word in "abcdefghijklmnopqrst"))}
    trained = split(few)["training"]["what"]
    assert set(trained) <= set(split(more)["training"]["what"])


def test_the_same_words_go_to_the_same_side() -> None:
    texts = [f"What is {word} {{name}}?" for word in "abcdefghijklmnopqrstuvwxyz"]
    forms = {form: tuple(form.format(text) for text in texts) for form in ("{}", "So, {}", "{} thanks")}
    pools = {**forms, "short": tuple(text.replace("What is", "whats") for text in texts)}
    made = split({**pools, OPENERS: ("So,", "Hi!", "Hey,", "Ok,"), CLOSERS: ("Thanks!", "Please.", "Bye.", "Cheers.")})
    asked = {
        group: [at for at, text in enumerate(pools[group]) if text in made["evaluation"][group]] for group in pools
    }
    assert asked["{}"] and all(numbers == asked["{}"] for numbers in asked.values())


def test_the_kernel_is_what_is_asked() -> None:
    kernels = Kernels({OPENERS: ("Hi,", "Hi there,"), CLOSERS: ("Thanks!",)})
    assert kernels.of("Hi there, what's {name}? Thanks!", "what") == "what is {name}"
    assert kernels.of("Hi", "what") == "hi"
    assert kernels.of("Hi there!", f"{SMALL_TALK}greeting") == "hi there"


def test_picks_use_every_template_before_one_comes_again() -> None:
    count = len(TRAINING.templates("what", "what.callable"))
    picked = [TRAINING.pick(12345, turn, "what", "what.callable")[0] for turn in range(count)]
    assert len(set(picked)) == count


@pytest.mark.parametrize("voice", [TRAINING, EVALUATION])
def test_the_words_in_the_slot_are_never_touched(voice: Voice) -> None:
    rng = random.Random(1)
    name = "Some.ODD_name(with='Stops.?!')"
    for _ in range(300):
        template = voice.any(rng, "what")[1]
        assert name in voice.say(template, rng, name=name)


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
