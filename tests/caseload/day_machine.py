"""Two people's days in any order of events, against a model that counts seconds one by one.

Timers are started, switched, marked, stopped, saved and let go; time is typed, corrected and voided; the clock moves
on, over both changes to and from daylight saving and the end of a month, in clinics of three time zones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from caseload.forms.time_entries import TimeForm
from caseload.forms.worktime import span_initial
from caseload.models import TimeEntry, Timer
from caseload.operations import record_contact, record_time, replace_time, void_time
from caseload.operations.errors import ImpossibleTime, TimerRunning
from caseload.operations.timers import let_timer_go, mark_timer, save_timer, start_timer, stop_timer
from caseload.queries.minutes import minutes_of
from caseload.rules.worktime import LONGEST, WorkTime
from registry.operations import add_patient, open_episode, record_consent
from tests.factories.tenancy import ClinicFactory

ZONES = ("America/Chicago", "America/Los_Angeles", "Pacific/Honolulu")

ERAS = (
    datetime(2026, 3, 8, 4, 0, tzinfo=UTC),  # before the clocks go forward, first in Chicago, then in Los Angeles
    datetime(2026, 11, 1, 3, 0, tzinfo=UTC),  # before they go back, on the first night of a month
    datetime(2026, 6, 30, 20, 0, tzinfo=UTC),  # before a month ends
)
PERSON, PATIENT = st.integers(0, 1), st.integers(0, 2)
SECONDS, SOME = st.integers(1, 7200), st.integers(0, 40_000)
ANY = st.integers(0, 99)


@dataclass(frozen=True)
class Known:
    """An entry as the model has it: whole seconds since 1970."""

    person: int
    patient: int
    start: int
    end: int
    held: bool = False

    def overlaps(self, other: Known) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Clock:
    """A timer as the model has it; what became of it is `runs`, `waits`, `saved` or `gone`."""

    person: int
    patient: int
    start: int
    end: int | None = None
    state: str = "runs"


class DayMachine(RuleBasedStateMachine):
    """What a test gives: the seats of two care managers, and an episode in each of three zones."""

    seats: ClassVar[list[Any]] = []
    episodes: ClassVar[list[Any]] = []

    def __init__(self) -> None:
        super().__init__()
        self.opened = transaction.atomic()
        self.opened.__enter__()
        self.now = int(ERAS[0].timestamp())
        self.entries: dict[UUID, Known] = {}
        self.clocks: dict[UUID, Clock] = {}

    def teardown(self) -> None:
        try:
            self.every_second_is_counted_once()
        finally:
            transaction.set_rollback(True)
            self.opened.__exit__(None, None, None)

    @initialize(era=st.sampled_from(ERAS))
    def begin(self, era: datetime) -> None:
        self.now = int(era.timestamp())

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    # Timers

    @rule(person=PERSON, patient=PATIENT, is_switch=st.booleans())
    def start(self, person: int, patient: int, is_switch: bool) -> None:
        running = self._running(person)
        other = running if running and self.clocks[running].patient != patient else None
        given = {"by": self.seats[person], "at": self.at, "episode_id": self.episodes[patient].id}
        if other is not None and not is_switch:
            with pytest.raises(TimerRunning) as refusal:
                start_timer(**given)
            assert refusal.value.timer_id == other
            return
        started = start_timer(**given, instead_of=other)
        assert started.was_new == (running is None or other is not None)
        if other is not None:
            self.clocks[other] = replace(self.clocks[other], end=self.now, state="waits")
        if started.was_new:
            self.clocks[started.timer.id] = Clock(person, patient, self.now)

    @rule(person=PERSON, kind=st.sampled_from(["call", "end_call", "seen"]))
    def mark(self, person: int, kind: str) -> None:
        running = self._running(person)
        if running is not None:
            mark_timer(by=self.seats[person], at=self.at, timer_id=running, kind=kind)

    @rule(person=PERSON, ago=SOME)
    def stop(self, person: int, ago: int) -> None:
        running = self._running(person)
        if running is not None:
            end = max(self.now - ago, self.clocks[running].start)
            stop_timer(by=self.seats[person], at=self.at, timer_id=running, ended_at=instant(end))
            self.clocks[running] = replace(self.clocks[running], end=end, state="waits")

    @precondition(lambda self: self._open_clocks())
    @rule(pick=ANY, is_contact=st.booleans())
    def save(self, pick: int, is_contact: bool) -> None:
        timer_id = self._open_clocks()[pick % len(self._open_clocks())]
        clock = self.clocks[timer_id]
        end = self.now if clock.end is None else clock.end
        by, time = self.seats[clock.person], WorkTime(span=(instant(clock.start), instant(end)))
        given = {"by": by, "at": self.at, "timer_id": timer_id, "time": time, "client_token": uuid4()}
        try:
            with transaction.atomic():
                if is_contact:
                    kept = record_contact(**given, episode_id=self.episodes[clock.patient].id, mode="phone")
                    entry = kept.entry
                else:
                    entry = save_timer(**given)
        except ImpossibleTime:
            assert end == clock.start or timedelta(seconds=end - clock.start) > LONGEST
            return
        assert entry is not None
        self._known(entry, Known(clock.person, clock.patient, clock.start, end))
        self.clocks[timer_id] = replace(clock, end=end, state="saved")

    @precondition(lambda self: self._open_clocks())
    @rule(pick=ANY)
    def let_go(self, pick: int) -> None:
        timer_id = self._open_clocks()[pick % len(self._open_clocks())]
        clock = self.clocks[timer_id]
        let_timer_go(by=self.seats[clock.person], at=self.at, timer_id=timer_id, reason="Not needed")
        self.clocks[timer_id] = replace(clock, end=self.now if clock.end is None else clock.end, state="gone")

    # Typed time

    @rule(person=PERSON, patient=PATIENT, ago=SOME, seconds=SECONDS)
    def type_time(self, person: int, patient: int, ago: int, seconds: int) -> None:
        end = self.now - ago
        start = end - seconds
        entry = record_time(
            by=self.seats[person],
            at=self.at,
            episode_id=self.episodes[patient].id,
            time=self._typed(patient, start, end),
            client_token=uuid4(),
        )
        self._known(entry, Known(person, patient, start, end))

    @precondition(lambda self: self.entries)
    @rule(pick=ANY, ago=SOME, seconds=SECONDS)
    def correct(self, pick: int, ago: int, seconds: int) -> None:
        entry, known = self._picked(pick)
        end = self.now - ago
        start = end - seconds
        time = self._typed(known.patient, start, end)
        by = self.seats[known.person]
        new = replace_time(by=by, at=self.at, entry=entry, time=time, client_token=uuid4(), reason="Was otherwise")
        del self.entries[entry.id]
        self._known(new, replace(known, start=start, end=end))

    @precondition(lambda self: self.entries)
    @rule(pick=ANY)
    def void(self, pick: int) -> None:
        entry, known = self._picked(pick)
        void_time(by=self.seats[known.person], at=self.at, entry=entry, reason="Logged twice")
        del self.entries[entry.id]

    # What holds after every event

    @invariant()
    def the_database_has_what_the_model_has(self) -> None:
        rows = TimeEntry.objects.live().filter(episode__in=self.episodes)
        assert {row.id: self._as_known(row) for row in rows} == self.entries

    @invariant()
    def nobody_is_with_two_patients_at_once(self) -> None:
        counting = [entry for entry in self.entries.values() if not entry.held]
        together = [
            (one, other)
            for place, one in enumerate(counting)
            for other in counting[place + 1 :]
            if one.person == other.person and one.patient != other.patient and one.overlaps(other)
        ]
        assert together == []

    @invariant()
    def no_timer_is_lost(self) -> None:
        rows = Timer.objects.filter(episode__in=self.episodes)
        assert {row.id: self._as_clock(row) for row in rows} == self.clocks

    def every_second_is_counted_once(self) -> None:
        """The database's sums of each month are the seconds in the model's set of them."""
        found = minutes_of(self.seats[0].organization_id, episode_ids=[episode.id for episode in self.episodes])
        sums = {key: minutes.counted.cocm_seconds for key, minutes in found.items() if minutes.counted.cocm_seconds}
        assert sums == self._sums()

    def _sums(self) -> dict[Any, int]:
        seconds: dict[Any, set[int]] = {}
        for entry in self.entries.values():
            if not entry.held:
                episode = self.episodes[entry.patient]
                zone = ZoneInfo(episode.clinic.time_zone)
                for second in range(entry.start, entry.end):
                    month = instant(second).astimezone(zone).date().replace(day=1)
                    seconds.setdefault((episode.id, month), set()).add(second)
        return {key: len(found) for key, found in seconds.items()}

    @property
    def at(self) -> datetime:
        return instant(self.now)

    def _running(self, person: int) -> UUID | None:
        runs = (key for key, clock in self.clocks.items() if clock.person == person and clock.state == "runs")
        return next(runs, None)

    def _open_clocks(self) -> list[UUID]:
        return [key for key, clock in self.clocks.items() if clock.state in ("runs", "waits")]

    def _picked(self, pick: int) -> tuple[TimeEntry, Known]:
        entry_id = list(self.entries)[pick % len(self.entries)]
        return TimeEntry.objects.get(id=entry_id), self.entries[entry_id]

    def _known(self, entry: TimeEntry, known: Known) -> None:
        """Take an entry into the model, held as the rule says; whether the database agrees is the invariant's."""
        others = (one for one in self.entries.values() if one.person == known.person and one.patient != known.patient)
        self.entries[entry.id] = replace(known, held=any(not one.held and one.overlaps(known) for one in others))

    def _typed(self, patient: int, start: int, end: int) -> WorkTime:
        """A span as it comes back from the form that shows it by the clinic's clock."""
        zone = ZoneInfo(self.episodes[patient].clinic.time_zone)
        typed = {**span_initial(instant(start), instant(end), zone), "client_token": uuid4(), "activity": "registry"}
        form = TimeForm(typed, zone=zone, now=self.at)
        assert form.is_valid(), form.errors
        assert form.time == WorkTime(span=(instant(start), instant(end)))
        return form.time

    def _as_known(self, row: TimeEntry) -> Known:
        person = [seat.id for seat in self.seats].index(row.by_id)
        patient = [episode.id for episode in self.episodes].index(row.episode_id)
        return Known(person, patient, int(row.span.lower.timestamp()), int(row.span.upper.timestamp()), row.held)

    def _as_clock(self, row: Timer) -> Clock:
        person = [seat.id for seat in self.seats].index(row.membership_id)
        patient = [episode.id for episode in self.episodes].index(row.episode_id)
        end = int(row.stopped_at.timestamp()) if row.stopped_at else None
        state = "saved" if row.entry_id else "gone" if row.let_go_because else "waits" if row.stopped_at else "runs"
        return Clock(person, patient, int(row.started_at.timestamp()), end, state)


def machine_of(seats: list[Any], at: datetime) -> type[DayMachine]:
    """The machine with a patient of the first seat in a clinic of each zone, enrolled and consented before all eras."""
    by = seats[0]
    episodes = []
    for zone in ZONES:
        clinic = ClinicFactory(organization=by.organization, time_zone=zone)
        patient = add_patient(
            by=by, at=at, clinic=clinic, mrn=zone, family_name=zone, given_name="Ana", birth_date=date(1961, 5, 4)
        )
        enrolment = {"enrolled_on": date(2026, 2, 2), "care_manager": by}
        episodes.append(open_episode(by=by, at=at, patient=patient, clinic=clinic, **enrolment))
        record_consent(by=by, at=at, patient=patient, given_at=datetime(2026, 2, 2, 6, tzinfo=UTC))
    return type("Machine", (DayMachine,), {"seats": seats, "episodes": episodes})


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
