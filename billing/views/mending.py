"""Where a fault of a claim is mended: the page, for whoever may open it, or who does it instead."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from bhi.accounts.permissions import Permission
from billing.rules.x12.claim import Fault


@dataclass(frozen=True, slots=True)
class _Page:
    """A page by name, what it asks for, and who may."""

    name: str
    permission: Permission
    who: str
    takes_id: bool = True


_CARE = "a care manager"
_SETTINGS = "a clinic lead or admin"
_PAGES: Final[dict[str, _Page]] = {
    "provider": _Page("filing_provider", Permission.SET_FILING, _SETTINGS, takes_id=False),
    "receiver": _Page("filing", Permission.SET_FILING, _SETTINGS, takes_id=False),
    "site": _Page("filing_clinic", Permission.SET_FILING, _SETTINGS),
    "route": _Page("payer_route", Permission.SET_FILING, _SETTINGS),
    "fees": _Page("fees", Permission.SET_FILING, _SETTINGS, takes_id=False),
    "patient": _Page("patient_details", Permission.VIEW_CHART, _CARE),
    "coverage": _Page("patient_details", Permission.VIEW_CHART, _CARE),
    "part_two": _Page("record_rights", Permission.MARK_PART_TWO, _CARE),
    "consent": _Page("enrolment", Permission.VIEW_CHART, _CARE),
    "diagnoses": _Page("diagnoses", Permission.VIEW_CHART, _CARE),
    "clinician": _Page("clinician", Permission.SET_PROTOCOLS, _SETTINGS),
    "clinic": _Page("clinic_site", Permission.SET_PROTOCOLS, _SETTINGS),
}


@dataclass(frozen=True, slots=True)
class Mend:
    """A fault with the address that mends it, or whom to ask."""

    fault: Fault
    url: str
    ask: str


def mending(slug: str, month: str, may: Collection[Permission]) -> Callable[[Fault], Mend]:
    """What a person with these permissions is shown of a month's faults."""

    def of(fault: Fault) -> Mend:
        if fault.kind == "month":
            return Mend(fault, reverse("month_row", args=[slug, month, fault.object_id]), "")
        page = _PAGES.get(fault.kind)
        if page is None:
            return Mend(fault, "", "whoever runs this system" if fault.kind == "product" else "")
        if page.permission not in may:
            return Mend(fault, "", page.who)
        if page.takes_id and not fault.object_id:
            return Mend(fault, "", "")
        return Mend(fault, reverse(page.name, args=[slug, *([fault.object_id] if page.takes_id else [])]), "")

    return of
