"""What was billed before, beside what the records support now: computed from live rows each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from billing.models import BilledLine, Claim, FileState, LookBack
from billing.queries.claims import Expected, expected
from billing.queries.facts import month_facts
from billing.queries.judging import MonthVerdict, judged_in_order
from billing.rules.amounts import amount
from billing.rules.books import RuleBook, book_in_force, with_options
from billing.rules.facts import OtherService
from billing.rules.findings import Verdict
from billing.rules.look_back import OURS, Billed, CodeUnits, Compared, Finding, Support, compare
from billing.rules.look_back_words import why, would_change
from billing.rules.verdicts import judge
from caseload.rules.clock import first_day, last_day, month_of

LISTED = 50
READ, UNKNOWN, REFUSED = "read", "unknown", "refused"
BESIDE = "beside"
"""Of a line that is not compared: an APCM base, with which its add-on goes."""

PatientMonthKey = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class LookBackRow:
    """A look-back in a list."""

    id: UUID
    name: str
    state: str
    state_label: str
    created_at: datetime
    by: str
    first_month: str
    last_month: str
    rows: int
    lines: int
    against: str


@dataclass(frozen=True, slots=True)
class PatientMonth:
    """One patient's month: both sides, why they differ and what would change that."""

    patient_id: UUID
    patient_name: str
    mrn: str
    month: str
    episode_id: UUID | None
    compared: Compared
    why: tuple[str, ...]
    would_change: tuple[str, ...]

    @property
    def finding(self) -> Finding:
        return self.compared.finding


@dataclass(frozen=True, slots=True)
class Group:
    """All months of one finding: how many, of how many patients, what was paid, what the difference is estimated at."""

    finding: Finding
    months: int
    patients: int
    paid: Expected
    difference: Expected


@dataclass(frozen=True, slots=True)
class Stranger:
    """Lines for one person of the file who is nobody of ours, or of whom it cannot be said who it is."""

    label: str
    lines: CodeUnits
    rows: tuple[int, ...]
    paid: Expected
    doubt: str


@dataclass(frozen=True, slots=True)
class Result:
    """A look-back as of a day. `months` are those that show something, the gravest finding first."""

    as_of: date
    months: tuple[PatientMonth, ...]
    groups: tuple[Group, ...]
    strangers: tuple[Stranger, ...]
    paid: Expected
    billed_months: int

    def of(self, finding: Finding | None) -> tuple[PatientMonth, ...]:
        return tuple(one for one in self.months if finding is None or one.finding is finding)

    def group(self, finding: Finding) -> Group:
        return next((one for one in self.groups if one.finding is finding), _group(finding, ()))


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as a row names one."""

    name: str
    sort_name: str
    mrn: str


def look_backs(organization_id: UUID) -> list[LookBackRow]:
    """The last look-backs, the newest first. Two statements."""
    people = people_of(organization_id)
    found = LookBack.objects.filter(organization_id=organization_id).order_by("-created_at", "-id")[:LISTED]
    return [_listed(one, people[one.by_id].name) for one in found]


def look_back(organization_id: UUID, look_back_id: UUID) -> LookBack:
    """The one door to a look-back. Raises NotFound."""
    found: LookBack | None = LookBack.objects.filter(organization_id=organization_id, id=look_back_id).first()
    if found is None:
        raise NotFound
    return found


def refused_lines(organization_id: UUID, look_back_id: UUID, *, limit: int) -> list[BilledLine]:
    """The first rows that could not be read, in the order of the file."""
    rows = BilledLine.objects.filter(organization_id=organization_id, look_back_id=look_back_id, fate=REFUSED)
    return list(rows.order_by("position")[:limit])


def result(found: LookBack, *, as_of: date) -> Result:
    """Every month that the file spans, from the file's lines and from what is on record now.

    A constant number of statements. `as_of` decides what can still be filed; months that are not over are compared
    where something was billed, and never missed.
    """
    billed, people, strangers = billed_lines(found)
    if found.first_month is None or found.last_month is None:
        return Result(as_of, (), (), (), Expected(Decimal(0), 0), 0)
    first, last = month_of(found.first_month), month_of(found.last_month)
    judged = _judged(found.organization_id, first, last, clinic=found.choices.get("clinic", ""), always=set(people))
    claimed = _claimed(found.organization_id, found.first_month, found.last_month)
    months = [
        one
        for key in sorted({*billed, *judged})
        if (one := _compared(key, billed.get(key, []), judged.get(key, []), claimed, people, found, as_of)) is not None
    ]
    ranks = {finding: rank for rank, finding in enumerate(Finding)}
    names = {patient_id: person.sort_name for patient_id, person in _named(people, judged).items()}
    months.sort(key=lambda one: (ranks[one.finding], names[one.patient_id], one.patient_id, one.month))
    return Result(
        as_of=as_of,
        months=tuple(months),
        groups=tuple(_group(finding, [m for m in months if m.finding is finding]) for finding in _present(months)),
        strangers=strangers,
        paid=expected(one.compared.paid for one in months if one.compared.billed),
        billed_months=sum(any(line.code in OURS for line in lines) for lines in billed.values()),
    )


def billed_lines(
    found: LookBack,
) -> tuple[dict[PatientMonthKey, list[Billed]], dict[UUID, Person], tuple[Stranger, ...]]:
    """The file's lines by patient and month, whom they are about, and the lines of nobody of ours. One statement."""
    return _billed(_lines(found))


