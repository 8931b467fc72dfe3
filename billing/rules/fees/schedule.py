"""Reading the fee schedules, and what one unit of a code pays by them on a day."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from billing.rules.books.library import SHELF as BOOKS
from billing.rules.books.reading import BookMisdefined, read_citation, read_sources
from billing.rules.facts import QUALIFYING
from billing.rules.findings import Citation, Source

SHELF = Path(__file__).parent
PINS = "pins"
CENT = Decimal("0.01")
FACTOR = r"\d+\.\d{4}"
UNITS = r"\d+\.\d\d"
NONFACILITY, FACILITY = "nonfacility", "facility"


class FeesMisdefined(ValueError):
    """A fee schedule lacks a field, has one too many, a number of the wrong form, or no source."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """Dollars for one relative value unit from a day on; `qualifying` of clinicians who are qualifying APM
    participants, the same for all where the year knows one factor.
    """

    from_on: date
    standard: Decimal
    qualifying: Decimal
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Units:
    """Relative value units of a code outside and inside a facility; None where no source gave them."""

    nonfacility: Decimal | None
    facility: Decimal | None
    citation: Citation


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """One year's fee schedule of some payer families. `sha256` is of its file."""

    id: str
    families: tuple[str, ...]
    year: int
    title: str
    sha256: str
    conversions: tuple[Conversion, ...]
    units: Mapping[str, Units]

    def conversion_on(self, on: date) -> Conversion | None:
        """The factor of a day of the year; None before the first."""
        return next((one for one in reversed(self.conversions) if one.from_on <= on), None)

    def amount(self, code: str, on: date, conversion: str, *, facility: bool) -> Decimal | None:
        """Dollars of one unit, rounded half up to the cent; None where the units or the factor are unknown."""
        units, factor = self.units.get(code), self.conversion_on(on)
        value = None if units is None else (units.facility if facility else units.nonfacility)
        if value is None or factor is None:
            return None
        by = factor.qualifying if conversion == QUALIFYING else factor.standard
        return (value * by).quantize(CENT, ROUND_HALF_UP)


@lru_cache(maxsize=4096)
def national_amount(family: str, code: str, on: date, conversion: str, *, facility: bool) -> Decimal | None:
    """What a payer family pays nationally for one unit of a code on a day, in dollars before any deduction.

    `conversion` is `standard` or `qualifying`. None where the family has no national schedule for the year, or it does
    not know the code in that place.
    """
    for schedule in schedules():
        if schedule.year == on.year and family in schedule.families:
            return schedule.amount(code, on, conversion, facility=facility)
    return None


@cache
def schedules() -> tuple[Schedule, ...]:
    """All fee schedules, by year."""
    return load(SHELF)


def load(shelf: Path) -> tuple[Schedule, ...]:
    """The fee schedules of a folder. Raises FeesMisdefined."""
    sources = read_sources(tomllib.loads((BOOKS / "sources.toml").read_text()))
    files = sorted(path for path in shelf.glob("*.toml") if path.stem != PINS)
    found = [_schedule(path.stem, path.read_text(), sources) for path in files]
    years = [(schedule.year, family) for schedule in found for family in schedule.families]
    if len(years) != len(set(years)):
        raise FeesMisdefined("two schedules hold for one family and year")
    return tuple(sorted(found, key=lambda schedule: schedule.year))


def _schedule(name: str, text: str, sources: Mapping[str, Source]) -> Schedule:
    document = tomllib.loads(text)
    if document.keys() - {"units"} != {"families", "year", "title", "conversion"}:
        raise FeesMisdefined(f"{name}: a schedule has families, year, title, conversion and units")
    return Schedule(
        id=name,
        families=tuple(document["families"]),
        year=document["year"],
        title=document["title"],
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        conversions=_conversions(name, document, sources),
        units=MappingProxyType(dict(_units(name, document.get("units", []), sources))),
    )


def _conversions(name: str, document: Mapping[str, Any], sources: Mapping[str, Source]) -> tuple[Conversion, ...]:
    found = [_conversion(name, raw, sources) for raw in document["conversion"]]
    days = [one.from_on for one in found]
    if days != sorted(set(days)) or any(day.year != document["year"] for day in days):
        raise FeesMisdefined(f"{name}: factors are in order of days, all of the year")
    return tuple(found)


def _conversion(name: str, raw: Mapping[str, Any], sources: Mapping[str, Source]) -> Conversion:
    if not {"from_on", "standard"} <= raw.keys() <= {"from_on", "standard", QUALIFYING}:
        raise FeesMisdefined(f"{name}: a factor has from_on, standard and perhaps {QUALIFYING}")
    paths = {key: f"conversion.{raw['from_on']}.{key}" for key in raw if key != "from_on"}
    standard = _number(name, paths["standard"], raw["standard"].get("value"), FACTOR)
    higher = raw.get(QUALIFYING)
    qualifying = standard if higher is None else _number(name, paths[QUALIFYING], higher.get("value"), FACTOR)
    citations = tuple(_cited(name, path, raw[key], sources) for key, path in paths.items())
    return Conversion(raw["from_on"], standard, qualifying, citations)


def _units(name: str, groups: list[Mapping[str, Any]], sources: Mapping[str, Source]) -> Iterator[tuple[str, Units]]:
    """The units of every group; a group says once where its numbers were read."""
    for group in groups:
        if group.keys() - {"cite", "evidence", "confidence", "codes"}:
            raise FeesMisdefined(f"{name}: units have cite, evidence, confidence and codes")
        for code, raw in group["codes"].items():
            if not raw or raw.keys() - {NONFACILITY, FACILITY}:
                raise FeesMisdefined(f"{name}: {code} has {NONFACILITY}, {FACILITY} or both")
            values = {place: _number(name, f"units.{code}", value, UNITS) for place, value in raw.items()}
            citation = _cited(name, f"units.{code}", group, sources)
            yield code, Units(values.get(NONFACILITY), values.get(FACILITY), citation)


def _number(name: str, path: str, raw: object, form: str) -> Decimal:
    if not isinstance(raw, str) or not re.fullmatch(form, raw):
        raise FeesMisdefined(f"{name}: {path} is not a number of the right form")
    return Decimal(raw)


def _cited(name: str, path: str, raw: Mapping[str, Any], sources: Mapping[str, Source]) -> Citation:
    try:
        return read_citation(name, path, raw, sources)
    except BookMisdefined as fault:
        raise FeesMisdefined(str(fault)) from fault
