"""Which column of a practice's list holds what, as the page of its preview asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from billing.rules.charge_columns import field_labels
from caseload.rules.imports.corrections import DAY_FIRST, MONTH_FIRST, NOT_USED

_ORDERS = (("", "Choose"), (MONTH_FIRST, "Month first, as 09/23/2026"), (DAY_FIRST, "Day first, as 23/09/2026"))


class ChargeColumnsForm(forms.Form):
    """One choice for each column of a file, and the order of day and month in its dates.

    `columns` are those of the preview: position, header, field, samples.
    """

    order = forms.ChoiceField(label="Dates", choices=_ORDERS, required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        columns: Sequence[Mapping[str, Any]],
        date_order: str = "",
        asks_order: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self._columns = columns
        self.fields["order"].initial = date_order or ("" if asks_order else MONTH_FIRST)
        choices = [(NOT_USED, "Not used"), *field_labels().items()]
        for column in columns:
            self.fields[_name(column)] = forms.ChoiceField(
                label=column["header"],
                choices=choices,
                initial=column["field"] or NOT_USED,
                required=False,
                error_messages={"invalid_choice": "Choose what this column holds from the list."},
            )

    @property
    def rows(self) -> Iterator[tuple[BoundField, Sequence[str]]]:
        """Each column's choice, with what stands in the column."""
        return ((self[_name(column)], column["samples"]) for column in self._columns)

    def chosen_columns(self) -> dict[int, str]:
        """By position what each column holds, as chosen; once valid. One left out of the request is not used."""
        return {int(column["position"]): self.cleaned_data[_name(column)] or NOT_USED for column in self._columns}


def _name(column: Mapping[str, Any]) -> str:
    return f"column-{column['position']}"
