"""What the caseload does when it hears of a stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest

from bhi.jobs.models import Job
from caseload.models import EpisodeStanding, FollowUp, TimeEntry
from caseload.operations import record_contact, record_time, replace_time
from caseload.operations.facility_stays import follow_stay, mark_facility_minutes
from caseload.rules.worktime import WorkTime
from registry.models import Stay
from registry.operations import end_episode
from registry.operations.stays import end_stay, record_stay, void_stay
from tests.factories.caseload import TimeEntryFactory


@pytest.fixture
def worked(by: Any, now: datetime) -> Callable[..., Any]:
    """`worked(episode, 20)`: ten minutes on a day of February, without clock time."""

    def make(episode: Any, day: int, **work: Any) -> Any:
        time = WorkTime(on=date(2026, 2, day), seconds=600)
        return record_time(by=by, at=now, episode_id=episode.id, time=time, client_token=uuid4(), **work)

    return make


@pytest.fixture
def heard(now: datetime) -> Callable[[Any], None]:
    """Run what the announcement of a stay queued, as a worker would."""

    def run(stay: Any) -> None:
        assert Job.objects.filter(kind="follow_stay", key=str(stay.id)).exists()
        follow_stay(organization_id=stay.organization_id, at=now, stay_id=stay.id)

    return run


def marked() -> list[int]:
    """The days of February whose minutes are marked."""
    entries = TimeEntry.objects.filter(voided_at__isnull=True, is_facility_stay=True).order_by("on")
    return [entry.on.day for entry in entries]


def test_minutes_in_a_stay_are_marked_but_not_the_day_of_leaving(
    enrolled: Callable[..., Any], worked: Any, heard: Any, by: Any, now: datetime
) -> None:
    episode = enrolled()
    for day in (9, 10, 13, 14, 15):
        worked(episode, day)
    worked(enrolled("Novak"), 11)
    stay = record_stay(
        by=by, at=now, patient=episode.patient, kind="inpatient", from_on=date(2026, 2, 10), until_on=date(2026, 2, 14)
    )
    heard(stay)
    assert marked() == [10, 13]
    assert Job.objects.filter(kind="refresh_service_month", key=str(episode.id)).count() == 1
    assert mark_facility_minutes(organization_id=by.organization_id, at=now, patient_id=episode.patient_id) == ()


@pytest.mark.parametrize(("kind", "days"), [("inpatient", [11]), ("observation", [11]), ("emergency", [])])
def test_an_emergency_visit_marks_nothing(
    enrolled: Callable[..., Any], worked: Any, heard: Any, by: Any, now: datetime, kind: str, days: list[int]
) -> None:
    episode = enrolled()
    worked(episode, 11)
    heard(
        record_stay(
            by=by, at=now, patient=episode.patient, kind=kind, from_on=date(2026, 2, 10), until_on=date(2026, 2, 14)
        )
    )
    assert marked() == days


def test_what_is_logged_later_is_marked_at_once(
    enrolled: Callable[..., Any], worked: Any, by: Any, now: datetime
) -> None:
    episode = enrolled()
    record_stay(by=by, at=now, patient=episode.patient, kind="inpatient", from_on=date(2026, 2, 10))
    for day in (9, 10, 27):
        worked(episode, day)
    starts, ends = (datetime.fromisoformat(f"2026-02-12T{clock}+00:00") for clock in ("05:30", "06:10"))
    kept = record_contact(
        by=by, at=now, episode_id=episode.id, client_token=uuid4(), mode="phone", time=WorkTime(span=(starts, ends))
    )
    assert kept.entry is not None
    assert kept.entry.is_facility_stay
    untimed = TimeEntry.objects.filter(is_facility_stay=True, on__isnull=False).order_by("on")
    assert [entry.on.day for entry in untimed] == [10, 27]


def test_an_open_stay_that_ends_lets_go_of_what_came_after(
    enrolled: Callable[..., Any], worked: Any, heard: Any, by: Any, now: datetime
) -> None:
    episode = enrolled()
    stay = record_stay(by=by, at=now, patient=episode.patient, kind="inpatient", from_on=date(2026, 2, 10))
    for day in (12, 20):
        worked(episode, day)
    assert marked() == [12, 20]
    heard(end_stay(by=by, at=now, stay_id=stay.id, on=date(2026, 2, 14)))
    assert marked() == [12]


def test_a_stay_taken_back_unmarks_but_not_what_an_import_brought(
    enrolled: Callable[..., Any], worked: Any, heard: Any, by: Any, now: datetime, in_tenant: Any
) -> None:
    episode = enrolled()
    TimeEntryFactory(
        organization=in_tenant, episode=episode, patient=episode.patient, by=by, span=None, on=date(2026, 2, 3),
        seconds=300, is_facility_stay=True, import_id=uuid4(),
    )  # fmt: skip
    worked(episode, 12)
    stay = record_stay(
        by=by, at=now, patient=episode.patient, kind="inpatient", from_on=date(2026, 2, 10), until_on=date(2026, 2, 25)
    )
    heard(stay)
    assert marked() == [3, 12]
    assert FollowUp.objects.live().count() == 1
    void_stay(by=by, at=now, stay_id=stay.id, reason="Another patient")
    heard(Stay.objects.get())
    assert marked() == [3]
    assert FollowUp.objects.live().count() == 0


def test_time_moved_out_of_a_stay_is_unmarked(
    enrolled: Callable[..., Any], worked: Any, by: Any, now: datetime
) -> None:
    episode = enrolled()
    record_stay(by=by, at=now, patient=episode.patient, kind="inpatient", from_on=date(2026, 2, 10))
    entry = worked(episode, 12)
    moved = replace_time(
        by=by, at=now, entry=entry, time=WorkTime(on=date(2026, 2, 9), seconds=600), client_token=uuid4(), reason="Day"
    )
    assert (entry.is_facility_stay, moved.is_facility_stay) == (True, False)


def test_a_mark_without_a_stay_survives_a_correction(
    enrolled: Callable[..., Any], worked: Any, by: Any, now: datetime
) -> None:
    from caseload.operations import Work

    entry = worked(enrolled(), 12, work=Work(is_facility_stay=True))
    moved = replace_time(
        by=by, at=now, entry=entry, time=WorkTime(on=date(2026, 2, 13), seconds=600), client_token=uuid4(), reason="Day"
    )
    assert moved.is_facility_stay


class TestFollowUp:
    def test_is_planned_once_within_seven_days_of_leaving(
        self, enrolled: Callable[..., Any], heard: Any, by: Any, now: datetime
    ) -> None:
        episode = enrolled()
        stay = record_stay(by=by, at=now, patient=episode.patient, kind="inpatient", from_on=date(2026, 2, 20))
        heard(stay)
        assert FollowUp.objects.count() == 0
        stay = end_stay(by=by, at=now, stay_id=stay.id, on=date(2026, 2, 27))
        heard(stay)
        heard(stay)
        follow_up = FollowUp.objects.get()
        assert (follow_up.due_on, follow_up.purpose) == (date(2026, 3, 6), "After hospital stay, left Feb 27, 2026")
        standing = EpisodeStanding.objects.get(episode=episode)
        assert (standing.next_due_on, standing.next_due_purpose) == (follow_up.due_on, follow_up.purpose)

    def test_is_planned_after_an_emergency_visit(
        self, enrolled: Callable[..., Any], heard: Any, by: Any, now: datetime
    ) -> None:
        heard(record_stay(by=by, at=now, patient=enrolled().patient, kind="emergency", from_on=date(2026, 3, 1)))
        assert [one.due_on for one in FollowUp.objects.all()] == [date(2026, 3, 8)]

    def test_is_not_planned_for_old_stays_or_the_discharged(
        self, enrolled: Callable[..., Any], heard: Any, by: Any, now: datetime
    ) -> None:
        old, gone = enrolled("Rivera"), enrolled("Gone")
        heard(record_stay(by=by, at=now, patient=old.patient, kind="emergency", from_on=date(2025, 6, 1)))
        end_episode(by=by, at=now, episode=gone, on=date(2026, 2, 20), reason="graduated")
        heard(record_stay(by=by, at=now, patient=gone.patient, kind="emergency", from_on=date(2026, 3, 1)))
        assert FollowUp.objects.count() == 0
