"""Everything that is on record of a patient, table by table, for their copy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db.backends.postgresql.psycopg_any import Range
from django.db.models import DateTimeField, Field, JSONField, Model, Q

from bhi.accounts.queries import people_of
from bhi.tenancy.base import TenantModel
from bhi.tenancy.models import Membership
from billing.rules.record_copy import NEVER, SECTIONS, TABLES, Table, label_of
from registry.models import Patient
from registry.rules.instruments.library import INSTRUMENTS

People = Mapping[UUID, Membership]
_TOLD_BY_NAME: Final = frozenset({"tenancy.Clinic", "registry.Payer", "registry.TreatingClinician"})
# Files that were sent as tests asked nobody for anything: their claims are none, and neither is what was said of them.
_IN_EARNEST: Final[Mapping[str, Q]] = {
    "billing.Claim": Q(batch__is_test=False),
    "billing.ClaimLine": Q(claim__batch__is_test=False),
    "billing.Acknowledgement": Q(claim__batch__is_test=False),
}
_LONG: Final = 90
# Who set it down, and what became of that, stand behind what it says.
_LAST: Final = frozenset({"recorded_at", "recorded_by", "voided_at", "void_reason"})


@dataclass(frozen=True, slots=True)
class Cell:
    """A field of a row: its stable name, its plain value, and how paper says it (empty: paper leaves it out)."""

    name: str
    label: str
    value: Any
    words: str

    @property
    def is_long(self) -> bool:
        return len(self.words) > _LONG or "\n" in self.words


@dataclass(frozen=True, slots=True)
class RowCopy:
    """A row of a table. One that was taken back as recorded in error is told too, and says so."""

    cells: tuple[Cell, ...]
    is_taken_back: bool

    @property
    def short(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.words and not cell.is_long)

    @property
    def long(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.words and cell.is_long)

    @property
    def values(self) -> dict[str, Any]:
        return {cell.name: cell.value for cell in self.cells}


@dataclass(frozen=True, slots=True)
class TableCopy:
    """A table with the patient's rows, the oldest first."""

    table: Table
    rows: tuple[RowCopy, ...]


@dataclass(frozen=True, slots=True)
class SectionCopy:
    """A part of the copy on paper."""

    key: str
    title: str
    tables: tuple[TableCopy, ...]

    @property
    def count(self) -> int:
        return sum(len(table.rows) for table in self.tables)


@dataclass(frozen=True, slots=True)
class RecordCopy:
    """A patient's record as it stands: who it is of, from and until which day, and everything in it."""

    patient: Patient
    clinic: str
    zone: str
    from_on: date | None
    until_on: date | None
    sections: tuple[SectionCopy, ...]

    @property
    def tables(self) -> tuple[TableCopy, ...]:
        return tuple(table for section in self.sections for table in section.tables)


def record_copy(
    organization_id: UUID,
    patient_id: UUID,
    *,
    from_on: date | None = None,
    until_on: date | None = None,
    without: Collection[str] = (),
) -> RecordCopy:
    """The patient's record in its sections, `without` tables that are left out of it.

    A statement for each table, however many rows. Raises DoesNotExist.
    """
    patient = Patient.objects.select_related("clinic").get(organization_id=organization_id, id=patient_id)
    zone, people = ZoneInfo(patient.clinic.time_zone), people_of(organization_id)
    span = (from_on, until_on)
    sections = tuple(
        SectionCopy(
            section.key,
            section.title,
            tuple(
                TableCopy(table, tuple(_rows(table, patient, span, people, zone)))
                for table in section.tables
                if table.name not in without
            ),
        )
        for section in SECTIONS
    )
    return RecordCopy(patient, patient.clinic.name, zone.key, from_on, until_on, sections)


@cache
def path_to_patient(label: str) -> str:
    """How a table refers to a patient: `patient`, or by way of others (`review__patient`); empty where it does not."""
    return _path(apps.get_model(label), frozenset())


def _path(model: type[Model], passed: frozenset[type[Model]]) -> str:
    """A key of its own first, else the way with the fewest keys that may be empty, then the shortest."""
    if model is Patient:
        return "id"
    keys = [field for field in model._meta.concrete_fields if _leads_on(field, model, passed)]
    for field in keys:
        if field.related_model is Patient:
            return field.name
    ways = [(field, _path(_target(field), passed | {model})) for field in keys]
    found = ((field.null, way.count("__"), f"{field.name}__{way}") for field, way in ways if way)
    return min(found, default=(False, 0, ""))[2]


def _leads_on(field: Field[Any, Any], model: type[Model], passed: frozenset[type[Model]]) -> bool:
    target = field.related_model
    return (
        target is not None and target is not model and target not in passed and issubclass(_target(field), TenantModel)
    )


def _target(field: Field[Any, Any]) -> type[Model]:
    target: Any = field.related_model
    return target  # type: ignore[no-any-return]


def _rows(
    table: Table, patient: Patient, span: tuple[date | None, date | None], people: People, zone: ZoneInfo
) -> Iterator[RowCopy]:
    model = apps.get_model(table.label)
    own = Q(**{path_to_patient(table.label): patient.id}) & _IN_EARNEST.get(table.label, Q())
    found = model._default_manager.filter(
        own & _within(model, table, span, zone), organization_id=patient.organization_id
    )
    named = [field.name for field in _fields(table) if _is_named(field)]
    order = [table.day or ("recorded_at" if _has(model, "recorded_at") else "id"), "id"]
    for row in found.select_related(*named).order_by(*order):
        cells = tuple(_cell(row, field, people, zone) for field in _fields(table))
        yield RowCopy(cells, getattr(row, "voided_at", None) is not None)


