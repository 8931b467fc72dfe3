"""Work, papers, stays, answers and money of measured episodes."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests.factories.billing import BatchFactory, ClaimFactory, FrozenMonthFactory, MonthCloseFactory
from tests.factories.caseload import ContactFactory, FollowUpFactory, TimeEntryFactory, UntimedEntryFactory
from tests.factories.claims import RemittanceClaimFactory
from tests.factories.outcomes import ExperienceAskedFactory
from tests.factories.program import StayFactory
from tests.factories.registry import (
    AssessmentFactory,
    CarePlanFactory,
    ConsentFactory,
    DiagnosisFactory,
    PatientFactory,
    TreatingClinicianFactory,
)
from tests.factories.tenancy import NOW, ClinicFactory, MembershipFactory
from tests.outcomes.months_measured import MARCH, enrolled, row_of, told

LAST = date(2026, 3, 31)
FEBRUARY = date(2026, 2, 1)
ALL_PAPERS = ["consent", "diagnosis", "first score", "care plan", "next contact", "care manager", "clinician"]


def chicago(day: int, hour: int, minute: int, month: int = 3) -> datetime:
    """A clock time of a day in Chicago in 2026, before the clocks change (UTC-6) or after (UTC-5)."""
    hours = 6 if (month, day) < (3, 8) else 5
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) + timedelta(hours=hours)


@pytest.fixture
def episode(in_tenant: Any) -> Any:
    clinic = ClinicFactory(organization=in_tenant, time_zone="America/Chicago")
    return enrolled(in_tenant, clinic)


def test_work_is_cut_at_the_local_month(in_tenant: Any, episode: Any) -> None:
    # Of 20 minutes from 23:50 on February 28, ten are March's; so are ten of those from 23:50 on March 31.
    for starts_at in (chicago(28, 23, 50, month=2), chicago(31, 23, 50)):
        TimeEntryFactory(organization=in_tenant, episode=episode, starts_at=starts_at)
    for on in (date(2026, 2, 28), MARCH, LAST, date(2026, 4, 1)):
        UntimedEntryFactory(organization=in_tenant, episode=episode, on=on, minutes=5)
    assert [row_of(episode, month).seconds for month in (FEBRUARY, MARCH)] == [15 * 60, 30 * 60]


def test_work_that_is_held_voided_or_another_programs_is_not_counted(in_tenant: Any, episode: Any) -> None:
    seat = MembershipFactory(organization=in_tenant)
    TimeEntryFactory(organization=in_tenant, episode=episode, starts_at=chicago(4, 9, 0), activity="registry")
    TimeEntryFactory(organization=in_tenant, episode=episode, starts_at=chicago(4, 10, 0), held=True)
    TimeEntryFactory(organization=in_tenant, episode=episode, starts_at=chicago(4, 11, 0), service="ccm")
    voided = {"voided_at": NOW, "voided_by": seat, "void_reason": "Twice."}
    TimeEntryFactory(organization=in_tenant, episode=episode, starts_at=chicago(4, 12, 0), **voided)
    assert row_of(episode).seconds == 20 * 60


def test_an_open_episode_lacks_what_nobody_recorded(in_tenant: Any, clinic: Any) -> None:
    ends = {"end_reason": "graduated", "status": "discharged"}
    rows = [
        row_of(enrolled(in_tenant, clinic)),
        row_of(enrolled(in_tenant, clinic, ended_on=LAST, **ends)),
        row_of(enrolled(in_tenant, clinic, ended_on=LAST + timedelta(1), **ends)),
    ]
    assert [row.lacks for row in rows] == [ALL_PAPERS, [], ALL_PAPERS]


def test_what_is_on_record_by_the_last_day_is_not_lacking(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(
        in_tenant, clinic,
        care_manager=MembershipFactory(organization=in_tenant),
        treating_clinician=TreatingClinicianFactory(organization=in_tenant),
    )  # fmt: skip
    ConsentFactory(organization=in_tenant, patient=episode.patient, revoked_on=LAST + timedelta(1))
    DiagnosisFactory(organization=in_tenant, episode=episode)
    AssessmentFactory(organization=in_tenant, episode=episode, on=LAST)
    CarePlanFactory(organization=in_tenant, episode=episode, on=LAST)
    FollowUpFactory(organization=in_tenant, episode=episode, closed_on=LAST + timedelta(1))
    assert row_of(episode).lacks == []
    assert row_of(episode, FEBRUARY).lacks == ["first score", "care plan", "next contact"]
    assert row_of(episode, date(2026, 4, 1)).lacks == ["consent", "next contact"]


def test_what_does_not_do_is_lacking(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic)
    ConsentFactory(organization=in_tenant, patient=episode.patient, service="ccm")
    ConsentFactory(organization=in_tenant, patient=episode.patient, revoked_on=LAST)
    DiagnosisFactory(organization=in_tenant, episode=episode, from_on=LAST + timedelta(1))
    CarePlanFactory(organization=in_tenant, episode=episode, is_assumed=True)
    FollowUpFactory(organization=in_tenant, episode=episode, closed_on=LAST)
    april = ContactFactory(organization=in_tenant, episode=episode, on=LAST + timedelta(1))
    FollowUpFactory(organization=in_tenant, episode=episode, from_contact=april)
    assert row_of(episode).lacks == ALL_PAPERS


@pytest.mark.parametrize(("day", "hour", "minute", "lacks"), [(31, 23, 59, False), (32, 0, 0, True)])
def test_consent_of_the_last_local_day_is_there(
    in_tenant: Any, episode: Any, day: int, hour: int, minute: int, lacks: bool
) -> None:
    given_at = chicago(1, hour, minute) + timedelta(days=day - 1, hours=-1)  # the clocks went forward on March 8
    ConsentFactory(organization=in_tenant, patient=episode.patient, given_at=given_at)
    assert ("consent" in row_of(episode).lacks) == lacks


@pytest.mark.parametrize(
    ("field", "day", "lacks"),
    [("next contact", LAST, False), ("next contact", LAST + timedelta(1), True), ("imported", LAST, False)],
)
def test_since_when_a_next_contact_is_planned(in_tenant: Any, episode: Any, field: str, day: date, lacks: bool) -> None:
    """By the contact that planned it, else by when it was written down; an imported one, whenever that was."""
    late = NOW + timedelta(days=60)
    if field == "imported":
        FollowUpFactory(organization=in_tenant, episode=episode, recorded_at=late, import_id=uuid4())
    else:
        contact = ContactFactory(organization=in_tenant, episode=episode, on=day)
        FollowUpFactory(organization=in_tenant, episode=episode, from_contact=contact, recorded_at=late)
    assert ("next contact" in row_of(episode).lacks) == lacks


@pytest.mark.parametrize(
    ("day", "kind", "expected"),
    [
        (-183, "emergency", (0, 0, 0, 0)),
        (-182, "emergency", (1, 0, 0, 0)),
        (-1, "emergency", (1, 0, 0, 0)),
        (0, "emergency", (0, 1, 0, 0)),
        (181, "emergency", (0, 1, 0, 0)),
        (182, "emergency", (0, 0, 0, 0)),
        (-1, "inpatient", (0, 0, 1, 0)),
        (5, "observation", (0, 0, 0, 1)),
    ],
)
def test_stays_before_and_after_enrolment(
    in_tenant: Any, clinic: Any, day: int, kind: str, expected: tuple[int, ...]
) -> None:
    episode = enrolled(in_tenant, clinic, MARCH - timedelta(182))
    on = episode.enrolled_on + timedelta(day)
    StayFactory(organization=in_tenant, patient=episode.patient, kind=kind, from_on=on, until_on=on)
    # Somebody of the clinic has stays on record, or nothing would be known.
    beside = PatientFactory(organization=in_tenant, clinic=clinic)
    StayFactory(organization=in_tenant, patient=beside, from_on=episode.enrolled_on)
    assert told(row_of(episode), "ed_before", "ed_after", "stays_before", "stays_after") == expected


@pytest.mark.parametrize(("day_182", "is_told"), [(date(2026, 2, 28), False), (MARCH, True), (LAST, True)])
def test_stays_are_told_in_the_month_of_day_182(in_tenant: Any, clinic: Any, day_182: date, is_told: bool) -> None:
    episode = enrolled(in_tenant, clinic, day_182 - timedelta(182))
    beside = PatientFactory(organization=in_tenant, clinic=clinic)
    StayFactory(organization=in_tenant, patient=beside, from_on=episode.enrolled_on, until_on=None)
    expected = (0, 0) if is_told else (None, None)
    assert told(row_of(episode), "ed_before", "stays_after") == expected
    assert told(row_of(enrolled(in_tenant, clinic, LAST - timedelta(181))), "ed_before", "ed_after") == (None, None)


def test_what_the_patient_said_last_in_the_month(in_tenant: Any, episode: Any) -> None:
    for place, on in enumerate((date(2026, 2, 28), MARCH, LAST, date(2026, 4, 1)), start=1):
        ExperienceAskedFactory(
            organization=in_tenant, patient=episode.patient, episode=episode, answered_at=NOW, answered_on=on,
            reached=place, heard=place, recommend=5,
        )  # fmt: skip
    ExperienceAskedFactory(organization=in_tenant, patient=episode.patient, episode=episode)
    assert told(row_of(episode), "said_reached", "said_heard", "said_recommend") == (3, 3, 5)


def closed(episode: Any, *rows: list[Any], **fields: Any) -> Any:
    """The episode's March, closed; each row is one frozen version of its lines."""
    organization = episode.organization
    close = MonthCloseFactory(
        organization=organization, clinic=episode.clinic, month=MARCH, starts_at=chicago(1, 0, 0),
        ends_at=chicago(1, 0, 0, month=4), closed_at=datetime(2026, 4, 5, tzinfo=UTC), **fields,
    )  # fmt: skip
    for number, lines in enumerate(rows, start=1):
        because = "Late note." if number > 1 else ""
        FrozenMonthFactory(
            organization=organization, close=close, episode=episode, number=number, lines=lines, because=because
        )
    return close


