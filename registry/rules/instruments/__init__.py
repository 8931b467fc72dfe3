"""Rating scales and screening tools as data, and the scoring of one administration.

A tool is a TOML file beside this one: its owner's wording where that may be shown, its bands, cuts and codes, each
with a source. Nothing about a particular tool is written in Python.
"""

from registry.rules.instruments.definition import (
    SITE_ATTESTED,
    Band,
    Condition,
    Instrument,
    Item,
    Remark,
    Source,
    TargetScale,
    Tier,
    Wording,
)
from registry.rules.instruments.library import (
    INSTRUMENTS,
    TARGET_SCALES,
    UnknownInstrument,
    instrument,
    scale_key_of,
)
from registry.rules.instruments.reading import InstrumentMisdefined, define
from registry.rules.instruments.scoring import (
    ImpossibleScore,
    Scored,
    check_total,
    lowest_critical,
    remarks_on,
    score,
    skipped_items,
)

__all__ = [
    "INSTRUMENTS",
    "SITE_ATTESTED",
    "TARGET_SCALES",
    "Band",
    "Condition",
    "ImpossibleScore",
    "Instrument",
    "InstrumentMisdefined",
    "Item",
    "Remark",
    "Scored",
    "Source",
    "TargetScale",
    "Tier",
    "UnknownInstrument",
    "Wording",
    "check_total",
    "define",
    "instrument",
    "lowest_critical",
    "remarks_on",
    "scale_key_of",
    "score",
    "skipped_items",
]
