"""Choosing the files of an import, and correcting how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.files.uploadedfile import UploadedFile

from bhi.files.operations import MOST_BYTES
from caseload.rules.imports.columns import KINDS, fields
from caseload.rules.imports.corrections import NOT_USED

# The zones of US clinics, the most usual first; any other is written out.
ZONES = (
    ("America/New_York", "Eastern"),
    ("America/Chicago", "Central"),
    ("America/Denver", "Mountain"),
    ("America/Phoenix", "Arizona"),
    ("America/Los_Angeles", "Pacific"),
    ("America/Anchorage", "Alaska"),
    ("Pacific/Honolulu", "Hawaii"),
    ("America/Puerto_Rico", "Puerto Rico"),
    ("Pacific/Guam", "Guam"),
)
_SHEETS = ((NOT_USED, "Not read"), ("patients", "Patients"), ("contacts", "Contacts"))


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Several files of one control."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        one_by_one = super().clean
        chosen = data if isinstance(data, list | tuple) else [data]
        return [one_by_one(file, initial) for file in chosen if file] or [one_by_one(None, initial)]


class UploadForm(forms.Form):
    workbooks = ManyFilesField(
        label="Workbook or CSV files",
        help_text="Patients and contacts: one Excel workbook with both, or a file for each. 25 MB at most.",
        error_messages={"required": "Choose the workbook, or the CSV files."},
        allow_empty_file=True,  # Reading it says so, and names it.
    )

    def clean_workbooks(self) -> list[UploadedFile[Any]]:
        chosen: list[UploadedFile[Any]] = self.cleaned_data["workbooks"]
        large = [file.name or "A file" for file in chosen if (file.size or 0) > MOST_BYTES]
        if large:
            raise forms.ValidationError(
                f"{large[0]} is larger than 25 MB. Split it and import the parts one after another."
            )
        return chosen


class CorrectionsForm(forms.Form):
    """How the files of one import are read: sheet by sheet and column by column, and what they do not say.

    `sheets` are the summary's columns, `clinics` its clinics that will be made.
    """

    clinic = forms.CharField(
        required=False,
        max_length=200,
        label="Clinic of rows that name none",
        help_text="A clinic on record, or a new one.",
    )
    care_manager = forms.CharField(required=False, max_length=200, label="Care manager of rows that name none")
    care_plans = forms.ChoiceField(
        required=False,
        label="Care plans that the files do not name",
        choices=(
            ("assumed", "Assume one since enrolment; flag each month until somebody has seen it"),
            ("attested", "Each enrolled patient has had one since enrolment, and I can show it"),
            ("none", "There are none: those months bill nothing"),
        ),
        help_text="Billing needs a dated care plan.",
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        sheets: Sequence[Mapping[str, Any]],
        clinics: Sequence[Mapping[str, str]],
        options: Mapping[str, Any],
    ) -> None:
        self._sheets, self._clinics, self._options = sheets, clinics, options
        super().__init__(initial=_initial(options))
        for number, sheet in enumerate(sheets):
            self.fields[f"kind-{number}"] = _choice(_SHEETS, sheet["kind"] or NOT_USED, label="What this sheet holds")
            self._add_columns(number, sheet)
        for number, clinic in enumerate(clinics):
            self.fields[f"zone-{number}"] = _choice(
                (("", "Choose"), *_zones(clinic["zone"])), clinic["zone"], label=f"Time zone of {clinic['name']}"
            )

        if data is not None:
            self.is_bound, self.data = True, {**self._standing(), **{key: data[key] for key in data}}

    def _standing(self) -> dict[str, Any]:
        """Every choice as it stands, for those that a request leaves out."""
        choices = {name: field for name, field in self.fields.items() if isinstance(field, forms.ChoiceField)}
        return {name: field.initial for name, field in choices.items()}

    def _add_columns(self, number: int, sheet: Mapping[str, Any]) -> None:
        kind = sheet["kind"]
        known = fields(kind).values() if kind in KINDS else ()
        choices = ((NOT_USED, "Not used"), *((field.key, field.label) for field in known))
        for column in sheet["columns"]:
            name = f"column-{number}-{column['position']}"
            label = column["header"] or f"Column {column['position'] + 1}"
            self.fields[name] = _choice(choices, column["field"] or NOT_USED, label=label)

    def sheet_fields(self) -> list[tuple[str, Any, list[Any]]]:
        """Each sheet's name and own choice, with those of its columns, bound, for the template."""
        return [
            (
                sheet["label"],
                self[f"kind-{number}"],
                [self[f"column-{number}-{each['position']}"] for each in sheet["columns"]],
            )
            for number, sheet in enumerate(self._sheets)
        ]

    def zone_fields(self) -> list[Any]:
        return [self[f"zone-{number}"] for number in range(len(self._clinics))]

    def corrections(self) -> dict[str, Any]:
        """What was chosen, in the form in which it is stored. Only what differs from the recognition is a choice."""
        chosen = self.cleaned_data
        kinds = dict(self._options.get("kinds", {}))
        left_out = set(self._options.get("left_out", ()))
        columns: dict[str, dict[str, str]] = {}
        for number, sheet in enumerate(self._sheets):
            kind = chosen[f"kind-{number}"]
            left_out.discard(sheet["key"])
            if kind == NOT_USED:
                left_out.add(sheet["key"])
            elif kind != sheet["kind"]:
                kinds[sheet["key"]] = kind
            else:
                columns[sheet["key"]] = self._columns(number, sheet)
        defaults = {key: chosen[key] for key in ("clinic", "care_manager") if chosen.get(key)}
        zones = {
            clinic["name"]: chosen[f"zone-{number}"]
            for number, clinic in enumerate(self._clinics)
            if chosen[f"zone-{number}"]
        }
        return {
            **self._options,
            "kinds": kinds,
            "columns": columns,
            "defaults": defaults,
            "left_out": sorted(left_out),
            "zones": {**self._options.get("zones", {}), **zones},
            "care_plans": chosen["care_plans"] or "assumed",
        }

    def _columns(self, number: int, sheet: Mapping[str, Any]) -> dict[str, str]:
        before = self._options.get("columns", {}).get(sheet["key"], {})
        now = {
            str(column["position"]): (self.cleaned_data[f"column-{number}-{column['position']}"], column["field"])
            for column in sheet["columns"]
        }
        changed = {position: to for position, (to, was) in now.items() if to != (was or NOT_USED)}
        return {**before, **changed}


def _initial(options: Mapping[str, Any]) -> dict[str, Any]:
    return {**options.get("defaults", {}), "care_plans": options.get("care_plans", "assumed")}


def _choice(choices: Sequence[tuple[str, str]], initial: str, *, label: str) -> forms.ChoiceField:
    return forms.ChoiceField(choices=choices, initial=initial, label=label)


def _zones(chosen: str) -> tuple[tuple[str, str], ...]:
    """The usual zones, and the chosen one where it is another."""
    if chosen in dict(ZONES) or chosen not in available_timezones():
        return ZONES
    return (*ZONES, (chosen, chosen))
