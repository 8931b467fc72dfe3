"""Saved ways of reading an organization's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from caseload.models import ImportMapping
from caseload.rules.imports.columns import fields


@dataclass(frozen=True)
class MappingSheet:
    """One sheet of a mapping: what it holds, and which field each of its used columns fills."""

    kind: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MappingRow:
    """A saved mapping in the list of them. `words` counts the words to which it gives a meaning."""

    id: UUID
    name: str
    sheets: tuple[MappingSheet, ...]
    words: int
    saved_at: datetime
    by: str


def mapping_door(organization_id: UUID, mapping_id: UUID) -> ImportMapping:
    """The door to one mapping. Raises NotFound."""
    mapping = ImportMapping.objects.filter(organization_id=organization_id, id=mapping_id).first()
    if mapping is None:
        raise NotFound
    return mapping


def mapping_names(organization_id: UUID) -> list[tuple[str, str]]:
    """Each mapping's id and name, for choosing one."""
    rows = ImportMapping.objects.filter(organization_id=organization_id).order_by("name")
    return [(str(mapping_id), name) for mapping_id, name in rows.values_list("id", "name")]


def mappings(organization_id: UUID) -> list[MappingRow]:
    """Every mapping, by name. Two statements."""
    people = people_of(organization_id)
    rows = ImportMapping.objects.filter(organization_id=organization_id).order_by("name")
    return [_row(row, people[row.saved_by_id].name) for row in rows]


def _row(row: ImportMapping, by: str) -> MappingRow:
    sheets = row.choices.get("sheets", ())
    return MappingRow(
        id=row.id,
        name=row.name,
        sheets=tuple(MappingSheet(sheet["kind"], _used(sheet)) for sheet in sheets),
        words=sum(len(words) for words in row.choices.get("values", {}).values()),
        saved_at=row.saved_at,
        by=by,
    )


def _used(sheet: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The headings of the columns that are used, in the file's order, each with its field."""
    known = fields(sheet["kind"])
    pairs = ((name, sheet["columns"].get(key, "")) for key, name in sheet.get("names", ()))
    return tuple((name, known[field].label) for name, field in pairs if field in known)
