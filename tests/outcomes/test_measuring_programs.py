"""Collaborative care within episodes, patients who come back, and what a quality measure counts as known."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from outcomes.queries.numbers import numbers
from outcomes.rules.measures import measure
from registry.models import Assessment
from registry.rules.risk_course import POSITIVE, RISEN
from tests.factories.caseload import CaseReviewFactory, ContactFactory, RecommendationFactory
from tests.factories.outcomes import ExperienceAskedFactory, PayerClassedFactory
from tests.factories.program import ReferralAttemptFactory, ReferralFactory, StayFactory
from tests.factories.registry import (
    AssessmentFactory,
    CoverageFactory,
    EpisodeFactory,
    PatientFactory,
    PayerFactory,
    ProgramPeriodFactory,
)
from tests.factories.risk import RiskCaseFactory, RiskStepFactory
from tests.factories.tenancy import NOW, ClinicFactory, MembershipFactory
from tests.outcomes.months_measured import MARCH, enrolled, measured, referral_row, row_of, told

FEBRUARY, LAST, APRIL = date(2026, 2, 1), date(2026, 3, 31), date(2026, 4, 1)
CARE = ("cocm_from", "cocm_until", "is_last_cocm")
YEAR_BEFORE = date(2025, 6, 1)


def ended(on: date) -> dict[str, Any]:
    return {"ended_on": on, "end_reason": "graduated", "status": "discharged"}


def changed(episode: Any, *changes: tuple[date, str]) -> Any:
    """The programs that an episode was in, from which day."""
    for from_on, program in changes:
        ProgramPeriodFactory(organization=episode.organization, episode=episode, from_on=from_on, program=program)
    return episode


@pytest.fixture
def plan(in_tenant: Any) -> Any:
    """A payer of the state's."""
    payer = PayerFactory(organization=in_tenant, name="Plan of the State")
    PayerClassedFactory(organization=in_tenant, payer=payer, payer_class="medicaid")
    return payer


def cover(episode: Any, payer: Any, **fields: Any) -> Any:
    CoverageFactory(organization=episode.organization, patient=episode.patient, payer=payer, **fields)
    return episode


def texts(organization: Any, month: date, *keys: str) -> list[str]:
    found = numbers(organization.id, [month], keys=keys)
    return [found[month, None, key].text for key in keys]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], (date(2026, 1, 5), None, True)),
        ([(date(2026, 1, 5), "bhi")], (None, None, False)),
        ([(date(2026, 1, 5), "bhi"), (LAST, "cocm")], (LAST, None, True)),
        ([(date(2026, 1, 5), "bhi"), (APRIL, "cocm")], (None, None, False)),
        ([(date(2026, 1, 5), "cocm"), (date(2026, 3, 21), "bhi")], (date(2026, 1, 5), date(2026, 3, 20), True)),
        ([(date(2026, 3, 2), "bhi")], (date(2026, 1, 5), MARCH, True)),
        ([(MARCH, "bhi")], (date(2026, 1, 5), date(2026, 2, 28), False)),
        # The last stretch; what goes on in the same program is one.
        ([(FEBRUARY, "bhi"), (date(2026, 2, 5), "cocm")], (date(2026, 2, 5), None, True)),
        ([(FEBRUARY, "cocm"), (date(2026, 2, 5), "cocm")], (date(2026, 1, 5), None, True)),
        # Before enrolment nobody was in care: the last period before it holds from it on.
        ([(date(2025, 12, 1), "cocm"), (date(2025, 12, 9), "bhi"), (MARCH, "cocm")], (MARCH, None, True)),
        ([(date(2025, 12, 1), "bhi"), (date(2025, 12, 9), "cocm")], (date(2026, 1, 5), None, True)),
    ],
)
def test_from_when_to_when_it_was_collaborative_care(
    in_tenant: Any, clinic: Any, changes: list[tuple[date, str]], expected: tuple[Any, ...]
) -> None:
    episode = changed(enrolled(in_tenant, clinic, date(2026, 1, 5), program="cocm"), *changes)
    assert told(row_of(episode), *CARE) == expected


def test_collaborative_care_ends_with_the_episode(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, date(2026, 1, 5), program="cocm", **ended(date(2026, 3, 9)))
    changed(episode, (date(2026, 3, 10), "bhi"))
    assert told(row_of(episode), *CARE) == (date(2026, 1, 5), date(2026, 3, 9), True)
    assert told(row_of(episode, FEBRUARY), *CARE) == (date(2026, 1, 5), None, True)
    assert told(row_of(episode, APRIL), *CARE) == (date(2026, 1, 5), date(2026, 3, 9), False)
    general = changed(enrolled(in_tenant, clinic, MARCH, **ended(LAST)), (MARCH, "cocm"), (LAST, "bhi"))
    assert told(row_of(general), *CARE) == (MARCH, date(2026, 3, 30), True)


