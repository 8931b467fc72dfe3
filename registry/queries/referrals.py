"""Referrals as lists show them: the board by state, the list, the waiting list, and how long each step takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    Count,
    DateField,
    F,
    Func,
    Min,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.functions import Cast, RowNumber

from registry.models import AttemptOutcome, Patient, Referral, ReferralAttempt, ReferralOutcome, ReferralState
from registry.queries.referral_rows import People, ReferralRow, rows_of
from registry.rules import referrals as rules
from registry.rules.referrals import Median, Times, median_of, times_of, waiting_order

PAGE_ROWS = 50
CARDS = 12
# The board shows what ended so lately; times are of what was referred so lately.
ENDED_DAYS = 30
MEASURED_DAYS = 90

OPEN, OVERDUE, ALL, NOT_ENROLLED = "open", "overdue", "all", "not_enrolled"
COLUMNS = (
    (rules.REFERRED, "Referred"),
    (rules.CONTACTING, "Contacting"),
    (rules.WAITING, "Waiting"),
    (rules.ENROLLED, "Enrolled"),
    (NOT_ENROLLED, "Not enrolled"),
)
STATES = (
    (OPEN, "Open"),
    (OVERDUE, "Overdue"),
    *COLUMNS,
    (rules.DECLINED, "Declined"),
    (rules.UNREACHABLE, "Could not be reached"),
    (rules.INELIGIBLE, "Not eligible"),
    (rules.DUPLICATE, "Duplicate"),
    (ALL, "All"),
)
NOBODY = "nobody"


@dataclass(frozen=True)
class ReferralFilter:
    """Which referrals. `assigned_to`: a seat's id or `nobody`; `seen_by`: only what a seat made or is named in."""

    state: str = OPEN
    clinic_id: UUID | None = None
    assigned_to: str = ""
    urgency: str = ""
    seen_by: UUID | None = None


@dataclass(frozen=True)
class Column:
    """One state of the board: how many there are, and the first of them."""

    state: str
    label: str
    total: int
    rows: tuple[ReferralRow, ...]


@dataclass(frozen=True)
class ReferralList:
    """A page of referrals, how many there are, by which day they are sorted, and where its neighbours begin."""

    rows: tuple[ReferralRow, ...]
    total: int
    order: str
    previous_before: UUID | None = None
    next_after: UUID | None = None


@dataclass(frozen=True)
class Pace:
    """How long the steps took for what was referred in the last ninety days, without the ineligible and duplicates."""

    to_first_attempt: Median
    to_reached: Median
    to_enrolled: Median

    @property
    def tried_words(self) -> str:
        return f"{self.to_first_attempt.known} of {self.to_first_attempt.of} tried"

    @property
    def reached_words(self) -> str:
        return f"{self.to_reached.known} of {self.to_reached.of} reached"

    @property
    def enrolled_words(self) -> str:
        return f"{self.to_enrolled.known} of {self.to_enrolled.of} enrolled"


def board(organization_id: UUID, chosen: ReferralFilter, people: People, *, at: datetime) -> tuple[Column, ...]:
    """The first referrals of each state: open ones by what is due, ended ones of thirty days by their end.

    Three statements.
    """
    found = _in_columns(_narrowed(organization_id, chosen), at)
    order = [F("due_on").asc(nulls_last=True), F("ended_on").desc(nulls_last=True), F("id").asc()]
    placed = found.annotate(
        place=Window(RowNumber(), partition_by=F("column"), order_by=order),
        of_column=Window(Count("id"), partition_by=F("column")),
    )
    by_column: dict[str, list[Any]] = {state: [] for state, _ in COLUMNS}
    for referral in _with_people(placed).filter(place__lte=CARDS).order_by("place"):
        by_column[referral.column].append(referral)
    every = [referral for column in by_column.values() for referral in column]
    rows = {row.id: row for row in rows_of(every, people, at=at)}
    return tuple(
        Column(
            state,
            label,
            by_column[state][0].of_column if by_column[state] else 0,
            tuple(rows[referral.id] for referral in by_column[state]),
        )
        for state, label in COLUMNS
    )


