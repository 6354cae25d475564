"""Names that do not exist, made fresh: likely-looking, and never one that is real.

Training and evaluation make them in the same ways, out of different words; training makes more of
those that look most like real ones.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from chatwright.corpus.knowledge import SECTION, Knowledge, short_name

_TRIES = 30


def _words(text: str) -> list[str]:
    return text.split()


_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class _Words:
    verbs: list[str]
    nouns: list[str]
    syllables: list[str]
    prefixes: list[str]
    suffixes: list[str]
    subjects: list[str]  # of headings, in capitals
    activities: list[str]  # of headings


TRAINING_WORDS = _Words(
    verbs=_words(
        "frobnicate teleport gather push pull fetch grab shuffle merge inflate deflate rotate resolve scan "
        "sweep collapse expand polish sharpen measure weigh refresh rewind replay reorder squeeze stretch "
        "flatten blend mirror harvest detach attach promote demote balance cascade dispatch forward recycle "
        "sanitize simplify stabilize synchronize tabulate transmit unroll unfold validate verify visualize "
        "wrap zip launch land capture"
    ),
    nouns=_words(
        "all back item items once value values tree table cloud engine buffer stream record records packet "
        "token color shape number numbers text line lines file files folder cache queue stack graph node "
        "nodes edge matrix vector price weight bucket banana signal window frame image pixel letter word "
        "words page pages index key keys rule rules client server user users session report mirror garden "
        "planet robot"
    ),
    syllables=_words("zor blat quix fen mar tol vib dra nop gul pim sek wub yat lorn kesh thrum bax cron dil"),
    prefixes=_words("get try safe fast async do make to re set is pre un auto my super new all"),
    suffixes=_words(
        "all async back safe fast many once next now iter lazy ex ng list text map plus two done raw ready"
    ),
    subjects=_words(
        "Submarine Espresso Penguin Volcano Trombone Origami Glacier Saxophone Pancake Meteor Lighthouse Tapestry"
    ),
    activities=_words("maintenance racing insurance etiquette repair forecasts breeding taxation tourism lessons"),
)
EVALUATION_WORDS = _Words(
    verbs=_words(
        "quibble conjure siphon juggle annotate untangle levitate embroider decimate calibrate braid "
        "transpile hydrate memorize paginate throttle unravel vectorize whisper barter"
    ),
    nouns=_words(
        "widget ledger turbine lantern sprocket beacon canvas glacier orchard parcel quiver rudder saddle "
        "thimble voucher wagon zeppelin nebula pebble chimney"
    ),
    syllables=_words("ploo vash gren twil omb skei rund zaph jorl hask mip quen"),
    prefixes=_words("quick multi sub force lazily ensure meta over"),
    suffixes=_words("later strict deep twice quietly pro parts checked"),
    subjects=_words("Walrus Harpsichord Marmalade Comet Windmill Porcelain Dragonfly Bagpipe"),
    activities=_words("polishing championships folklore smuggling restoration"),
)


@dataclass(frozen=True)
class MadeUp:
    """A name that does not exist, the kind it seems to be, and the way in which it was made."""

    name: str
    kind: str
    way: str


class NameMaker:
    """Makes names that no real one equals, whatever the case of its letters."""

    def __init__(self, knowledge: Knowledge, *, evaluation: bool) -> None:
        self._knowledge = knowledge
        self._words = EVALUATION_WORDS if evaluation else TRAINING_WORDS
        code = [fact for fact in knowledge.chosen if fact.kind not in {SECTION, "topic"}]
        self._code = code
        self._prefixes = [(fact.name.rpartition(".")[0], fact.kind) for fact in code if "." in fact.name]
        self._headings = [short_name(fact).split() for fact in knowledge.chosen if fact.kind == SECTION]
        if code:
            ways: list[Callable[[random.Random], MadeUp | None]] = [
                self._compound,
                self._compound,
                self._verb,
                self._nonsense,
                self._graft,
                self._letter,
            ]
            ways += [self._letter, self._suffix, self._module, self._bare, self._class]
            ways += [self._prefix, self._joined]
            if not evaluation:  # what looks most like a real name is practised most
                ways += [self._letter, self._letter, self._graft, self._graft, self._graft, self._bare, self._verb]
        else:
            ways = [self._subject, self._nonsense_heading, self._mixed_heading]
        self._ways = ways

    def make(self, rng: random.Random) -> MadeUp:
        """A fresh made-up name."""
        for _ in range(_TRIES):
            made = rng.choice(self._ways)(rng)
            if made and not self.is_real(made.name):
                return made
        return MadeUp(f"{self._nonsense_word(rng)}_{self._nonsense_word(rng)}", "function", "nonsense")

    def is_real(self, name: str) -> bool:
        """Does the name exist, whole or, where it is a bare word, as the last part of another?"""
        folded = name.casefold()
        return folded in self._knowledge.folded or ("." not in name and folded in self._knowledge.last_parts)

    def _place(self, rng: random.Random) -> tuple[str, str]:
        """A real module or class to put a name into, and the kind of thing that lives there."""
        if not self._prefixes:
            return "", "function"
        prefix, kind = rng.choice(self._prefixes)
        return prefix + ".", "method" if kind in {"method", "property"} else "function"

    def _nonsense_word(self, rng: random.Random) -> str:
        return "".join(rng.choices(self._words.syllables, k=rng.choice((2, 2, 3))))

    def _compound_word(self, rng: random.Random) -> str:
        return f"{rng.choice(self._words.verbs)}{rng.choice(('_', '_', ''))}{rng.choice(self._words.nouns)}"

    def _compound(self, rng: random.Random) -> MadeUp:
        place, kind = self._place(rng)
        return MadeUp(place + self._compound_word(rng), kind, "compound")

    def _verb(self, rng: random.Random) -> MadeUp:
        place, kind = self._place(rng)
        words = self._words.verbs if rng.random() < 0.7 else self._words.nouns
        return MadeUp(place + rng.choice(words), kind, "verb")

    def _nonsense(self, rng: random.Random) -> MadeUp:
        place, kind = self._place(rng)
        return MadeUp(place + self._nonsense_word(rng), kind, "nonsense")

    def _graft(self, rng: random.Random) -> MadeUp | None:
        place, _ = self._place(rng)
        other = rng.choice(self._code)
        if other.kind == "module" or not place:
            return None
        return MadeUp(place + short_name(other), other.kind, "graft")

    def _letter(self, rng: random.Random) -> MadeUp | None:
        fact = rng.choice(self._code)
        head, dot, last = fact.name.rpartition(".")
        for _ in range(rng.choice((1, 1, 2))):
            at = rng.randrange(len(last) + 1)
            letter = rng.choice(_LETTERS)
            if rng.random() < 0.6 and at < len(last):
                last = last[:at] + letter + last[at + 1 :]
            elif rng.random() < 0.5 and len(last) > 4 and at < len(last):
                last = last[:at] + last[at + 1 :]
            else:
                last = last[:at] + letter + last[at:]
        return MadeUp(head + dot + last, fact.kind, "letter") if last.isidentifier() else None

    def _suffix(self, rng: random.Random) -> MadeUp:
        fact = rng.choice(self._code)
        suffix = rng.choice(self._words.suffixes)
        return MadeUp(
            f"{fact.name}_{suffix}" if fact.kind != "class" else fact.name + suffix.title(),
            fact.kind,
            "suffix",
        )

    def _module(self, rng: random.Random) -> MadeUp:
        word = (
            self._nonsense_word(rng)
            if rng.random() < 0.4
            else rng.choice(self._words.nouns) + rng.choice(self._words.nouns)
        )
        if rng.random() < 0.4:
            return MadeUp(word, "module", "module")
        return MadeUp(f"{word}.{rng.choice(self._words.verbs)}", "function", "module")

    def _bare(self, rng: random.Random) -> MadeUp:
        word = self._compound_word(rng) if rng.random() < 0.5 else rng.choice(self._words.verbs)
        return MadeUp(word, "function", "bare")

    def _class(self, rng: random.Random) -> MadeUp:
        place, kind = self._place(rng)
        word = rng.choice(self._words.verbs).title() + rng.choice(self._words.nouns).title()
        return MadeUp((place if kind == "function" else "") + word, "class", "class")

    def _prefix(self, rng: random.Random) -> MadeUp:
        fact = rng.choice(self._code)
        head, dot, last = fact.name.rpartition(".")
        return MadeUp(f"{head}{dot}{rng.choice(self._words.prefixes)}_{last}", fact.kind, "prefix")

    def _joined(self, rng: random.Random) -> MadeUp:
        one, other = rng.choice(self._code), rng.choice(self._code)
        return MadeUp(f"{one.name}_{short_name(other)}", one.kind, "joined")

    def _subject(self, rng: random.Random) -> MadeUp:
        subject = rng.choice(self._words.subjects)
        if rng.random() < 0.5 or not self._headings:
            return MadeUp(f"{subject} {rng.choice(self._words.activities)}", SECTION, "subject")
        return MadeUp(f"{subject} {rng.choice(rng.choice(self._headings))}", SECTION, "subject")

    def _nonsense_heading(self, rng: random.Random) -> MadeUp:
        words = [self._nonsense_word(rng).title()]
        if self._headings and rng.random() < 0.5:
            words.append(rng.choice(rng.choice(self._headings)))
        return MadeUp(" ".join(words), SECTION, "nonsense")

    def _mixed_heading(self, rng: random.Random) -> MadeUp | None:
        if len(self._headings) < 2:
            return None
        one, other = rng.sample(self._headings, 2)
        words = [*one[: max(1, len(one) // 2)], *other[len(other) // 2 :]]
        known = set(one) >= set(words) or set(other) >= set(words)
        return None if known or len(words) > 6 else MadeUp(" ".join(words), SECTION, "mixed")
