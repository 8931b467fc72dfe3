"""Rows of a list of patients, each as a typed candidate or as what is wrong with it."""

import re
from collections.abc import Iterator
from datetime import date

from caseload.rules.imports.candidates import (
    Enrolment,
    Ignored,
    Insurance,
    PatientCandidate,
    Person,
    ReadRow,
    Unenrolled,
)
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.recognize import Table
from caseload.rules.imports.rows import RowReader, data_rows
from caseload.rules.imports.words import Status, read_status
from registry.rules.identifiers import is_mbi, normal_icd10

_SEXES = {
    "F": "f female woman girl w",
    "M": "m male man boy",
    "X": "x other nonbinary non-binary nb",
    "U": "u unknown undisclosed",
}
_SEX_OF = {word: sex for sex, words in _SEXES.items() for word in words.split()}
_FORMS = {
    "verbal": ("verbal", "oral", "phone", "spoken", "telephone", "v"),
    "written": ("written", "signed", "paper", "electronic", "w", "e-signed", "docusign"),
}
# Also within words: `F33.1 Major depression`, `Anxiety (F41.1)`.
_CODE = re.compile(r"\b[A-Za-z]\d[0-9A-Za-z](?:\.?[0-9A-Za-z]{1,4})?\b")
_YES = ("yes", "y", "true", "x", "obtained", "given", "on file")


def read_patients(table: Table, *, on: date, corrections: Corrections) -> Iterator[ReadRow[PatientCandidate] | Ignored]:
    """Each row of a list of patients. `on` is the day of the import: nothing that happened lies after it.

    Without a record number, a name, or a birth date a row is refused; other wrong values are left out and said.
    """
    for reader in data_rows(table, corrections, "birth_on"):
        yield reader if isinstance(reader, Ignored) else _read_row(reader, on)


def _read_row(reader: RowReader, on: date) -> ReadRow[PatientCandidate]:
    person = _person(reader, on)
    enrolment = _enrolment(reader, person, on) if person else None
    candidate = None
    if person and not reader.faults:
        candidate = PatientCandidate(
            person=person,
            clinic=reader.words("clinic", 200),
            care_manager=reader.words("care_manager", 200),
            clinician=reader.words("clinician", 200),
            insurance=_insurance(reader),
            enrolment=enrolment,
            unenrolled=_unenrolled(reader, person, on) if enrolment is None else None,
        )
    label = candidate.label if candidate else reader.text("name") or reader.text("family") or reader.text("mrn")
    return reader.result(label, candidate)


def read_sex(written: str) -> str:
    """F, M, X or U (not known) for the words that lists use; empty for any other."""
    return _SEX_OF.get(written.casefold(), "")


def read_consent_form(written: str) -> str:
    """`verbal` or `written`, by the first word; empty for any other."""
    first = re.match(r"[\w-]*", written.casefold())
    return next((form for form, words in _FORMS.items() if first and first[0] in words), "")


def _person(reader: RowReader, on: date) -> Person | None:
    mrn = reader.mrn()
    if not mrn:
        reader.refuse("mrn", "there is no record number", "Fill in the number that the clinic's record has.")
    name = reader.person_name()
    birth_on = reader.birth_day(on)
    if not mrn or name is None or birth_on is None:
        return None
    return Person(
        mrn=mrn,
        family=name.family,
        given=name.given,
        middle=name.middle,
        birth_on=birth_on,
        sex=_sex(reader),
        phone=reader.words("phone", 40),
        email=_email(reader),
        address=_address(reader),
        city=reader.words("city", 100),
        state=_state(reader),
        postal_code=_postal_code(reader),
        language=reader.words("language", 40),
    )


def _sex(reader: RowReader) -> str:
    written = reader.text("sex")
    if written and not read_sex(written):
        reader.lose("sex", f"“{written[:20]}” is not known", "Write F, M, X or U.")
    return read_sex(written) or "U"


