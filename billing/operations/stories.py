"""A story told to the product: everything that it says happened, recorded as a clinic would have recorded it.

The organization is thrown away afterwards; nothing here is for real patients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import DataError, transaction

from bhi.accounts.operations import add_member, create_organization
from bhi.accounts.queries import system_membership
from bhi.errors import DomainError
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Clinic, Membership, Organization, Role
from billing.operations.other_services import record_access_alignment, record_other_service, record_prior_service
from billing.operations.profiles import BEGINNING, set_profile
from billing.queries.verdicts import MonthVerdict, patient_verdicts
from billing.rules.documents import DocumentInvalid
from billing.rules.findings import Verdict
from billing.rules.story import SIGNALS
from billing.rules.story_outcome import Outcome, asked_days
from billing.rules.story_parts import Consent, ProgramChange, Story, Work
from caseload.operations.reviews import record_review
from caseload.operations.timekeeping import Work as WorkDone
from caseload.operations.timekeeping import record_time
from caseload.queries.courses import courses
from caseload.rules.clock import last_day
from caseload.rules.signals import Signal, signals_on
from caseload.rules.states import state_on
from caseload.rules.worktime import WorkTime
from registry.models import Episode, Patient
from registry.operations import (
    record_care_plan,
    record_consent,
    record_diagnosis,
    record_visit,
    revoke_consent,
)
from registry.operations.assessments import record_assessment
from registry.operations.episodes import change_program, end_episode, open_episode, start_relapse_prevention
from registry.operations.people import add_coverage, add_patient, payer_named

ROLES: Final = {
    "care_manager": (Role.CARE_MANAGER,),
    "treating_clinician": (Role.TREATING_CLINICIAN,),
    "psychiatric_consultant": (Role.PSYCHIATRIC_CONSULTANT,),
    "clinical_staff": (),
    "clerical": (),
}
LAST_MONTH: Final = "9999-12"
MARGIN: Final = timedelta(days=3)


@dataclass(frozen=True)
class Told:
    """Where a story was recorded."""

    organization_id: UUID
    patient: Patient
    episode: Episode


def play_story(story: Story) -> Outcome:
    """Record a story in an organization of its own, read what came of it, and take everything back.

    Raises DocumentInvalid where an operation refuses what the story says, or no rule book holds in a month of it.
    """
    with transaction.atomic():
        try:
            organization = throw_away_organization(at=told_at(story))
            with tenant(organization):
                return _outcome(story, tell_story(organization=organization, story=story))
        finally:
            transaction.set_rollback(True)


def _outcome(story: Story, told: Told) -> Outcome:
    course = courses(told.organization_id, [told.episode.id])[told.episode.id]
    judged = patient_verdicts(told.organization_id, told.patient.id, until=LAST_MONTH)
    days = asked_days(story)
    return Outcome(
        facts={one.facts.month: one.facts for one in judged},
        months={one.facts.month: _verdict(one) for one in judged},
        signals={day: _told(signals_on(course, day)) for day in days},
        states={day: state_on(course, day) for day in days},
    )


def _told(standing: Iterable[Signal]) -> frozenset[str]:
    """Stories print the words of their format; signals that the product has beside those are left out."""
    return frozenset(SIGNALS).intersection(signal.word for signal in standing)


def _verdict(judged: MonthVerdict) -> Verdict:
    if judged.verdict is None:
        raise DocumentInvalid("$.payer", f"{judged.refusal}: {judged.facts.month}")
    return judged.verdict


def throw_away_organization(*, at: datetime) -> Organization:
    """A tenant for one story. It is the caller's to roll back."""
    return create_organization(slug=f"story-{uuid7()}", name="Story", at=at)


