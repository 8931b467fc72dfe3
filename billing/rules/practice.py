"""What becomes of each row of a practice's file of charges and appointments, held against what is on record.

Nothing here writes. A row whose patient, practitioner or day is in doubt is a row to correct, never a guess.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import cache
from typing import Final
from uuid import UUID

from billing.rules.books.library import library
from billing.rules.charge_files import Charge, ChargeFile, ChargeRow
from billing.rules.charge_patients import Found
from billing.rules.practitioners import OTHER, Practitioners
from caseload.rules.clock import month_of
from caseload.rules.imports.sheets import Problem

FAULTY, VISIT, SERVICE, APPOINTMENT = "faulty", "visit", "service", "appointment"
CANCELED, OWN, KNOWN, PAST, NOT_NEEDED, UNKNOWN = "canceled", "own", "known", "past", "not_needed", "unknown"
# What wants a look first.
FATES: Final = (FAULTY, VISIT, SERVICE, APPOINTMENT, CANCELED, OWN, KNOWN, PAST, NOT_NEEDED, UNKNOWN)
# What confirming would write.
WRITTEN: Final = (VISIT, SERVICE, APPOINTMENT)
# Columns by which a patient is named.
PEOPLE: Final = ("mrn", "name", "family", "given", "birth_on")

# Diagnostic evaluations start services only where a payer's rules say so; the verdict decides, so all are kept.
_EVALUATIONS: Final = frozenset({"90791", "90792"})
# Care management, and psychotherapy, whose minutes are never counted here; what collides with what is for the books.
_BESIDES_BOOKS: Final = frozenset({
    *("99439", "99491", "99437", "99487", "99489", "99424", "99425", "99426", "99427"),
    *("90832", "90833", "90834", "90836", "90837", "90838", "90839", "90840", "90845", "90846", "90847", "90853"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What is known of a patient: their clinic's day, their treating clinicians, and what stands already.

    `closed` are months closed at their clinic, `asked` what those were closed with, in words, by month. `with_whom` is
    said of those appointments that an earlier file brought.
    """

    today: date
    clinicians: frozenset[UUID] = frozenset()
    visits: frozenset[tuple[date, str]] = frozenset()
    services: frozenset[tuple[str, str, bool]] = frozenset()
    appointments: Mapping[tuple[date, time | None], UUID] = field(default_factory=dict)
    with_whom: Mapping[UUID, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    asked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowFate:
    """What becomes of one row. `patient` is None for nobody of ours, of whom nothing else is kept either.

    `is_visit` and `is_service` say what a charge is recorded as (transitional care is both); `clinician` is the
    treating clinician whom the row names; `takes_back` are appointments that it cancels or moves.
    """

    row: int
    fate: str
    patient: UUID | None = None
    charge: Charge | None = None
    messages: tuple[str, ...] = ()
    is_visit: bool = False
    is_service: bool = False
    is_by_billing: bool = False
    clinician: UUID | None = None
    with_whom: str = ""
    takes_back: tuple[UUID, ...] = ()

    @property
    def month(self) -> str:
        return month_of(self.charge.on) if self.charge else ""


@dataclass(frozen=True, slots=True)
class PracticePlan:
    """The fate of every row, and the fingerprint by which a confirmation means exactly this plan."""

    rows: tuple[RowFate, ...]

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(row.fate for row in self.rows)
        return {fate: found[fate] for fate in FATES if found[fate]}

    @property
    def writes(self) -> int:
        """How many rows change something."""
        return sum(row.fate in WRITTEN or bool(row.takes_back) for row in self.rows)

    def digest(self) -> str:
        """Of all that decides what is written."""
        parts = [
            (row.row, row.fate, str(row.patient), row.is_visit, row.is_service, row.is_by_billing, str(row.clinician))
            for row in self.rows
        ]
        said = [(row.with_whom, *map(str, row.takes_back), *row.messages) for row in self.rows]
        return hashlib.sha256(json.dumps([parts, said]).encode()).hexdigest()


def plan_file(
    file: ChargeFile,
    *,
    find: Callable[[Charge], Found[UUID]],
    records: Mapping[UUID, OnRecord],
    practitioners: Practitioners,
) -> PracticePlan:
    """Decide every row in the file's order: a row that repeats an earlier one is on record already by then."""
    planner = _Planner(find, dict(records), practitioners, _headings_of_people(file))
    rows = [planner.fate(row) for row in file.rows]
    return PracticePlan(tuple(_with_moves(rows, records)))


@cache
def visit_codes() -> frozenset[str]:
    """Every code that starts services by some rule book, and the evaluations that some payers take."""
    books = [book for family in library().values() for book in family]
    return _EVALUATIONS.union(*(book.requirements.visit_codes for book in books))


@cache
def program_codes() -> frozenset[str]:
    """The codes of this program: charged by the billing practitioner they are its own, by another a second biller's."""
    return frozenset().union(
        *(book.requirements.other_biller_codes for family in library().values() for book in family)
    )


@cache
def service_codes() -> frozenset[str]:
    """Every other service that decides what a month may bill: what the rule books name, care management, therapy."""
    books = [book for family in library().values() for book in family]
    return _BESIDES_BOOKS.union(_EVALUATIONS, program_codes(), *(book.codes for book in books))


@dataclass
class _Planner:
    """Remembers what earlier rows will have recorded."""

    find: Callable[[Charge], Found[UUID]]
    records: dict[UUID, OnRecord]
    practitioners: Practitioners
    headings: frozenset[str] = frozenset()

    def fate(self, row: ChargeRow) -> RowFate:
        charge = row.charge
        if charge is None:
            return RowFate(row.row, FAULTY, messages=tuple(self._sentence(fault) for fault in row.faults))
        found = self.find(charge)
        if found.fault:
            return RowFate(row.row, FAULTY, messages=(f"{found.fault[0].upper()}{found.fault[1:]}.",))
        if found.key is None or found.key not in self.records:
            return RowFate(row.row, UNKNOWN)
        losses = tuple(self._sentence(loss) for loss in row.losses)
        begun = RowFate(row.row, NOT_NEEDED, found.key, charge, losses)
        decided = self._decided(begun, charge, self.records[found.key])
        self._remember(decided, charge, found.key)
        return decided

    def _decided(self, row: RowFate, charge: Charge, record: OnRecord) -> RowFate:
        if charge.status in ("canceled", "missed") or (charge.code and charge.units < 1):
            return self._canceled(row, charge, record)
        if not charge.code or (charge.on > record.today and charge.status != "kept"):
            return self._appointment(row, charge, record)
        if charge.on > record.today:
            return _said(
                replace(row, fate=FAULTY), "The day lies ahead, but the row says that it has been. Correct it."
            )
        return self._charge(row, charge, record)

    def _canceled(self, row: RowFate, charge: Charge, record: OnRecord) -> RowFate:
        appointment = record.appointments.get((charge.on, charge.at)) or record.appointments.get((charge.on, None))
        if charge.at is None and appointment is None:
            appointment = next((key for (on, _), key in record.appointments.items() if on == charge.on), None)
        if appointment is None or charge.on < record.today:
            return replace(row, fate=CANCELED)
        return _said(replace(row, fate=CANCELED, takes_back=(appointment,)), "The appointment on record is taken back.")

    def _appointment(self, row: RowFate, charge: Charge, record: OnRecord) -> RowFate:
        if charge.on < record.today:
            return replace(row, fate=PAST)
        if (charge.on, charge.at) in record.appointments:
            return replace(row, fate=KNOWN)
        who = self.practitioners.meant(charge)
        clinician = UUID(who) if who not in ("", OTHER) else None
        with_whom = self.practitioners.names.get(who, charge.practitioner)
        return replace(row, fate=APPOINTMENT, clinician=clinician, with_whom=with_whom)

    def _charge(self, row: RowFate, charge: Charge, record: OnRecord) -> RowFate:
        is_visit, is_service = charge.code in visit_codes(), charge.code in service_codes()
        if not is_visit and not is_service:
            return row
        who = self.practitioners.meant(charge)
        if who == "":
            return _said(replace(row, fate=FAULTY), "It is not clear who provided it. Say who it was, and read again.")
        clinician = None if who == OTHER else UUID(who)
        is_ours = clinician is not None and clinician in record.clinicians
        named = replace(row, clinician=clinician, is_by_billing=is_ours)
        if is_ours and charge.code in program_codes():
            return _said(replace(named, fate=OWN), _asked(named.month, record))
        return self._recorded(named, charge, record, is_visit=is_visit, is_service=is_service)

    def _recorded(self, row: RowFate, charge: Charge, record: OnRecord, *, is_visit: bool, is_service: bool) -> RowFate:
        """As what it is recorded, where it does not stand already."""
        is_new_visit = is_visit and (charge.on, charge.code) not in record.visits
        is_new_service = is_service and (row.month, charge.code, row.is_by_billing) not in record.services
        if not is_new_visit and not is_new_service:
            return replace(row, fate=KNOWN)
        fate = SERVICE if is_new_service else VISIT
        words = list(_words(row, is_new_visit=is_new_visit, is_new_service=is_new_service))
        if row.month in record.closed:
            words.append(f"{_title(row.month)} is closed: it is kept as a change after the close, which billing sees.")
        return _said(replace(row, fate=fate, is_visit=is_new_visit, is_service=is_new_service), *words)

    def _sentence(self, problem: Problem) -> str:
        """What is wrong in which column, and the fix; the row's number stands beside it.

        What stands in a column of people is not quoted: the row may be about somebody who is not in the program.
        """
        fault = problem.fault
        if problem.column in self.headings:
            fault = re.sub("“.*”", "what it says", fault)
        column = f"{problem.column}: " if problem.column else ""
        return f"{column}{fault}. {problem.fix}"

    def _remember(self, row: RowFate, charge: Charge, patient: UUID) -> None:
        record = self.records[patient]
        if row.is_visit:
            record = replace(record, visits=record.visits | {(charge.on, charge.code)})
        if row.is_service:
            record = replace(record, services=record.services | {(row.month, charge.code, row.is_by_billing)})
        if row.fate == APPOINTMENT:
            record = replace(record, appointments={**record.appointments, (charge.on, charge.at): UUID(int=0)})
        if row.takes_back:
            left = {key: value for key, value in record.appointments.items() if value not in row.takes_back}
            record = replace(record, appointments=left)
        self.records[patient] = record


def _with_moves(rows: Sequence[RowFate], records: Mapping[UUID, OnRecord]) -> Iterable[RowFate]:
    """Appointments that an earlier file brought and this one no longer has are taken back by the new one of the same
    patient with the same person. Only days between the file's first and last appointment count: it says nothing of
    others.
    """
    listed = {(row.patient, row.charge.on, row.charge.at) for row in rows if row.charge and _is_appointment(row)}
    days = [on for _, on, _ in listed]
    canceled = {key for row in rows for key in row.takes_back}
    gone = {
        (patient, key): on
        for patient, record in records.items()
        for (on, at), key in record.appointments.items()
        if key in record.with_whom and key not in canceled and record.today <= on and (patient, on, at) not in listed
        if days and min(days) <= on <= max(days)
    }
    for row in rows:
        yield _moving(row, records, gone) if row.fate == APPOINTMENT else row


def _moving(row: RowFate, records: Mapping[UUID, OnRecord], gone: dict[tuple[UUID, UUID], date]) -> RowFate:
    """The row with the appointments that it stands for now; each goes with one row."""
    assert row.patient is not None
    with_whom = records[row.patient].with_whom
    found = [key for patient, key in gone if patient == row.patient and with_whom[key] == row.with_whom]
    days = sorted(gone.pop((row.patient, key)) for key in found)
    words = [f"The one on {day:%b} {day.day} is no longer listed and is taken back." for day in days]
    return _said(replace(row, takes_back=tuple(found)), *words)


def _is_appointment(row: RowFate) -> bool:
    """A row of an appointment that lies ahead, whether it is on record already or not."""
    return row.fate == APPOINTMENT or (row.fate == KNOWN and row.charge is not None and not row.charge.code)


def _headings_of_people(file: ChargeFile) -> frozenset[str]:
    columns = file.table.columns if file.table else ()
    return frozenset(column.header for column in columns if column.field in PEOPLE)


def _words(row: RowFate, *, is_new_visit: bool, is_new_service: bool) -> Iterable[str]:
    if is_new_visit:
        yield "A visit that may start services" + (
            "." if row.is_by_billing else ", with somebody who is not the treating clinician: it starts none of ours."
        )
    if is_new_service and row.is_by_billing:
        yield "A service of the month by the treating clinician."
    elif is_new_service and row.charge and row.charge.code in program_codes():
        yield "Another practitioner of the practice bills this program: only one may in a month."
    elif is_new_service:
        yield "A service of the month by another practitioner of the practice."


def _asked(month: str, record: OnRecord) -> str:
    if month not in record.closed:
        return f"Charged by the practice itself. {_title(month)} is not closed here yet."
    return (
        f"Charged by the practice itself. {_title(month)} was closed here with {record.asked.get(month) or 'nothing'}."
    )


def _title(month: str) -> str:
    return f"{date.fromisoformat(month + '-01'):%B %Y}"


def _said(row: RowFate, *words: str) -> RowFate:
    return replace(row, messages=(*row.messages, *words))
