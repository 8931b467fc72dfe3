"""What a person changed about how the import reads a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Any
from zoneinfo import ZoneInfo

from caseload.rules.imports.columns import KINDS, SheetKind, fields

NOT_USED = "-"


class CorrectionsUnreadable(ValueError):
    """A correction names something that the import does not know; the message says what."""


ASSUMED = "assumed"
ATTESTED = "attested"
CARE_PLANS = (ASSUMED, ATTESTED, "none")


@dataclass(frozen=True)
class Corrections:
    """Choices that replace what the import would take by itself.

    `kinds` and `columns` are by sheet key; columns by their position, from 0, to a field or NOT_USED.
    `values` are by field: what is written (compared without capitals) to what is meant.
    `defaults` fill blank cells, by field: a clinic, a care manager. `left_out` are keys of sheets that are not to
    be read. `zones` are the time zones of clinics that the import makes, by name; the empty name is for all
    others. `care_plans` says what holds of enrolled patients for whom the files name no care plan, which
    billing needs: one is assumed since enrolment and flagged until somebody has seen it; it is attested by whoever
    imports; or there is none.
    """

    kinds: Mapping[str, SheetKind] = field(default_factory=dict)
    columns: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    zones: Mapping[str, str] = field(default_factory=dict)
    care_plans: str = ASSUMED

    def meant(self, field_key: str, text: str) -> str:
        """What a cell's text means: as corrected, or the field's default where it is blank."""
        meant = self.values.get(field_key, {}).get(text.casefold(), text)
        return meant or self.defaults.get(field_key, "")

    def zone_of(self, clinic: str) -> str:
        """The time zone chosen for a clinic that is to be made; empty where none is."""
        return self.zones.get(clinic) or self.zones.get("", "")


def read_corrections(stored: Mapping[str, Any]) -> Corrections:
    """Corrections from the form in which they are stored. Raises CorrectionsUnreadable."""
    unknown = set(stored) - {part.name for part in dataclass_fields(Corrections)}
    if unknown:
        raise CorrectionsUnreadable(f"There is no part {min(unknown)!r}.")
    columns = {
        sheet: {int(position): _known_field(key) for position, key in chosen.items()}
        for sheet, chosen in stored.get("columns", {}).items()
    }
    values = {
        _known_field(key): {written.casefold(): meant for written, meant in chosen.items()}
        for key, chosen in stored.get("values", {}).items()
    }
    kinds = {sheet: _known_kind(kind) for sheet, kind in stored.get("kinds", {}).items()}
    defaults = {_known_field(key): text for key, text in stored.get("defaults", {}).items()}
    return Corrections(
        kinds=kinds,
        columns=columns,
        values=values,
        defaults=defaults,
        left_out=frozenset(stored.get("left_out", ())),
        zones={clinic: _known_zone(zone) for clinic, zone in stored.get("zones", {}).items()},
        care_plans=_known_care_plans(stored.get("care_plans", ASSUMED)),
    )


def stored_corrections(corrections: Corrections) -> dict[str, Any]:
    """The form in which corrections are stored: what read_corrections reads."""
    return {
        "kinds": dict(corrections.kinds),
        "columns": {
            sheet: {str(position): key for position, key in chosen.items()}
            for sheet, chosen in corrections.columns.items()
        },
        "values": {key: dict(chosen) for key, chosen in corrections.values.items()},
        "defaults": dict(corrections.defaults),
        "left_out": sorted(corrections.left_out),
        "zones": dict(corrections.zones),
        "care_plans": corrections.care_plans,
    }


def _known_field(key: str) -> str:
    if key != NOT_USED and not any(key in fields(kind) for kind in KINDS):
        raise CorrectionsUnreadable(f"There is no field {key!r}.")
    return key


def _known_care_plans(said: str) -> str:
    if said not in CARE_PLANS:
        raise CorrectionsUnreadable(f"Care plans are {', '.join(CARE_PLANS)}, not {said!r}.")
    return said


def _known_kind(kind: str) -> SheetKind:
    for known in KINDS:
        if kind == known:
            return known
    raise CorrectionsUnreadable(f"A sheet holds patients or contacts, not {kind!r}.")


def _known_zone(zone: str) -> str:
    try:
        return ZoneInfo(zone).key
    except (ValueError, KeyError, OSError) as error:
        raise CorrectionsUnreadable(f"{zone!r} is no time zone; write one like America/Chicago.") from error
