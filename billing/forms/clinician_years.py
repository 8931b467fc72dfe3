"""Which clinicians are qualifying participants in which years, as a page of them is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms

from billing.queries.clinician_years import ClinicianRates, RatesPage, YearShown

SAID = (("", "Not known"), ("yes", "Yes"), ("no", "No"))
ONLY_SAID = SAID[1:]


class RatesForm(forms.Form):
    """One choice for each clinician and year of a page. Once somebody has said something, it is yes or no."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, page: RatesPage) -> None:
        super().__init__(data)
        self.page = page
        for row in page.rows:
            for year in row.years:
                self.fields[_name(row.id, year.year)] = forms.ChoiceField(
                    label=f"{row.name}, {year.year}",
                    choices=SAID if year.is_qualifying is None else ONLY_SAID,
                    required=False,
                    initial={None: "", True: "yes", False: "no"}[year.is_qualifying],
                    error_messages={"invalid_choice": "Choose from the list."},
                )

    @property
    def said(self) -> dict[tuple[UUID, int], bool]:
        """What the operation takes: what is left open is not in it."""
        chosen = {
            (row.id, year.year): self.cleaned_data[_name(row.id, year.year)]
            for row in self.page.rows
            for year in row.years
        }
        return {key: value == "yes" for key, value in chosen.items() if value}

    @property
    def rows(self) -> list[tuple[ClinicianRates, list[tuple[YearShown, forms.BoundField]]]]:
        """Each clinician with the fields of their years."""
        return [(row, [(year, self[_name(row.id, year.year)]) for year in row.years]) for row in self.page.rows]


def _name(clinician_id: UUID, year: int) -> str:
    return f"said-{clinician_id}-{year}"
