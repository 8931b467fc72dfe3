"""What reaches a closed month besides somebody's entries: a stay heard of late, two records of one person."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from bhi.errors import MonthClosed
from bhi.tenancy.context import tenant
from billing.models import FrozenMonth, LateChange, MonthClose, MonthException
from billing.operations.closing import ask_to_reopen, close_month, correct_month, note_exception, reopen_month
from billing.operations.late import STAY, follow_stay_late, write_late
from billing.operations.merging import merge_patients, undo_merge
from billing.queries.closing import clinic_month, lines_of
from caseload.models import FollowUp, TimeEntry
from caseload.operations.facility_stays import follow_stay
from registry.operations import add_patient
from registry.operations.stays import record_stay
from tests.billing.people import AT, Program, program
from tests.factories.registry import system_seat
from tests.factories.tenancy import ClinicFactory, MembershipFactory, OrganizationFactory
from tests.races import at_once

FEBRUARY = "2026-02"
LATER = AT + timedelta(hours=1)


def close(people: Program) -> MonthClose:
    given = {"by": people.by, "at": AT, "clinic_id": people.clinic.id, "month": FEBRUARY}
    return close_month(**given, note="Entered from paper.", client_token=uuid4())


def test_a_stay_heard_of_after_the_close_marks_its_minutes_and_billing_sees_it(lakeside: Program):
    episode = lakeside.billing_patient()
    made, entry = close(lakeside), TimeEntry.objects.get()
    stay = record_stay(
        by=lakeside.by, at=LATER, patient=episode.patient, kind="inpatient",
        from_on=date(2026, 2, 1), until_on=LATER.date(),
    )  # fmt: skip
    with pytest.raises(MonthClosed), transaction.atomic():
        follow_stay(organization_id=lakeside.organization.id, at=LATER, stay_id=stay.id)
    system = system_seat(lakeside.organization)
    for _ in range(2):
        follow_stay_late(by=system, at=LATER, stay_id=stay.id)
    entry.refresh_from_db()
    assert entry.is_facility_stay
    assert FollowUp.objects.live().filter(episode=episode, closed_on__isnull=True).count() == 1
    assert list(LateChange.objects.values_list("close_id", "kind", "object_id", "because", "by_id")) == [
        (made.id, "corrected", entry.id, STAY, system.id)
    ]
    with pytest.raises(MonthClosed), transaction.atomic():
        lakeside.work(episode, 5, on=date(2026, 2, 22))


def test_records_of_one_person_are_put_together_and_taken_apart_after_a_close(lakeside: Program):
    episode = lakeside.billing_patient()
    made = close(lakeside)
    kept = add_patient(
        by=lakeside.by, at=AT, clinic=lakeside.clinic, mrn=uuid4().hex[:8], family_name="Abara", given_name="Jo",
        birth_date=date(1980, 5, 17),
    )  # fmt: skip

    def whose() -> list[tuple[Any, bool]]:
        return list(TimeEntry.objects.values_list("patient_id", "held"))

    merge = merge_patients(by=lakeside.by, at=LATER, kept_id=kept.id, merged_id=episode.patient_id)
    assert whose() == [(kept.id, False)]
    assert FrozenMonth.objects.get(close=made).patient_id == kept.id
    with pytest.raises(MonthClosed), transaction.atomic():
        lakeside.work(episode, 5, on=date(2026, 2, 22))
    with pytest.raises(MonthClosed), transaction.atomic():
        TimeEntry.objects.update(held=True)
    undo_merge(by=lakeside.by, at=LATER, merge_id=merge.id)
    assert whose() == [(episode.patient_id, False)]


def test_a_month_whose_minutes_alone_changed_is_not_asked_for_twice(lakeside: Program):
    episode = lakeside.billing_patient(minutes=40)
    made = close(lakeside)
    write_late(by=lakeside.by, at=LATER, because="Found.", write=lambda: lakeside.work(episode, 3, hour=18))
    for minutes, late in ((43, "A call."), (46, "Another call.")):
        row = correct_month(by=lakeside.by, at=LATER, close_id=made.id, episode_id=episode.id, because=late)
        assert (row.minutes, [(line.code, line.units) for line in lines_of(row)]) == (
            minutes, [("99492", -1), ("99492", 1)],
        )  # fmt: skip
        write_late(by=lakeside.by, at=LATER, because="Found.", write=lambda: lakeside.work(episode, 3, hour=19))
    asked = [line.units for row in FrozenMonth.objects.filter(close=made) for line in lines_of(row)]
    assert sum(asked) == 1


def test_who_left_is_not_waited_for_to_open_a_month_again(lakeside: Program):
    alone, gone = (MembershipFactory(organization=lakeside.organization, roles=["billing"]) for _ in range(2))
    gone.is_active = False
    gone.save()
    made = close(lakeside)
    ask_to_reopen(by=alone, at=AT, close_id=made.id, because="The payer was wrong.")
    reopen_month(by=alone, at=AT + timedelta(hours=24), close_id=made.id)
    assert MonthClose.objects.get().reopened_by == alone


def test_who_writes_late_waits_for_the_closer_too(lakeside: Program):
    """So it is in the close or in the list of what changed since, and never in neither."""
    episode = lakeside.patient()

    def shared() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'"
                " AND pid = pg_backend_pid()"
            )
            return int(cursor.fetchone()[0])

    assert shared() == 0
    write_late(by=lakeside.by, at=AT, because="Found on paper.", write=lambda: lakeside.work(episode, 5))
    assert shared() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_note_an_exception_at_once_each_is_heard():
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        people.billing_patient(without=("diagnosis",))
        (key, *_) = [one.key for one in clinic_month(organization.id, FEBRUARY, people.clinic.id).exceptions]

    def note(words: str) -> Any:
        given = {"clinic_id": people.clinic.id, "month": FEBRUARY, "key": key, "owner_id": None}
        return lambda: note_exception(by=people.by, at=AT, **given, note=words, is_settled=False)

    answers = at_once(organization, [note(words) for words in ("One.", "Two.", "Three.", "Four.")])
    assert {type(answer) for answer in answers} == {MonthException}
    with tenant(organization):
        assert MonthException.objects.count() == 1
