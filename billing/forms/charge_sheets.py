"""Which charges were posted under which number, and how the charge file looks, as they are typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms

from billing.operations.charge_sheets import MOST_NUMBER
from billing.rules.charge_sheet import COLUMNS, MOST_HEADING, Chosen, Column, ColumnsWrong
from registry.forms.fields import DayField, TextField

SHOW = (("to_post", "To post"), ("posted", "Posted"), ("all", "All"))


class ShowFilter(forms.Form):
    """Which charges, and which page of them. What makes no sense is as good as not given."""

    show = forms.ChoiceField(choices=SHOW, required=False)
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    def values(self) -> tuple[str, int]:
        """The filters that can be understood."""
        self.is_valid()
        return self.cleaned_data.get("show") or "all", self.cleaned_data.get("page") or 1


class PostForm(forms.Form):
    """The charges of a page: each ticked or not, with its number in the practice's own system."""

    on = DayField(label="Posted on", required=True)

    def __init__(self, data: Mapping[str, Any] | None = None, *, episodes: Iterable[UUID], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.episodes = list(episodes)
        for episode_id in self.episodes:
            self.fields[f"tick-{episode_id}"] = forms.BooleanField(label="Posted", required=False)
            self.fields[f"number-{episode_id}"] = TextField(label="Its number", max_length=MOST_NUMBER)

    @property
    def numbers(self) -> dict[UUID, str]:
        """What was ticked, or given a number, which says the same."""
        found = {}
        for episode_id in self.episodes:
            number = self.cleaned_data[f"number-{episode_id}"]
            if number or self.cleaned_data[f"tick-{episode_id}"]:
                found[episode_id] = number
        return found

    def say(self, sentence: str, episode_ids: Iterable[UUID]) -> None:
        """Say what keeps charges from being posted: at each of them that is on the form, else of all."""
        wrong = [id_ for id_ in self.episodes if id_ in set(episode_ids)]
        for episode_id in wrong:
            self.add_error(f"number-{episode_id}", sentence)
        if not wrong:
            self.add_error(None, sentence)

    def fields_of(self, episode_id: UUID) -> tuple[forms.BoundField, forms.BoundField]:
        """The tick and the number of one charge."""
        return self[f"tick-{episode_id}"], self[f"number-{episode_id}"]


class ColumnsForm(forms.Form):
    """Each column that there could be: used or not, its place, its heading."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, chosen: Chosen) -> None:
        super().__init__(data)
        places = {key: (place, heading) for place, (key, heading) in enumerate(chosen, start=1)}
        self.columns = sorted(COLUMNS, key=lambda column: places.get(column.key, (len(COLUMNS) + 1, ""))[0])
        for column in self.columns:
            place, heading = places.get(column.key, (None, column.heading))
            self.fields[f"use-{column.key}"] = forms.BooleanField(
                label=f"Use {column.label}", required=False, initial=place is not None
            )
            self.fields[f"place-{column.key}"] = forms.IntegerField(
                label=f"Place of {column.label}",
                required=False,
                min_value=1,
                max_value=99,
                initial=place,
                error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Enter a number from 1 to 99."),
            )
            self.fields[f"heading-{column.key}"] = TextField(
                label=f"Heading of {column.label}", max_length=MOST_HEADING, initial=heading
            )

    @property
    def values(self) -> list[tuple[str, str]]:
        """What the operation takes: used columns by their places, those without one last."""
        typed = self.cleaned_data
        used = [column for column in self.columns if typed[f"use-{column.key}"]]
        used.sort(key=lambda column: typed[f"place-{column.key}"] or len(COLUMNS) + 99)
        return [(column.key, typed[f"heading-{column.key}"]) for column in used]

    @property
    def rows(self) -> list[tuple[Column, forms.BoundField, forms.BoundField, forms.BoundField]]:
        """Each column with its fields."""
        return [
            (column, self[f"use-{column.key}"], self[f"place-{column.key}"], self[f"heading-{column.key}"])
            for column in self.columns
        ]

    def take(self, fault: ColumnsWrong) -> None:
        """Say what the operation found, where it found it."""
        self.add_error(f"heading-{fault.key}" if fault.key else None, str(fault))