def _email(reader: RowReader) -> str:
    email = reader.words("email", 254)
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        reader.lose("email", "this is not an e-mail address", "Write it as name@example.com.")
        return ""
    return email


def _address(reader: RowReader) -> str:
    lines = (reader.words("address", 200), reader.words("address2", 60))
    return ", ".join(line for line in lines if line)[:200]


def _state(reader: RowReader) -> str:
    state = reader.text("state")
    if state and not re.fullmatch(r"[A-Za-z]{2}", state):
        reader.lose("state", f"“{state[:20]}” is not a state's two letters", "Write it as KS.")
        return ""
    return state.upper()


def _postal_code(reader: RowReader) -> str:
    """Five digits, or five and four; a leading zero that a spreadsheet dropped is put back."""
    code = reader.text("postal_code")
    found = re.fullmatch(r"(\d{3,5})(?:-?(\d{4}))?", code) if not re.fullmatch(r"\d{8}", code) else None
    if code and not found:
        reader.lose("postal_code", f"“{code[:20]}” is not a ZIP code", "Write it as 67060 or 67060-1234.")
    if not found:
        return ""
    if len(found[1]) < 5:
        reader.remarks.append(f"ZIP code {code} had lost its leading zero.")
    return "-".join(part for part in (found[1].zfill(5), found[2]) if part)


def _insurance(reader: RowReader) -> Insurance | None:
    payer = reader.words("payer", 200)
    if not payer:
        return None
    member_id = reader.words("member_id", 40)
    if "medicare" in payer.casefold() and "advantage" not in payer.casefold() and not is_mbi(member_id):
        reader.remarks.append(
            f"{reader.table.heading('member_id')} {member_id or '(none)'} is not a Medicare number (MBI): "
            "kept as written; claims will ask for it."
        )
    return Insurance(payer, reader.words("payer_code", 40), member_id)


def _enrolment(reader: RowReader, person: Person, on: date) -> Enrolment | None:
    status = _status(reader)
    if not reader.text("enrolled_on"):
        if status.state != "referred" and reader.table.column("enrolled_on"):
            reader.lose("enrolled_on", "there is no date of enrolment", "Enrol the patient on the chart.")
        return None
    enrolled_on = reader.needed_day("enrolled_on", on)
    if enrolled_on is None:
        return None
    if enrolled_on < person.birth_on:
        reader.refuse("birth_on", "the birth date lies after the enrolment", "Correct one of the two dates.")
        return None
    if status.state == "referred":
        reader.remarks.append("Referred by status, but with a date of enrolment: taken as active.")
        status = Status("active")
    relapse_on = _relapse_prevention_on(reader, status, enrolled_on, on)
    ended_on = _ended_on(reader, status, enrolled_on, on)
    return Enrolment(
        state="active" if status.state == "relapse_prevention" and relapse_on is None else status.state,
        program=_program(reader),
        enrolled_on=enrolled_on,
        referred_on=_not_after(reader, "referred_on", enrolled_on, on),
        relapse_prevention_on=relapse_on,
        ended_on=ended_on,
        end_reason=status.reason,
        consent_on=_consent_on(reader, enrolled_on, on),
        consent_form=_consent_form(reader),
        diagnoses=_diagnoses(reader),
        review_on=reader.day("review_on", on),
        visit_on=reader.day("visit_on", on),
        care_plan_on=reader.day("care_plan_on", on),
    )


def _unenrolled(reader: RowReader, person: Person, on: date) -> Unenrolled | None:
    """What a row without a date of enrolment says of somebody who could be referred; None where treatment ended."""
    status = _status(reader)
    if status.state == "discharged":
        return None
    referred_on = reader.day("referred_on", on)
    return Unenrolled(
        referred_on=referred_on if referred_on and referred_on >= person.birth_on else None,
        problems=reader.text("diagnosis")[:200],
    )