def referral_list(
    organization_id: UUID,
    chosen: ReferralFilter,
    people: People,
    *,
    at: datetime,
    after: UUID | None = None,
    before: UUID | None = None,
) -> ReferralList:
    """Fifty referrals: open ones by what is due, ended ones by their end, all of them the newest first."""
    found = _of_state(_narrowed(organization_id, chosen), chosen.state, at)
    field, is_upward = _order(chosen.state)
    anchor = _anchor(organization_id, after or before, field)
    is_forward = anchor is None or before is None
    if anchor is not None:
        found_here = found.filter(_beyond(field, anchor, is_greater=is_upward == is_forward))
    else:
        found_here = found
    sign = "" if is_upward == is_forward else "-"
    page = list(_with_people(found_here.order_by(f"{sign}{field}", f"{sign}id"))[: PAGE_ROWS + 1])
    has_more, page = len(page) > PAGE_ROWS, page[:PAGE_ROWS]
    page = page if is_forward else page[::-1]
    has_next, has_previous = (has_more, anchor is not None) if is_forward else (True, has_more)
    return ReferralList(
        rows_of(page, people, at=at),
        found.count(),
        field,
        previous_before=page[0].id if page and has_previous else None,
        next_after=page[-1].id if page and has_next else None,
    )


def every_row(
    organization_id: UUID, chosen: ReferralFilter, people: People, *, at: datetime
) -> tuple[ReferralRow, ...]:
    """The whole of what `referral_list` pages through, for a file. Three statements, however many."""
    found = _of_state(_narrowed(organization_id, chosen), chosen.state, at)
    field, is_upward = _order(chosen.state)
    sign = "" if is_upward else "-"
    return rows_of(list(_with_people(found.order_by(f"{sign}{field}", f"{sign}id"))), people, at=at)


def waiting_rows(
    organization_id: UUID, chosen: ReferralFilter, people: People, *, at: datetime
) -> tuple[ReferralRow, ...]:
    """Everybody who waits for a place, by urgency, then the worst score at referral, then the oldest."""
    found = _narrowed(organization_id, chosen).filter(state=ReferralState.WAITING)
    return tuple(sorted(rows_of(list(_with_people(found)), people, at=at), key=_place_in_line))


def _place_in_line(row: ReferralRow) -> tuple[tuple[int, int, date], UUID]:
    return waiting_order(row.referral.urgency, row.severity, row.referral.referred_on), row.id


def pace(organization_id: UUID, chosen: ReferralFilter, *, at: datetime) -> Pace:
    """Medians of what was referred in the last ninety days. Two statements."""
    since = at.astimezone(UTC).date() - timedelta(days=MEASURED_DAYS)
    measured = _narrowed(organization_id, chosen).filter(referred_on__gte=since).exclude(outcome__in=rules.NOT_VALID)
    first = _first_attempts(organization_id, since)
    times = [_times(row, first.get(row["id"], (None, None))) for row in measured.values(*_MEASURED)]
    return Pace(
        median_of(time.to_first_attempt for time in times),
        median_of(time.to_reached for time in times),
        median_of(time.to_enrolled for time in times),
    )


def was_referred(organization_id: UUID, client_token: UUID) -> bool:
    """Whether a form with this token was saved before: sent again, it asks nothing and changes nothing."""
    return Referral.objects.filter(organization_id=organization_id, client_token=client_token).exists()


def referrals_of(organization_id: UUID) -> QuerySet[Referral]:
    """Live referrals of people who are on record.

    Who is not any more is few, so they are looked up once, instead of every person to whom a referral belongs.
    """
    gone = Patient.objects.filter(organization_id=organization_id).exclude(voided_at=None, merged_into=None)
    found = Referral.objects.live().filter(organization_id=organization_id)
    referrals: QuerySet[Referral] = found.exclude(patient_id__in=gone.values("id"))
    return referrals


def seen_by(seat_id: UUID) -> Q:
    """What somebody who does not run the referrals sees: those that they made or are named in as treating."""
    return Q(recorded_by_id=seat_id) | Q(treating_clinician__membership_id=seat_id)


