"""The month page: what every patient's month bills, what is missing, and what it adds up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import zip_longest
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, Q, Subquery

from bhi.tenancy.models import Clinic
from billing.models import MonthClose
from billing.queries.claims import ClaimedMonth, Expected, brought, claimed_months, expected
from billing.queries.frozen import FrozenAsk, closed_months
from billing.queries.month_expected import with_expected
from billing.queries.month_row import MonthRow
from billing.queries.posted import posted_episodes
from billing.queries.release import releases
from billing.queries.stakes import Moment, StillReachable, missed_in, stakes_of, still_reachable
from billing.queries.verdicts import MonthVerdict, month_verdicts
from billing.rules.closing import FrozenLine
from billing.rules.decisions import BILL_LOWER, DO_NOT_BILL, Release
from billing.rules.expected import ExpectedAmount
from billing.rules.findings import Line
from billing.rules.stakes import NOTHING
from caseload.rules.clock import first_day, last_day
from registry.models import Episode

PAGE_ROWS = 100
MANY_MINUTES = 1_000_000

# Entries that wait for somebody to settle an overlap, by episode; a spanning entry is held in each month it touches.
_HELD = """
    SELECT t.episode_id, count(*)
    FROM caseload_timeentry t
    JOIN registry_episode e ON e.organization_id = t.organization_id AND e.id = t.episode_id
    JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
    WHERE t.organization_id = %(organization)s AND t.held AND t.voided_at IS NULL
      AND (t."on" BETWEEN %(first)s AND %(last)s
           OR t.span && tstzrange(%(first)s::timestamp AT TIME ZONE c.time_zone,
                                  (%(last)s::date + 1)::timestamp AT TIME ZONE c.time_zone))
    GROUP BY t.episode_id
"""


class Show(StrEnum):
    """Which rows a month page shows."""

    ALL = "all"
    BILLS = "bills"
    MISSING = "missing"
    HELD = "held"
    HELD_BACK = "held_back"
    REACHABLE = "reachable"
    NEAR = "near"
    PAPERS = "papers"
    ALMOST = "almost"
    ONE_PAPER = "one_paper"


class Order(StrEnum):
    """In which order a month page shows its rows."""

    NAME = "name"
    STAKES = "stakes"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class Total:
    """How often and for how much, by code, payer or clinic."""

    name: str
    count: int
    expected: Expected


@dataclass(frozen=True, slots=True)
class MonthPage:
    """A month of an organization, filtered and cut to a page.

    `assumed` are payers whose rules nobody confirmed, `without_time` the enrolled patients with nothing in the month,
    `unseen` how many claims rest on papers that nobody has seen, `closes` each clinic and since when it is closed,
    `reachable` what people can still do about the month.
    """

    month: str
    rows: tuple[MonthRow, ...]
    matching: int
    counts: dict[str, int]
    claimable: int
    claimable_expected: Expected
    claimable_by_code: tuple[Total, ...]
    unseen: int
    held_back: int
    claimed: int
    changed: int
    by_code: tuple[Total, ...]
    by_payer: tuple[Total, ...]
    by_clinic: tuple[Total, ...]
    assumed: tuple[tuple[str, str], ...]
    clinics: tuple[tuple[UUID, str], ...]
    without_time: int
    closes: tuple[tuple[UUID, str, datetime | None], ...]
    reachable: StillReachable
    first_row: int
    previous_after: UUID | None
    has_previous: bool
    next_after: UUID | None


def month_page(
    organization_id: UUID,
    month: str,
    *,
    show: Show = Show.ALL,
    clinic_id: UUID | None = None,
    payer_id: UUID | None = None,
    care_manager_id: UUID | None = None,
    order: Order = Order.NAME,
    after: UUID | None = None,
    limit: int = PAGE_ROWS,
    moment: Moment | None = None,
    by_fees: bool = False,
) -> MonthPage:
    """Rows in their order after the episode `after`, with totals of the whole month or of what it is narrowed to.

    What is still at stake is worked out for a `moment`; without one nothing is. `by_fees`: amounts are what payers'
    own fees, clinicians' shares and what is withheld come to; else national ones.
    """
    closes = _closes(organization_id, month)
    if moment is not None:
        moment = replace(moment, closed_clinics=frozenset(clinic for clinic, _, since in closes if since is not None))
    everything = month_rows(organization_id, month, moment=moment, by_fees=by_fees)
    at_clinic = [row for row in everything if clinic_id in (None, row.clinic_id)]
    of_clinic = [
        row for row in at_clinic if payer_id in (None, row.payer_id) and care_manager_id in (None, row.care_manager_id)
    ]
    matching = _in_order([row for row in of_clinic if _is_shown(row, show)], order)
    start = _place_after(matching, after)
    posted = posted_episodes(organization_id, month)
    open_rows = [row for row in of_clinic if row.is_claimable and row.episode_id not in posted]
    return MonthPage(
        month=month,
        rows=tuple(matching[start : start + limit]),
        matching=len(matching),
        counts={str(kind): sum(_is_shown(row, kind) for row in of_clinic) for kind in Show},
        claimable=len(open_rows),
        claimable_expected=_expected(open_rows),
        claimable_by_code=_by_code(open_rows),
        unseen=sum(row.rests_on_unseen for row in open_rows),
        held_back=sum(row.is_held_back for row in of_clinic),
        claimed=sum(row.claimed is not None for row in of_clinic),
        changed=sum(row.is_changed or row.is_time_changed for row in of_clinic),
        by_code=_by_code(of_clinic),
        by_payer=_totals(of_clinic, "payer"),
        by_clinic=_totals(of_clinic, "clinic"),
        assumed=tuple(sorted({(row.payer, row.payer_note) for row in of_clinic if row.payer_note})),
        clinics=tuple(sorted({(row.clinic_id, row.clinic) for row in everything}, key=lambda clinic: clinic[1])),
        without_time=_without_time(organization_id, month, clinic_id, at_clinic),
        closes=closes,
        reachable=still_reachable(row.stakes for row in of_clinic),
        first_row=start + 1,
        previous_after=matching[start - limit - 1].episode_id if start > limit else None,
        has_previous=start > 0,
        next_after=matching[start + limit - 1].episode_id if start + limit < len(matching) else None,
    )


def month_rows(
    organization_id: UUID, month: str, *, moment: Moment | None = None, by_fees: bool = False
) -> list[MonthRow]:
    """Every patient with anything in the month, by name. A constant number of statements.

    With a `moment` each row also knows what is still at stake in it; `by_fees`, what its lines are expected to bring.
    """
    claimed = claimed_months(organization_id, month)
    held = held_entries(organization_id, month)
    found = month_verdicts(organization_id, month).values()
    released = releases(organization_id, month, found)
    ordered = sorted(found, key=lambda one: (one.month.episode.patient_sort_name, one.month.episode.id))
    rows = (_row(one, claimed.get(one.month.episode.patient_id), held, moment) for one in ordered)
    closed = closed_months(organization_id, month)
    settled = [_released(row, released.get(row.episode_id), closed.of(row.episode_id, row.clinic_id)) for row in rows]
    return with_expected(organization_id, settled, ordered) if by_fees else settled


def held_entries(organization_id: UUID, month: str) -> dict[UUID, int]:
    """How many entries of each episode wait in the month."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"organization": organization_id, "first": first_day(month), "last": last_day(month)})
        return dict(cursor.fetchall())


