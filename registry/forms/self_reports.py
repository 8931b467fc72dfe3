"""Sending a questionnaire, and what a patient types: a birth date, a code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from bhi.errors import DomainError
from bhi.tenancy.ids import uuid7
from registry.forms.fields import TokenField
from registry.operations.self_report_errors import ToolsUnusable, WayClosed
from registry.queries.self_reports import Way
from registry.rules.instruments import Instrument
from registry.rules.self_reports import LANGUAGE_NAMES

_NO_TOOL = {"required": "Choose at least one questionnaire.", "invalid_choice": "Choose from the list."}
_NO_WAY = {"required": "Choose how the patient gets it.", "invalid_choice": "Choose a way that is possible."}


class SendForm(forms.Form):
    """What is asked, in which language, and how the link gets there."""

    client_token = TokenField()
    tools = forms.MultipleChoiceField(label="What to ask", widget=forms.CheckboxSelectMultiple, error_messages=_NO_TOOL)
    language = forms.ChoiceField(
        label="Language",
        choices=list(LANGUAGE_NAMES.items()),
        widget=forms.RadioSelect,
        help_text="The patient can change it where all questions exist in both.",
    )
    sent_by = forms.ChoiceField(label="How", widget=forms.RadioSelect, error_messages=_NO_WAY)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        tools: Sequence[Instrument],
        ways: Sequence[Way],
        language: str = "en",
    ) -> None:
        possible = [way for way in ways if not way.why_not]
        start = {
            "client_token": uuid7(),
            "tools": [tool.key for tool in tools if tool.key in ("phq9", "gad7")],
            "language": language,
            "sent_by": possible[0].key if possible else None,
        }
        super().__init__(data, initial=start)
        self.fields["tools"].choices = [(tool.key, _tool_label(tool)) for tool in tools]  # type: ignore[attr-defined]
        self.fields["sent_by"].choices = [(way.key, way.label) for way in possible]  # type: ignore[attr-defined]

    def say(self, fault: DomainError) -> None:
        """Show the refusal of the operation at its field, or above the form."""
        field = "tools" if isinstance(fault, ToolsUnusable) else "sent_by" if isinstance(fault, WayClosed) else None
        self.add_error(field, str(fault))


class BirthDateForm(forms.Form):
    """Month, day and year, as people say them; a date picker would have them scroll through decades."""

    month = forms.CharField(required=False, max_length=2)
    day = forms.CharField(required=False, max_length=4)
    year = forms.CharField(required=False, max_length=6)

    @property
    def months(self) -> list[tuple[str, str]]:
        """In the patient's language."""
        return [(str(number), str(name)) for number, name in MONTHS.items()]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        typed = [str(values.get(name) or "").strip() for name in ("year", "month", "day")]
        if not all(part.isascii() and part.isdigit() for part in typed) or len(typed[0]) != 4:
            raise forms.ValidationError(_("Choose the month, and enter the day and the year with four digits."))
        try:
            values["birth_date"] = date(*map(int, typed))
        except ValueError:
            raise forms.ValidationError(_("This day does not exist. Check the day, the month and the year.")) from None
        return values


class CodeForm(forms.Form):
    """The code that the care team's screen shows."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True}
        ),
        error_messages={"required": "Enter the code.", "max_length": "A code has twelve letters and digits."},
    )

    def clean_code(self) -> str:
        """Without what people put between, so that it can be an address."""
        code = "".join(letter for letter in str(self.cleaned_data["code"]) if letter.isascii() and letter.isalnum())
        if len(code) != 12:
            raise forms.ValidationError("A code has twelve letters and digits. Check it with your care team.")
        return code.upper()


def _tool_label(tool: Instrument) -> str:
    spanish = "" if "es" in tool.wordings else ", English only"
    return f"{tool.name} ({tool.topic.lower()}, {tool.item_count} questions{spanish})"
