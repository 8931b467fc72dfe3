"""Rows of a list of contacts, each as a typed candidate or as what is wrong with it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta

from caseload.rules.imports.candidates import (
    ContactCandidate,
    Ignored,
    PatientReference,
    ReadRow,
    Scores,
)
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.numbers import NotANumber, read_minutes, read_score
from caseload.rules.imports.recognize import Table
from caseload.rules.imports.rows import RowReader, data_rows
from caseload.rules.imports.words import CONTACT_EXAMPLES, ContactType, read_contact_type

# A longer session than this happens, but rarely enough to be looked at.
_LONG_MINUTES = 240
# A next contact planned further ahead than this is a wrong year.
_NEXT_WITHIN = timedelta(days=731)
# The PHQ-9's other eight items add up to this at most.
_EIGHT_ITEMS = 24


def read_contacts(table: Table, *, on: date, corrections: Corrections) -> Iterator[ReadRow[ContactCandidate] | Ignored]:
    """Each row of a list of contacts. `on` is the day of the import: no contact lies after it.

    A row is refused when it is unclear who, when, what or how long; a score that cannot be is left out and said,
    and the contact is kept.
    """
    for reader in data_rows(table, corrections, "contact_on"):
        yield reader if isinstance(reader, Ignored) else _read_row(reader, on)


def _read_row(reader: RowReader, on: date) -> ReadRow[ContactCandidate]:
    patient = _patient(reader, on)
    contact_on = reader.needed_day("contact_on", on)
    type_ = _type(reader)
    start = reader.clock("start", "contact_on")
    minutes = _minutes(reader, start)
    candidate = None
    if not reader.faults and contact_on and type_:
        candidate = ContactCandidate(
            patient=patient,
            on=contact_on,
            start=start,
            type=type_,
            minutes=minutes,
            care_manager=reader.words("care_manager", 200),
            scores=_scores(reader),
            note=_note(reader, type_),
            next_on=_next_on(reader, contact_on),
        )
    label = candidate.label if candidate else patient.label
    return reader.result(label, candidate)


def _patient(reader: RowReader, on: date) -> PatientReference:
    mrn = reader.mrn()
    if mrn:
        return PatientReference(mrn=mrn)
    if not reader.text("name"):
        reader.refuse("mrn", "the row names no patient", "Fill in the record number.")
        return PatientReference()
    name = reader.person_name()
    if name is None:
        return PatientReference()
    return PatientReference(family=name.family, given=name.given, birth_on=reader.birth_day(on, is_needed=False))


def _type(reader: RowReader) -> ContactType | None:
    """What happened, from the column for it or the one for how; where a sheet has both, the second says how."""
    written, mode = reader.text("contact_type"), reader.text("mode")
    key = "contact_type" if written or not mode else "mode"
    known = read_contact_type(written or mode)
    if known is None:
        fault = f"“{(written or mode)[:40]}” is not known" if written or mode else "there is none"
        reader.refuse(key, fault, f"Write {CONTACT_EXAMPLES}.")
        return None
    return _by(reader, known, mode) if written and mode else known


def _by(reader: RowReader, known: ContactType, mode: str) -> ContactType:
    """A kind of contact by the mode of its own column; `Therapy` by `No answer` was an attempt."""
    how = read_contact_type(mode)
    if how is None:
        reader.lose("mode", f"“{mode[:40]}” is not known", "Write Phone, Video, In person, Message or Letter.")
        return known
    if known.activity == "treatment" and how.activity != "treatment":
        return how
    return replace(known, mode=how.mode) if how.mode != "none" else known


def _minutes(reader: RowReader, start: time | None) -> int | None:
    """How long it took: as written, else from start to end."""
    try:
        written = read_minutes(reader.cell("minutes"))
    except NotANumber as problem:
        reader.refuse("minutes", str(problem), problem.fix)
        return None
    minutes = _from_start_to_end(reader, start, written)
    if not minutes:
        reader.remarks.append("No minutes: the contact is kept, no time is logged.")
    elif minutes > _LONG_MINUTES:
        reader.remarks.append(f"{minutes} minutes is long for one contact: look whether it is meant.")
    return minutes or None


def _from_start_to_end(reader: RowReader, start: time | None, written: int | None) -> int | None:
    """The minutes between the two clock times where none are written; what disagrees or cannot be is said."""
    end = reader.clock("end", "contact_on") if reader.text("end") else None
    if end is None or start is None:
        return written
    between = (end.hour - start.hour) * 60 + end.minute - start.minute
    if written is None and between <= 0:
        reader.refuse("end", f"{end:%H:%M} is not after the start, {start:%H:%M}", "Correct one of them.")
    elif written is not None and between != written:
        reader.remarks.append(f"{start:%H:%M} to {end:%H:%M} are not {written} minutes: the minutes are taken.")
    return between if written is None else written


def _scores(reader: RowReader) -> Scores:
    phq9 = _score(reader, "phq9", "The PHQ-9", 27)
    item9 = _score(reader, "phq9_item9", "Item 9", 3)
    gad7 = _score(reader, "gad7", "The GAD-7", 21)
    if phq9 is None:
        if item9 is not None:
            reader.lose("phq9_item9", f"item 9 is {item9}, but there is no PHQ-9", "Enter the PHQ-9 on the chart.")
        return Scores(gad7=gad7)
    if item9 is not None and item9 > phq9:
        reader.lose("phq9", f"{phq9} is less than its item 9, {item9}", "Enter the right scores on the chart.")
        return Scores(gad7=gad7)
    if item9 is not None and phq9 - item9 > _EIGHT_ITEMS:
        reader.remarks.append(
            f"A PHQ-9 of {phq9} with item 9 at {item9} cannot be: the other eight items make {_EIGHT_ITEMS} at most. "
            "Both are kept as written; look at the form and correct the score on the chart."
        )
    return Scores(phq9, item9, gad7)


def _score(reader: RowReader, key: str, name: str, most: int) -> int | None:
    try:
        return read_score(reader.cell(key), name, most)
    except NotANumber as problem:
        reader.lose(key, str(problem), problem.fix)
        return None


def _note(reader: RowReader, type_: ContactType) -> str:
    return " ".join(part for part in (type_.outcome, reader.words("note", 20_000)) if part)


def _next_on(reader: RowReader, contact_on: date) -> date | None:
    next_on = reader.day("next_on", contact_on + _NEXT_WITHIN)
    if next_on and next_on < contact_on:
        reader.lose("next_on", "it lies before the contact", "Set the next contact on the chart.")
        return None
    return next_on
