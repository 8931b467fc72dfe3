"""What somebody types to find a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms

from registry.rules.dates import DateUnreadable, read_date
from registry.rules.people import Searched, searched

LONGEST_SEARCH = 100
FIRST_BIRTH = date(1900, 1, 1)


class PersonSearchForm(forms.Form):
    """A name, a record number or a birth date."""

    q = forms.CharField(required=False, max_length=LONGEST_SEARCH, strip=True)

    def __init__(self, data: Mapping[str, Any], *, today: date) -> None:
        super().__init__(data)
        # It may be tomorrow already where somebody was born today.
        self.latest = today + timedelta(days=1)

    @property
    def text(self) -> str:
        """What was typed, for showing it again."""
        return str(self.data.get("q", ""))[:LONGEST_SEARCH].strip()

    @property
    def searched(self) -> Searched:
        return searched(self.cleaned_data["q"], self._born(self.cleaned_data["q"]))

    def _born(self, text: str) -> date | None:
        """The text as a date, in the ways that people write one; None where it is none, or could be two."""
        if not any(sign in text for sign in "/-. ,") and len(text) != len("20260102"):
            return None
        try:
            return read_date(text, latest=self.latest, earliest=FIRST_BIRTH)
        except DateUnreadable:
            return None
