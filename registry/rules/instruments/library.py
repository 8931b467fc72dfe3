"""The tools that ship with the product."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from registry.rules.instruments.definition import Instrument, TargetScale
from registry.rules.instruments.reading import define


class UnknownInstrument(KeyError):
    """No tool of this key is defined here."""


def _load() -> Mapping[str, Instrument]:
    files = sorted(Path(__file__).parent.glob("*.toml"))
    made = [define(tomllib.loads(file.read_text(encoding="utf-8"))) for file in files]
    return MappingProxyType({each.key: each for each in made})


INSTRUMENTS = _load()

# The scales that an episode can be steered by. A tool that counts as another is no scale of its own.
TARGET_SCALES: Mapping[str, TargetScale] = MappingProxyType(
    {key: made for key, made in INSTRUMENTS.items() if isinstance(made, TargetScale) and not made.counts_as}
)


def instrument(key: str) -> Instrument:
    """The tool `key` ("phq9", "cssrs"); raises UnknownInstrument."""
    try:
        return INSTRUMENTS[key]
    except KeyError:
        raise UnknownInstrument(key) from None


def scale_key_of(key: str) -> str:
    """The scale that scores of `key` count for ("phq9" for "phqa"); a tool unknown here counts for itself."""
    known = INSTRUMENTS.get(key)
    return known.scale_key if known else key
