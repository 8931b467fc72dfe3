"""By what a page of outcomes can be narrowed: the organization's clinics, care managers and payers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import CharField, Value

from bhi.accounts.queries import people_with
from bhi.tenancy.models import Clinic, Role
from caseload.rules.clock import local_date
from outcomes.models import PayerClass
from outcomes.rules.numbers import NOT_AVAILABLE
from registry.models import Payer, Sex

PAYER_CLASSES: Final[dict[str, str]] = dict(PayerClass.choices)
PROGRAMS: Final = {"cocm": "Collaborative care", "bhi": "General BHI"}
_NOBODY: Final = {
    "clinic": "No clinic",
    "care_manager": "No care manager",
    "payer": "No coverage on record",
    "language": "Language not known",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """Names by id, in the order of the names; `zone` is that of the first clinic, in which the page tells days."""

    clinics: dict[UUID, str] = field(default_factory=dict)
    payers: dict[UUID, str] = field(default_factory=dict)
    care_managers: dict[UUID, str] = field(default_factory=dict)
    zone: str = "UTC"

    def today(self, at: datetime) -> date:
        """The day of an instant on the page."""
        return local_date(at, ZoneInfo(self.zone))

    def name_of(self, by: str, group: UUID | str | date | None) -> str:
        """What a group is called on a page."""
        if group in (None, ""):
            return _NOBODY.get(by, NOT_AVAILABLE)
        if isinstance(group, date):
            return f"{group:%B %Y}"
        if isinstance(group, UUID):
            return {**self.clinics, **self.payers, **self.care_managers}.get(group, NOT_AVAILABLE)
        words = {"program": PROGRAMS, "payer_class": PAYER_CLASSES, "sex": dict(Sex.choices)}
        return str(words.get(by, {}).get(group, group))


def choices(organization_id: UUID, *, own_clinics: Collection[UUID] | None = None, with_people: bool = True) -> Choices:
    """Clinics (of a seat that works at some only, these), payers and care managers, who left included.

    Two statements; without people, where a page is of one care manager, one.
    """
    of = {"organization_id": organization_id}
    clinics = Clinic.objects.filter(**of).annotate(kind=Value("clinic", CharField()))
    payers = Payer.objects.filter(**of).annotate(kind=Value("payer", CharField()), none=Value("", CharField()))
    rows = list(
        clinics.order_by()
        .values_list("kind", "id", "name", "time_zone")
        .union(payers.order_by().values_list("kind", "id", "name", "none"), all=True)
        .order_by("name", "id")
    )
    shown = {id_: name for kind, id_, name, _ in rows if kind == "clinic"}
    if own_clinics is not None:
        shown = {id_: name for id_, name in shown.items() if id_ in own_clinics}
    return Choices(
        clinics=shown,
        payers={id_: name for kind, id_, name, _ in rows if kind == "payer"},
        care_managers=dict(people_with(organization_id, Role.CARE_MANAGER)) if with_people else {},
        zone=next((zone for kind, _, _, zone in rows if kind == "clinic"), "UTC"),
    )