def _within(model: type[Model], table: Table, span: tuple[date | None, date | None], zone: ZoneInfo) -> Q:
    """Of the days asked for; a row that knows no day is always told."""
    if not table.day:
        return Q()
    is_instant = isinstance(model._meta.get_field(table.day), DateTimeField)
    asked = Q()
    for day, bound in zip(span, ("gte", "lte"), strict=True):
        if day is not None:
            edge = datetime.combine(day, time.min if bound == "gte" else time.max, zone) if is_instant else day
            asked &= Q(**{f"{table.day}__{bound}": edge})
    return asked | Q(**{f"{table.day}__isnull": True}) if asked else asked


@cache
def _fields(table: Table) -> tuple[Field[Any, Any], ...]:
    model = apps.get_model(table.label)
    way = path_to_patient(table.label).split("__")[0]
    dropped = NEVER | table.omit | ({way} if way == "patient" else set())
    own = [field for field in model._meta.concrete_fields if field.name not in dropped]
    return tuple(sorted(own, key=lambda field: field.name in _LAST))


def _has(model: type[Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.concrete_fields)


def _is_named(field: Field[Any, Any]) -> bool:
    return field.related_model is not None and field.related_model._meta.label in _TOLD_BY_NAME


def _cell(row: Model, field: Field[Any, Any], people: People, zone: ZoneInfo) -> Cell:
    name, label = field.name, label_of(field.name)
    if field.related_model is Membership:
        whom = people.get(getattr(row, field.attname))
        return Cell(name, label, whom and str(whom), str(whom) if whom else "")
    if _is_named(field):
        other = getattr(row, name)
        text = _name_of(other)
        return Cell(name, label, text or None, text)
    value = getattr(row, field.attname)
    if field.related_model is not None or name == "id" or isinstance(value, UUID):
        return Cell(field.attname, label, str(value) if value else None, "")
    if name == "items" and row._meta.label == "registry.Assessment":
        return Cell(name, label, plain(value), _answers(row.instrument, value))  # type: ignore[attr-defined]
    return Cell(name, label, plain(value), _words(row, field, value, zone))


def _name_of(other: Any) -> str:
    if other is None:
        return ""
    credential = getattr(other, "credential", "")
    return f"{other.name}, {credential}" if credential else str(other.name)


def plain(value: Any) -> Any:
    """A value as the structured file holds it: days and instants as ISO 8601, in UTC; amounts as written, in text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, Range):
        return {"from": plain(value.lower), "until": plain(value.upper)}
    if isinstance(value, bytes | memoryview):
        return None
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    return value


def _words(row: Model, field: Field[Any, Any], value: Any, zone: ZoneInfo) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if field.choices:
        return str(getattr(row, f"get_{field.name}_display")())
    if isinstance(field, JSONField):
        return "\n".join(_lines(value))
    return said(value, zone)


def said(value: Any, zone: ZoneInfo) -> str:
    """A plain value as people say it, instants in the clinic's zone."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        local = value.astimezone(zone)
        return f"{_day(local.date())}, {local:%H:%M}"
    if isinstance(value, date):
        return _day(value)
    if isinstance(value, list | tuple):
        return ", ".join(said(one, zone) for one in value)
    if isinstance(value, Range):
        return f"{said(value.lower, zone)} to {said(value.upper, zone)}"
    return str(value)


def _day(on: date) -> str:
    return f"{on:%b} {on.day}, {on.year}"


def _lines(value: Any, indent: str = "") -> Iterable[str]:
    """A document of the chart, line by line; what is empty is left out."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _line(label_of(str(key)), one, indent)
    elif isinstance(value, list):
        for one in value:
            yield from _lines(one, indent) if isinstance(one, Mapping | list) else [f"{indent}{_scalar(one)}"]
    else:
        yield f"{indent}{_scalar(value)}"


def _line(label: str, value: Any, indent: str) -> Iterable[str]:
    if value in (None, "", [], {}, False):
        return
    if isinstance(value, Mapping | list):
        yield f"{indent}{label}:"
        yield from _lines(value, f"{indent}  ")
    else:
        yield f"{indent}{label}: {_scalar(value)}"


def _scalar(value: Any) -> str:
    return "Yes" if value is True else "No" if value is False else "" if value is None else str(value)


def _answers(key: str, items: Sequence[int | None] | None) -> str:
    """Each answer beside its question, in the owner's words where they may be shown."""
    tool = INSTRUMENTS.get(key)
    wording = tool.wordings.get("en") if tool else None
    lines = []
    for number, points in enumerate(items or (), 1):
        text = wording.items[number - 1].text if wording and number <= len(wording.items) else f"Question {number}"
        lines.append(f"{number}. {text}: {'not answered' if points is None else points}")
    return "\n".join(lines)


def tables_of_patients() -> Iterator[str]:
    """Every table that says something of a patient, whichever way: what the completeness of a copy is held against."""
    for model in apps.get_models():
        if issubclass(model, TenantModel) and not hasattr(model, "pgh_obj") and path_to_patient(model._meta.label):
            yield model._meta.label


def known_tables() -> frozenset[str]:
    """The tables that a copy gives."""
    return frozenset(table.label for table in TABLES)
