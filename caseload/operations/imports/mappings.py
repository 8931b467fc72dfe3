"""Saving how files are read, so that the next ones of their kind are read the same."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Membership
from caseload.models import ImportMapping
from caseload.operations.imports.previews import ImportNotReady, waiting_import
from caseload.queries.import_mappings import mapping_door
from registry.operations.recording import refusing

LONGEST_NAME = 60


class MappingNameTaken(DomainError):
    """Another mapping of the organization has the name."""

    def __init__(self) -> None:
        super().__init__("Another saved mapping has this name. Choose another name.")


class MappingNameMissing(DomainError):
    """A mapping is known by its name."""

    def __init__(self) -> None:
        super().__init__("Give the mapping a name, such as Athena roster.")


@transaction.atomic
def save_mapping(*, by: Membership, at: datetime, run_id: UUID, name: str) -> ImportMapping:
    """Keep how this import is read under a name; one saved under it before is replaced.

    Raises MappingNameMissing, NotFound, and ImportNotReady where no sheet is understood yet.
    """
    run = waiting_import(by.organization_id, run_id)
    headers, choices = run.summary.get("style") or ([], {})
    if not headers or run.summary.get("problems"):
        raise ImportNotReady("Choose the columns first; what is missing is listed on the import's page.")
    kept: ImportMapping
    kept, _ = ImportMapping.objects.update_or_create(
        organization_id=by.organization_id,
        name=_name(name),
        defaults={"headers": headers, "choices": choices, "saved_at": at, "saved_by": by},
    )
    record("import_mapping.saved", by=by, at=at, object_id=kept.id, fields=["headers", "choices"])
    return kept


@transaction.atomic
def rename_mapping(*, by: Membership, at: datetime, mapping_id: UUID, name: str) -> ImportMapping:
    """Another name for a mapping. Raises NotFound, MappingNameMissing, MappingNameTaken."""
    mapping = mapping_door(by.organization_id, mapping_id)
    mapping.name = _name(name)
    with refusing({"caseload_importmapping_name": MappingNameTaken}):
        mapping.save(update_fields=["name"])
    record("import_mapping.renamed", by=by, at=at, object_id=mapping.id, fields=["name"])
    return mapping


@transaction.atomic
def delete_mapping(*, by: Membership, at: datetime, mapping_id: UUID) -> None:
    """Forget a mapping. Imports that were read by it stay as they are. Raises NotFound."""
    mapping = mapping_door(by.organization_id, mapping_id)
    record("import_mapping.deleted", by=by, at=at, object_id=mapping.id)
    mapping.delete()


def _name(name: str) -> str:
    said = " ".join(name.split())[:LONGEST_NAME]
    if not said:
        raise MappingNameMissing
    return said