def told_at(story: Story) -> datetime:
    """The story's own now: after everything that it names."""
    days = [story.enrolled_on, *story.days, *(one.on for one in story.scores), *(one.on for one in story.reviews)]
    days += [*story.care_plans, *(one.on for one in story.visits), *(one.on for one in story.program_changes)]
    days += [one.on + timedelta(days=1) for one in story.work]
    days += [one.revoked_on or one.given_at.date() for one in story.consents]
    days += [last_day(month) for month, _ in story.other_services]
    days += [story.ended.on] if story.ended else []
    days += [day for day in (story.relapse_prevention_from, story.patient.died_on) if day is not None]
    if story.expect is not None:
        days += [last_day(month) for month in story.expect.months]
        days += [*story.expect.signals, *story.expect.state]
    return datetime.combine(max(days), time(12), tzinfo=UTC) + MARGIN


def tell_story(*, organization: Organization, story: Story) -> Told:
    """Record a story through the operations that pages use. Call it in the organization's `tenant()`.

    Raises DocumentInvalid, naming the place in the story, where an operation refuses what it says.
    """
    return _Telling(organization, story).tell()


class _Telling:
    """One story being recorded; each record is a microsecond later than the one before, so that order is kept."""

    def __init__(self, organization: Organization, story: Story) -> None:
        self.story = story
        self.by = system_membership(organization)
        self.organization = organization
        self.clock = told_at(story)
        self.people: dict[tuple[str, str], Membership] = {}

    @property
    def at(self) -> datetime:
        self.clock += timedelta(microseconds=1)
        return self.clock

    def tell(self) -> Told:
        clinic = self._clinic()
        with _at_fault("$.patient"):
            self.patient = self._patient(clinic)
        with _at_fault("$.enrolled_on"):
            self.episode = self._episode(clinic)
        self._each("$.program_changes", self.story.program_changes, self._program_change)
        self._each("$.consents", self.story.consents, self._consent)
        self._documents()
        self._each("$.work", self.story.work, self._work)
        self._elsewhere()
        self._ending()
        return Told(self.organization.id, self.patient, self.episode)

    def _clinic(self) -> Clinic:
        clinic = self.story.clinic
        return Clinic.objects.create(
            organization=self.organization,
            name="Story clinic",
            time_zone=clinic.time_zone,
            setting=clinic.setting,
            place_of_service=clinic.place_of_service,
        )

    def _patient(self, clinic: Clinic) -> Patient:
        who = self.story.patient
        patient = add_patient(
            by=self.by,
            at=self.at,
            clinic=clinic,
            mrn="1",
            family_name="Story",
            given_name="Patient",
            birth_date=who.birth_date,
            sex=who.sex,
            died_on=who.died_on,
        )
        payer = payer_named(by=self.by, name="Story payer")
        options = {name: list(value) if isinstance(value, tuple) else value for name, value in self.story.options}
        set_profile(by=self.by, at=self.at, payer=payer, book=self.story.book, from_on=BEGINNING, options=options)
        add_coverage(by=self.by, at=self.at, patient=patient, payer=payer)
        return patient

    def _episode(self, clinic: Clinic) -> Episode:
        return open_episode(
            by=self.by,
            at=self.at,
            patient=self.patient,
            clinic=clinic,
            enrolled_on=self.story.enrolled_on,
            program=self.story.program_on(self.story.enrolled_on),
            referred_on=self.story.referred_on,
        )

    def _program_change(self, change: ProgramChange) -> None:
        """A change up to the day of enrolment is in the program that the episode begins with."""
        if change.on > self.story.enrolled_on and self.episode.program != change.to:
            self.episode = change_program(by=self.by, at=self.at, episode=self.episode, to=change.to, on=change.on)

    def _consent(self, consent: Consent) -> None:
        given = record_consent(
            by=self.by, at=self.at, patient=self.patient, given_at=consent.given_at, service=consent.service
        )
        if consent.revoked_on is not None:
            revoke_consent(by=self.by, at=self.at, consent=given, on=consent.revoked_on)

    def _documents(self) -> None:
        story, by, patient = self.story, self.by, self.patient
        self._each(
            "$.visits",
            story.visits,
            lambda one: record_visit(
                by=by,
                at=self.at,
                patient=patient,
                on=one.on,
                code=one.code,
                is_by_billing_practitioner=one.by == "billing",
            ),
        )
        self._each("$.diagnoses", enumerate(story.diagnoses, start=1), self._diagnosis)
        self._each(
            "$.care_plans",
            story.care_plans,
            lambda on: record_care_plan(by=by, at=self.at, episode=self.episode, on=on),
        )
        self._each("$.scores", story.scores, self._score)
        self._each("$.reviews", story.reviews, self._review)

    def _diagnosis(self, ranked: tuple[int, str]) -> None:
        rank, code = ranked
        record_diagnosis(by=self.by, at=self.at, episode=self.episode, code=code, rank=rank)

    def _score(self, score: Any) -> None:
        values = {"items": score.items} if score.items is not None else {"total": score.total, "item9": score.item9}
        record_assessment(
            by=self.by,
            at=self.at,
            patient=self.patient,
            episode=self.episode if score.on >= self.story.enrolled_on else None,
            instrument=score.instrument,
            on=score.on,
            **values,
        )

    def _review(self, review: Any) -> None:
        record_review(
            by=self.by,
            at=self.at,
            episode_id=self.episode.id,
            on=review.on,
            recommendations=[(review.recommendation, "")],
        )

    def _work(self, work: Work) -> None:
        if work.at is None:
            when = WorkTime(on=work.on, seconds=work.seconds)
        else:
            when = WorkTime(span=(work.at, work.at + timedelta(seconds=work.seconds)))
        record_time(
            by=self.by,
            at=self.at,
            episode_id=self.episode.id,
            time=when,
            client_token=uuid7(),
            work=WorkDone(work.activity, work.by, work.service, work.billed_as or "", work.facility_stay),
            worked_by=self._person(work),
        )

    def _person(self, work: Work) -> Membership:
        key = work.by, work.staff
        if key not in self.people:
            name = f"{work.by} {work.staff}"
            self.people[key] = add_member(organization=self.organization, user=None, name=name, roles=ROLES[work.by])
        return self.people[key]

    def _elsewhere(self) -> None:
        """What others did and billed."""
        story, by, patient = self.story, self.by, self.patient
        for month in story.served_before:
            record_prior_service(by=by, at=self.at, patient=patient, month=month)
        for line in story.billed_before:
            record_prior_service(by=by, at=self.at, patient=patient, month=line.month, code=line.code)
        for month, service in story.other_services:
            record_other_service(
                by=by,
                at=self.at,
                patient=patient,
                month=month,
                code=service.code,
                is_by_billing_practitioner=service.by == "billing",
                minutes=service.minutes,
            )
        access = story.access_model
        if access is not None and access.aligned:
            record_access_alignment(by=by, at=self.at, patient=patient, is_participant=access.participant)

    def _ending(self) -> None:
        prevention_from, ended = self.story.relapse_prevention_from, self.story.ended
        if prevention_from is not None:
            with _at_fault("$.relapse_prevention_from"):
                start_relapse_prevention(by=self.by, at=self.at, episode=self.episode, on=prevention_from)
        if ended is not None:
            with _at_fault("$.ended"):
                end_episode(by=self.by, at=self.at, episode=self.episode, on=ended.on, reason=ended.reason)

    def _each(self, path: str, parts: Iterable[Any], tell: Callable[[Any], object]) -> None:
        for place, part in enumerate(parts):
            with _at_fault(f"{path}[{place}]"):
                tell(part)


@contextmanager
def _at_fault(path: str) -> Iterator[None]:
    """An operation's refusal, or the database's of a value, is a fault of the story at this place in it."""
    try:
        yield
    except DomainError as refusal:
        raise DocumentInvalid(path, str(refusal)) from refusal
    except DataError as refusal:
        raise DocumentInvalid(path, "this holds a value that cannot be stored") from refusal
    except KeyError as unknown:
        raise DocumentInvalid(path, f"{unknown.args[0]} is not known to the product") from unknown
