"""One invented course as facts: what a program would have written down by the day of loading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from billing.operations.demonstration.advised import REVIEWED_LATELY
from billing.operations.demonstration.courses import AETNA, BLUE, MEDICAID, MEDICARE, Course
from billing.operations.demonstration.people import ZONE, Staff
from caseload.models import TimeEntry
from caseload.operations import Work, draft_contact, draft_follow_up, draft_review, draft_time
from caseload.rules.worktime import WorkTime
from registry.models import Diagnosis, Episode, Fact, Patient, Payer, TreatingClinician
from registry.operations import Stamp
from registry.operations.assessments import draft_assessment
from registry.operations.drafts import (
    draft_care_plan,
    draft_consent,
    draft_coverage,
    draft_diagnosis,
    draft_episode,
    draft_patient,
    draft_program_period,
    draft_visit,
)
from registry.rules.names import read_person

# One patient in so many has no address yet, which claims need; the others live in one street.
WITHOUT_ADDRESS = 11
_ADDRESS = {"city": "Springfield", "state": "IL", "postal_code": "62701"}
MEMBER_IDS = {MEDICARE: "1EG4TE5MK{:02d}", AETNA: "W2{:07d}", BLUE: "XOF{:09d}", MEDICAID: "1{:08d}"}
OPENS, CLOSES = time(8, 30), time(16, 30)


@dataclass
class Diary:
    """Each care manager's day, so that invented sessions do not overlap unless they are meant to."""

    taken: dict[tuple[UUID, date], datetime] = field(default_factory=dict)

    def slot(self, person: Membership, day: date, minutes: int) -> tuple[datetime, datetime]:
        """The next free time on that day or a later working day."""
        day = working_day(day)
        starts = self.taken.get((person.id, day), datetime.combine(day, OPENS, ZoneInfo(ZONE)))
        ends = starts + timedelta(minutes=minutes)
        if ends.time() > CLOSES:
            return self.slot(person, day + timedelta(days=1), minutes)
        self.taken[person.id, day] = ends + timedelta(minutes=7)
        return starts, ends


