"""Our templates. Texts from data and models are escaped; only our own pictures and marks are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatwright.report import formats

if TYPE_CHECKING:
    from jinja2 import Template


def template(name: str) -> Template:
    """The template of this name, with the spellings of `formats` as its filters."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("chatwright.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=formats.percent,
        duration=formats.duration,
        number=formats.number,
        moment=formats.moment,
        sentence=formats.sentence,
        words=formats.words,
        visible=formats.visible,
    )
    return environment.get_template(name)
