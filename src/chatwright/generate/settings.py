"""Settings of generation. Loads no torch."""

from __future__ import annotations

from pydantic import Field, model_validator

from chatwright.core.settings import Settings


class GenerateSettings(Settings):
    """How the next token is chosen; the default is greedy."""

    temperature: float = Field(0.0, ge=0, le=10, description="0 is greedy; 1 the model's own distribution")
    top_k: int = Field(
        0, ge=0, description="choose among this many likeliest tokens, and those as likely as the last; 0: all"
    )
    top_p: float = Field(1.0, gt=0, le=1, description="choose among the fewest tokens with this much probability")
    repetition_penalty: float = Field(1.0, ge=1, le=10, description="divides what was already written; 1: off")
    no_repeat_ngram_size: int = Field(
        0,
        ge=0,
        description="so many tokens in a row are never written twice, a decoder's prompt included; 0: off",
    )
    beams: int = Field(1, ge=1, le=64, description="beam search keeps this many beginnings; 1: none is kept")
    candidates: int = Field(
        1, ge=1, le=1024, description="so many answers are drawn, and the one that agrees most with the others is kept"
    )
    length_penalty: float = Field(1.0, ge=-5, le=5, description="beams are ranked by log probability / length ** this")
    max_new_tokens: int = Field(160, ge=1, description="the longest answer")
    batch: int = Field(128, ge=1, description="sequences generated together")
    grounded: bool = Field(True, description="answer only about names that the conversation mentions")
    sure_from: float = Field(
        0.3, ge=0, le=1, description="an answer that is less probable is asked back before it is given; 0: never"
    )
    recalled_from: float = Field(
        0.01, gt=0, le=1, description="before refusing: probability from which a mentioned name is answered after all"
    )
    seed: int = Field(0, ge=0, description="of sampling; each sequence draws from a stream of its own")

    @property
    def signature(self) -> str:
        """What is written depends on it: the settings that choose tokens."""
        beside = {"batch", "grounded", "sure_from", "recalled_from"}
        told = self.model_dump(exclude_defaults=True, exclude=beside) | {"max_new_tokens": self.max_new_tokens}
        way = "sampled" if self.temperature else "beam search" if self.beams > 1 else "greedy"
        return "|".join([way, *(f"{name}:{value}" for name, value in told.items())])

    @model_validator(mode="after")
    def _what_chooses_excludes_the_rest(self) -> GenerateSettings:
        if self.beams > 1 and (self.temperature > 0 or self.repetition_penalty > 1):
            raise ValueError(
                "beams exclude temperature and repetition_penalty: beam search samples and penalises nothing"
            )
        if self.candidates > 1 and self.temperature == 0:
            raise ValueError("candidates are drawn: they need a temperature above 0")
        return self
