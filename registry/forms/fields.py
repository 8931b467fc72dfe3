"""The kinds of fields that forms are made of, each with its own words for what is missing or wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms

YES_NO = (("", "Not asked"), ("yes", "Yes"), ("no", "No"))
DAMAGED = "This form is damaged. Open a new one."
_NO_DAY = "Enter a day that exists, as year-month-day: 2026-10-12."


class DayField(forms.DateField):
    """A day, typed or picked."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})
        self.error_messages |= {"invalid": _NO_DAY, "required": "Enter the day."}


class ClockField(forms.TimeField):
    """A time of day."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})
        self.error_messages |= {"invalid": "Enter a time such as 14:05."}


class AskedField(forms.TypedChoiceField):
    """Yes, no, or nobody asked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=YES_NO, coerce=lambda text: text == "yes", empty_value=None, required=False, **kwargs)


class ChoiceOf(forms.ChoiceField):
    """One of a few, as buttons side by side, none chosen beforehand unless said."""

    widget = forms.RadioSelect

    def __init__(self, *, missing: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error_messages |= {"required": missing, "invalid_choice": missing}


class Seen:
    """Of a form with a hidden `seen`: when what was looked at had been changed last."""

    cleaned_data: dict[str, Any]

    @property
    def seen_at(self) -> datetime | None:
        """The instant; None for never, and for a stamp that was damaged. Call once valid."""
        try:
            return datetime.fromisoformat(self.cleaned_data["seen"])
        except ValueError:
            return None


class TextField(forms.CharField):
    """A text that may be empty, with its greatest length said in the error."""

    def __init__(self, *, max_length: int, required: bool = False, missing: str = "", **kwargs: Any) -> None:
        super().__init__(max_length=max_length, required=required, **kwargs)
        self.error_messages |= {
            "max_length": f"This is longer than {max_length:,} characters. Shorten it.",
            "required": missing or "Enter this.",
        }


class TokenField(forms.UUIDField):
    """An id that the page itself put there, such as the token that keeps a form from being saved twice."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error_messages |= {"invalid": DAMAGED, "required": DAMAGED}


class OfferingForm(forms.Form):
    """A form with lists that whoever shows it gives by name.

    `offers`: for each field of a list, the list's name and what stands first in it, for nothing chosen.
    """

    offers: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
        **lists: Sequence[tuple[str, str]],
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        for field, (name, first) in self.offers.items():
            self.fields[field].choices = [("", first), *lists[name]]  # type: ignore[attr-defined]
