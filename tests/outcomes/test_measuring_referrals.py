"""Measured referrals and recommendations."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.factories.caseload import CaseReviewFactory, RecommendationFactory
from tests.factories.program import ReferralAttemptFactory, ReferralFactory
from tests.factories.registry import EpisodeFactory, PatientFactory, ProgramPeriodFactory
from tests.factories.reviews import RecommendationStepFactory
from tests.factories.tenancy import NOW, ClinicFactory, MembershipFactory
from tests.outcomes.months_measured import MARCH, advice_row, enrolled, referral_row, told

LAST = date(2026, 3, 31)


def referred(organization: Any, clinic: Any, on: date, **fields: Any) -> Any:
    of_patient = {key.removeprefix("patient__"): fields.pop(key) for key in list(fields) if key.startswith("patient__")}
    patient = PatientFactory(organization=organization, clinic=clinic, **of_patient)
    return ReferralFactory(organization=organization, patient=patient, clinic=clinic, referred_on=on, **fields)


def came_in(referral: Any, on: date, **fields: Any) -> Any:
    """The referral, enrolled on a day."""
    episode = EpisodeFactory(
        organization=referral.organization, patient=referral.patient, enrolled_on=on, referred_on=None, **fields
    )
    referral.episode, referral.outcome, referral.state = episode, "enrolled", "ended"
    referral.ended_on, referral.due_on = max(on, referral.referred_on), None
    referral.save()
    return episode


@pytest.mark.parametrize(
    ("on", "is_there"),
    [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 1, 31), True), (date(2026, 2, 1), False)],
)
def test_referrals_of_the_month_two_before(in_tenant: Any, clinic: Any, on: date, is_there: bool) -> None:
    row = referral_row(referred(in_tenant, clinic, on, source="screen"))
    assert (told(row, "referred_on", "source") if row else None) == ((on, "screen") if is_there else None)


@pytest.mark.parametrize(("day", "is_seen"), [(0, True), (60, True), (61, False)])
def test_an_enrolment_counts_to_day_60_though_the_month_ended(
    in_tenant: Any, clinic: Any, day: int, is_seen: bool
) -> None:
    """Day 60 of January 31 is April 1: after March, and before March is frozen."""
    referral = referred(in_tenant, clinic, date(2026, 1, 31))
    on = referral.referred_on + timedelta(day)
    came_in(referral, on)
    assert referral_row(referral).enrolled_on == (on if is_seen else None)


def test_a_later_enrolment_in_the_month_is_kept_with_its_day(in_tenant: Any, clinic: Any) -> None:
    referral = referred(in_tenant, clinic, date(2026, 1, 1))
    came_in(referral, LAST)
    assert referral_row(referral).enrolled_on == LAST


def test_attempts_are_of_local_days(in_tenant: Any) -> None:
    clinic = ClinicFactory(organization=in_tenant, time_zone="America/Chicago")
    referral = referred(in_tenant, clinic, date(2026, 1, 5))
    seat = MembershipFactory(organization=in_tenant)
    for at, outcome, fields in (
        (datetime(2026, 1, 8, 5, 30, tzinfo=UTC), "voicemail", {}),  # 23:30 on the 7th
        (datetime(2026, 1, 9, 18, 0, tzinfo=UTC), "reached", {}),
        (datetime(2026, 1, 6, 18, 0, tzinfo=UTC), "reached", {"voided_at": NOW, "voided_by": seat}),
    ):
        ReferralAttemptFactory(organization=in_tenant, referral=referral, at=at, outcome=outcome, **fields)
    assert told(referral_row(referral), "first_attempt_on", "reached_on") == (date(2026, 1, 7), date(2026, 1, 9))
    other = referred(in_tenant, clinic, date(2026, 1, 5))
    ReferralAttemptFactory(
        organization=in_tenant, referral=other, at=datetime(2026, 4, 1, 5, 0, tzinfo=UTC), outcome="reached"
    )
    assert told(referral_row(other), "first_attempt_on", "reached_on") == (None, None)


@pytest.mark.parametrize(
    ("outcome", "ended_on", "died_on", "expected"),
    [
        ("duplicate", date(2026, 1, 6), None, "duplicate"),
        ("ineligible", LAST, None, "ineligible"),
        ("ineligible", date(2026, 4, 1), None, ""),
        ("declined", date(2026, 1, 6), None, ""),
        ("", None, date(2026, 3, 6), "died"),  # day 60 of January 5
        ("", None, date(2026, 3, 7), ""),
    ],
)
def test_who_is_left_out(
    in_tenant: Any, clinic: Any, outcome: str, ended_on: date | None, died_on: date | None, expected: str
) -> None:
    end = {"state": "ended", "outcome": outcome, "ended_on": ended_on, "due_on": None} if outcome else {}
    referral = referred(in_tenant, clinic, date(2026, 1, 5), patient__died_on=died_on, **end)
    assert referral_row(referral).excluded == expected


def test_who_died_after_enrolling_was_enrolled(in_tenant: Any, clinic: Any) -> None:
    referral = referred(in_tenant, clinic, date(2026, 1, 5), patient__died_on=date(2026, 2, 20))
    came_in(referral, date(2026, 2, 1))
    assert told(referral_row(referral), "enrolled_on", "excluded") == (date(2026, 2, 1), "")


def test_a_referral_is_grouped_by_who_works_on_it(in_tenant: Any, clinic: Any) -> None:
    seat = MembershipFactory(organization=in_tenant)
    referral = referred(in_tenant, clinic, date(2026, 1, 5), assigned_to=seat)
    names = ("clinic_id", "care_manager_id", "program", "payer_class")
    assert told(referral_row(referral), *names) == (clinic.id, seat.id, "", "none")
    episode = came_in(referral, date(2026, 2, 1), program="bhi")
    assert referral_row(referral).program == "bhi"
    ProgramPeriodFactory(organization=in_tenant, episode=episode, program="cocm")
    ProgramPeriodFactory(organization=in_tenant, episode=episode, program="bhi", from_on=date(2026, 2, 2))
    assert referral_row(referral).program == "cocm"


def advised(organization: Any, clinic: Any, on: date, **fields: Any) -> Any:
    episode = enrolled(organization, clinic)
    review = CaseReviewFactory(organization=organization, episode=episode, on=on)
    given = {"kind": "medication", "text": "Sertraline 50 mg", "state": "proposed", "due_on": on}
    return RecommendationFactory(organization=organization, review=review, **given | fields)


def step(recommendation: Any, state: str, on: date, **fields: Any) -> None:
    RecommendationStepFactory(
        organization=recommendation.organization, recommendation=recommendation, state=state, on=on, **fields
    )


@pytest.mark.parametrize(
    ("day_14", "is_there"),
    [(date(2026, 2, 28), False), (MARCH, True), (LAST, True), (date(2026, 4, 1), False)],
)
def test_recommendations_whose_fourteen_days_ended(in_tenant: Any, clinic: Any, day_14: date, is_there: bool) -> None:
    row = advice_row(advised(in_tenant, clinic, day_14 - timedelta(14)))
    expected = ("medication", day_14 - timedelta(14)) if is_there else None
    assert (told(row, "kind", "proposed_on") if row else None) == expected


@pytest.mark.parametrize(("kind", "text"), [("continue", "As before"), ("not_recorded", "x"), ("medication", " ")])
def test_what_asks_for_no_change_has_no_loop(in_tenant: Any, clinic: Any, kind: str, text: str) -> None:
    assert advice_row(advised(in_tenant, clinic, MARCH, kind=kind, text=text)) is None


def test_how_far_a_loop_had_come_by_the_months_end(in_tenant: Any, clinic: Any) -> None:
    recommendation = advised(in_tenant, clinic, MARCH)
    names = ("decided_on", "decision", "told_on", "closed_on")
    assert told(advice_row(recommendation), *names) == (None, "", None, None)
    step(recommendation, "sent", MARCH)
    step(recommendation, "modified", date(2026, 3, 3), text="25 mg first")
    step(recommendation, "told", LAST)
    step(recommendation, "closed", LAST + timedelta(1))
    assert told(advice_row(recommendation), *names) == (date(2026, 3, 3), "modified", LAST, None)


def test_a_step_taken_back_is_none(in_tenant: Any, clinic: Any) -> None:
    recommendation = advised(in_tenant, clinic, MARCH)
    seat = MembershipFactory(organization=in_tenant)
    step(recommendation, "declined", MARCH, text="No", voided_at=NOW, voided_by=seat, void_reason="Mistyped.")
    assert told(advice_row(recommendation), "decided_on", "decision") == (None, "")
