"""A document as a form: its parts, its rows, and every fault at its field with all that was typed kept.

Rows are fields `medications-0-name`; a form shows as many as were sent, so nothing is lost however many there are.
A row that is cleared is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.forms.boundfield import BoundField

from registry.forms.fields import DAMAGED, DayField
from registry.rules.content import Choice, Day, Fault, Part, Rows, Spec, Words, specs_of
from registry.rules.versions import FieldCompared

_DAY_EXISTS = "enter a day that exists, as year-month-day: 2026-10-12."
# More rows than any form can send (DATA_UPLOAD_MAX_NUMBER_FIELDS).
_MOST_SENT = 5000


@dataclass(frozen=True)
class RowShown:
    """One row of a form."""

    legend: str
    fields: tuple[BoundField, ...]
    is_new: bool


@dataclass(frozen=True)
class RowsShown:
    """Rows of a form, with the name that its "add a row" button sends."""

    name: str
    label: str
    one: str
    help: str
    rows: tuple[RowShown, ...]
    is_rows: bool = True


@dataclass(frozen=True)
class Differing:
    """A field that somebody else saved otherwise meanwhile, and what the form does about it, in words."""

    part: str
    compared: FieldCompared
    fate: str

    @property
    def label(self) -> str:
        """The field's label."""
        return self.compared.label


@dataclass(frozen=True)
class PartShown:
    """One part of a form. `others` are its fields as somebody else saved them meanwhile."""

    key: str
    title: str
    fields: tuple[BoundField | RowsShown, ...]
    is_open: bool
    is_filled: bool
    is_required: bool
    has_error: bool
    others: tuple[Differing, ...]


@dataclass(frozen=True)
class FaultShown:
    """A sentence of the summary above the form, and where it leads."""

    target: str
    sentence: str


