"""Choosing the files of an import, and correcting how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.files.uploadedfile import UploadedFile

from bhi.files.operations import MOST_BYTES
from caseload.rules.imports.columns import fields
from caseload.rules.imports.corrections import DAY_FIRST, MONTH_FIRST, NOT_USED
from caseload.rules.imports.recognize import ROWS_SEARCHED
from caseload.rules.imports.vocabulary import NAMED, meanings

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
_DATE_ORDERS = (("", "Choose"), (MONTH_FIRST, "Month first, as 09/23/2026"), (DAY_FIRST, "Day first, as 23/09/2026"))
_DEFAULTED = ("clinic", "care_manager")
_MOST_NAMES = 40
_LAST_HEADER_ROW = ROWS_SEARCHED
_TOO_LOW = f"Headings further down than row {ROWS_SEARCHED} are not read. Delete rows above them."
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
    """How the files of one import are read: sheet by sheet, column by column, word by word, and what they do not say.

    `summary` is the import's: its sheets with their columns, clinics that will be made, words and names in doubt.
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
        summary: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        self._sheets: Sequence[Mapping[str, Any]] = summary.get("columns", ())
        self._clinics: Sequence[Mapping[str, str]] = summary.get("clinics_made", ())
        self._words: Sequence[Mapping[str, Any]] = summary.get("words", ())
        self._names = _names_in_doubt(summary, options)
        self._options = options
        super().__init__(initial=_initial(options))
        for number, sheet in enumerate(self._sheets):
            self._add_sheet(number, sheet)
        for number, clinic in enumerate(self._clinics):
            self.fields[f"zone-{number}"] = _choice(
                (("", "Choose"), *_zones(clinic["zone"])), clinic["zone"], label=f"Time zone of {clinic['name']}"
            )
        self._add_words(summary.get("on_record", {}))
        if data is not None:
            self.is_bound, self.data = True, {**self._standing(), **{key: data[key] for key in data}}

    def _standing(self) -> dict[str, Any]:
        """Every choice as it stands, for those that a request leaves out."""
        return {name: self.get_initial_for_field(field, name) for name, field in self.fields.items()}

    def _add_sheet(self, number: int, sheet: Mapping[str, Any]) -> None:
        self.fields[f"kind-{number}"] = _choice(_SHEETS, sheet["kind"] or NOT_USED, label="What this sheet holds")
        if not sheet["kind"]:
            return
        self.fields[f"header-{number}"] = forms.IntegerField(
            required=False,
            min_value=0,
            max_value=_LAST_HEADER_ROW,
            initial=sheet.get("header_row"),
            label="Row of the headings",
            help_text="0 if it has none.",
            error_messages={"invalid": "Write the number of the row, such as 3.", "max_value": _TOO_LOW},
        )
        order = sheet.get("date_order") or ("" if sheet.get("is_order_doubtful") else MONTH_FIRST)
        self.fields[f"order-{number}"] = _choice(_DATE_ORDERS, order, label="Dates", required=False)
        self._add_columns(number, sheet)

    def _add_columns(self, number: int, sheet: Mapping[str, Any]) -> None:
        choices = ((NOT_USED, "Not used"), *((field.key, field.label) for field in fields(sheet["kind"]).values()))
        for column in sheet["columns"]:
            name = f"column-{number}-{column['position']}"
            label = column["header"] or f"Column {column['position'] + 1}"
            self.fields[name] = _choice(choices, column["field"] or NOT_USED, label=label)

    def _add_words(self, on_record: Mapping[str, Sequence[str]]) -> None:
        for number, word in enumerate(self._words):
            choices = (("", "Not known"), *meanings(word["field"]))
            label = f"{label_of(word['field'])} “{word['written']}”"
            self.fields[f"word-{number}"] = _choice(choices, word["meant"], label=label, required=False)
        for number, (field, written, meant) in enumerate(self._names):
            known = [(name, name) for name in dict.fromkeys([*on_record.get(field, ()), *filter(None, [meant])])]
            label = f"{label_of(field)} “{written}”"
            self.fields[f"name-{number}"] = _choice((("", "As written"), *known), meant, label=label, required=False)

    def sheet_fields(self) -> list[dict[str, Any]]:
        """Each sheet's name and own choices, and those of its columns with samples, bound, for the template."""
        return [
            {
                "label": sheet["label"],
                "followed": sheet.get("followed", ""),
                "first_rows": sheet.get("first_rows", ()),
                "own": [
                    self[name]
                    for name in (f"kind-{number}", f"header-{number}", f"order-{number}")
                    if name in self.fields
                ],
                "columns": [
                    (self[f"column-{number}-{each['position']}"], each.get("samples", ())) for each in sheet["columns"]
                ],
            }
            for number, sheet in enumerate(self._sheets)
        ]

    def zone_fields(self) -> list[Any]:
        return [self[f"zone-{number}"] for number in range(len(self._clinics))]

    def word_fields(self) -> list[tuple[Any, int]]:
        """Each word's choice, and in how many rows it stands."""
        return [(self[f"word-{number}"], word["count"]) for number, word in enumerate(self._words)]

    def name_fields(self) -> list[Any]:
        return [self[f"name-{number}"] for number in range(len(self._names))]

    def corrections(self) -> dict[str, Any]:
        """What was chosen, in the form in which it is stored. Only what differs from the recognition is a choice."""
        chosen = self.cleaned_data
        zones = {clinic["name"]: chosen[f"zone-{number}"] for number, clinic in enumerate(self._clinics)}
        return {
            **self._options,
            **self._chosen_of_sheets(),
            "values": self._values(),
            "defaults": {
                **{key: text for key, text in self._options.get("defaults", {}).items() if key not in _DEFAULTED},
                **{key: chosen[key] for key in _DEFAULTED if chosen.get(key)},
            },
            "zones": {**self._options.get("zones", {}), **{name: zone for name, zone in zones.items() if zone}},
            "care_plans": chosen["care_plans"] or "assumed",
        }

    def _chosen_of_sheets(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        parts: dict[str, dict[str, Any]] = {
            part: dict(self._options.get(part, {})) for part in ("kinds", "columns", "header_rows", "date_orders")
        }
        left_out = set(self._options.get("left_out", ()))
        for number, sheet in enumerate(self._sheets):
            kind, key = chosen[f"kind-{number}"], sheet["key"]
            left_out.discard(key)
            if kind == NOT_USED:
                left_out.add(key)
            elif kind != sheet["kind"]:
                parts["kinds"][key] = kind
                parts["columns"].pop(key, None)
            else:
                self._read_sheet(number, sheet, parts)
        return {**parts, "left_out": sorted(left_out)}

    def _read_sheet(self, number: int, sheet: Mapping[str, Any], parts: dict[str, dict[str, Any]]) -> None:
        """The choices for a sheet whose kind stays. Another header row has other columns, which are found anew."""
        key, row = sheet["key"], self.cleaned_data.get(f"header-{number}")
        order = self.cleaned_data.get(f"order-{number}")
        if order and order != self.fields[f"order-{number}"].initial:
            parts["date_orders"][key] = order
        if row is not None and row != sheet.get("header_row"):
            parts["header_rows"][key] = row
            parts["columns"].pop(key, None)
            return
        parts["columns"][key] = self._columns(number, sheet)

    def _columns(self, number: int, sheet: Mapping[str, Any]) -> dict[str, str]:
        before = self._options.get("columns", {}).get(sheet["key"], {})
        now = {
            str(column["position"]): (self.cleaned_data[f"column-{number}-{column['position']}"], column["field"])
            for column in sheet["columns"]
        }
        changed = {position: to for position, (to, was) in now.items() if to != (was or NOT_USED)}
        return {**before, **changed}

    def _values(self) -> dict[str, dict[str, str]]:
        """What each word and name means, with those of other files that stand from a saved mapping."""
        values = {field: dict(words) for field, words in self._options.get("values", {}).items()}
        said = [
            *((word["field"], word["written"], f"word-{number}") for number, word in enumerate(self._words)),
            *((field, written, f"name-{number}") for number, (field, written, _) in enumerate(self._names)),
        ]
        for field, written, name in said:
            words = values.setdefault(field, {})
            words.pop(written.casefold(), None)
            if meant := self.cleaned_data.get(name):
                words[written.casefold()] = meant
        return values


def label_of(field: str) -> str:
    """What a field of either kind of sheet is called."""
    return next(known[field].label for known in (fields("contacts"), fields("patients")) if field in known)


def _names_in_doubt(summary: Mapping[str, Any], options: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Field, what is written, and what it is said to mean: names that nobody on record has, and those already said."""
    said = [
        (field, written, meant)
        for field in NAMED
        for written, meant in sorted(options.get("values", {}).get(field, {}).items())
    ]
    known = {(field, written) for field, written, _ in said}
    doubtful = [(field, written, "") for field, written in summary.get("doubtful_names", ())]
    return (said + [each for each in doubtful if (each[0], each[1].casefold()) not in known])[:_MOST_NAMES]


def _initial(options: Mapping[str, Any]) -> dict[str, Any]:
    return {**options.get("defaults", {}), "care_plans": options.get("care_plans", "assumed")}


def _choice(
    choices: Sequence[tuple[str, str]], initial: str, *, label: str, required: bool = True
) -> forms.ChoiceField:
    return forms.ChoiceField(choices=choices, initial=initial, label=label, required=required)


def _zones(chosen: str) -> tuple[tuple[str, str], ...]:
    """The usual zones, and the chosen one where it is another."""
    if chosen in dict(ZONES) or chosen not in available_timezones():
        return ZONES
    return (*ZONES, (chosen, chosen))
