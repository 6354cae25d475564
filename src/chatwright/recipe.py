"""The recipe: each room's settings, composed; read from TOML, checked as a whole."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from chatwright.core.errors import Problem, RecipeError, UsageError
from chatwright.core.settings import Settings
from chatwright.corpus.collection.settings import CollectionSettings
from chatwright.corpus.settings import (
    ChatSettings,
    CorpusSettings,
    LabelSettings,
    MessageSettings,
    PairSettings,
    TextSettings,
)
from chatwright.evaluate.settings import EvaluateSettings
from chatwright.generate.settings import GenerateSettings
from chatwright.report.settings import ReportSettings
from chatwright.tokens.settings import DenoisingSettings, MaskingSettings, PackingSettings, TokenizerSettings
from chatwright.train.settings import ClassifySettings, FinetuneSettings, LoraSettings, PlanSettings, TrainSettings


class Recipe(Settings):
    """All that decides a run. `chatwright plan --json` prints one with every default filled in."""

    name: str = Field(min_length=1, pattern=r"^[\w.-]+$", description="names the run folder")
    title: str = Field("", description="the report's heading")
    seed: int = Field(1, ge=0, description="every random choice follows from it")
    story: Literal["chat", "pairs", "labels", "messages", "text"] = Field(
        "chat",
        description="chat: an assistant that knows a corpus; pairs: a model that makes targets of sources; "
        "labels: a classifier of texts; messages: a model that answers as conversations do; "
        "text: a model that has read a text",
    )
    base: str | None = Field(None, description="a pretrained model that messages go on from (--from MODEL)")
    corpus: CorpusSettings = CorpusSettings()
    pairs: PairSettings = PairSettings()
    labels: LabelSettings = LabelSettings()
    messages: MessageSettings = MessageSettings()
    text: TextSettings = TextSettings()
    collection: CollectionSettings = CollectionSettings()
    chat: ChatSettings = ChatSettings()
    tokenizer: TokenizerSettings = TokenizerSettings()
    packing: PackingSettings = PackingSettings()
    denoising: DenoisingSettings = DenoisingSettings()
    masking: MaskingSettings = MaskingSettings()
    plan: PlanSettings = PlanSettings()
    train: TrainSettings = TrainSettings()
    finetune: FinetuneSettings = FinetuneSettings()
    classify: ClassifySettings = ClassifySettings()
    lora: LoraSettings = LoraSettings()
    generate: GenerateSettings = GenerateSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    report: ReportSettings = ReportSettings()

    @model_validator(mode="after")
    def _sources_are_read(self) -> Recipe:
        if self.collection.sources and self.story != "text":
            raise ValueError(f"collection.sources are read by story = 'text'; this one is {self.story!r}")
        if self.collection.sources and (self.text.names or self.text.docs):
            raise ValueError("text.names and --docs are not read beside collection.sources: make a source of them")
        if self.pairs.texts and not self.plan.denoise_share:
            raise ValueError("pairs.texts are read to fill gaps in them: set plan.denoise_share, or pairs.texts = []")
        for name in ("sentence_share", "cloze_share"):
            if getattr(self.denoising, name) and not self.plan.denoise_share:
                raise ValueError(f"denoising.{name} is of the steps that fill gaps: set plan.denoise_share")
        asked = set(self.evaluate.tasks)
        if asked and self.story not in ("text", "messages"):
            raise ValueError(
                "evaluate.tasks are asked of stories 'text' and 'messages': use `chatwright evaluate RUN --tasks`"
            )
        if self.text.objective == "masked" and asked - {"blimp"}:
            others = ", ".join(sorted(asked - {"blimp"}))
            raise ValueError(f"an encoder does not say how a text goes on: leave out {others}")
        if self.story != "pairs" and not self.base and self.finetune.of(self.train) != self.train:
            raise ValueError(
                "finetune.rate_share and finetune.dropout are for pairs, and for messages on a base (--from)"
            )
        if self.story != "pairs" and self.finetune.most_pair_epochs != FinetuneSettings().most_pair_epochs:
            raise ValueError("finetune.most_pair_epochs is for pairs: set plan.most_epochs")
        return self


def shipped_recipes() -> list[str]:
    """Names of the recipes that come with the package."""
    folder = resources.files("chatwright") / "recipes"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_recipe(name: str, overrides: Sequence[str] = (), changes: dict[str, Any] | None = None) -> Recipe:
    """Read a shipped recipe by name or a TOML file by path.

    `overrides` are ``a.b=value`` in TOML's spelling (bare words are strings); `changes` are the
    same from options of the door, ``{"plan.minutes": 5.0}``. Every mistake is in one `RecipeError`.
    """
    values = _parse(name)
    problems: list[Problem] = []
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key.strip():
            problems.append(Problem(override, "is not of the form section.key=value", "--set train.learning_rate=0.01"))
            continue
        _put(values, key.strip(), _value(text.strip()), problems)
    for key, value in (changes or {}).items():
        if value is not None:
            _put(values, key, value, problems)
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        problems += [_problem(detail) for detail in error.errors()]
        raise RecipeError(name, problems) from None
    if problems:
        raise RecipeError(name, problems)
    return recipe


def _parse(name: str, extended_by: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a recipe's file says, on top of what the recipe says that it `extends`."""
    values = _read(name)
    base = values.pop("extends", None)
    if base is None:
        return values
    if not isinstance(base, str):
        problem = Problem("extends", f"is {base!r}, not a recipe", "name a shipped recipe or a .toml file")
        raise RecipeError(name, [problem])
    if base.endswith(".toml"):
        base = str((Path(name).parent / base).resolve())
    chain = (*extended_by, str(Path(name).resolve()) if name.endswith(".toml") else name)
    if base in chain:
        raise UsageError("these recipes extend each other in a circle", where=" → ".join((*chain, base)))
    return _on_top(_parse(base, chain), values)


