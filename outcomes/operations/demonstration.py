"""What the demonstration needs so that a year of its measures can be looked at: once, after the invented courses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import cycle
from typing import Final

from django.db import transaction

from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership, Organization, Role
from billing.models import MonthClose
from billing.operations.demonstration import SLUG
from billing.operations.service_months import refresh_service_months
from caseload.models import Activity, CaseReview, Recommendation, RecommendationStep, StaffRole
from caseload.operations import Work, draft_time
from caseload.rules.worktime import WorkTime
from outcomes.models import ExperienceAsked, MeasuredMonth, WorkShare
from outcomes.operations.demonstration_seen import tell_seen
from outcomes.operations.measuring import measure_months
from outcomes.operations.reports import ask_for_report, set_schedule
from outcomes.operations.settings import set_consultant_rate, set_outcome_settings, set_target, set_work_share
from outcomes.queries.measured import earliest_day
from outcomes.rules.months import MONTHS_BACK, month_before
from registry.models import Episode, Fact, Referral, ReferralAttempt
from registry.operations import Stamp, record_facts
from registry.operations.drafts import draft_patient
from registry.operations.recording import stamped

# Small counts are hidden from five on, where a real program hides those under eleven: the demonstration is small.
MASK_UNDER: Final = 5
TARGETS: Final = {"improvement": "50", "retention_90": "75", "closed_14": "85", "referred_enrolled": "60"}
# Care managers' parts of a full-time post, by name: everybody has one, so that patients for a post are known.
POSTS: Final = ("0.20", "0.40", "0.25", "0.25")
# Invented people who were referred and did not come: how it ended, and after how many days.
NOT_ENROLLED: Final = (
    ("Ferreira, Joao", "declined", 12),
    ("Nakamura, Emi", "unreachable", 30),
    ("Delgado, Iris", "declined", 6),
    ("Whitcomb, Earl", "ineligible", 9),
    ("Szabo, Katalin", "unreachable", 28),
    ("Booker, Tamika", "declined", 15),
    ("Rosario, Luis", "duplicate", 2),
    ("Haugen, Solveig", "unreachable", 33),
    ("Pham, Minh", "declined", 20),
    ("Kessler, Gregor", "unreachable", 29),
)
# Steps of advice, by days after it: some of it is late, some was declined.
LOOPS: Final = (
    (("sent", 0), ("accepted", 1), ("carried_out", 2), ("told", 4), ("closed", 9)),
    (("sent", 0), ("modified", 3), ("carried_out", 5), ("told", 7), ("closed", 12)),
    (("sent", 1), ("accepted", 6), ("carried_out", 11), ("told", 16), ("closed", 20)),
    (("sent", 0), ("declined", 2), ("closed", 2)),
)
ANSWERS: Final = ((5, 5, 5), (4, 5, 4), (5, 4, 5), (3, 4, 4), (4, 4, 5), (2, 3, 3))
SETTLED_DAYS: Final = 40


@dataclass(frozen=True)
class _Year:
    """The demonstration as it stands, and from when what is told is known."""

    by: Membership
    at: datetime
    today: date

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.by, self.at)

    @property
    def first_month(self) -> date:
        return month_before(self.today.replace(day=1), MONTHS_BACK)


@transaction.atomic
def tell_outcomes(*, at: datetime) -> bool:
    """A year of outcomes in the demonstration organization: how its patients came, advice and answers, what it wants,
    and its months, measured and frozen. False where it is told already, or there is no demonstration.
    """
    organization = Organization.objects.filter(slug=SLUG).first()
    if organization is None:
        return False
    with tenant(organization) as organization_id:
        if WorkShare.objects.filter(organization_id=organization_id).exists():
            return False
        _tell(organization, at)
    return True


def _tell(organization: Organization, at: datetime) -> None:
    seats = Membership.objects.filter(organization=organization, is_active=True)
    lead = seats.get(roles=[Role.CLINIC_LEAD])
    system = seats.get(is_system=True)
    year = _Year(seats.filter(roles=[Role.CARE_MANAGER]).order_by("name")[0], at, earliest_day(organization.id, at))
    episodes = list(Episode.objects.live().select_related("patient", "clinic").order_by("enrolled_on", "id"))
    record_facts([*_not_enrolled(year, episodes), *_referred(year, episodes)])
    record_facts([*_advised(year), *_answers(year, episodes), *_consulted(year)])
    refresh_service_months(organization_id=organization.id, at=at)
    _settings(year, lead)
    mrns = [one.patient.mrn for one in episodes if one.clinic_id == episodes[0].clinic_id]
    tell_seen(by=lead, at=at, today=year.today, clinic_id=episodes[0].clinic_id, mrns=mrns)
    measure_months(organization_id=organization.id, by=system, at=at, today=year.today)
    _report(lead, at)


def _referred(year: _Year, episodes: list[Episode]) -> Iterator[Fact]:
    """How those who are enrolled came."""
    for number, episode in enumerate(episodes):
        referred_on = episode.referred_on or episode.enrolled_on
        referral = stamped(
            Referral, year.stamp,
            patient=episode.patient, clinic=episode.clinic, referred_on=referred_on,
            source=("clinician", "clinician", "screen")[number % 3], first_attempt_due_on=referred_on,
            assigned_to_id=episode.care_manager_id, state="ended", outcome="enrolled", ended_on=episode.enrolled_on,
            episode=episode, client_token=uuid7(),
        )  # fmt: skip
        yield referral
        reached_on = min(referred_on + timedelta(days=1 + number % 3), episode.enrolled_on)
        if number % 2:
            yield _attempt(year, referral, referred_on, "no_answer")
        yield _attempt(year, referral, reached_on, "reached")


def _not_enrolled(year: _Year, episodes: list[Episode]) -> Iterator[Fact]:
    """One person a month who was referred and did not come."""
    for number, (name, outcome, days) in enumerate(NOT_ENROLLED):
        on = month_before(year.today.replace(day=1), len(NOT_ENROLLED) + 1 - number) + timedelta(days=2 * number)
        like = episodes[number % len(episodes)]
        family_name, given_name = name.split(", ")
        patient = draft_patient(
            year.stamp, clinic=like.clinic, mrn=f"D9{100 + number}", family_name=family_name, given_name=given_name,
            birth_date=date(1950 + 4 * number, number % 12 + 1, 11), sex="FM"[number % 2], language="English",
        )  # fmt: skip
        yield patient
        referral = stamped(
            Referral, year.stamp,
            patient=patient, clinic=like.clinic, referred_on=on, source=("screen", "list", "clinician")[number % 3],
            first_attempt_due_on=on, assigned_to_id=like.care_manager_id, state="ended", outcome=outcome,
            ended_on=on + timedelta(days=days), client_token=uuid7(),
        )  # fmt: skip
        yield referral
        yield _attempt(year, referral, on + timedelta(days=2), "reached" if outcome == "declined" else "no_answer")


def _attempt(year: _Year, referral: Referral, on: date, outcome: str) -> ReferralAttempt:
    at = datetime.combine(on, time(17), UTC)
    return stamped(
        ReferralAttempt, year.stamp, referral=referral, at=at, mode="phone", outcome=outcome, client_token=uuid7()
    )


def _advised(year: _Year) -> Iterator[Fact]:
    """Advice of earlier reviews, each carried to its end."""
    settled = CaseReview.objects.live().filter(on__lt=year.today - timedelta(days=SETTLED_DAYS))
    taken = set(Recommendation.objects.filter(number=2).values_list("review_id", flat=True))
    for number, review in enumerate(settled.order_by("on", "id")):
        if number % 3 or review.id in taken:
            continue
        loop = LOOPS[number // 3 % len(LOOPS)]
        closed_on = review.on + timedelta(days=loop[-1][1])
        recommendation = stamped(
            Recommendation, year.stamp, review=review, number=2, kind="medication", act="dose",
            text="Raise the dose by one step if the next score is not five points lower.", state="closed",
            state_on=closed_on,
        )  # fmt: skip
        yield recommendation
        for state, days in loop:
            on = review.on + timedelta(days=days)
            yield stamped(
                RecommendationStep, year.stamp, recommendation=recommendation, state=state, on=on, by=year.by,
                at=datetime.combine(on, time(17), UTC), text="The patient would rather wait." if days else "",
                client_token=uuid7(),
            )  # fmt: skip


def _answers(year: _Year, episodes: list[Episode]) -> Iterator[Fact]:
    """What every second patient said of the program after six weeks, where they were still in it."""
    for number, episode in enumerate(episodes):
        on = episode.enrolled_on + timedelta(days=42)
        if on >= min(episode.ended_on or year.today, year.today):
            continue
        said = ANSWERS[number % len(ANSWERS)]
        answer = dict(zip(("reached", "heard", "recommend"), said, strict=True)) if number % 2 else {}
        at = datetime.combine(on, time(18), UTC)
        yield stamped(
            ExperienceAsked, year.stamp, patient=episode.patient, episode=episode, sent_by="handed over",
            token_sha256=sha256(uuid7().bytes).digest(), expires_at=at + timedelta(days=14), client_token=uuid7(),
            **({"answered_at": at, "answered_on": on, **answer} if answer else {}),
        )  # fmt: skip


def _consulted(year: _Year) -> Iterator[Fact]:
    """What the consultant's reviews took, but for those of months that are closed."""
    closed = set(MonthClose.objects.filter(reopened_at__isnull=True).values_list("clinic_id", "month"))
    reviews = CaseReview.objects.live().filter(consultant__isnull=False, on__lt=year.today)
    for number, review in enumerate(reviews.select_related("episode", "consultant").order_by("on", "id")):
        episode, consultant = review.episode, review.consultant
        if consultant is None or (episode.clinic_id, review.on.replace(day=1)) in closed:
            continue
        yield draft_time(
            year.stamp, patient_id=review.patient_id, episode_id=episode.id,
            time=WorkTime(on=review.on, seconds=60 * (4 + number % 5)),
            work=Work(Activity.CASE_REVIEW, role=StaffRole.PSYCHIATRIC_CONSULTANT), program=episode.program,
            worked_by=consultant, client_token=uuid7(),
        )  # fmt: skip