MONEY = ("is_billed", "expected", "paid")


def test_money_is_not_known_until_the_month_is_closed(in_tenant: Any, episode: Any) -> None:
    assert told(row_of(episode), *MONEY) == (None, None, None)
    closed(episode)
    assert told(row_of(episode), *MONEY) == (False, Decimal(0), None)
    assert told(row_of(episode, FEBRUARY), *MONEY) == (None, None, None)


def test_a_month_opened_again_is_not_closed(in_tenant: Any, episode: Any) -> None:
    seats = [MembershipFactory(organization=in_tenant) for _ in range(2)]
    closed(
        episode, [["99492", 1, "150.00"]], asked_at=NOW, asked_by=seats[0], asked_because="Late.",
        reopened_at=NOW, reopened_by=seats[1],
    )  # fmt: skip
    assert told(row_of(episode), *MONEY) == (None, None, None)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[]], (False, Decimal(0))),
        ([[["99492", 1, "150.10"], ["99494", 2, "120.00"]]], (True, Decimal("270.10"))),
        ([[["99492", 1, "150.10"], ["99494", 1, None]]], (True, None)),
        # The last version holds, without what it takes back.
        ([[["99492", 1, None]], [["99492", -1, None], ["99493", 1, "140.00"]]], (True, Decimal("140.00"))),
        ([[["99492", 1, "150.10"]], [["99492", -1, "-150.10"]]], (False, Decimal(0))),
    ],
)
def test_what_a_closed_month_asks(
    in_tenant: Any, episode: Any, rows: list[list[Any]], expected: tuple[Any, ...]
) -> None:
    closed(episode, *rows)
    assert told(row_of(episode), "is_billed", "expected") == expected


def test_what_payers_paid_on_the_months_claims(in_tenant: Any, episode: Any) -> None:
    claims = [
        ClaimFactory(organization=in_tenant, episode=episode, month=month, is_superseded=True)
        for month in (MARCH, MARCH, FEBRUARY)
    ]
    test_file = BatchFactory(organization=in_tenant, is_test=True)
    claims.append(ClaimFactory(organization=in_tenant, episode=episode, month=MARCH, batch=test_file))
    closed(episode, [["99492", 1, "150.10"]])
    answers = (
        (0, "120.00", ""),
        (0, "-20.00", ""),
        (1, "30.50", ""),
        (2, "7.00", ""),
        (3, "9.00", ""),
        (0, "5.00", "x"),
    )
    for place, amount, aside in answers:
        RemittanceClaimFactory(
            organization=in_tenant, claim=claims[place], paid=Decimal(amount), set_aside_because=aside
        )
    assert row_of(episode).paid == Decimal("130.50")
