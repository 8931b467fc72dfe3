"""Where a fault of a claim is mended: the page, for whoever may open it, or for whom it waits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import people_of
from bhi.tenancy.models import Membership, Role
from billing.rules.mending import NO_CLINICIAN, Mender, mender_of
from billing.rules.x12.claim import Fault, Ids

Named = Callable[[UUID | None, Mender], str]


@dataclass(frozen=True, slots=True)
class _Page:
    """A page by name, who may open it, and what its address holds: `object`, `patient`, `both` or nothing."""

    name: str
    permission: Permission
    of: str = "object"
    comes_back: bool = False


_INSURANCE: Final = _Page("patient_insurance", Permission.MEND_CLAIM_DATA, "patient", comes_back=True)
_PAGES: Final[dict[str, _Page]] = {
    "provider": _Page("filing_provider", Permission.SET_FILING, ""),
    "receiver": _Page("filing", Permission.SET_FILING, ""),
    "site": _Page("filing_clinic", Permission.SET_FILING),
    "route": _Page("payer_route", Permission.SET_FILING),
    "fees": _Page("fees", Permission.SET_FILING, ""),
    "patient": _INSURANCE,
    "coverage": _INSURANCE,
    "part_two": _Page("record_rights", Permission.MARK_PART_TWO, "patient"),
    "consent": _Page("enrolment", Permission.ENROL, "patient"),
    "diagnoses": _Page("diagnoses", Permission.ENROL, "patient"),
    "clinician": _Page("insurance_npi", Permission.MEND_CLAIM_DATA, "both", comes_back=True),
    "clinic": _Page("clinic_site", Permission.SET_PROTOCOLS),
    "month": _Page("month_row", Permission.VIEW_MONTHS, "month"),
}
_CARE_TEAM: Final = _Page("care_team", Permission.EDIT_PATIENT, "patient")
_UNNAMED: Final = {
    Mender.BILLING: "billing",
    Mender.CARE: "a care manager",
    Mender.SETTINGS: "a clinic lead or admin",
    Mender.MAKERS: "whoever runs this system",
}


@dataclass(frozen=True, slots=True)
class Mend:
    """A fault with the address that mends it, or for whom it waits; both empty where its own form asks for it."""

    fault: Fault
    url: str
    waits_for: str = ""


def nobody_named(seat_id: UUID | None, mender: Mender) -> str:
    """Whom to ask where no names are at hand."""
    return _UNNAMED[mender]


def named(organization_id: UUID) -> Named:
    """Whom to ask, by name: the patient's care manager, or the organization's leads. One statement."""
    people = people_of(organization_id)
    leads = sorted(str(seat) for seat in people.values() if seat.is_active and Role.CLINIC_LEAD.value in seat.roles)

    def name(seat_id: UUID | None, mender: Mender) -> str:
        if mender is Mender.CARE and seat_id in people and people[seat_id].is_active:
            return str(people[seat_id])
        return " or ".join(leads[:2]) if leads and mender in (Mender.CARE, Mender.SETTINGS) else _UNNAMED[mender]

    return name


def mending(
    slug: str, month: str, may: Collection[Permission], *, back: str = "", name: Named = nobody_named
) -> Callable[..., Mend]:
    """What a person with these permissions is shown of a month's faults; `back` is the page that shows them.

    The function takes a fault, the `ids` of its claim, and the seat of the patient's care manager.
    """

    def of(fault: Fault, ids: Ids | None = None, care_manager_id: UUID | None = None) -> Mend:
        page = _CARE_TEAM if fault.word == NO_CLINICIAN else _PAGES.get(fault.kind)
        if page is None:
            return Mend(fault, "", name(None, Mender.MAKERS) if fault.kind == "product" else "")
        if page.permission not in may:
            return Mend(fault, "", name(care_manager_id, mender_of(fault)))
        arguments = _arguments(page, fault, month, ids or Ids(patient=_patient_of(fault)))
        if "" in arguments:
            return Mend(fault, "")
        query = f"?{urlencode({'back': back})}" if page.comes_back and back else ""
        return Mend(fault, reverse(page.name, args=[slug, *arguments]) + query)

    return of


def mends_of(
    faults: Iterable[Fault], by: Membership, month: str, *, back: str, ids: Ids, care_manager_id: UUID | None
) -> list[Mend]:
    """The same of some faults of one claim, each sentence once."""
    slug = by.organization.slug
    mend = mending(slug, month, permissions_of(by.roles), back=back, name=named(by.organization_id))
    return [mend(fault, ids, care_manager_id) for fault in {fault.sentence: fault for fault in faults}.values()]


def _arguments(page: _Page, fault: Fault, month: str, ids: Ids) -> list[str]:
    return {
        "": [],
        "object": [fault.object_id],
        "patient": [ids.patient or _patient_of(fault)],
        "both": [ids.patient, fault.object_id],
        "month": [month, fault.object_id],
    }[page.of]


def _patient_of(fault: Fault) -> str:
    return fault.object_id if fault.kind in ("patient", "coverage", "consent", "part_two", "diagnoses") else ""