def _settings(year: _Year, lead: Membership) -> None:
    """Targets, posts and rates from the first month on, and how small a count is hidden."""
    by, at, from_on = lead, year.at, year.first_month
    set_outcome_settings(by=by, at=at, seen_at=None, mask_under=MASK_UNDER, freeze_day=15, productive_percent=80)
    for key, target in TARGETS.items():
        set_target(by=by, at=at, key=key, from_month=from_on, target=Decimal(target))
    seats = Membership.objects.filter(organization_id=by.organization_id, is_active=True).order_by("name")
    for seat, fte in zip(seats.filter(roles=[Role.CARE_MANAGER]), cycle(POSTS), strict=False):
        set_work_share(by=by, at=at, membership_id=seat.id, from_on=from_on, fte=Decimal(fte))
    for seat in seats.filter(roles=[Role.PSYCHIATRIC_CONSULTANT]):
        set_consultant_rate(by=by, at=at, membership_id=seat.id, from_on=from_on, hourly=Decimal("215.00"))


def _report(lead: Membership, at: datetime) -> None:
    """The board's report of the last frozen month, and of each one to come."""
    frozen = MeasuredMonth.objects.filter(organization_id=lead.organization_id, frozen_at__isnull=False)
    last = frozen.order_by("month").last()
    set_schedule(by=lead, at=at, kind="board", payer_id=None, clinic_id=None, readers=[lead.id])
    if last is not None:
        token = uuid7()
        ask_for_report(
            by=lead, at=at, kind="board", month=last.month, payer_id=None, clinic_id=None, client_token=token
        )
