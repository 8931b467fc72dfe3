"""What is typed on "What would this bill?": a story's fields, its rows, and the story document that they make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.datastructures import MultiValueDict

from billing.forms.trial_rows import (
    PROGRAM_CHOICES,
    ChangeRow,
    ConsentRow,
    DiagnosisRow,
    EarlierRow,
    OtherRow,
    PlanRow,
    ReviewRow,
    Row,
    ScoreRow,
    VisitRow,
    WorkRow,
)
from billing.rules.books import NoBookInForce, OptionOutOfBounds
from billing.rules.documents import DocumentInvalid
from billing.rules.month_type import COCM_CODES
from billing.rules.payer_options import OPTION_WORDS, families, read, typed
from billing.rules.story import read_story
from billing.rules.story_faults import check_recordable
from billing.rules.story_months import months_of
from billing.rules.story_parts import Story
from billing.rules.story_supplies import SUPPLIES
from registry.forms.fields import DayField, TextField

Typed = MultiValueDict[str, str]

SETTING_CHOICES = (
    ("office", "Office"),
    ("hospital_outpatient", "Hospital outpatient department"),
    ("fqhc", "Health center (FQHC)"),
    ("rhc", "Rural health clinic (RHC)"),
)
ACCESS_CHOICES = (
    ("", "Not aligned"),
    ("outside", "Aligned to another participant"),
    ("here", "Aligned, and this practice is the participant"),
)
PAPER_CHOICES = (
    ("consent", "Consent"),
    ("visit", "Initiating visit"),
    ("diagnosis", "Diagnosis"),
    ("care_plan", "Care plan"),
    ("score", "Rating scale"),
    ("review", "Case review"),
)
ROWS: Final[tuple[type[Row], ...]] = (
    WorkRow,
    EarlierRow,
    ChangeRow,
    ConsentRow,
    VisitRow,
    DiagnosisRow,
    PlanRow,
    ScoreRow,
    ReviewRow,
    OtherRow,
)
PAPERS: Final = ("consents", "visits", "diagnoses", "care_plans", "scores", "reviews")
# Together they stay below the number of fields that Django takes of one form.
MOST_WORK, MOST_ROWS = 60, 12
FEWEST_ROWS = {"work": 3}
MORE_ROWS = 2
IN_A_LIST = re.compile(r"\$\.(\w+)\[(\d+)\](?:\.(\w+))?")
# Where parts of a story are typed that have another name on the form.
FIELDS = {
    "$.payer.book": "book",
    "$.payer": "book",
    "$.clinic.setting": "setting",
    "$.clinic.place_of_service": "place_of_service",
    "$.clinic.time_zone": "time_zone",
    "$.ended.on": "ended_on",
    "$.ended": "ended_on",
    "$.patient.died_on": "died_on",
}
TITLE = "What would this bill?"


class TrialForm(forms.Form):
    """Who pays, where, and the patient's course: what is said once."""

    book = forms.ChoiceField(label="Payer", choices=families)
    setting = forms.ChoiceField(label="Setting", choices=SETTING_CHOICES)
    place_of_service = TextField(
        label="Place of service", max_length=2, help_text="Two digits. Empty: 11, or 22 in a hospital."
    )
    time_zone = TextField(label="Time zone", max_length=60, help_text="Empty: America/New_York.")
    program = forms.ChoiceField(label="Program at first", choices=PROGRAM_CHOICES)
    enrolled_on = DayField(label="Enrolled on", required=True)
    referred_on = DayField(label="Referred on", help_text="Work may count from then, with consent.")
    ended_on = DayField(label="Program ended on")
    died_on = DayField(label="Died on")
    access = forms.ChoiceField(label="ACCESS model", choices=ACCESS_CHOICES, required=False)
    without = forms.MultipleChoiceField(
        label="All papers are in order, but for",
        choices=PAPER_CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}), use_required_attribute=False)
        self.fields["enrolled_on"].error_messages["required"] = "Enter the day of enrolment."
        for option in OPTION_WORDS:
            self.fields[f"option_{option.name}"] = _option_field(option)

    @property
    def options(self) -> list[forms.BoundField]:
        return [self[f"option_{option.name}"] for option in OPTION_WORDS]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for option in OPTION_WORDS:
            try:
                text = values.get(f"option_{option.name}")
                values[f"option_{option.name}"] = read(option.name, text) if text else ""
            except OptionOutOfBounds as fault:
                self.add_error(f"option_{option.name}", str(fault))
        return values

    def told(self) -> dict[str, Any]:
        """The fields as those of a story; call it once valid."""
        values = self.cleaned_data
        days = {name: values[name].isoformat() for name in ("enrolled_on", "referred_on") if values[name]}
        options = {
            name.removeprefix("option_"): value
            for name, value in values.items()
            if name.startswith("option_") and value != ""
        }
        clinic = {name: values[name] for name in ("setting", "place_of_service", "time_zone") if values[name]}
        told = {**days, "program": values["program"], "clinic": clinic, "without": values["without"]}
        told["payer"] = {"book": values["book"], "options": options}
        if values["ended_on"]:
            told["ended"] = {"on": values["ended_on"].isoformat(), "reason": "other"}
        if values["died_on"]:
            told["patient"] = {"died_on": values["died_on"].isoformat()}
        if values["access"]:
            told["access_model"] = {"aligned": True, "participant": values["access"] == "here"}
        return told


