import random
from dataclasses import asdict

from chatwright.corpus.knowledge import Knowledge
from chatwright.corpus.made_up import EVALUATION_WORDS, TRAINING_WORDS, NameMaker


def test_made_up_names_are_never_real(knowledge: Knowledge) -> None:
    names = {name.casefold() for name in knowledge.names}
    short = {name.rpartition(".")[2] for name in names}
    for evaluation in (False, True):
        maker, rng = NameMaker(knowledge, evaluation=evaluation), random.Random(5)
        made = [maker.make(rng) for _ in range(3_000)]
        assert not {one.name.casefold() for one in made} & names
        assert not {one.name.casefold() for one in made if "." not in one.name} & short
        assert len({one.name for one in made}) > 2_000
        assert len({one.way for one in made}) >= 8


def test_evaluation_has_words_of_its_own_in_the_same_ways(knowledge: Knowledge) -> None:
    made = {}
    for evaluation in (False, True):
        maker, rng = NameMaker(knowledge, evaluation=evaluation), random.Random(6)
        made[evaluation] = [maker.make(rng) for _ in range(4_000)]
    assert {one.way for one in made[True]} == {one.way for one in made[False]} >= {"prefix", "suffix", "joined"}
    invented = {"compound", "verb", "nonsense", "module", "bare", "class"}
    words = {side: {one.name.rpartition(".")[2] for one in made[side] if one.way in invented} for side in made}
    assert not words[True] & words[False]
    trained, asked = asdict(TRAINING_WORDS), asdict(EVALUATION_WORDS)
    for kind, words_of_kind in trained.items():
        assert words_of_kind and asked[kind] and not set(words_of_kind) & set(asked[kind]), kind


def test_names_outside_the_facts_are_known_to_exist(knowledge: Knowledge) -> None:
    maker = NameMaker(knowledge, evaluation=False)
    for name in ("os.environ", "sys.stdin", "OS.PATH.JOIN", "environ", "while", "exit", "asyncio.queues"):
        assert maker.is_real(name) == (name != "sys.stdin"), name  # sys was not read here, os was
