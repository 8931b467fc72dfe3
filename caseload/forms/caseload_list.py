"""What the caseload list is asked with. What makes no sense is as good as not given: a filter refuses no page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms

from caseload.queries.caseload_filter import FAMILIES, PROGRAMS, STATUSES, CaseloadFilter
from caseload.queries.caseload_order import DEFAULT_ORDER, ORDERS
from caseload.rules.states import STATE_LABELS

LONGEST_SEARCH = 100
WITH_DISCHARGED = frozenset({"discharged", "all"})
LONGEST_NAME = 60
# What is kept for the session, and in a saved view: never what somebody searched for.
REMEMBERED = (
    *("status", "clinic", "care_manager", "program", "payer", "response", "family"),
    *("ended_from", "ended_until", "order"),
)


def _one_of(names: Iterable[str]) -> forms.ChoiceField:
    return forms.ChoiceField(choices=[(name, name) for name in names], required=False)


class CaseloadFilterForm(forms.Form):
    """Filters, order and place in the list."""

    status = _one_of(STATUSES)
    clinic = forms.UUIDField(required=False)
    care_manager = forms.UUIDField(required=False)
    program = _one_of(dict(PROGRAMS))
    payer = forms.UUIDField(required=False)
    response = _one_of(STATE_LABELS)
    family = _one_of(FAMILIES)
    ended_from = forms.DateField(required=False)
    ended_until = forms.DateField(required=False)
    order = _one_of(ORDERS)
    after = forms.UUIDField(required=False)
    before = forms.UUIDField(required=False)
    view = forms.UUIDField(required=False)
    fresh = forms.BooleanField(required=False)


class SearchForm(forms.Form):
    """A name, a record number or a birth date."""

    q = forms.CharField(required=False, max_length=LONGEST_SEARCH, strip=True)


class ViewForm(forms.Form):
    """The name under which the present filters are kept."""

    name = forms.CharField(
        label="Name",
        max_length=LONGEST_NAME,
        error_messages={
            "required": "Give the view a name.",
            "max_length": "A name has 60 characters at most. Shorten it.",
        },
    )


@dataclass(frozen=True)
class Asked:
    """The list that is asked for, and the row it continues from."""

    chosen: CaseloadFilter
    after: UUID | None
    before: UUID | None


def asked(given: Mapping[str, Any], remembered: Mapping[str, str], search: str = "") -> Asked:
    """What the address says, completed by what the session remembers."""
    values = _cleaned({**remembered, **given})
    dated = values.get("ended_from") or values.get("ended_until")
    status = values.get("status", "discharged" if dated else "open")
    # Days of discharge are asked of those who were discharged; elsewhere they would hide everybody.
    ends = values if status in WITH_DISCHARGED else {}
    return Asked(
        CaseloadFilter(
            status=status,
            clinic_id=values.get("clinic"),
            care_manager_id=values.get("care_manager"),
            program=values.get("program", ""),
            payer_id=values.get("payer"),
            response=values.get("response", ""),
            family=values.get("family", ""),
            ended_from=ends.get("ended_from"),
            ended_until=ends.get("ended_until"),
            search=search,
            order=values.get("order", DEFAULT_ORDER),
        ),
        values.get("after"),
        values.get("before"),
    )


def view_asked_for(given: Mapping[str, Any]) -> UUID | None:
    """The saved view that the address names."""
    view: UUID | None = _cleaned({"view": given.get("view", "")}).get("view")
    return view


def to_remember(given: Mapping[str, Any], remembered: Mapping[str, str]) -> dict[str, str]:
    """The filters to keep: those before, unless a fresh start is asked for, and what the address says anew."""
    before = {} if given.get("fresh") else remembered
    return {**before, **{name: str(given[name])[:60] for name in REMEMBERED if name in given}}


def to_save(remembered: Mapping[str, str]) -> dict[str, str]:
    """Of what is remembered, what says something."""
    values = _cleaned(remembered)
    return {name: remembered[name] for name in REMEMBERED if name in remembered and values.get(name)}


def _cleaned(given: Mapping[str, Any]) -> dict[str, Any]:
    form = CaseloadFilterForm(dict(given))
    form.is_valid()
    return {name: value for name, value in form.cleaned_data.items() if value}