class ContentForm(forms.Form):
    """Any document. `based_on` is the number of the version that was opened, 0 where there was none.

    `typed` is what was sent without asking to be saved: it is shown again, unchecked, with a row more.
    """

    document: ClassVar[type[Any]]
    parts: ClassVar[tuple[Part, ...]]

    based_on = forms.IntegerField(
        min_value=0,
        max_value=32767,
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), DAMAGED),
    )
    on = DayField(label="Day of this version", required=True)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        today: date,
        born_on: date,
        content: Any = None,
        based_on: int = 0,
        on: date | None = None,
        typed: Mapping[str, Any] | None = None,
        add_row_to: str = "",
    ) -> None:
        self.today, self.born_on, self.add_row_to = today, born_on, add_row_to
        self.content = content if content is not None else self.document()
        self.sent = data if data is not None else typed
        self.is_dirty = self.sent is not None
        self.differing: Sequence[Differing] = ()
        filled = _initial(self.content) if typed is None else dict(typed.items())
        super().__init__(data, initial={"based_on": based_on, "on": on or today, **filled})
        self.row_counts: dict[str, int] = {}
        for name, spec in specs_of(self.document).items():
            self._add(name, spec)

    # What is kept

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        self._check_day(values.get("on"))
        places: dict[str, list[int]] = {}
        read = {name: self._read(name, spec, values, places) for name, spec in specs_of(self.document).items()}
        self.content = self.document(**read)
        for fault in self.faults():
            self._say(fault, places)
        return values

    def faults(self) -> tuple[Fault, ...]:
        """What the document cannot be kept for."""
        raise NotImplementedError

    def _check_day(self, on: date | None) -> None:
        if on is not None and on > self.today:
            self.add_error("on", "This day is in the future. Correct it.")
        if on is not None and on < self.born_on:
            self.add_error("on", "This day is before the patient's birth. Correct it.")

    def _read(self, name: str, spec: Spec, values: Mapping[str, Any], places: dict[str, list[int]]) -> Any:
        if not isinstance(spec, Rows):
            return _value(spec, values.get(name))
        cells = specs_of(spec.row)
        places[name] = [place for place in range(self.row_counts[name]) if self._is_typed(name, place, cells)]
        return tuple(
            spec.row(**{column: _value(cell, values.get(f"{name}-{place}-{column}")) for column, cell in cells.items()})
            for place in places[name]
        )

    def _is_typed(self, name: str, place: int, cells: Mapping[str, Spec]) -> bool:
        return any(str(self.data.get(f"{name}-{place}-{column}") or "").strip() for column in cells)

    def _say(self, fault: Fault, places: Mapping[str, list[int]]) -> None:
        """A fault at its field; about rows as a whole it stands above the form."""
        if fault.row is not None:
            field = f"{fault.name}-{places[fault.name][fault.row]}-{fault.column}"
        else:
            field = "" if fault.name in self.row_counts else fault.name
        if field not in self.errors:
            self.add_error(field or None, fault.sentence)

    # What is shown

    def parts_shown(self) -> Iterator[PartShown]:
        """The parts with their fields; what has a fault or differs from somebody else's is open."""
        for part in self.parts:
            shown = tuple(self._shown(name) for name in part.names)
            names = [name for name in self.fields if name.split("-")[0] in part.names]
            has_error = any(name in self.errors for name in names)
            theirs = tuple(one for one in self.differing if one.part == part.key)
            is_open = part.is_open or has_error or bool(theirs) or self.add_row_to in part.names
            filled = any(self[name].value() for name in names)
            required = any(self.fields[name].required for name in names)
            yield PartShown(part.key, part.title, shown, is_open, filled, required, has_error, theirs)

    def rows_shown(self, name: str) -> RowsShown:
        """The rows of a field, the last one marked when it was just added."""
        spec = specs_of(self.document)[name]
        assert isinstance(spec, Rows)
        count = self.row_counts[name]
        rows = tuple(
            RowShown(
                f"{spec.one} {place + 1}",
                tuple(self[f"{name}-{place}-{column}"] for column in specs_of(spec.row)),
                is_new=name == self.add_row_to and place == count - 1,
            )
            for place in range(count)
        )
        return RowsShown(name, spec.label, spec.one, spec.help, rows)

    def faults_shown(self) -> list[FaultShown]:
        """Every fault as a line of the summary, with the field that it leads to."""
        return [
            FaultShown(self[name].id_for_label if name in self.fields else "", str(sentence))
            for name, sentences in self.errors.items()
            for sentence in sentences
        ]

    def _shown(self, name: str) -> BoundField | RowsShown:
        return self.rows_shown(name) if name in self.row_counts else self[name]

    # Fields

    def _add(self, name: str, spec: Spec) -> None:
        if not isinstance(spec, Rows):
            self.fields[name] = _field(spec)
            if required := getattr(spec, "required", ""):
                self.fields[name].required = True
                self.fields[name].error_messages["required"] = required
            return
        self.row_counts[name] = count = self._count(name, spec)
        for place in range(count):
            for column, cell in specs_of(spec.row).items():
                field = self.fields[f"{name}-{place}-{column}"] = _field(cell)
                if self.add_row_to == name and place == count - 1 and column == next(iter(specs_of(spec.row))):
                    field.widget.attrs["autofocus"] = True

    def _count(self, name: str, spec: Rows) -> int:
        """As many rows as were sent, else those of the document and empty ones; one more when it was asked for."""
        more = 1 if self.add_row_to == name else 0
        if self.sent is None:
            return len(getattr(self.content, name)) + spec.blank + more
        pattern = re.compile(rf"{name}-(\d{{1,4}})-\w+")
        sent = [int(found[1]) for key in self.sent if (found := pattern.fullmatch(key))]
        return min(max(sent, default=-1) + 1, _MOST_SENT) + more


def _initial(content: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, spec in specs_of(type(content)).items():
        value = getattr(content, name)
        if not isinstance(spec, Rows):
            values[name] = value
            continue
        for place, row in enumerate(value):
            values |= {f"{name}-{place}-{column}": getattr(row, column) for column in specs_of(spec.row)}
    return values


def _value(spec: Spec, typed: Any) -> Any:
    if isinstance(spec, Day):
        return typed
    return (typed or "").replace("\r\n", "\n").replace("\r", "\n")


def _field(spec: Spec) -> forms.Field:
    """The form's field of one declared field; what it must hold is checked by the rules."""
    if isinstance(spec, Choice):
        return forms.ChoiceField(
            label=spec.label,
            required=False,
            help_text=spec.help,
            choices=[("", "—"), *spec.choices],
            error_messages={"invalid_choice": f"{spec.label}: choose one from the list."},
        )
    if isinstance(spec, Day):
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        messages = {"invalid": f"{spec.label}: {_DAY_EXISTS}"}
        return forms.DateField(
            label=spec.label, required=False, help_text=spec.help, widget=widget, error_messages=messages
        )
    assert isinstance(spec, Words)
    lines = forms.Textarea(attrs={"rows": 3}) if spec.is_long else forms.TextInput()
    field = forms.CharField(label=spec.label, required=False, help_text=spec.help, widget=lines)
    field.validators = []
    return field