def _narrowed(organization_id: UUID, chosen: ReferralFilter) -> QuerySet[Referral]:
    found = referrals_of(organization_id)
    if chosen.clinic_id:
        found = found.filter(clinic_id=chosen.clinic_id)
    if chosen.assigned_to == NOBODY:
        found = found.filter(assigned_to__isnull=True)
    elif chosen.assigned_to:
        found = found.filter(assigned_to_id=UUID(chosen.assigned_to))
    if chosen.urgency:
        found = found.filter(urgency=chosen.urgency)
    return found.filter(seen_by(chosen.seen_by)) if chosen.seen_by else found


def _of_state(found: QuerySet[Referral], state: str, at: datetime) -> QuerySet[Referral]:
    if state == OPEN:
        return found.filter(ended_on__isnull=True)
    if state == OVERDUE:
        here = Cast(Func(F("clinic__time_zone"), Value(at), function="timezone"), DateField())
        return found.filter(ended_on__isnull=True, due_on__lt=here)
    if state in rules.OPEN_STATES:
        return found.filter(ended_on__isnull=True, state=state)
    if state == NOT_ENROLLED:
        return found.filter(ended_on__isnull=False).exclude(outcome=ReferralOutcome.ENROLLED)
    return found if state == ALL else found.filter(ended_on__isnull=False, outcome=state)


def _order(state: str) -> tuple[str, bool]:
    """By which day a list of this state is sorted, and whether upward."""
    if state == ALL:
        return "referred_on", False
    return ("due_on", True) if state in (OPEN, OVERDUE, *rules.OPEN_STATES) else ("ended_on", False)


def _anchor(organization_id: UUID, referral_id: UUID | None, field: str) -> tuple[date, UUID] | None:
    """Where a page begins; None at the front, also where that referral is in another state by now."""
    if referral_id is None:
        return None
    found = Referral.objects.filter(organization_id=organization_id, id=referral_id).values_list(field, "id").first()
    return found if found is not None and found[0] is not None else None


def _beyond(field: str, anchor: tuple[date, UUID], *, is_greater: bool) -> Q:
    way, (day, referral_id) = "gt" if is_greater else "lt", anchor
    return Q(**{f"{field}__{way}": day}) | Q(**{field: day, f"id__{way}": referral_id})


def _in_columns(found: QuerySet[Referral], at: datetime) -> QuerySet[Any]:
    since = at.astimezone(UTC).date() - timedelta(days=ENDED_DAYS)
    column = Case(
        When(outcome=ReferralOutcome.ENROLLED, then=Value(rules.ENROLLED)),
        When(ended_on__isnull=False, then=Value(NOT_ENROLLED)),
        default=F("state"),
        output_field=TextField(),
    )
    return found.filter(Q(ended_on__isnull=True) | Q(ended_on__gte=since)).annotate(column=column)


def _with_people(found: QuerySet[Any]) -> QuerySet[Any]:
    return found.select_related("patient", "clinic", "treating_clinician")


def _first_attempts(organization_id: UUID, since: date) -> dict[UUID, tuple[datetime, datetime | None]]:
    """When each referral of a time was first tried, and first reached."""
    attempts = ReferralAttempt.objects.live().filter(
        organization_id=organization_id, referral__referred_on__gte=since, referral__voided_at__isnull=True
    )
    reached = Min("at", filter=Q(outcome=AttemptOutcome.REACHED))
    rows = attempts.values("referral_id").annotate(first_at=Min("at"), reached_at=reached).order_by()
    return {row["referral_id"]: (row["first_at"], row["reached_at"]) for row in rows}


_MEASURED = ("id", "referred_on", "outcome", "ended_on", "clinic__time_zone")


def _times(row: Mapping[str, Any], first: tuple[datetime | None, datetime | None]) -> Times:
    zone = ZoneInfo(row["clinic__time_zone"])
    first_on, reached_on = (at.astimezone(zone).date() if at else None for at in first)
    return times_of(
        referred_on=row["referred_on"],
        first_attempt_on=first_on,
        reached_on=reached_on,
        enrolled_on=row["ended_on"] if row["outcome"] == rules.ENROLLED else None,
    )