def _without_time(organization_id: UUID, month: str, clinic_id: UUID | None, shown: Iterable[MonthRow]) -> int:
    """How many patients were enrolled on some day of the month and have nothing in it."""
    enrolled = Episode.objects.live().filter(
        Q(ended_on__isnull=True) | Q(ended_on__gte=first_day(month)),
        organization_id=organization_id,
        enrolled_on__lte=last_day(month),
    )
    of_clinic = enrolled.filter(clinic_id=clinic_id) if clinic_id else enrolled
    return of_clinic.exclude(id__in=[row.episode_id for row in shown]).count()


def _closes(organization_id: UUID, month: str) -> tuple[tuple[UUID, str, datetime | None], ...]:
    """Every clinic by name, and since when the month is closed there."""
    closed = MonthClose.objects.filter(
        organization_id=organization_id, clinic=OuterRef("id"), month=first_day(month), reopened_at__isnull=True
    )
    clinics = Clinic.objects.filter(organization_id=organization_id).annotate(
        since=Subquery(closed.values("closed_at")[:1])
    )
    return tuple(clinics.order_by("name").values_list("id", "name", "since"))


def words_of(lines: Iterable[tuple[str, int]]) -> str:
    """Lines as people write them: `99493 + 99494 × 2`."""
    return " + ".join(code if units == 1 else f"{code} × {units}" for code, units in lines)


def changed_since(claimed: ClaimedMonth) -> str:
    """`Claimed as 99493 in batch 7; changed since`."""
    return f"Claimed as {words_of(claimed.lines)} in batch {claimed.batch_number}; changed since"