def _listed(one: LookBack, by: str) -> LookBackRow:
    return LookBackRow(
        id=one.id,
        name=one.name,
        state=one.state,
        state_label=FileState(one.state).label,
        created_at=one.created_at,
        by=by,
        first_month=month_of(one.first_month) if one.first_month else "",
        last_month=month_of(one.last_month) if one.last_month else "",
        rows=one.summary.get("rows", 0),
        lines=one.summary.get("lines", 0),
        against=one.against,
    )


def _lines(found: LookBack) -> Iterable[Any]:
    rows = BilledLine.objects.filter(organization_id=found.organization_id, look_back_id=found.id)
    return (
        rows.exclude(fate=REFUSED)
        .order_by("position")
        .values_list(
            *("patient_id", "label", "row_number", "service_on", "code", "units", "paid", "messages"),
            *("npi", "charge"),
            *("patient__family_name", "patient__given_name", "patient__sort_name", "patient__mrn"),
            named=True,
        )
    )


def _billed(
    rows: Iterable[Any],
) -> tuple[dict[PatientMonthKey, list[Billed]], dict[UUID, Person], tuple[Stranger, ...]]:
    """The lines by patient and month, whom they are about, and the lines of nobody of ours."""
    billed: dict[PatientMonthKey, list[Billed]] = {}
    people: dict[UUID, Person] = {}
    strangers: dict[str, list[Any]] = {}
    for row in rows:
        if row.patient_id is None:
            strangers.setdefault(row.label, []).append(row)
            continue
        name = f"{row.patient__family_name}, {row.patient__given_name}"
        people[row.patient_id] = Person(name, row.patient__sort_name, row.patient__mrn)
        line = Billed(row.service_on, row.code, row.units, row.paid, row.npi, row.charge)
        billed.setdefault((row.patient_id, month_of(row.service_on)), []).append(line)
    return billed, people, tuple(_stranger(label, lines) for label, lines in sorted(strangers.items()))


def _stranger(label: str, rows: list[Any]) -> Stranger:
    return Stranger(
        label=label,
        lines=tuple((row.code, row.units) for row in rows),
        rows=tuple(row.row_number for row in rows),
        paid=expected(row.paid for row in rows),
        doubt=next((row.messages[0] for row in rows if row.messages), ""),
    )


def _judged(
    organization_id: UUID, first: str, last: str, *, clinic: str, always: Collection[UUID]
) -> dict[PatientMonthKey, list[MonthVerdict]]:
    """By patient and month, what is on record in the span: of one clinic, and of whoever was billed, or of all."""
    found: dict[PatientMonthKey, list[MonthVerdict]] = {}
    for patient_id, months in month_facts(organization_id, until=last).items():
        is_asked = not clinic or patient_id in always or any(str(m.episode.clinic_id) == clinic for m in months)
        if not is_asked or all(month.month < first for month in months):
            continue
        for judged in judged_in_order(months):
            if judged.facts.month >= first:
                found.setdefault((patient_id, judged.facts.month), []).append(judged)
    return found


