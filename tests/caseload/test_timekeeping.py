"""Time: written down once, held where it overlaps, refused where it cannot be, corrected by replacement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from caseload.models import TimeEntry
from caseload.operations import Work, draft_time, hold_overlaps, record_time, replace_time, void_time
from caseload.operations.errors import DayFull, ImpossibleTime
from caseload.queries.minutes import minutes_of
from caseload.queries.work import role_worked_in
from caseload.rules.worktime import WorkTime
from registry.operations import change_program, record_facts
from registry.operations.errors import AlreadyVoided, FormReused, ReasonMissing
from registry.operations.recording import Stamp

MARCH = date(2026, 3, 1)


def counted(episode: Any) -> int:
    """CoCM seconds of March."""
    found = minutes_of(episode.organization_id, episode_ids=[episode.id]).get((episode.id, MARCH))
    return found.counted.cocm_seconds if found else 0


def test_time_is_recorded_with_program_and_role_of_the_day(
    enrolled: Callable[..., Any], by: Any, now: datetime, log: Callable[..., Any]
) -> None:
    episode = enrolled(program="bhi")
    change_program(by=by, at=now, episode=episode, to="cocm", on=date(2026, 3, 1))
    entry = log(episode)
    old = record_time(
        by=by, at=now, episode_id=episode.id, time=WorkTime(on=date(2026, 2, 10), seconds=600), client_token=uuid4()
    )
    assert (entry.service, entry.role, entry.held, entry.seconds) == ("cocm", "care_manager", False, None)
    assert (old.service, old.on, old.seconds, old.span) == ("bhi", date(2026, 2, 10), 600, None)
    assert (
        AuditEvent.objects.filter(action="time.recorded", object_id=entry.id, patient_id=episode.patient_id).count()
        == 1
    )


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        (["care_manager"], "care_manager"),
        (["clinic_lead", "care_manager"], "care_manager"),
        (["treating_clinician"], "treating_clinician"),
        (["psychiatric_consultant"], "psychiatric_consultant"),
        (["clinic_lead"], "clinical_staff"),
        ([], "clinical_staff"),
    ],
)
def test_the_role_worked_in_is_that_of_the_seat(roles: list[str], role: str) -> None:
    assert role_worked_in(roles) == role


def test_time_at_two_patients_at_once_is_held_with_the_first(
    enrolled: Callable[..., Any], log: Callable[..., Any]
) -> None:
    one, other = enrolled("One"), enrolled("Other")
    first = log(one, minutes=30)
    second = log(other, minutes=30, ago=45)
    assert (first.held, second.held, second.held_with_id) == (False, True, first.id)
    assert (counted(one), counted(other)) == (1800, 0)


def test_held_time_holds_nobody_and_abutting_time_is_no_overlap(
    enrolled: Callable[..., Any], log: Callable[..., Any]
) -> None:
    one, two, three = enrolled("One"), enrolled("Two"), enrolled("Three")
    log(one, minutes=20, ago=60)
    held = log(two, minutes=30, ago=50)
    after = log(three, minutes=10, ago=40)
    assert (held.held, after.held) == (True, False)


def test_time_for_the_same_patient_may_overlap_and_counts_once(
    enrolled: Callable[..., Any], log: Callable[..., Any]
) -> None:
    episode = enrolled()
    log(episode, minutes=30)
    again = log(episode, minutes=30, ago=45)
    assert again.held is False
    assert counted(episode) == 45 * 60


def test_a_second_submit_returns_the_first(enrolled: Callable[..., Any], by: Any, now: datetime) -> None:
    episode, token = enrolled(), uuid4()
    values = {"by": by, "at": now, "episode_id": episode.id, "client_token": token}
    first = record_time(**values, time=WorkTime(on=MARCH, seconds=60))
    assert record_time(**values, time=WorkTime(on=MARCH, seconds=120)) == first
    assert TimeEntry.objects.count() == 1


def test_a_token_of_another_patients_form_is_refused(enrolled: Callable[..., Any], by: Any, now: datetime) -> None:
    token, time = uuid4(), WorkTime(on=MARCH, seconds=60)
    record_time(by=by, at=now, episode_id=enrolled("One").id, client_token=token, time=time)
    with pytest.raises(FormReused):
        record_time(by=by, at=now, episode_id=enrolled("Other").id, client_token=token, time=time)


def span(start: str, minutes: int) -> WorkTime:
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return WorkTime(span=(begins, begins + timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("time", "field"),
    [
        (span("2026-03-02 17:01", 10), "start"),
        (span("2026-03-02 16:50", 16), "end"),
        (span("2026-03-02 16:00", -5), "end"),
        (span("2026-03-02 16:00", 0), "end"),
        (span("2026-03-01 16:00", 721), "end"),
        (span("1950-03-01 16:00", 20), "start"),
        (WorkTime(on=date(2031, 1, 1), seconds=600), "on"),
        (WorkTime(on=date(1950, 1, 1), seconds=600), "on"),
        (WorkTime(on=MARCH, seconds=0), "minutes"),
        (WorkTime(on=MARCH, seconds=-300), "minutes"),
        (WorkTime(on=MARCH, seconds=2000 * 60), "minutes"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    enrolled: Callable[..., Any], by: Any, now: datetime, time: WorkTime, field: str
) -> None:
    episode = enrolled()
    with pytest.raises(ImpossibleTime) as refusal, transaction.atomic():
        record_time(by=by, at=now, episode_id=episode.id, time=time, client_token=uuid4())
    assert refusal.value.field == field
    assert TimeEntry.objects.count() == 0


def test_a_day_has_24_hours(enrolled: Callable[..., Any], by: Any, now: datetime) -> None:
    episode = enrolled()
    values = {"by": by, "at": now, "episode_id": episode.id}
    for _ in range(2):
        record_time(**values, time=WorkTime(on=MARCH, seconds=12 * 3600), client_token=uuid4())
    with pytest.raises(DayFull, match="Mar 1 holds more than 24 hours"):
        record_time(**values, time=WorkTime(on=MARCH, seconds=1), client_token=uuid4())
    with pytest.raises(DayFull):
        record_time(**values, time=span("2026-03-01 18:00", 1), client_token=uuid4())
    assert record_time(**values, time=WorkTime(on=date(2026, 2, 28), seconds=60), client_token=uuid4()).seconds == 60


def test_voided_time_counts_nowhere_and_is_voided_once(
    enrolled: Callable[..., Any], by: Any, now: datetime, log: Callable[..., Any]
) -> None:
    episode = enrolled()
    entry = log(episode)
    with pytest.raises(ReasonMissing):
        void_time(by=by, at=now, entry=entry, reason=" ")
    void_time(by=by, at=now, entry=entry, reason="Wrong patient")
    assert counted(episode) == 0
    assert TimeEntry.objects.get(id=entry.id).void_reason == "Wrong patient"
    with pytest.raises(AlreadyVoided):
        void_time(by=by, at=now, entry=entry, reason="Again")


def test_a_held_entry_is_settled_by_shortening_it(
    enrolled: Callable[..., Any], by: Any, now: datetime, log: Callable[..., Any]
) -> None:
    one, other = enrolled("One"), enrolled("Other")
    log(one, minutes=30)
    held = log(other, minutes=30, ago=45)
    assert held.held is True
    shorter = WorkTime(span=(now - timedelta(minutes=30), now - timedelta(minutes=15)))
    token = uuid4()
    settled = replace_time(by=by, at=now, entry=held, time=shorter, client_token=token, reason="Call began later")
    assert (settled.held, settled.replaces_id, settled.by_id) == (False, held.id, held.by_id)
    assert (counted(one), counted(other)) == (1800, 900)
    again = replace_time(by=by, at=now, entry=held, time=shorter, client_token=token, reason="Call began later")
    assert again == settled


def test_replacing_what_was_taken_back_changes_nothing(
    enrolled: Callable[..., Any], by: Any, now: datetime, log: Callable[..., Any]
) -> None:
    entry = log(enrolled())
    void_time(by=by, at=now, entry=entry, reason="Wrong patient")
    time = WorkTime(on=MARCH, seconds=60)
    with pytest.raises(AlreadyVoided), transaction.atomic():
        replace_time(by=by, at=now, entry=entry, time=time, client_token=uuid4(), reason="Again")
    assert TimeEntry.objects.count() == 1


def test_another_tenants_episode_is_not_found(
    enrolled: Callable[..., Any], by: Any, now: datetime, other_organization: Any, membership: Callable[..., Any]
) -> None:
    episode = enrolled()
    stranger = membership("care_manager", organization=other_organization)
    with tenant(other_organization), pytest.raises(NotFound):
        record_time(
            by=stranger, at=now, episode_id=episode.id, time=WorkTime(on=MARCH, seconds=60), client_token=uuid4()
        )


def test_postgres_refuses_an_overlap_that_no_operation_saw(
    enrolled: Callable[..., Any], by: Any, now: datetime, log: Callable[..., Any]
) -> None:
    one, other = enrolled("One"), enrolled("Other")
    first = log(one)
    draft = draft_time(
        Stamp(by, now), patient_id=other.patient_id, episode_id=other.id, work=Work(), program="cocm", worked_by=by,
        time=WorkTime(span=(first.span.lower, first.span.upper)), client_token=uuid4(),
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        record_facts([draft])


def test_drafts_in_bulk_are_held_against_each_other_and_what_is_on_record(
    enrolled: Callable[..., Any], by: Any, now: datetime, log: Callable[..., Any], membership: Callable[..., Any]
) -> None:
    one, other = enrolled("One"), enrolled("Other")
    log(one, minutes=20, ago=300)
    colleague = membership("care_manager")

    def draft(episode: Any, ago: int, worked_by: Any = by) -> TimeEntry:
        start = now - timedelta(minutes=ago)
        return draft_time(
            Stamp(by, now), patient_id=episode.patient_id, episode_id=episode.id, work=Work(), program="cocm",
            worked_by=worked_by, time=WorkTime(span=(start, start + timedelta(minutes=20))), client_token=uuid4(),
        )  # fmt: skip

    on_record, first, second = draft(other, 290), draft(one, 200), draft(other, 190)
    by_colleague, same_patient = draft(other, 195, colleague), draft(one, 195)
    drafts = [on_record, first, second, by_colleague, same_patient]
    assert hold_overlaps(drafts, zone=ZoneInfo("America/Chicago")) == [on_record, second]
    assert (second.held_with_id, first.held, by_colleague.held, same_patient.held) == (first.id, False, False, False)
    assert record_facts(drafts) == 5


def test_drafts_without_clock_time_are_never_held(enrolled: Callable[..., Any], by: Any, now: datetime) -> None:
    episode = enrolled()
    draft = draft_time(
        Stamp(by, now), patient_id=episode.patient_id, episode_id=episode.id, work=Work(service="ccm"), program="cocm",
        worked_by=by, time=WorkTime(on=MARCH, seconds=60), client_token=uuid4(),
    )  # fmt: skip
    assert hold_overlaps([draft], zone=ZoneInfo("America/Chicago")) == []
    assert draft.service == "ccm"
