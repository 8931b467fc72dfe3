"""Closing a month: frozen, locked, corrected with a reason, and opened again only by two people or a day later."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from bhi.audit.models import AuditEvent
from bhi.errors import MonthClosed, NotFound
from bhi.tenancy.context import tenant
from billing.models import FrozenMonth, LateChange, MonthClose, MonthException
from billing.operations.closing import ask_to_reopen, close_month, correct_month, note_exception, reopen_month
from billing.operations.errors import (
    AskedAlready,
    ClosedAlready,
    ExceptionsOpen,
    MonthNotOver,
    NotAlone,
    NothingToCorrect,
    ReopeningNotAsked,
    SettledHow,
)
from billing.operations.late import write_late
from billing.queries.closing import clinic_month, lines_of
from billing.rules.books import book_named
from billing.rules.canonical import plain
from billing.rules.closing import FrozenLine
from billing.rules.facts import from_json
from billing.rules.verdicts import judge
from caseload.models import TimeEntry
from caseload.operations.timekeeping import Work, record_time, void_time
from caseload.rules.worktime import WorkTime
from registry.models import Assessment
from registry.operations.errors import ReasonMissing
from registry.operations.recording import Stamp, void_facts
from tests.billing.people import AT, Program, program
from tests.factories.tenancy import ClinicFactory, MembershipFactory, OrganizationFactory
from tests.races import at_once

FEBRUARY = "2026-02"
LATER = AT + timedelta(hours=1)
FIRST = FrozenLine("99492", 1, Decimal("145.96"))


def close(people: Program, **fields: Any) -> MonthClose:
    given = {
        "by": people.by,
        "at": AT,
        "clinic_id": people.clinic.id,
        "month": FEBRUARY,
        "note": "Entered from paper.",
        "client_token": uuid4(),
    }
    return close_month(**{**given, **fields})


def late_work(people: Program, episode: Any, minutes: int = 31, *, at: datetime = LATER) -> TimeEntry:
    starts = datetime(2026, 2, 20, 16, tzinfo=UTC)
    return record_time(
        by=people.by,
        at=at,
        episode_id=episode.id,
        time=WorkTime(span=(starts, starts + timedelta(minutes=minutes))),
        client_token=uuid4(),
        work=Work(role="care_manager"),
        worked_by=people.worker,
    )


def frozen_of(made: MonthClose) -> list[tuple[int, str, tuple[FrozenLine, ...]]]:
    rows = FrozenMonth.objects.filter(close=made).order_by("patient__sort_name", "number")
    return [(row.number, row.because, lines_of(row)) for row in rows]


def test_a_close_freezes_what_each_month_bills_and_the_same_verdict_comes_out_of_its_facts(lakeside: Program):
    lakeside.billing_patient("Abara", 40)
    lakeside.billing_patient("Berg", 5)
    made = close(lakeside)
    assert [(number, tuple(line.code for line in lines)) for number, _, lines in frozen_of(made)] == [
        (1, ("99492",)),
        (1, ()),
    ]
    row = FrozenMonth.objects.get(close=made, patient__family_name="Abara")
    facts = from_json(json.dumps(row.facts))
    assert plain(judge(facts, book_named(row.book))) == row.verdict
    assert row.minutes == 40
    assert AuditEvent.objects.filter(action="month.closed", object_id=made.id, count=2).count() == 1


def test_a_second_submit_is_the_same_close_and_another_is_refused(lakeside: Program):
    token = uuid4()
    made = close(lakeside, client_token=token)
    assert close(lakeside, client_token=token).id == made.id
    with pytest.raises(ClosedAlready):
        close(lakeside)
    assert MonthClose.objects.count() == 1


def test_a_month_that_runs_is_not_closed_and_another_organizations_clinic_is_not_found(lakeside: Program):
    with pytest.raises(MonthNotOver):
        close(lakeside, month="2026-04")
    with pytest.raises(NotFound):
        close(lakeside, clinic_id=uuid4())
    assert MonthClose.objects.count() == 0


@pytest.mark.parametrize("on", [date(2026, 2, 1), date(2026, 2, 28)])
def test_no_minute_gets_into_a_closed_month(lakeside: Program, on: date):
    episode = lakeside.billing_patient()
    close(lakeside)
    with pytest.raises(MonthClosed, match="February 2026 is closed"), transaction.atomic():
        lakeside.work(episode, 10, on=on)
    lakeside.work(episode, 10, on=date(2026, 3, 1))
    assert TimeEntry.objects.filter(episode=episode).count() == 2


def test_an_entry_over_midnight_touches_both_months(lakeside: Program):
    episode = lakeside.billing_patient()
    close(lakeside)
    starts = datetime(2026, 3, 1, 5, 50, tzinfo=UTC)  # 11:50 pm of February 28 in Chicago
    assert lakeside.clinic.time_zone == "America/Chicago"
    with pytest.raises(MonthClosed), transaction.atomic():
        record_time(
            by=lakeside.by, at=LATER, episode_id=episode.id, client_token=uuid4(),
            time=WorkTime(span=(starts, starts + timedelta(minutes=20))),
        )  # fmt: skip


def test_a_day_without_clock_time_is_refused_by_its_local_day(lakeside: Program):
    episode = lakeside.billing_patient()
    close(lakeside)
    for on, is_refused in ((date(2026, 2, 28), True), (date(2026, 3, 1), False)):
        time = WorkTime(on=on, seconds=600)
        if is_refused:
            with pytest.raises(MonthClosed), transaction.atomic():
                record_time(by=lakeside.by, at=LATER, episode_id=episode.id, time=time, client_token=uuid4())
        else:
            record_time(by=lakeside.by, at=LATER, episode_id=episode.id, time=time, client_token=uuid4())
    assert TimeEntry.objects.filter(episode=episode, on__isnull=False).count() == 1


def test_what_a_closed_month_rests_on_is_not_taken_back(lakeside: Program):
    episode = lakeside.billing_patient()
    close(lakeside)
    with pytest.raises(MonthClosed), transaction.atomic():
        void_time(by=lakeside.by, at=LATER, entry=TimeEntry.objects.get(), reason="Wrong patient")
    for document in (Assessment.objects.get(), lakeside.consent_of(episode)):
        with pytest.raises(MonthClosed), transaction.atomic():
            void_facts([document], stamp=Stamp(lakeside.by, LATER), reason="Recorded in error")
    assert TimeEntry.objects.filter(voided_at__isnull=True).count() == 1


def test_a_score_of_another_month_may_be_taken_back(lakeside: Program):
    episode = lakeside.billing_patient()
    lakeside.score(episode, date(2026, 3, 5))
    close(lakeside)
    march = Assessment.objects.get(on=date(2026, 3, 5))
    void_facts([march], stamp=Stamp(lakeside.by, LATER), reason="Recorded in error")
    assert not Assessment.objects.get(id=march.id).is_live


def test_another_clinic_of_the_organization_stays_open(lakeside: Program):
    other = ClinicFactory(organization=lakeside.organization)
    lakeside.billing_patient("Abara")
    there = lakeside.billing_patient("Berg", clinic=other)
    made = close(lakeside)
    lakeside.work(there, 12, on=date(2026, 2, 21))
    assert FrozenMonth.objects.filter(close=made).count() == 1


def test_a_late_entry_is_kept_with_its_reason_and_corrects_the_month(lakeside: Program):
    episode = lakeside.billing_patient(minutes=40)
    made = close(lakeside)
    with pytest.raises(ReasonMissing):
        write_late(by=lakeside.by, at=LATER, because=" ", write=lambda: late_work(lakeside, episode))
    entry = write_late(
        by=lakeside.by, at=LATER, because="Found on paper.", write=lambda: late_work(lakeside, episode, 46)
    )
    assert list(LateChange.objects.values_list("close_id", "episode_id", "kind", "object_id", "because")) == [
        (made.id, episode.id, "added", entry.id, "Found on paper.")
    ]
    (changed,) = clinic_month(lakeside.organization.id, FEBRUARY, lakeside.clinic.id).changed
    assert (changed.frozen_minutes, changed.minutes, changed.late) == (40, 86, ("Added: Found on paper.",))
    row = correct_month(
        by=lakeside.by, at=LATER, close_id=made.id, episode_id=episode.id, because="A visit was logged late."
    )
    assert [(line.code, line.units) for line in lines_of(row)] == [("99492", -1), ("99492", 1), ("99494", 1)]
    assert clinic_month(lakeside.organization.id, FEBRUARY, lakeside.clinic.id).changed == ()
    with pytest.raises(NothingToCorrect):
        correct_month(by=lakeside.by, at=LATER, close_id=made.id, episode_id=episode.id, because="Again")
    # What comes late lets nothing else pass.
    with pytest.raises(MonthClosed), transaction.atomic():
        lakeside.work(episode, 5, on=date(2026, 2, 22))


def test_a_late_entry_that_fails_leaves_the_month_locked(lakeside: Program):
    episode = lakeside.billing_patient()
    close(lakeside)

    def fails() -> None:
        raise NothingToCorrect

    with pytest.raises(NothingToCorrect), transaction.atomic():
        write_late(by=lakeside.by, at=LATER, because="Late", write=fails)
    with pytest.raises(MonthClosed), transaction.atomic():
        late_work(lakeside, episode)


def test_taking_an_entry_back_late_lowers_the_month(lakeside: Program):
    episode = lakeside.billing_patient(minutes=40)
    made = close(lakeside)
    entry = TimeEntry.objects.get()
    write_late(
        by=lakeside.by,
        at=LATER,
        because="It was another patient.",
        write=lambda: void_time(by=lakeside.by, at=LATER, entry=entry, reason="Wrong patient"),
    )
    assert LateChange.objects.get().kind == "taken_back"
    row = correct_month(by=lakeside.by, at=LATER, close_id=made.id, episode_id=episode.id, because="Wrong patient")
    assert [(line.code, line.units) for line in lines_of(row)] == [("99492", -1)]
    assert row.minutes == 0


class TestOpeningAgain:
    def asked(self, people: Program, by: Any) -> MonthClose:
        made = close(people)
        return ask_to_reopen(by=by, at=AT, close_id=made.id, because="The payer was wrong.")

    def test_a_second_person_agrees(self, lakeside: Program):
        one, two = (MembershipFactory(organization=lakeside.organization, roles=["billing"]) for _ in range(2))
        made = self.asked(lakeside, one)
        with pytest.raises(NotAlone, match="Somebody else"):
            reopen_month(by=one, at=AT + timedelta(days=3), close_id=made.id)
        reopen_month(by=two, at=LATER, close_id=made.id)
        episode = lakeside.billing_patient()
        lakeside.work(episode, 5, on=date(2026, 2, 22))
        again = close(lakeside)
        assert MonthClose.objects.filter(reopened_at__isnull=True).get() == again

    def test_where_there_is_nobody_else_a_day_goes_by(self, lakeside: Program):
        alone = MembershipFactory(organization=lakeside.organization, roles=["billing"])
        made = self.asked(lakeside, alone)
        with pytest.raises(NotAlone, match="24 hours"):
            reopen_month(by=alone, at=AT + timedelta(hours=23, minutes=59), close_id=made.id)
        reopen_month(by=alone, at=AT + timedelta(hours=24), close_id=made.id)
        assert MonthClose.objects.get().reopened_by == alone

    def test_it_is_asked_for_once_and_with_a_reason(self, lakeside: Program):
        made = close(lakeside)
        with pytest.raises(ReopeningNotAsked):
            reopen_month(by=lakeside.worker, at=LATER, close_id=made.id)
        with pytest.raises(ReasonMissing):
            ask_to_reopen(by=lakeside.by, at=LATER, close_id=made.id, because="")
        ask_to_reopen(by=lakeside.by, at=LATER, close_id=made.id, because="The payer was wrong.")
        with pytest.raises(AskedAlready):
            ask_to_reopen(by=lakeside.worker, at=LATER, close_id=made.id, because="Me too")
        with pytest.raises(NotFound):
            reopen_month(by=lakeside.worker, at=LATER, close_id=uuid4())

    def test_postgres_keeps_the_rule_too(self, lakeside: Program):
        made = self.asked(lakeside, lakeside.by)
        with pytest.raises(IntegrityError, match="reopened_by_two"), transaction.atomic():
            MonthClose.objects.filter(id=made.id).update(reopened_at=LATER, reopened_by=lakeside.by)


class TestExceptions:
    def kinds(self, people: Program) -> list[tuple[str, str, str]]:
        shown = clinic_month(people.organization.id, FEBRUARY, people.clinic.id)
        return [(one.kind, one.about, one.who) for one in shown.exceptions]

    def test_an_ordinary_month_has_none(self, lakeside: Program):
        lakeside.billing_patient()
        assert self.kinds(lakeside) == [("entered_late", "", lakeside.clinic.name)]

    def test_gaps_missing_coverage_and_equal_lengths_are_listed(self, lakeside: Program):
        lakeside.billing_patient("Abara", without=("diagnosis",))
        lakeside.billing_patient("Berg", without=("coverage",))
        episode = lakeside.patient("Castro")
        for day in range(10, 15):
            starts = datetime(2026, 2, day, 16, tzinfo=UTC)
            record_time(
                by=lakeside.worker,
                at=starts + timedelta(hours=1),
                episode_id=episode.id,
                time=WorkTime(span=(starts, starts + timedelta(minutes=20))),
                client_token=uuid4(),
            )
        assert self.kinds(lakeside) == [
            ("gap", "diagnosis_missing", "Abara, Jo"),
            ("refused", "", "Berg, Jo"),
            ("repeated_durations", f"{lakeside.worker.id} 1200", str(lakeside.worker)),
            ("entered_late", "", lakeside.clinic.name),
        ]

    def test_a_month_closes_once_they_are_settled_or_the_note_says_why(self, lakeside: Program):
        lakeside.billing_patient("Abara", without=("diagnosis",))
        with pytest.raises(ExceptionsOpen, match="2 exceptions"):
            close(lakeside, note=" ")
        for key in self.keys(lakeside):
            note_exception(
                by=lakeside.by, at=AT, clinic_id=lakeside.clinic.id, month=FEBRUARY, key=key,
                owner_id=lakeside.worker.id, note="Seen.", is_settled=True,
            )  # fmt: skip
        assert close(lakeside, note="").note == ""

    def test_a_note_is_changed_in_place_and_its_history_is_kept(self, lakeside: Program):
        lakeside.billing_patient("Abara", without=("diagnosis",))
        (key, *_) = self.keys(lakeside)
        for note in ("Asked.", "Asked again."):
            note_exception(
                by=lakeside.by, at=AT, clinic_id=lakeside.clinic.id, month=FEBRUARY, key=key,
                owner_id=None, note=note, is_settled=False,
            )  # fmt: skip
        assert [row.note for row in MonthException.objects.all()] == ["Asked again."]
        with pytest.raises(SettledHow):
            note_exception(
                by=lakeside.by, at=AT, clinic_id=lakeside.clinic.id, month=FEBRUARY, key=key,
                owner_id=None, note=" ", is_settled=True,
            )  # fmt: skip
        assert close(lakeside, note="The diagnosis comes next week.").note == "The diagnosis comes next week."

    def keys(self, people: Program) -> list[tuple[str, UUID | None, str]]:
        return [one.key for one in clinic_month(people.organization.id, FEBRUARY, people.clinic.id).exceptions]


@pytest.mark.django_db(transaction=True)
def test_twenty_writers_land_before_the_close_or_are_refused():
    """Whatever landed is in what was frozen; whatever was refused left nothing."""
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        episode = people.billing_patient(minutes=40)
        starts = datetime(2026, 2, 12, 16, tzinfo=UTC)

    def writer(number: int) -> Any:
        return lambda: record_time(
            by=people.by,
            at=AT,
            episode_id=episode.id,
            time=WorkTime(span=(starts + timedelta(minutes=number), starts + timedelta(minutes=number + 1))),
            client_token=uuid4(),
            work=Work(role="care_manager"),
            worked_by=people.worker,
        )

    works = [writer(number) for number in range(20)]
    works.insert(10, lambda: close(people, note="Raced."))
    answers = at_once(organization, works)
    landed = sum(isinstance(answer, TimeEntry) for answer in answers)
    refused = sum(isinstance(answer, MonthClosed) for answer in answers)
    assert (landed + refused, isinstance(answers[10], MonthClose)) == (20, True)
    with tenant(organization):
        assert TimeEntry.objects.count() == 1 + landed
        assert FrozenMonth.objects.get().minutes == 40 + landed