def test_who_changes_to_general_bhi_was_in_the_states_month(in_tenant: Any, clinic: Any, plan: Any) -> None:
    episode = cover(enrolled(in_tenant, clinic, date(2025, 12, 8), program="cocm"), plan)
    changed(episode, (date(2025, 12, 8), "cocm"), (date(2026, 3, 21), "bhi"))
    AssessmentFactory(organization=in_tenant, episode=episode, on=date(2025, 12, 8), total=18, instrument="phq9")
    AssessmentFactory(organization=in_tenant, episode=episode, on=date(2026, 3, 2), total=4, instrument="phq9")
    ContactFactory(organization=in_tenant, episode=episode, on=date(2026, 3, 2))
    measured(in_tenant, APRIL)
    measured(in_tenant)
    keys = [f"nys_{number}" for number in range(1, 8)]
    one = "1 of 1, 100.0 %"
    # December 8 to March 20 are 102 days: 14.6 weeks.
    assert texts(in_tenant, MARCH, *keys) == ["1", "1", "0", "14.6 weeks", one, one, one]
    assert texts(in_tenant, APRIL, *keys) == ["0", "0", "0", "n/a", "n/a", "n/a", "n/a"]


def test_who_changes_to_collaborative_care_begins_there(in_tenant: Any, clinic: Any, plan: Any) -> None:
    episode = cover(enrolled(in_tenant, clinic, date(2025, 12, 1), program="bhi"), plan)
    changed(episode, (date(2025, 12, 1), "bhi"), (date(2026, 3, 1), "cocm"))
    AssessmentFactory(organization=in_tenant, episode=episode, on=date(2025, 12, 1), total=18, instrument="phq9")
    for on in (date(2026, 2, 20), date(2026, 3, 20)):
        review = CaseReviewFactory(organization=in_tenant, episode=episode, on=on)
        RecommendationFactory(organization=in_tenant, review=review, kind="continue")
    for month in (FEBRUARY, MARCH, date(2026, 5, 1)):
        measured(in_tenant, month)
    keys = ("nys_1", "nys_3", "nys_6", "nys_8", "first_review_days", "reviewed_30")
    assert texts(in_tenant, FEBRUARY, *keys) == ["0", "0", "n/a", "n/a", "n/a", "n/a"]
    assert texts(in_tenant, MARCH, *keys) == ["1", "1", "n/a", "n/a", "19 days", "1 of 1, 100.0 %"]
    # Day 70 is May 10; the last review was in March.
    assert texts(in_tenant, date(2026, 5, 1), *keys)[:4] == ["1", "0", "0 of 1, 0.0 %", "0 of 1, 0.0 %"]
    row = row_of(episode)
    assert told(row, "first_review_on", "last_review_on", "reviews") == (date(2026, 3, 20), date(2026, 3, 20), 1)


def test_who_left_and_came_back_is_one_patient(in_tenant: Any, clinic: Any, plan: Any) -> None:
    first = cover(enrolled(in_tenant, clinic, date(2025, 11, 3), program="cocm", **ended(date(2026, 3, 5))), plan)
    again = EpisodeFactory(organization=in_tenant, patient=first.patient, enrolled_on=date(2026, 3, 20), program="cocm")
    ContactFactory(organization=in_tenant, episode=again, on=LAST)
    assert [told(row_of(one), "is_in_month", "is_last_in_month", "is_last_cocm") for one in (first, again)] == [
        (True, False, False),
        (True, True, True),
    ]
    assert texts(in_tenant, MARCH, "nys_1", "nys_2", "nys_3", "nys_4", "nys_5", "nys_6", "nys_7") == [
        *("1", "1", "1", "17.4 weeks"),
        *("0 of 1, 0.0 %", "n/a", "0 of 1, 0.0 %"),
    ]
    keys = ("enrolled", "newly_enrolled", "contact_rate", "contact_and_score", "remission")
    assert texts(in_tenant, MARCH, *keys) == ["1", "1", "1 of 1, 100.0 %", "0 of 1, 0.0 %", "0 of 1, 0.0 %"]
    assert told(row_of(first, FEBRUARY), "is_last_in_month", "is_last_cocm") == (True, True)