@dataclass(frozen=True)
class Teller:
    """Tells courses as facts, for one organization on one day."""

    staff: Staff
    payers: dict[str, Payer]
    clinicians: tuple[TreatingClinician, ...]
    today: date
    stamp: Stamp
    diary: Diary = field(default_factory=Diary)

    def facts(self, number: int, course: Course) -> Iterator[Fact]:
        """Everything of one patient, in the order in which it refers to each other."""
        enrolled_on = self.today - timedelta(days=course.enrolled)
        clinic = self.staff.clinics[number % 2]
        # The last of them has every eighth patient, the others take turns.
        clinician = self.clinicians[-1 if number % 8 == 7 else number % (len(self.clinicians) - 1)]
        patient = self._patient(number, course)
        episode = draft_episode(
            self.stamp,
            patient=patient,
            clinic=clinic,
            enrolled_on=enrolled_on,
            program=course.program,
            referred_on=enrolled_on - timedelta(days=5),
            relapse_prevention_from=_after(enrolled_on, course.prevention_after),
            ended_on=_after(enrolled_on, course.ended_after),
            end_reason=course.end_reason,
            care_manager=self.staff.care_managers[number % 3 // 2],
            treating_clinician=clinician,
        )
        yield patient
        yield episode
        yield draft_program_period(self.stamp, episode=episode, program=course.program, from_on=enrolled_on)
        yield from self._coverage(number, course, patient)
        yield from self._preconditions(course, patient, episode, clinician)
        yield self._diagnosis(number, course, episode, clinician)
        yield from self._scores(course, patient, episode)
        yield from self._work(course, patient, episode)
        if course.ended_after is None and course.next_in is not None:
            yield draft_follow_up(
                self.stamp,
                patient_id=patient.id,
                episode_id=episode.id,
                due_on=working_day(self.today + timedelta(days=course.next_in)),
                purpose="Session and PHQ-9",
            )

    def _patient(self, number: int, course: Course) -> Patient:
        name = read_person(course.name)
        return draft_patient(
            self.stamp,
            clinic=self.staff.clinics[number % 2],
            mrn=f"D{4100 + number * 37}",
            family_name=name.family,
            given_name=name.given,
            birth_date=date.fromisoformat(course.born),
            sex=course.sex,
            phone=f"555-01{number:02d}",
            may_leave_voicemail=number % 4 != 0,
            language="Spanish" if course.payer == MEDICAID else "English",
            **(_ADDRESS | {"address": f"{120 + number} Orchard Street"} if number % WITHOUT_ADDRESS != 3 else {}),
        )

    def _coverage(self, number: int, course: Course, patient: Patient) -> Iterator[Fact]:
        member_id = MEMBER_IDS.get(course.payer, "").format(number)
        yield draft_coverage(self.stamp, patient=patient, payer=self.payers[course.payer], member_id=member_id)

    def _preconditions(
        self, course: Course, patient: Patient, episode: Episode, clinician: TreatingClinician
    ) -> Iterator[Fact]:
        enrolled_on = episode.enrolled_on
        if course.consent_after is not None:
            day = enrolled_on + timedelta(days=course.consent_after)
            yield draft_consent(
                self.stamp,
                patient=patient,
                given_at=datetime.combine(day, time(8, 0), ZoneInfo(ZONE)),
                treating_clinician=clinician,
            )
        if course.visit_before is not None:
            yield draft_visit(
                self.stamp, patient=patient, on=enrolled_on - timedelta(days=course.visit_before), code="99214"
            )
        yield draft_care_plan(self.stamp, episode=episode, on=enrolled_on)

    def _diagnosis(self, number: int, course: Course, episode: Episode, clinician: TreatingClinician) -> Diagnosis:
        """Confirmed by the treating clinician, but for every ninth, whose months are held for it."""
        diagnosis = draft_diagnosis(self.stamp, episode=episode, code=course.diagnosis, from_on=episode.enrolled_on)
        if number % 9 != 4:
            diagnosis.confirmed_on, diagnosis.confirmed_by = episode.enrolled_on, clinician
            diagnosis.confirmed_how = "Signed in"
        return diagnosis

    def _scores(self, course: Course, patient: Patient, episode: Episode) -> Iterator[Fact]:
        for after, total, item9 in monthly(course):
            yield draft_assessment(
                self.stamp,
                patient=patient,
                episode=episode,
                instrument_key="phq9",
                on=episode.enrolled_on + timedelta(days=after),
                total=total,
                item9=item9,
            )
        for after, total in course.gad7:
            yield draft_assessment(
                self.stamp,
                patient=patient,
                episode=episode,
                instrument_key="gad7",
                on=episode.enrolled_on + timedelta(days=after),
                total=total,
            )

    def _work(self, course: Course, patient: Patient, episode: Episode) -> Iterator[Fact]:
        last = episode.ended_on or self.today - timedelta(days=max(1, course.stops_before))
        day, count = episode.enrolled_on, 0
        while day <= last and day < self.today:
            yield from self._session(course, patient, episode, day, count)
            day, count = day + timedelta(days=course.every), count + 1
        if course.stops_before:
            yield from self._attempts(patient, episode, last)
        if course.program == "cocm" and course.is_reviewed:
            is_told_elsewhere = patient.family_name in REVIEWED_LATELY
            yield from self._reviews(patient, episode, last - timedelta(days=16 if is_told_elsewhere else 0))

    def _session(self, course: Course, patient: Patient, episode: Episode, day: date, count: int) -> Iterator[Fact]:
        minutes = course.minutes + (10 if count == 0 else (-4, 0, 5)[count % 3])
        yield from self._contact(
            patient, episode, day, minutes, "treatment", ("phone", "video")[count % 2], course.note
        )
        if count % 2 == 0:
            yield from self._time(patient, episode, day, 6, "registry")
        if course.overlaps and count == 1:
            yield self._overlapping(patient, episode)

    def _attempts(self, patient: Patient, episode: Episode, day: date) -> Iterator[Fact]:
        for wait, mode in ((7, "phone"), (10, "phone"), (17, "letter")):
            tried_on = day + timedelta(days=wait)
            if tried_on < self.today:
                yield from self._contact(patient, episode, tried_on, 3, "outreach_attempt", mode, "No answer.")

    def _reviews(self, patient: Patient, episode: Episode, last: date) -> Iterator[Fact]:
        day = episode.enrolled_on + timedelta(days=9)
        while day <= last and day < self.today:
            held_on = working_day(day)
            if held_on < self.today:
                yield from self._time(patient, episode, held_on, 5, "case_review")
                yield from draft_review(
                    self.stamp,
                    patient_id=patient.id,
                    episode_id=episode.id,
                    on=held_on,
                    recommendations=[("continue", "Continue; repeat the PHQ-9 in four weeks.")],
                    consultant=self.staff.consultant,
                )
            day += timedelta(days=28)

    def _contact(
        self, patient: Patient, episode: Episode, day: date, minutes: int, activity: str, mode: str, note: str
    ) -> Iterator[Fact]:
        span = self.diary.slot(_care_manager(episode), day, minutes)
        if span[0].date() >= self.today:
            return
        contact = draft_contact(
            Stamp(self.stamp.by, span[1]),
            patient_id=patient.id,
            episode_id=episode.id,
            worked_by=_care_manager(episode),
            on=span[0].date(),
            started_at=span[0],
            activity=activity,
            mode=mode,
            note=note,
            client_token=uuid7(),
        )
        contact.signed_as = str(_care_manager(episode))
        yield contact
        entry = self._entry(patient, episode, span, activity)
        entry.contact = contact
        yield entry

    def _time(self, patient: Patient, episode: Episode, day: date, minutes: int, activity: str) -> Iterator[TimeEntry]:
        span = self.diary.slot(_care_manager(episode), day, minutes)
        if span[0].date() < self.today:
            yield self._entry(patient, episode, span, activity)

    def _overlapping(self, patient: Patient, episode: Episode) -> TimeEntry:
        """Minutes written down while the person was with somebody else: held until somebody settles them."""
        (_, day), free_from = max(
            (
                pair
                for pair in self.diary.taken.items()
                if pair[0][0] == _care_manager(episode).id and pair[0][1] < self.today
            ),
            key=lambda pair: pair[1],
        )
        starts = datetime.combine(day, OPENS, ZoneInfo(ZONE))
        return self._entry(patient, episode, (starts, min(free_from, starts + timedelta(minutes=12))), "coordination")

    def _entry(self, patient: Patient, episode: Episode, span: tuple[datetime, datetime], activity: str) -> TimeEntry:
        return draft_time(
            Stamp(self.stamp.by, span[1]),
            patient_id=patient.id,
            episode_id=episode.id,
            time=WorkTime(span=span),
            work=Work(activity),
            program=episode.program,
            worked_by=_care_manager(episode),
            client_token=uuid7(),
        )


def monthly(course: Course) -> Iterator[tuple[int, int, int]]:
    """The PHQ-9s of a course with one every four weeks between those listed: day, total, item 9.

    What lies between two listed ones goes evenly from one to the other, so the course stays what it says.
    """
    before: tuple[int, int] | None = None
    for place, (after, total) in enumerate(course.phq9):
        if before is not None:
            steps = max(1, (after - before[0]) // 28)
            for step in range(1, steps):
                between = before[1] + (total - before[1]) * step // steps
                yield before[0] + 28 * step, between, 0
        yield after, total, course.item9[1] if course.item9 is not None and course.item9[0] == place else 0
        before = after, total


def working_day(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= 5 else day


def _after(start: date, days: int | None) -> date | None:
    return None if days is None else start + timedelta(days=days)


def _care_manager(episode: Episode) -> Membership:
    assert episode.care_manager is not None
    return episode.care_manager
