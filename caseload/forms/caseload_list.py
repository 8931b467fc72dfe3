"""What the caseload list is asked with. What makes no sense is as good as not given: a filter refuses no page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms

from caseload.queries.caseload_filter import STATUSES, CaseloadFilter
from caseload.queries.caseload_order import DEFAULT_ORDER, ORDERS

LONGEST_SEARCH = 100
REMEMBERED = ("status", "clinic", "care_manager", "order")


class CaseloadFilterForm(forms.Form):
    """Filters, order and place in the list."""

    status = forms.ChoiceField(choices=[(name, name) for name in STATUSES], required=False)
    clinic = forms.UUIDField(required=False)
    care_manager = forms.UUIDField(required=False)
    order = forms.ChoiceField(choices=[(name, name) for name in ORDERS], required=False)
    after = forms.UUIDField(required=False)
    before = forms.UUIDField(required=False)


class SearchForm(forms.Form):
    """A name, a record number or a birth date."""

    q = forms.CharField(required=False, max_length=LONGEST_SEARCH, strip=True)


@dataclass(frozen=True)
class Asked:
    """The list that is asked for, and the row it continues from."""

    chosen: CaseloadFilter
    after: UUID | None
    before: UUID | None


def asked(given: Mapping[str, Any], remembered: Mapping[str, str], search: str) -> Asked:
    """What the address says, completed by what the session remembers. A search looks everywhere unless told not to."""
    form = CaseloadFilterForm({**remembered, **{name: given[name] for name in given}})
    form.is_valid()
    values = {name: value for name, value in form.cleaned_data.items() if value}
    return Asked(
        CaseloadFilter(
            status=values.get("status", "all" if search else "open"),
            clinic_id=values.get("clinic"),
            care_manager_id=values.get("care_manager"),
            search=search,
            order=values.get("order", DEFAULT_ORDER),
        ),
        values.get("after"),
        values.get("before"),
    )


def to_remember(given: Mapping[str, Any], remembered: Mapping[str, str]) -> dict[str, str]:
    """The filters to keep for the session: those before, and what the address says anew."""
    return {**remembered, **{name: str(given[name])[:60] for name in REMEMBERED if name in given}}
