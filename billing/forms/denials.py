"""What the pages of denials are asked with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms

from billing.operations.denials import DenialWork
from billing.queries.denials import DenialFilter, DenialOrder, Kept
from registry.forms.fields import TextField

KEEP, NOBODY = "keep", "nobody"
STATES = (
    (KEEP, "Leave it as it is"),
    ("appealed", "Appealed"),
    ("corrected", "Corrected outside of here"),
    ("written_off", "Written off"),
    ("open", "Open again"),
)


class DenialFilterForm(forms.Form):
    """Which denials. What makes no sense is as good as not given: a filter never refuses a page."""

    kept = forms.ChoiceField(choices=[(one.value, one.value) for one in Kept], required=False)
    reason = forms.RegexField(r"^[A-Za-z0-9]{1,5}$", required=False)
    payer = forms.UUIDField(required=False)
    month = forms.RegexField(r"^20[0-9]{2}-(?:0[1-9]|1[0-2])$", required=False)
    owner = forms.UUIDField(required=False)
    unowned = forms.BooleanField(required=False)
    order = forms.ChoiceField(choices=[(one.value, one.value) for one in DenialOrder], required=False)
    start = forms.IntegerField(min_value=0, max_value=10_000_000, required=False)

    def values(self) -> DenialFilter:
        """The filters that can be understood."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        return DenialFilter(
            kept=Kept(given.get("kept", Kept.OPEN)),
            reason=given.get("reason", ""),
            payer_id=given.get("payer"),
            month=given.get("month", ""),
            owner_id=given.get("owner"),
            is_unowned="unowned" in given,
            order=DenialOrder(given.get("order", DenialOrder.DUE)),
            start=given.get("start", 0),
        )


class DenialWorkForm(forms.Form):
    """What becomes of one denial or several: an owner, a state, a note. What an answer settled keeps its state."""

    state = forms.ChoiceField(label="What was done", choices=STATES, initial=KEEP, required=False)
    owner = forms.ChoiceField(label="Who sees to it", required=False, initial=KEEP)
    note = TextField(
        label="Note",
        max_length=500,
        help_text="Needed when it is appealed or written off. It takes the place of the note before.",
    )

    def __init__(self, *args: Any, people: Iterable[tuple[UUID, str]], is_settled: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_settled:
            del self.fields["state"]
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)
        listed = [(str(id_), name) for id_, name in people]
        owner.choices = [(KEEP, "Leave it as it is"), (NOBODY, "Nobody"), *listed]

    def work(self) -> DenialWork:
        """What was asked for, once it is valid."""
        values = self.cleaned_data
        owner = values["owner"] or KEEP
        return DenialWork(
            state=None if values.get("state", KEEP) in ("", KEEP) else values["state"],
            sets_owner=owner != KEEP,
            owner_id=None if owner in (KEEP, NOBODY) else UUID(owner),
            note=values["note"],
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors and not values["note"] and {values.get("state", KEEP), values["owner"]} <= {"", KEEP}:
            raise forms.ValidationError("Choose what was done or who sees to it, or write a note.")
        return values


class DenialsForm(DenialWorkForm):
    """The same of several: `denial` are those that were ticked."""

    @property
    def ticked(self) -> Sequence[str]:
        data = self.data
        return data.getlist("denial") if hasattr(data, "getlist") else ()

    def chosen(self) -> list[UUID]:
        """Those ticked that are ids at all."""
        found = []
        for value in self.ticked:
            try:
                found.append(UUID(value))
            except ValueError:
                continue
        return found