def _claimed(organization_id: UUID, first_on: date, last_on: date) -> set[PatientMonthKey]:
    """Months for which a claim was made from here, whatever the file says."""
    rows = Claim.objects.filter(organization_id=organization_id, is_superseded=False, month__range=(first_on, last_on))
    return {(patient_id, month_of(month)) for patient_id, month in rows.values_list("patient_id", "month")}


def _compared(
    key: PatientMonthKey,
    billed: list[Billed],
    judged: list[MonthVerdict],
    claimed: Collection[PatientMonthKey],
    people: Mapping[UUID, Person],
    found: LookBack,
    as_of: date,
) -> PatientMonth | None:
    patient_id, month = key
    support = _support(month, billed, judged, is_claimed=key in claimed, as_of=as_of)
    compared = compare(billed, support, filing_months=found.filing_months, as_of=as_of)
    if compared is None:
        return None
    person = people[patient_id] if patient_id in people else _person(judged[0])
    return PatientMonth(
        patient_id=patient_id,
        patient_name=person.name,
        mrn=person.mrn,
        month=month,
        episode_id=judged[0].month.episode.id if judged else None,
        compared=compared,
        why=why(compared, support),
        would_change=would_change(compared, support),
    )


def _support(
    month: str, billed: Iterable[Billed], judged: list[MonthVerdict], *, is_claimed: bool, as_of: date
) -> Support:
    """What the month's records support: of several enrolments the first that has lines, else the first."""
    if not judged:
        return Support(claim_on=last_day(month), codes=OURS, clinic_codes=OURS)
    own = [one for one in judged if not one.is_doubled]
    best = next((one for one in own if one.verdict is not None and one.verdict.lines), judged[0])
    claim_on = _claim_on(best)
    if best.verdict is None:
        return Support(claim_on=claim_on, codes=None)
    book = with_options(book_in_force(best.facts.payer, first_day(month)), best.facts.options)
    wanted = {one.code for one in billed}
    verdict = _beside_apcm(best, best.verdict, billed, book)
    return Support(
        claim_on=claim_on,
        lines=verdict.lines,
        gaps=verdict.gaps,
        considered=verdict.considered,
        minutes=verdict.minutes,
        prices={
            code: amount(best.facts, book, code, 1) for code in (wanted | {line.code for line in verdict.lines}) & OURS
        },
        codes=frozenset(book.codes),
        clinic_codes=frozenset({book.clinic_cocm_code, book.clinic_bhi_code, book.options.fqhc_cocm_code}),
        is_open=best.refusal == "" and not is_claimed and claim_on < as_of,
    )


def _beside_apcm(best: MonthVerdict, verdict: Verdict, billed: Iterable[Billed], book: RuleBook) -> Verdict:
    """The verdict as it is with an APCM base that the file says was billed for the month and nobody entered here."""
    known = {one.code for one in best.facts.other_services if one.by == "billing"}
    units = Counter[str]()
    for one in billed:
        units[one.code] += one.units
    bases = [OtherService(code) for code in book.apcm_base_codes if units[code] > 0 and code not in known]
    if not bases:
        return verdict
    return judge(replace(best.facts, other_services=(*best.facts.other_services, *bases)), book)


def _claim_on(judged: MonthVerdict) -> date:
    """The day that a claim would carry: the month's last, or of life or coverage where they ended within it."""
    month = judged.facts.month
    ends = (last_day(month), judged.month.covered_until, judged.month.episode.died_on)
    return max(first_day(month), min(day for day in ends if day is not None))


def _person(judged: MonthVerdict) -> Person:
    episode = judged.month.episode
    return Person(episode.patient_name, episode.patient_sort_name, episode.mrn)


def _named(people: Mapping[UUID, Person], judged: Mapping[PatientMonthKey, list[MonthVerdict]]) -> dict[UUID, Person]:
    return {patient_id: _person(found[0]) for (patient_id, _), found in judged.items()} | dict(people)


def _present(months: Iterable[PatientMonth]) -> list[Finding]:
    there = {one.finding for one in months}
    return [finding for finding in Finding if finding in there]


def _group(finding: Finding, months: Collection[PatientMonth]) -> Group:
    return Group(
        finding=finding,
        months=len(months),
        patients=len({one.patient_id for one in months}),
        paid=expected(one.compared.paid for one in months if one.compared.billed),
        difference=expected(one.compared.difference for one in months),
    )