def test_who_comes_back_to_general_bhi_was_a_patient_of_collaborative_care(in_tenant: Any, clinic: Any) -> None:
    first = enrolled(in_tenant, clinic, date(2025, 11, 3), program="cocm", **ended(date(2026, 3, 5)))
    again = EpisodeFactory(organization=in_tenant, patient=first.patient, enrolled_on=date(2026, 3, 20), program="bhi")
    assert [told(row_of(one), "is_last_in_month", "is_last_cocm") for one in (first, again)] == [
        (False, True),
        (True, False),
    ]
    assert texts(in_tenant, MARCH, "nys_1", "enrolled") == ["1", "1"]


@pytest.mark.parametrize(
    ("coverage", "is_medicaid"),
    [
        ({"from_on": MARCH}, True),
        ({"from_on": date(2026, 3, 2)}, False),
        ({"from_on": date(2026, 3, 9)}, False),
        ({"until_on": MARCH}, True),
        ({"until_on": MARCH - timedelta(1)}, False),
    ],
)
def test_medicaid_is_that_of_the_first_also_of_who_comes_later(
    in_tenant: Any, clinic: Any, plan: Any, coverage: dict[str, date], is_medicaid: bool
) -> None:
    episode = cover(enrolled(in_tenant, clinic, date(2026, 3, 9)), plan, **coverage)
    row = row_of(episode)
    pays = "until_on" not in coverage
    assert told(row, "is_medicaid", "payer_class") == (is_medicaid, "medicaid" if pays else "none")


def test_a_prorated_total_is_no_score_of_a_measure(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, date(2026, 1, 1))
    for on, total, is_prorated in (
        (date(2026, 1, 1), 21, True),
        (date(2026, 1, 9), 18, False),
        (date(2026, 3, 20), 3, True),
    ):
        AssessmentFactory(
            organization=in_tenant, episode=episode, on=on, total=total, instrument="phq9", is_prorated=is_prorated
        )
    names = ("baseline", "latest", "scales", "last_scored_on", "last_in_month")
    assert told(row_of(episode), *names) == (18, None, 0, date(2026, 1, 9), None)


def referral_of(organization: Any, clinic: Any, enrolled_on: date | None) -> Any:
    patient = PatientFactory(organization=organization, clinic=clinic)
    referral = ReferralFactory(organization=organization, patient=patient, clinic=clinic, referred_on=date(2026, 1, 10))
    if enrolled_on:
        episode = EpisodeFactory(organization=organization, patient=patient, enrolled_on=enrolled_on, referred_on=None)
        referral.episode, referral.outcome, referral.state = episode, "enrolled", "ended"
        referral.ended_on, referral.due_on = enrolled_on, None
        referral.save()
    return referral


@pytest.mark.parametrize(
    ("tried_on", "enrolled_on", "expected"),
    [
        (None, None, (None, None)),
        (None, date(2026, 1, 10), (date(2026, 1, 10), date(2026, 1, 10))),
        (date(2026, 1, 12), date(2026, 1, 20), (date(2026, 1, 12), date(2026, 1, 12))),
        (date(2026, 1, 22), date(2026, 1, 20), (date(2026, 1, 20), date(2026, 1, 20))),
        (date(2026, 1, 12), None, (date(2026, 1, 12), date(2026, 1, 12))),
    ],
)
def test_who_was_enrolled_was_reached(
    in_tenant: Any, clinic: Any, tried_on: date | None, enrolled_on: date | None, expected: tuple[Any, ...]
) -> None:
    referral = referral_of(in_tenant, clinic, enrolled_on)
    if tried_on:
        at = datetime.combine(tried_on, time(18), UTC)
        ReferralAttemptFactory(organization=in_tenant, referral=referral, at=at, outcome="reached")
    assert told(referral_row(referral), "first_attempt_on", "reached_on") == expected


def test_an_answer_long_after_enrolment_and_discharge_is_heard(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, YEAR_BEFORE, **ended(date(2026, 2, 20)))
    assert row_of(episode) is None
    answer = {"answered_at": NOW, "reached": 4, "heard": 5, "recommend": 3}
    asked = {"organization": in_tenant, "patient": episode.patient, "episode": episode}
    ExperienceAskedFactory(**asked, answered_on=date(2026, 3, 3), **answer)
    row = row_of(episode)
    assert told(row, "is_in_month", "said_reached", "said_heard", "said_recommend") == (False, 4, 5, 3)
    assert texts(in_tenant, MARCH, "said_heard", "said_share", "enrolled") == ["5.0 of 5", "n/a", "0"]
    assert row_of(episode, APRIL) is None