def _row(judged: MonthVerdict, claimed: ClaimedMonth | None, held: dict[UUID, int], moment: Moment | None) -> MonthRow:
    episode, verdict = judged.month.episode, judged.verdict
    return MonthRow(
        episode_id=episode.id,
        patient_id=episode.patient_id,
        patient_name=episode.patient_name,
        mrn=episode.mrn,
        clinic_id=episode.clinic_id,
        clinic=episode.clinic_name,
        payer=judged.month.payer.name if judged.month.payer else "No coverage",
        payer_note=judged.note,
        minutes=verdict.minutes if verdict else 0,
        logged_minutes=judged.facts.time.logged_seconds // 60,
        verdict_lines=verdict.lines if verdict else (),
        refusal=judged.refusal or _claimed_elsewhere(claimed, episode.id),
        gaps=verdict.gaps if verdict else (),
        flags=verdict.flags if verdict else (),
        next_step=verdict.next_step if verdict else None,
        amount=judged.amount,
        held_entries=held.get(episode.id, 0),
        claimed=claimed.of_episode(episode.id) if claimed else None,
        stakes=NOTHING if moment is None or claimed is not None else stakes_of(judged, moment),
        missed=missed_in(judged) if moment is not None and moment.looks_back else NOTHING,
        payer_id=judged.month.payer.id if judged.month.payer else None,
        care_manager_id=episode.care_manager_id,
        on_claim=judged.on_claim,
    )


def _released(row: MonthRow, release: Release | None, closed: FrozenAsk | None) -> MonthRow:
    """The row with what becomes of the month, where it bills, and with what was frozen, where it is closed.

    Nothing is at stake where a coder decided to ask for less or nothing.
    """
    known = row
    if release is not None:
        is_settled = release.decision is not None and release.decision.kind in (BILL_LOWER, DO_NOT_BILL)
        stakes = NOTHING if is_settled else row.stakes
        known = replace(row, release=release, amount=release.amount, stakes=stakes)
    return known if closed is None else replace(known, closed=closed, amount=closed.amount)


def _claimed_elsewhere(claimed: ClaimedMonth | None, episode_id: UUID) -> str:
    if claimed is None or claimed.episode_id == episode_id:
        return ""
    return f"Claimed with another enrolment of the patient in batch {claimed.batch_number}"


def _is_shown(row: MonthRow, show: Show) -> bool:
    if show is Show.BILLS:
        return row.bills
    if show is Show.MISSING:
        return not row.bills or bool(row.gaps)
    if show is Show.HELD_BACK:
        return row.is_held_back
    if show is Show.HELD:
        return row.held_entries > 0
    if show is Show.REACHABLE:
        return row.stakes.is_any
    if show is Show.NEAR:
        return row.stakes.is_near
    if show is Show.ALMOST:
        return row.missed.is_almost
    if show is Show.ONE_PAPER:
        return row.missed.is_one_paper
    return show is Show.ALL or bool(row.stakes.ways)


def _in_order(rows: list[MonthRow], order: Order) -> list[MonthRow]:
    """The rows, which stand by name, in another order; those without a value last, and unknown amounts before them."""
    if order is Order.STAKES:
        return sorted(rows, key=_by_stakes)
    if order is Order.MINUTES:
        return sorted(rows, key=lambda row: row.stakes.step.minutes if row.stakes.step else MANY_MINUTES)
    return rows


def _by_stakes(row: MonthRow) -> tuple[bool, bool, Decimal]:
    more = row.stakes.more
    return not row.stakes.is_any, more is None, -(more or Decimal(0))


def _place_after(rows: Sequence[MonthRow], after: UUID | None) -> int:
    """Where the page begins: behind that episode; at the start when it is not among the rows any more."""
    return next((place + 1 for place, row in enumerate(rows) if row.episode_id == after), 0)


def _by_code(rows: Iterable[MonthRow]) -> tuple[Total, ...]:
    lines: dict[str, list[tuple[Line | FrozenLine, ExpectedAmount | None]]] = {}
    for line, brings in (pair for row in rows for pair in zip_longest(row.asked_lines, row.of_lines)):
        lines.setdefault(line.code, []).append((line, brings))
    return tuple(
        Total(code, sum(line.units for line, _ in same), _expected_of_lines(same))
        for code, same in sorted(lines.items())
    )


def _expected_of_lines(lines: Iterable[tuple[Line | FrozenLine, ExpectedAmount | None]]) -> Expected:
    listed = list(lines)
    by_fees = [brings for _, brings in listed if brings is not None]
    return brought(by_fees) if by_fees else expected(line.amount for line, _ in listed)


def _expected(rows: Iterable[MonthRow]) -> Expected:
    """Of rows that bill, by fees where they were asked for."""
    listed = list(rows)
    if any(row.of_lines for row in listed):
        return brought(row.expected for row in listed)
    return expected(row.amount for row in listed)


def _totals(rows: Iterable[MonthRow], field: str) -> tuple[Total, ...]:
    groups: dict[str, list[MonthRow]] = {}
    for row in rows:
        groups.setdefault(getattr(row, field), []).append(row)
    return tuple(
        Total(name, sum(row.bills for row in group), _expected(row for row in group if row.bills))
        for name, group in sorted(groups.items())
    )
