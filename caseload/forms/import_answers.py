"""What only a person can say of an import: whom rows mean, what becomes of the unenrolled, how a mapping is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from caseload.rules.imports.corrections import NEW, SKIP

UNENROLLED = (
    ("record", "Keep them on record only"),
    ("referrals", "Make each a referral, from a list, with its provider"),
)


class AnswersForm(forms.Form):
    """Whom each row means. Fields are named by row, so that two people who answer do not answer each other's rows."""

    others = forms.ChoiceField(
        required=False,
        label="All that have no answer",
        choices=(
            ("", "Wait: they are not imported"),
            (NEW, "They are new people, where their record number is free"),
            (SKIP, "Leave them out"),
        ),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, asked: Sequence[Mapping[str, Any]], others: str = ""
    ) -> None:
        self._asked = asked
        super().__init__(data, initial={"others": others})
        for each in asked:
            choices = (("", "Not yet answered"), *(tuple(choice) for choice in each["choices"]))
            self.fields[_name(each)] = forms.ChoiceField(
                required=False, choices=choices, label=f"{each['label']} ({each['row']})", help_text=each["text"]
            )

    def questions(self) -> list[Any]:
        """The field of each question, for the template."""
        return [self[_name(each)] for each in self._asked]

    def answers(self) -> dict[str, str]:
        """The answers that were given, by row."""
        given = {each["row"]: self.cleaned_data[_name(each)] for each in self._asked}
        return {row: answer for row, answer in given.items() if answer}


class UnenrolledForm(forms.Form):
    unenrolled = forms.ChoiceField(
        label="Patients without a date of enrolment", choices=UNENROLLED, widget=forms.RadioSelect
    )


class MappingNameForm(forms.Form):
    name = forms.CharField(
        max_length=60,
        label="Name",
        help_text="Such as Athena roster. Files with the same headings are then read the same.",
        error_messages={
            "required": "Give it a name, such as Athena roster.",
            "max_length": "The name is too long. Use at most 60 characters.",
        },
    )


class FollowForm(forms.Form):
    """Reading an import by a saved mapping. `mappings` are pairs of id and name."""

    mapping = forms.ChoiceField(
        label="Read as saved under",
        error_messages={"invalid_choice": "This mapping is no longer saved. Choose another."},
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, mappings: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["mapping"].choices = [("", "Choose"), *mappings]  # type: ignore[attr-defined]


def _name(asked: Mapping[str, Any]) -> str:
    return f"answer-{asked['row']}"