def raised(case: Any, key: str, on: date, *, tier: str = "", **fields: Any) -> Any:
    """A further answer that was noted in an open case."""
    score: Any = None
    if fields.pop("has_score", True):
        score = AssessmentFactory(
            organization=case.organization, patient=case.patient, episode=None, on=on, total=9, instrument="phq9",
            item9=1, detail={"tier": tier} if tier else {},
        )  # fmt: skip
    return RiskStepFactory(organization=case.organization, case=case, key=key, on=on, assessment=score, **fields)


@pytest.mark.parametrize(
    ("key", "fields", "expected"),
    [
        (POSITIVE, {}, (2, 1)),
        (RISEN, {}, (2, 1)),
        ("", {}, (1, 1)),
        (POSITIVE, {"tier": "moderate"}, (1, 1)),
        (POSITIVE, {"has_score": False}, (1, 1)),
        (POSITIVE, {"kind": "called"}, (1, 1)),
    ],
)
def test_a_further_answer_while_a_case_is_open_counts(
    in_tenant: Any, clinic: Any, key: str, fields: dict[str, Any], expected: tuple[int, int]
) -> None:
    episode = enrolled(in_tenant, clinic, date(2026, 1, 1))
    case = RiskCaseFactory(organization=in_tenant, patient=episode.patient, clinic=clinic, opened_on=date(2026, 3, 2))
    RiskStepFactory(organization=in_tenant, case=case, kind="assessed", tier="low", on=date(2026, 3, 2))
    raised(case, key, date(2026, 3, 16), **fields)
    assert told(row_of(episode), "positives", "positives_same_day") == expected


def test_a_further_answer_is_assessed_on_its_own_day(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, date(2026, 1, 1))
    # Opened by a concern in February: that is no answer, and not of this month.
    case = RiskCaseFactory(
        organization=in_tenant, patient=episode.patient, clinic=clinic, opened_on=date(2026, 2, 2), cause="concern",
        concern="Sad",
    )  # fmt: skip
    for on in (MARCH, date(2026, 3, 10), LAST, APRIL):
        raised(case, POSITIVE, on)
    RiskStepFactory(organization=in_tenant, case=case, kind="lowering_asked", tier="low", on=date(2026, 3, 10))
    RiskStepFactory(organization=in_tenant, case=case, kind="assessed", tier="low", on=APRIL)
    assert told(row_of(episode), "positives", "positives_same_day") == (3, 1)
    # A corrected score had been answered all the same.
    seat = MembershipFactory(organization=in_tenant)
    Assessment.objects.filter(patient=episode.patient).update(voided_at=NOW, voided_by=seat, void_reason="Mistyped.")
    assert row_of(episode).positives == 3


STAYS = ("ed_before", "ed_after", "stays_before", "stays_after")


@pytest.mark.parametrize(
    ("day", "is_known"), [(-183, False), (-182, True), (0, True), (181, True), (182, False)]
)  # fmt: skip
def test_stays_are_known_where_somebody_writes_them_down(in_tenant: Any, clinic: Any, day: int, is_known: bool) -> None:
    episode = enrolled(in_tenant, clinic, date(2025, 9, 15))
    elsewhere = PatientFactory(organization=in_tenant, clinic=ClinicFactory(organization=in_tenant))
    StayFactory(organization=in_tenant, patient=elsewhere, from_on=episode.enrolled_on, until_on=None)
    assert told(row_of(episode), *STAYS) == (None, None, None, None)
    beside = PatientFactory(organization=in_tenant, clinic=clinic)
    on = episode.enrolled_on + timedelta(day)
    StayFactory(organization=in_tenant, patient=beside, from_on=on, until_on=on)
    assert told(row_of(episode), *STAYS) == ((0, 0, 0, 0) if is_known else (None, None, None, None))


@pytest.mark.parametrize(("day", "counts"), [(19, False), (181, False), (182, True)])
def test_who_died_or_left_has_no_half_a_year_after(in_tenant: Any, clinic: Any, day: int, counts: bool) -> None:
    on = date(2025, 9, 15)
    episode = enrolled(in_tenant, clinic, on, patient__died_on=on + timedelta(day))
    StayFactory(organization=in_tenant, patient=episode.patient, from_on=on, until_on=on)
    assert row_of(episode).stays_after == 1
    assert texts(in_tenant, MARCH, "stays_after") == ["100.0 per 100" if counts else "n/a"]


def test_the_words_say_whom_a_measure_leaves_out() -> None:
    assert measure("enrolled").formula.endswith("is one patient, with the later enrolment.")
    assert "half a year is not known" in " ".join(measure("ed_after").exclusions)
