"""What the audit is asked: whose acts, of which patient, of which kind, between which instants of the clinic's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from bhi.audit.kinds import KINDS

EVERYBODY = ("", "Everybody")


class Instant(forms.DateTimeField):
    """A day and a clock time, as the clinic's clock shows it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class SpanForm(forms.Form):
    """From when until when; the end itself is not in it."""

    since = Instant(label="From", required=False)
    until = Instant(label="Until", required=False)

    def __init__(self, data: Any = None, *, zone: ZoneInfo, **more: Any) -> None:
        super().__init__(data, **more)
        self._zone = zone

    def full_clean(self) -> None:
        """Instants are typed in the clinic's zone; one that its clock shows twice, or never, is refused."""
        with timezone.override(self._zone):
            super().full_clean()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and until <= since:
            self.add_error("until", "Choose an end that is later than the beginning.")
        return values


class AuditForm(SpanForm):
    """Narrows the events; everything may be left empty. `patient` and `older_than` come from the page's own buttons."""

    person = forms.ChoiceField(label="Who", required=False)
    kind = forms.ChoiceField(label="What", required=False, choices=[("", "Everything"), *KINDS.items()])
    number = forms.CharField(label="Record number", required=False, max_length=40)
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    older_than = forms.UUIDField(required=False, widget=forms.HiddenInput)
    field_order = ("person", "kind", "number", "since", "until")

    def __init__(self, data: Any = None, *, zone: ZoneInfo, people: Sequence[tuple[UUID, str]]) -> None:
        super().__init__(data, zone=zone)
        self.fields["person"].choices = [EVERYBODY, *((str(id_), name) for id_, name in people)]  # type: ignore[attr-defined]


class SeenForm(SpanForm):
    """Whose eyes, and in which span: both ends are needed."""

    person = forms.ChoiceField(label="Who")
    since = Instant(label="From")
    until = Instant(label="Until")
    first = forms.IntegerField(required=False, min_value=0, max_value=10_000_000, widget=forms.HiddenInput)
    field_order = ("person", "since", "until")

    def __init__(self, data: Any = None, *, zone: ZoneInfo, people: Sequence[tuple[UUID, str]]) -> None:
        super().__init__(data, zone=zone)
        self.fields["person"].choices = [("", "Choose a person"), *((str(id_), name) for id_, name in people)]  # type: ignore[attr-defined]