def _option_field(option: Any) -> forms.Field:
    if option.choices:
        choices = [("", "As in its rule book"), *((typed(option.name, value), said) for value, said in option.choices)]
        return forms.ChoiceField(label=option.label, choices=choices, required=False)
    return TextField(label=option.label, max_length=200, help_text=f"Empty: as in its rule book. {option.typed}")


@dataclass(frozen=True)
class Rows:
    """The rows of one kind, filled or not."""

    of: type[Row]
    forms: tuple[Row, ...]

    @property
    def kind(self) -> str:
        return self.of.KIND

    @property
    def title(self) -> str:
        return self.of.TITLE

    @property
    def filled(self) -> list[Row]:
        """Those in which something stands."""
        return [form for form in self.forms if form.has_changed()]

    @property
    def is_open(self) -> bool:
        """Whether they are worth showing unasked: something stands in them."""
        begun = self.of.begun()
        typed_in = [text for form in self.forms for name, text in form.initial.items() if text != begun.get(name)]
        return any(typed_in) or any(form.is_bound and form.has_changed() for form in self.forms)

    @property
    def may_grow(self) -> bool:
        return len(self.forms) < most_rows(self.of)


class Trial:
    """Everything typed on the page: to show it again as it is, or to read the story that it tells."""

    def __init__(self, data: Typed, *, is_read: bool, more: str = "") -> None:
        self.data = data
        self.form = TrialForm(data) if is_read else TrialForm(initial=_initial(data))
        self.rows = {of.KIND: _rows(of, data, is_read=is_read, is_more=more == of.KIND) for of in ROWS}

    @property
    def has_options(self) -> bool:
        """Whether the payer is said to differ from its book."""
        return any(field.value() or field.errors for field in self.form.options)

    @property
    def has_course(self) -> bool:
        """Whether anything rarer than program and enrolment is said of the patient's course."""
        fields = [self.form[name] for name in ("referred_on", "ended_on", "died_on", "access", "time_zone")]
        return any(field.value() or field.errors for field in fields) or self.rows[ChangeRow.KIND].is_open

    @property
    def paper_rows(self) -> list[Rows]:
        return [self.rows[kind] for kind in PAPERS]

    @property
    def is_any_paper_dated(self) -> bool:
        return any(rows.is_open for rows in self.paper_rows)

    def story(self) -> Story | None:
        """The story that is told; None where something does not fit, said at its field."""
        typed_in = [self.form, *(form for rows in self.rows.values() for form in rows.forms)]
        faulty = [one for one in typed_in if not one.is_valid()]  # each is asked, so that each says its own
        if faulty:
            return None
        try:
            story = read_story(self.document())
            check_recordable(story)
            months_of(story)
        except DocumentInvalid as fault:
            self._blame(fault.path, fault.fault)
        except NoBookInForce as fault:
            self.form.add_error("book", f"{str(fault).capitalize()}. Choose another payer, or later days.")
        else:
            return story
        return None

    def document(self) -> dict[str, Any]:
        """The story as the document of a file; call it once the forms are valid."""
        told = {"id": "trial", "title": TITLE, **self.form.told()}
        for kind, rows in self.rows.items():
            items = [form.told() for form in rows.filled]
            if items and kind != EarlierRow.KIND:
                told[kind] = items
        earlier = [form.told() for form in self.rows[EarlierRow.KIND].filled]
        told["served_before"] = [one["month"] for one in earlier if "code" not in one]
        told["billed_before"] = [one for one in earlier if "code" in one]
        return told

    def _blame(self, path: str, fault: str) -> None:
        """Say a fault at the field where its cause was typed."""
        said = fault[0].upper() + fault[1:] + ("" if fault.endswith(".") else ".")
        listed = IN_A_LIST.match(path)
        if listed and listed[1] in self.rows:
            row = self.rows[listed[1]].filled[int(listed[2])]
            row.add_error(row.field_at(listed[3] or ""), said)
        elif listed and listed[1] in ("served_before", "billed_before"):
            self._blame_earlier(int(listed[2]), listed[1], listed[3] or "month", said)
        else:
            option = path.replace("$.payer.options.", "option_")
            field = FIELDS.get(path, option.removeprefix("$."))
            self.form.add_error(field if field in self.form.fields else None, said)

    def _blame_earlier(self, place: int, listed: str, part: str, said: str) -> None:
        """Earlier months are typed in one list and told in two."""
        is_billed = listed == "billed_before"
        rows = [form for form in self.rows[EarlierRow.KIND].filled if bool(form.cleaned_data["code"]) == is_billed]
        rows[place].add_error(part, said)


