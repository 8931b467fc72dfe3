"""What a person changed about how the import reads a file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Any
from zoneinfo import ZoneInfo

from caseload.rules.imports.columns import KINDS, SheetKind, fields

NOT_USED = "-"
# What a word can be taken for besides a word of ours: the row is none of the import's.
LEFT_OUT = "(left out)"

ASSUMED = "assumed"
ATTESTED = "attested"
CARE_PLANS = (ASSUMED, ATTESTED, "none")

MONTH_FIRST = "month_first"
DAY_FIRST = "day_first"
DATE_ORDERS = (MONTH_FIRST, DAY_FIRST)

ON_RECORD = "record"
REFERRED = "referrals"
UNENROLLED = (ON_RECORD, REFERRED)

SAME = "same:"
NEW = "new"
SKIP = "skip"


class CorrectionsUnreadable(ValueError):
    """A correction names something that the import does not know; the message says what."""


@dataclass(frozen=True)
class Corrections:
    """Choices that replace what the import would take by itself.

    By sheet key: `kinds`; `header_rows`, from 1, 0 for a sheet without headings; `columns` by their position, from 0,
    to a field or NOT_USED; `date_orders` of dates written with numbers only (the empty key is for all sheets);
    `followed`, the name of the saved mapping that chose for it.
    `values` are by field: what is written (compared without capitals) to what is meant, NOT_USED for nothing,
    LEFT_OUT for rows that are not to be imported.
    `defaults` fill blank cells, by field: a clinic, a care manager. `left_out` are keys of sheets that are not to
    be read. `zones` are the time zones of clinics that the import makes, by name; the empty name is for all
    others. `care_plans` says what holds of enrolled patients for whom the files name no care plan, which
    billing needs: one is assumed since enrolment and flagged until somebody has seen it; it is attested by whoever
    imports; or there is none. `unenrolled` says what becomes of patients without a date of enrolment: they are only
    kept on record, or become referrals. `answers` are by row: who a row means whose patient is in doubt, one on
    record (SAME and its key), somebody NEW, or nobody (SKIP); `others` holds for such rows without an answer.
    """

    kinds: Mapping[str, SheetKind] = field(default_factory=dict)
    header_rows: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    date_orders: Mapping[str, str] = field(default_factory=dict)
    followed: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    zones: Mapping[str, str] = field(default_factory=dict)
    care_plans: str = ASSUMED
    unenrolled: str = ON_RECORD
    answers: Mapping[str, str] = field(default_factory=dict)
    others: str = ""

    def meant(self, field_key: str, text: str) -> str:
        """What a cell's text means: as corrected, or the field's default where it is blank."""
        meant = self.values.get(field_key, {}).get(text.casefold(), text)
        return meant or self.defaults.get(field_key, "")

    def zone_of(self, clinic: str) -> str:
        """The time zone chosen for a clinic that is to be made; empty where none is."""
        return self.zones.get(clinic) or self.zones.get("", "")

    def date_order(self, sheet: str) -> str:
        """Whether dates of numbers only are month first or day first; empty where nobody has said."""
        return self.date_orders.get(sheet) or self.date_orders.get("", "")

    def answer(self, row: str) -> str:
        """Who a row is said to mean: SAME and a key, NEW, SKIP, or empty where nobody has said."""
        return self.answers.get(row) or self.others


def read_corrections(stored: Mapping[str, Any]) -> Corrections:
    """Corrections from the form in which they are stored. Raises CorrectionsUnreadable."""
    unknown = set(stored) - {part.name for part in dataclass_fields(Corrections)}
    if unknown:
        raise CorrectionsUnreadable(f"There is no part {min(unknown)!r}.")
    return Corrections(
        **{
            part.name: _READ[part.name](stored[part.name])
            for part in dataclass_fields(Corrections)
            if part.name in stored
        }
    )


def stored_corrections(corrections: Corrections) -> dict[str, Any]:
    """The form in which corrections are stored: what read_corrections reads."""
    plain = {part.name: getattr(corrections, part.name) for part in dataclass_fields(Corrections)}
    return {
        **{name: dict(value) if isinstance(value, Mapping) else value for name, value in plain.items()},
        "columns": {
            sheet: {str(position): key for position, key in chosen.items()}
            for sheet, chosen in corrections.columns.items()
        },
        "values": {key: dict(chosen) for key, chosen in corrections.values.items()},
        "left_out": sorted(corrections.left_out),
    }


def _columns(stored: Mapping[str, Any]) -> dict[str, dict[int, str]]:
    return {
        sheet: {int(position): _known_field(key) for position, key in chosen.items()}
        for sheet, chosen in stored.items()
    }


def _values(stored: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {
        _known_field(key): {written.casefold(): meant for written, meant in chosen.items()}
        for key, chosen in stored.items()
    }


def _defaults(stored: Mapping[str, str]) -> dict[str, str]:
    return {_known_field(key): text for key, text in stored.items()}


def _each(known: Callable[[Any], Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda stored: {key: known(value) for key, value in stored.items()}


def _one_of(words: tuple[str, ...], what: str) -> Callable[[str], str]:
    def known(said: str) -> str:
        if said not in words:
            raise CorrectionsUnreadable(f"{what} {', '.join(word for word in words if word)}, not {said!r}.")
        return said

    return known


def _known_field(key: str) -> str:
    if key != NOT_USED and not any(key in fields(kind) for kind in KINDS):
        raise CorrectionsUnreadable(f"There is no field {key!r}.")
    return key


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


def _known_answer(said: str) -> str:
    if said in (NEW, SKIP) or said.startswith(SAME):
        return said
    raise CorrectionsUnreadable(f"A row means somebody on record, somebody new or nobody, not {said!r}.")


_READ: Mapping[str, Callable[[Any], Any]] = {
    "kinds": _each(_known_kind),
    "header_rows": _each(int),
    "columns": _columns,
    "date_orders": _each(_one_of(DATE_ORDERS, "Dates are")),
    "followed": _each(str),
    "values": _values,
    "defaults": _defaults,
    "left_out": frozenset,
    "zones": _each(_known_zone),
    "care_plans": _one_of(CARE_PLANS, "Care plans are"),
    "unenrolled": _one_of(UNENROLLED, "Patients without enrolment become"),
    "answers": _each(_known_answer),
    "others": _one_of(("", NEW, SKIP), "Rows without an answer are"),
}
