"""What the billing pages are asked with."""

from __future__ import annotations

from typing import Any

from django import forms

from bhi.tenancy.ids import uuid7
from billing.queries.month_page import Order, Show


class MonthFilter(forms.Form):
    """Which rows of the month. What makes no sense is as good as not given: a filter never refuses a page."""

    show = forms.ChoiceField(choices=[(show.value, show.value) for show in Show], required=False)
    clinic = forms.UUIDField(required=False)
    payer = forms.UUIDField(required=False)
    care_manager = forms.UUIDField(required=False)
    order = forms.ChoiceField(choices=[(order.value, order.value) for order in Order], required=False)
    after = forms.UUIDField(required=False)

    def values(self) -> dict[str, Any]:
        """The filters that can be understood."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        return {
            "show": Show(given.get("show", Show.ALL)),
            "clinic_id": given.get("clinic"),
            "payer_id": given.get("payer"),
            "care_manager_id": given.get("care_manager"),
            "order": Order(given.get("order", Order.NAME)),
            "after": given.get("after"),
        }


class BatchForm(forms.Form):
    """Making a batch; the token is made with the form, so that a second submit makes nothing new."""

    client_token = forms.UUIDField(widget=forms.HiddenInput)
    has_seen_papers = forms.BooleanField(
        required=False,
        label="I have seen these care plans and visits: claim these months too",
    )

    @classmethod
    def fresh(cls) -> BatchForm:
        return cls(initial={"client_token": uuid7()})

    def say_what_waits(self, *, others: int) -> None:
        """Without the mark, claims on unseen papers wait: `others` are what a batch would still hold."""
        waiting = f"the batch holds the other {others}" if others else "there is nothing to make a batch of"
        self.fields["has_seen_papers"].help_text = f"Without this they wait, and {waiting}."
