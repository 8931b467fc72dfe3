"""Giving patients to a colleague, and standing in for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from caseload.queries.hand_overs import ToGive
from registry.forms.fields import DayField, OfferingForm, TextField

LONGEST = 2_000
_TOO_LONG = "This is longer than 2,000 characters. Shorten it."
_WHO = {"required": "Choose a person.", "invalid_choice": "Choose a person from the list."}
ALL = "all"


class HandOverForm(forms.Form):
    """To whom, which of them, and what the next one should know: for all, and where wanted for one."""

    to = forms.ChoiceField(label="To whom", error_messages=_WHO)
    note = forms.CharField(
        label="What the next one should know, for all of them",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _TOO_LONG},
    )

    def __init__(
        self, data: QueryDict | None = None, *, people: Sequence[tuple[str, str]], offered: Sequence[ToGive]
    ) -> None:
        super().__init__(data)
        self.fields["to"].choices = [("", "Choose"), *people]  # type: ignore[attr-defined]
        self.offered = {str(one.episode_id): one for one in offered}
        self.ticked = set(data.getlist("episode")) if data is not None else set()
        self.takes_all = data is not None and data.get("do") == ALL

    @property
    def rows(self) -> list[tuple[ToGive, bool, str]]:
        """Each patient, whether they are ticked, and the note typed for them."""
        return [
            (one, self.takes_all or key in self.ticked, self.data.get(f"note-{key}", ""))
            for key, one in self.offered.items()
        ]

    @property
    def chosen(self) -> list[UUID]:
        return [one.episode_id for one, is_chosen, _ in self.rows if is_chosen]

    @property
    def notes(self) -> dict[UUID, str]:
        return {one.episode_id: note for one, _, note in self.rows if note.strip()}

    @property
    def to_id(self) -> UUID:
        return UUID(self.cleaned_data["to"])

    def clean(self) -> dict[str, Any]:
        if not self.chosen:
            self.add_error(None, "Tick the patients who go, or give all of them.")
        if any(len(note) > LONGEST for note in self.notes.values()):
            self.add_error(None, f"A note of one patient: {_TOO_LONG[:1].lower()}{_TOO_LONG[1:]}")
        return self.cleaned_data


class CoverForm(OfferingForm):
    """Who is away, who stands in, and on which days."""

    offers = {"covered_by": ("people", "Choose")}

    away = forms.ChoiceField(label="Who is away", error_messages=_WHO)
    covered_by = forms.ChoiceField(label="Who stands in", error_messages=_WHO)
    from_on = DayField(label="First day", required=True)
    until_on = DayField(label="Last day", required=True)
    note = TextField(label="Remark", max_length=500)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        away: Sequence[tuple[str, str]],
        initial: Mapping[str, Any] | None = None,
        **lists: Sequence[tuple[str, str]],
    ) -> None:
        super().__init__(data, initial=initial, **lists)
        self.fields["away"].choices = [*([("", "Choose")] if len(away) != 1 else []), *away]  # type: ignore[attr-defined]
