"""Rating scales as data, and the scoring of one administration.

A scale is a TOML file beside this one: its owner's wording, its bands, cuts and codes, each with a source.
Nothing about a particular scale is written in Python.
"""

from registry.rules.instruments.definition import (
    Band,
    Instrument,
    InstrumentMisdefined,
    Item,
    Source,
    Wording,
    define,
)
from registry.rules.instruments.library import INSTRUMENTS, UnknownInstrument, instrument
from registry.rules.instruments.scoring import ImpossibleScore, Scored, check_total, score

__all__ = [
    "INSTRUMENTS",
    "Band",
    "ImpossibleScore",
    "Instrument",
    "InstrumentMisdefined",
    "Item",
    "Scored",
    "Source",
    "UnknownInstrument",
    "Wording",
    "check_total",
    "define",
    "instrument",
    "score",
]
