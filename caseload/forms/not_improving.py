"""What the list of those who are not improving is narrowed to. What makes no sense is as good as not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from caseload.queries.not_improving import Narrowed
from caseload.rules.not_improving import LONGEST, ORDERS

REMEMBERED = ("clinic", "care_manager", "unreviewed", "order")


class NarrowForm(forms.Form):
    """Clinic, care manager, whether reviewed, and the order."""

    clinic = forms.UUIDField(required=False)
    care_manager = forms.UUIDField(required=False)
    unreviewed = forms.BooleanField(required=False)
    order = forms.ChoiceField(choices=ORDERS, required=False)


def to_remember(typed: Mapping[str, Any]) -> dict[str, str]:
    """What is kept for the session."""
    return {name: str(typed[name]) for name in REMEMBERED if typed.get(name)}


def asked_for(kept: Mapping[str, str]) -> Narrowed:
    """What is kept, as the query takes it."""
    form = NarrowForm(kept)
    form.is_valid()
    values = form.cleaned_data
    return Narrowed(
        clinic_id=values.get("clinic"),
        care_manager_id=values.get("care_manager"),
        is_unreviewed=bool(values.get("unreviewed")),
        order=values.get("order") or LONGEST,
    )