def _on_top(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Both, section by section; what stands above counts."""
    merged = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            merged[key] = _on_top(below[key], above[key])
    return merged


def _read(name: str) -> dict[str, Any]:
    path = Path(name)
    if path.suffix != ".toml":
        if name not in shipped_recipes():
            near = difflib.get_close_matches(name, shipped_recipes(), 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise UsageError(
                "there is no such recipe",
                where=name,
                remedy=f"{hint}name one of {', '.join(shipped_recipes())}, or a .toml file",
            )
        text = (resources.files("chatwright") / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
    else:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the recipe cannot be read: {error}", where=name) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(name, [Problem("syntax", str(error))]) from None


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _put(values: dict[str, Any], key: str, value: Any, problems: list[Problem]) -> None:
    *sections, last = key.split(".")
    place = values
    for section in sections:
        inner = place.setdefault(section, {})
        if not isinstance(inner, dict):
            problems.append(Problem(key, f"{section!r} is a value, not a section"))
            return
        place = inner
    place[last] = value


def _problem(detail: Any) -> Problem:
    where = ".".join(str(part) for part in detail["loc"]) or "recipe"
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(detail["loc"][-1]), _names(detail["loc"][:-1]), 1, cutoff=0.5)
        names = ", ".join(_names(detail["loc"][:-1]))
        return Problem(where, "is not a key", f"did you mean {near[0]!r}?" if near else f"known here: {names}")
    if detail["type"] == "missing":
        return Problem(where, "is missing")
    return Problem(where, f"{detail['msg'].removeprefix('Value error, ')}; got {detail['input']!r}")


def _names(location: Iterable[Any]) -> list[str]:
    """The keys that are valid at this place of a recipe."""
    model: Any = Recipe
    for part in location:
        field = model.model_fields.get(part)
        if field is None:
            return []
        model = field.annotation
    return list(getattr(model, "model_fields", {}))