def most_rows(of: type[Row]) -> int:
    """How many rows of a kind the form holds."""
    return MOST_WORK if of is WorkRow else MOST_ROWS


def check_fits(document: Mapping[str, Any]) -> None:
    """Raises DocumentInvalid where a story, known to be valid, lists more than the form holds."""
    for of in ROWS:
        if len(_items(document, of)) > most_rows(of):
            raise DocumentInvalid(f"$.{of.KIND}", f"this form holds at most {most_rows(of)} of these")


def nothing_typed() -> Typed:
    """The page as it is first shown."""
    return typed_of({})


def typed_of(document: Mapping[str, Any]) -> Typed:
    """A story's document, known to be valid, as it is typed on the page.

    What decides no billing is left out: name, sources, what must come out, signals, the reason of an end.
    """
    data: Typed = MultiValueDict()
    for name in ("enrolled_on", "referred_on"):
        data[name] = document.get(name) or ""
    for name in ("place_of_service", "time_zone"):
        data[name] = document.get("clinic", {}).get(name, "")
    data["setting"] = document.get("clinic", {}).get("setting", "office")
    data["book"] = document.get("payer", {}).get("book", "medicare_ffs")
    for name, value in document.get("payer", {}).get("options", {}).items():
        data[f"option_{name}"] = typed(name, tuple(value) if isinstance(value, list) else value)
    data["ended_on"] = (document.get("ended") or {}).get("on", "")
    data["died_on"] = document.get("patient", {}).get("died_on") or ""
    data["access"] = _access(document.get("access_model") or {})
    data["program"] = document.get("program", "cocm")
    data.setlist("without", _without(document))
    for of in ROWS:
        _type_rows(data, of, _items(document, of))
    return data


def _items(document: Mapping[str, Any], of: type[Row]) -> list[Any]:
    return _earlier(document) if of is EarlierRow else list(document.get(of.KIND, ()))


def _access(model: Mapping[str, Any]) -> str:
    if not model.get("aligned"):
        return ""
    return "here" if model.get("participant") else "outside"


def _without(document: Mapping[str, Any]) -> list[str]:
    """Papers that are not there: named as such, listed as none, or not supplied."""
    named = set(document.get("without", ()))
    is_supplied = document.get("in_order", True)
    return [
        word
        for word, (kind, _) in SUPPLIES.items()
        if (kind in document and not document[kind]) or (kind not in document and (word in named or not is_supplied))
    ]


def _earlier(document: Mapping[str, Any]) -> list[dict[str, str]]:
    billed = list(document.get("billed_before", ()))
    named = {one["month"] for one in billed if one["code"] in COCM_CODES}
    return [*({"month": month} for month in document.get("served_before", ()) if month not in named), *billed]


def _type_rows(data: Typed, of: type[Row], items: Iterable[Any]) -> None:
    rows = [{**of.begun(), **of.typed(item)} for item in items]
    rows += [of.begun()] * (FEWEST_ROWS.get(of.KIND, 1) - len(rows))
    for place, row in enumerate(rows):
        for name, value in row.items():
            data[f"{of.KIND}-{place}-{name}"] = value
    data[f"{of.KIND}-rows"] = str(len(rows))


def _rows(of: type[Row], data: Typed, *, is_read: bool, is_more: bool) -> Rows:
    fewest = FEWEST_ROWS.get(of.KIND, 1)
    given = data.get(f"{of.KIND}-rows", "")
    count = int(given) if re.fullmatch(r"[0-9]{1,4}", given or "") else 0
    count = min(max(count + (MORE_ROWS if is_more else 0), fewest), most_rows(of))
    return Rows(of, tuple(_row(of, data, f"{of.KIND}-{place}", is_read=is_read) for place in range(count)))


def _row(of: type[Row], data: Typed, prefix: str, *, is_read: bool) -> Row:
    names = [name for name in of.base_fields if f"{prefix}-{name}" in data]
    initial = {} if is_read else {name: data[f"{prefix}-{name}"] for name in names}
    return of(
        data if is_read else None,
        prefix=prefix,
        initial=initial,
        empty_permitted=True,
        use_required_attribute=False,
    )


def _initial(data: Typed) -> dict[str, Any]:
    return {name: data.getlist(name) if name == "without" else data[name] for name in data if "-" not in name}