def _status(reader: RowReader) -> Status:
    """The status; a discharge takes its reason from the column for it, else from the status word, else `other`."""
    written = reader.text("status")
    status = read_status(written) if written else _unsaid_status(reader)
    if status is None:
        reader.lose("status", f"“{written[:40]}” is not known", "Taken as active; write Active, RPP or Discharged.")
        status = Status("active")
    if status.state != "discharged":
        return status
    why = read_status(reader.text("end_reason"))
    return Status("discharged", (why.reason if why else "") or status.reason or "other")


def _unsaid_status(reader: RowReader) -> Status:
    return Status("discharged" if reader.text("ended_on") else "active")


def _relapse_prevention_on(reader: RowReader, status: Status, enrolled_on: date, on: date) -> date | None:
    relapse_on = reader.day("relapse_prevention_on", on)
    heading = reader.table.heading("relapse_prevention_on")
    if status.state == "relapse_prevention" and relapse_on is None:
        reader.remarks.append(f"In relapse prevention, but {heading} has no date: taken as active.")
    if relapse_on and relapse_on < enrolled_on:
        reader.lose("relapse_prevention_on", "it lies before the enrolment", "Correct one of the two dates.")
        return None
    return relapse_on if status.state in ("relapse_prevention", "discharged") else None


def _ended_on(reader: RowReader, status: Status, enrolled_on: date, on: date) -> date | None:
    ended_on = reader.day("ended_on", on)
    if status.state != "discharged":
        if ended_on:
            reader.lose("ended_on", "there is a date, but the status is not discharged", "Correct one of the two.")
        return None
    if ended_on and ended_on < enrolled_on:
        reader.lose("ended_on", "it lies before the enrolment", "Correct one of the two dates.")
        return None
    return ended_on


def _not_after(reader: RowReader, key: str, enrolled_on: date, on: date) -> date | None:
    day = reader.day(key, on)
    if day and day > enrolled_on:
        reader.lose(key, "it lies after the enrolment", "Correct one of the two dates.")
        return None
    return day


def _program(reader: RowReader) -> str:
    """The program that is written; empty where none is: the clinic's."""
    written = reader.text("program").casefold()
    if not written:
        return ""
    is_general = written.startswith("general") or ("bhi" in written and "cocm" not in written)
    return "bhi" if is_general else "cocm"


def _consent_on(reader: RowReader, enrolled_on: date, on: date) -> date | None:
    """The day of consent. `Yes` without a day is none: nobody could show later when it was given."""
    heading = reader.table.heading("consent_on")
    if reader.text("consent_on").casefold() in _YES:
        reader.lose("consent_on", "it says that consent was given, not when", "Enter the day on the chart.")
        return None
    consent_on = reader.day("consent_on", on)
    if consent_on is None and not any(loss.column == heading for loss in reader.losses):
        reader.remarks.append("No consent date: time is kept but counts only once a consent is recorded.")
    if consent_on and consent_on > enrolled_on:
        reader.remarks.append(f"Consent only on {consent_on:%m/%d/%Y}: time before it does not count.")
    return consent_on


def _consent_form(reader: RowReader) -> str:
    written = reader.text("consent_form")
    form = read_consent_form(written)
    if written and not form:
        reader.lose("consent_form", f"“{written[:20]}” is not known", "Write Verbal or Written.")
    return form


def _diagnoses(reader: RowReader) -> tuple[str, ...]:
    """ICD-10-CM codes of the cell in their order, once each; words without any are said."""
    codes: list[str] = []
    for part in re.split(r"[;,|/]", reader.text("diagnosis")):
        found = [code for word in _CODE.findall(part) if (code := normal_icd10(word))]
        codes += found
        if part.strip() and not found:
            reader.lose("diagnosis", f"“{part.strip()[:40]}” is not an ICD-10-CM code", "Write a code like F33.1.")
    return tuple(dict.fromkeys(codes))
