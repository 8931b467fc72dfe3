"""What is said of a month when it is signed: a remark, and tasks with whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from caseload.operations.monthly_check import Task
from registry.forms.fields import DayField, TextField

TASKS = 3


class CheckForm(forms.Form):
    """A remark and up to three tasks."""

    remark = TextField(label="Remark", max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, data: Mapping[str, Any] | None = None, *, people: Iterable[str]) -> None:
        super().__init__(data)
        choices = [("", "Nobody yet"), *((name, name) for name in people)]
        for number in range(1, TASKS + 1):
            self.fields[f"task{number}"] = TextField(label=f"Task {number}", max_length=300)
            self.fields[f"owner{number}"] = forms.ChoiceField(
                label="Whose",
                choices=choices,
                required=False,
                error_messages={"invalid_choice": "Choose from the list."},
            )
            self.fields[f"until{number}"] = DayField(label="Until")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for number in range(1, TASKS + 1):
            words, owner = values.get(f"task{number}"), values.get(f"owner{number}")
            if owner and not words:
                self.add_error(f"task{number}", "Write what is to be done.")
            if words and not owner and f"owner{number}" not in self.errors:
                self.add_error(f"owner{number}", "Choose whose task it is.")
        return values

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        """The fields of each task."""
        return [(self[f"task{n}"], self[f"owner{n}"], self[f"until{n}"]) for n in range(1, TASKS + 1)]

    @property
    def tasks(self) -> list[Task]:
        typed = self.cleaned_data
        numbers = [n for n in range(1, TASKS + 1) if typed[f"task{n}"]]
        return [Task(typed[f"task{n}"], typed[f"owner{n}"], typed[f"until{n}"]) for n in numbers]
