"""Which episodes are in a month, by what they are grouped, and their contacts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from registry.models import Patient
from tests.factories.caseload import ContactFactory, TimeEntryFactory, UntimedEntryFactory
from tests.factories.outcomes import PayerClassedFactory
from tests.factories.registry import CoverageFactory, PayerFactory, ProgramPeriodFactory
from tests.factories.tenancy import NOW, MembershipFactory
from tests.outcomes.months_measured import MARCH, enrolled, row_of, told

LAST = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("enrolled_on", "ended_on", "expected"),
    [
        (date(2026, 1, 1), None, (True, None, "")),
        (LAST, None, (True, None, "")),
        (LAST + timedelta(1), None, None),
        (date(2025, 1, 1), MARCH, (True, MARCH, "graduated")),
        (date(2025, 1, 1), LAST, (True, LAST, "graduated")),
        (date(2025, 1, 1), LAST + timedelta(1), (True, None, "")),
        # Ended before the month: only while day 182 may still come.
        (MARCH - timedelta(182), MARCH - timedelta(1), (False, MARCH - timedelta(1), "graduated")),
        (MARCH - timedelta(183), MARCH - timedelta(1), None),
    ],
)
def test_who_is_in_a_month(
    in_tenant: Any, clinic: Any, enrolled_on: date, ended_on: date | None, expected: tuple[Any, ...] | None
) -> None:
    end = {"ended_on": ended_on, "end_reason": "graduated", "status": "discharged"} if ended_on else {}
    row = row_of(enrolled(in_tenant, clinic, enrolled_on, **end))
    assert (told(row, "is_in_month", "ended_on", "end_reason") if row else None) == expected


def test_who_died_has_ended_whether_or_not_it_was_written(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, patient__died_on=date(2026, 3, 10))
    assert told(row_of(episode), "is_in_month", "ended_on", "end_reason") == (True, date(2026, 3, 10), "died")
    discharged = enrolled(
        in_tenant, clinic, patient__died_on=date(2026, 3, 10),
        ended_on=date(2026, 3, 12), end_reason="transferred", status="discharged",
    )  # fmt: skip
    assert told(row_of(discharged), "ended_on", "end_reason") == (date(2026, 3, 10), "died")
    later = enrolled(in_tenant, clinic, patient__died_on=date(2026, 4, 1))
    assert told(row_of(later), "ended_on", "end_reason") == (None, "")
    same_day = enrolled(in_tenant, clinic, MARCH, patient__died_on=MARCH)
    assert told(row_of(same_day), "ended_on", "end_reason") == (MARCH, "died")
    told_together = enrolled(
        in_tenant, clinic, patient__died_on=MARCH, ended_on=MARCH, end_reason="transferred", status="discharged"
    )
    assert told(row_of(told_together), "ended_on", "end_reason") == (MARCH, "transferred")


def test_what_was_recorded_in_error_is_not_measured(in_tenant: Any, clinic: Any) -> None:
    seat = MembershipFactory(organization=in_tenant)
    voided = {"voided_at": NOW, "voided_by": seat, "void_reason": "Twice."}
    assert row_of(enrolled(in_tenant, clinic, **voided)) is None
    episode = enrolled(in_tenant, clinic)
    ContactFactory(organization=in_tenant, episode=episode, on=MARCH, **voided)
    assert told(row_of(episode), "contacts", "first_contact_on") == (0, None)
    Patient.objects.filter(id=episode.patient_id).update(**voided)
    assert row_of(episode) is None


def test_by_what_a_row_is_grouped(in_tenant: Any, clinic: Any) -> None:
    seats = [MembershipFactory(organization=in_tenant) for _ in range(2)]
    episode = enrolled(
        in_tenant, clinic, care_manager=seats[0], consultant=seats[1],
        patient__language="Spanish", patient__sex="F", patient__birth_date=date(1986, 3, 1),
    )  # fmt: skip
    row = row_of(episode)
    assert told(row, "patient_id", "clinic_id", "care_manager_id", "consultant_id") == (
        episode.patient_id, clinic.id, seats[0].id, seats[1].id,
    )  # fmt: skip
    assert told(row, "language", "sex", "age") == ("Spanish", "F", 40)


def test_age_is_that_of_the_first_day(in_tenant: Any, clinic: Any) -> None:
    assert row_of(enrolled(in_tenant, clinic, patient__birth_date=date(1986, 3, 2))).age == 39
    assert row_of(enrolled(in_tenant, clinic, patient__birth_date=date(2026, 3, 20))).age == 0


@pytest.mark.parametrize(
    ("enrolled_on", "coverage", "expected"),
    [
        (date(2026, 1, 1), {}, True),
        (date(2026, 1, 1), {"from_on": MARCH}, True),
        (date(2026, 1, 1), {"from_on": MARCH + timedelta(1)}, False),
        (date(2026, 1, 1), {"until_on": MARCH}, True),
        (date(2026, 1, 1), {"until_on": MARCH - timedelta(1)}, False),
        (date(2026, 1, 1), {"rank": 2}, False),
        # Of somebody who enrolls in the month, their first day in it.
        (date(2026, 3, 9), {"from_on": date(2026, 3, 9)}, True),
        (date(2026, 3, 9), {"from_on": date(2026, 3, 10)}, False),
    ],
)
def test_which_payer_holds(
    in_tenant: Any, clinic: Any, enrolled_on: date, coverage: dict[str, Any], expected: bool
) -> None:
    episode = enrolled(in_tenant, clinic, enrolled_on)
    payer = PayerFactory(organization=in_tenant, name="Aetna")
    CoverageFactory(organization=in_tenant, patient=episode.patient, payer=payer, **coverage)
    found = (payer.id, "commercial") if expected else (None, "none")
    assert told(row_of(episode), "payer_id", "payer_class") == found


def test_medicaid_behind_another_payer_counts_as_medicaid(in_tenant: Any, clinic: Any) -> None:
    episode, other = enrolled(in_tenant, clinic), enrolled(in_tenant, clinic)
    medicare = PayerFactory(organization=in_tenant, name="Medicare")
    plan = PayerFactory(organization=in_tenant, name="Fidelis")
    for rank, payer in ((1, medicare), (2, plan)):
        CoverageFactory(organization=in_tenant, patient=episode.patient, payer=payer, rank=rank)
    CoverageFactory(organization=in_tenant, patient=other.patient, payer=medicare)
    names = ("payer_class", "is_medicaid")
    assert told(row_of(episode), *names) == ("medicare", False)
    PayerClassedFactory(organization=in_tenant, payer=plan, payer_class="medicaid")
    assert told(row_of(episode), *names) == ("medicare", True)
    assert told(row_of(other), *names) == ("medicare", False)


def test_the_program_is_that_of_the_last_day_in_it(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, program="bhi")
    assert row_of(episode).program == "bhi"
    ProgramPeriodFactory(organization=in_tenant, episode=episode, program="cocm")
    ProgramPeriodFactory(organization=in_tenant, episode=episode, program="bhi", from_on=LAST)
    assert [row_of(episode, month).program for month in (MARCH, date(2026, 2, 1))] == ["bhi", "cocm"]
    end = {"ended_on": date(2026, 3, 10), "end_reason": "graduated", "status": "discharged"}
    ended = enrolled(in_tenant, clinic, program="bhi", **end)
    for on, program in ((ended.enrolled_on, "cocm"), (date(2026, 3, 11), "bhi")):
        ProgramPeriodFactory(organization=in_tenant, episode=ended, from_on=on, program=program)
    assert row_of(ended).program == "cocm"


def test_contacts_and_attempts_of_the_month(in_tenant: Any, clinic: Any) -> None:
    episode = enrolled(in_tenant, clinic, date(2026, 1, 1))
    days = (date(2025, 12, 31), date(2026, 2, 28), MARCH, MARCH, LAST, date(2026, 4, 1))
    for on in days:
        ContactFactory(organization=in_tenant, episode=episode, on=on)
    for activity in ("outreach_attempt", "no_show", "message", "coordination"):
        ContactFactory(organization=in_tenant, episode=episode, on=LAST, activity=activity)
    for on in (date(2026, 2, 28), date(2026, 4, 1)):
        ContactFactory(organization=in_tenant, episode=episode, on=on, activity="no_show")
    names = ("contacts", "attempts", "first_contact_on", "last_contact_on")
    # Two notes of one day are one contact; the day before enrolment is none.
    assert told(row_of(episode), *names) == (2, 2, date(2026, 2, 28), LAST)


def test_a_timed_session_without_a_note_is_a_contact_on_its_local_day(in_tenant: Any, clinic: Any) -> None:
    clinic.time_zone = "America/Chicago"
    clinic.save()
    episode = enrolled(in_tenant, clinic)
    # 23:50 on the 31st in Chicago is April 1 in Greenwich.
    TimeEntryFactory(organization=in_tenant, episode=episode, starts_at=datetime(2026, 4, 1, 4, 50, tzinfo=UTC))
    UntimedEntryFactory(organization=in_tenant, episode=episode, on=date(2026, 3, 5))
    UntimedEntryFactory(organization=in_tenant, episode=episode, on=date(2026, 3, 6), activity="coordination")
    assert told(row_of(episode), "contacts", "last_contact_on") == (2, LAST)
    assert told(row_of(episode, date(2026, 4, 1)), "contacts", "last_contact_on") == (0, LAST)


@pytest.mark.parametrize(("day", "expected"), [(0, 1), (28, 1), (29, 0)])
def test_contacts_of_the_first_28_days(in_tenant: Any, clinic: Any, day: int, expected: int) -> None:
    episode = enrolled(in_tenant, clinic, date(2026, 2, 10))
    ContactFactory(organization=in_tenant, episode=episode, on=episode.enrolled_on + timedelta(day))
    assert row_of(episode).contacts_in_28_days == expected


@pytest.mark.parametrize(
    ("day", "is_it"), [(59, False), (60, True), (75, True), (90, True), (91, False)]
)  # fmt: skip
def test_the_contact_from_day_60_to_day_90(in_tenant: Any, clinic: Any, day: int, is_it: bool) -> None:
    episode = enrolled(in_tenant, clinic, date(2025, 12, 15))
    on = episode.enrolled_on + timedelta(day)
    ContactFactory(organization=in_tenant, episode=episode, on=on)
    assert row_of(episode).contact_from_day_60_on == (on if is_it else None)


def test_contacts_after_the_end_are_none(in_tenant: Any, clinic: Any) -> None:
    end = {"ended_on": date(2026, 3, 10), "end_reason": "graduated", "status": "discharged"}
    episode = enrolled(in_tenant, clinic, **end)
    for on in (date(2026, 3, 10), date(2026, 3, 11)):
        ContactFactory(organization=in_tenant, episode=episode, on=on)
        ContactFactory(organization=in_tenant, episode=episode, on=on, activity="no_show")
    assert told(row_of(episode), "contacts", "attempts", "last_contact_on") == (1, 1, date(2026, 3, 10))
