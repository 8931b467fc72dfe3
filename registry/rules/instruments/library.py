"""The scales that ship with the product."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from registry.rules.instruments.definition import Instrument, define


class UnknownInstrument(KeyError):
    """No scale of this key is defined here."""


def _load() -> Mapping[str, Instrument]:
    files = sorted(Path(__file__).parent.glob("*.toml"))
    made = [define(tomllib.loads(file.read_text(encoding="utf-8"))) for file in files]
    return MappingProxyType({each.key: each for each in made})


INSTRUMENTS = _load()


def instrument(key: str) -> Instrument:
    """The scale `key` ("phq9", "gad7"); raises UnknownInstrument."""
    try:
        return INSTRUMENTS[key]
    except KeyError:
        raise UnknownInstrument(key) from None
