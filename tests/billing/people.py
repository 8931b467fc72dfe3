"""Patients whose month bills, recorded through the operations that pages use."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from bhi.tenancy.models import Clinic, Membership, Organization
from billing.models import CheckMode
from billing.operations.decisions import set_release_modes
from billing.rules.release import CHECKS
from caseload.operations.reviews import record_review
from caseload.operations.timekeeping import Work, record_time
from caseload.rules.worktime import WorkTime
from registry.models import Consent, Episode, Patient, Payer
from registry.operations import (
    record_assessment,
    record_care_plan,
    record_consent,
    record_diagnosis,
    record_visit,
)
from registry.operations.episodes import open_episode
from registry.operations.people import add_coverage, add_patient, payer_named
from tests.factories.registry import system_seat
from tests.factories.tenancy import MembershipFactory

AT = datetime(2026, 4, 3, 15, 0, tzinfo=UTC)
"""April has begun; February and March are over."""

ENROLLED_ON = date(2026, 2, 2)


@dataclass
class Program:
    """An organization at work: who records, and who works."""

    organization: Organization
    clinic: Clinic
    by: Membership
    worker: Membership

    def payer(self, name: str, **fields: Any) -> Payer:
        return payer_named(by=self.by, name=name, **fields)

    def patient(
        self,
        family_name: str = "Abara",
        *,
        payer: Payer | None = None,
        clinic: Clinic | None = None,
        mrn: str = "",
        without: tuple[str, ...] = (),
        enrolled_on: date = ENROLLED_ON,
        **fields: Any,
    ) -> Episode:
        """Enrolled in February 2026 with everything in order but for what `without` names."""
        patient = add_patient(
            by=self.by,
            at=AT,
            clinic=clinic or self.clinic,
            mrn=mrn or uuid4().hex[:8],
            family_name=family_name,
            given_name="Jo",
            birth_date=date(1980, 5, 17),
            sex="F",
            **fields,
        )
        episode = open_episode(by=self.by, at=AT, patient=patient, clinic=patient.clinic, enrolled_on=enrolled_on)
        if "coverage" not in without:
            cover = payer or self.payer("Medicare Part B", payer_code="MCR01")
            add_coverage(by=self.by, at=AT, patient=patient, payer=cover, member_id="1EG4TE5MK73")
        self._documents(patient, episode, without)
        return episode

    def work(
        self,
        episode: Episode,
        minutes: int,
        *,
        on: date = date(2026, 2, 10),
        hour: int = 16,
        at: datetime = AT,
        **work: Any,
    ) -> Any:
        """Minutes from an hour of the day in UTC, by a new person each time: nobody overlaps anybody."""
        starts = datetime(on.year, on.month, on.day, hour, tzinfo=UTC)
        return record_time(
            by=self.by,
            at=at,
            episode_id=episode.id,
            time=WorkTime(span=(starts, starts + timedelta(minutes=minutes))),
            client_token=uuid4(),
            work=Work(**work) if work else Work(role="care_manager"),
            worked_by=MembershipFactory(organization=self.organization, user=None, name="Ken Abara", credential="RN"),
        )

    def billing_patient(self, family_name: str = "Abara", minutes: int = 40, **fields: Any) -> Episode:
        """Bills 99492 for February with the usual 40 minutes."""
        episode = self.patient(family_name, **fields)
        self.work(episode, minutes)
        return episode

    def _documents(self, patient: Patient, episode: Episode, without: tuple[str, ...]) -> None:
        on = episode.enrolled_on
        if "consent" not in without:
            given_at = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
            record_consent(by=self.by, at=AT, patient=patient, given_at=given_at)
        if "visit" not in without:
            record_visit(by=self.by, at=AT, patient=patient, on=on - timedelta(days=14), code="99214")
        if "diagnosis" not in without:
            record_diagnosis(by=self.by, at=AT, episode=episode, code="F32.1")
        if "care_plan" not in without:
            record_care_plan(by=self.by, at=AT, episode=episode, on=on)
        if "score" not in without:
            self.score(episode, on)
        if "review" not in without:
            record_review(by=self.by, at=AT, episode_id=episode.id, on=on, recommendations=[("continue", "")])

    def consent_of(self, episode: Episode) -> Consent:
        return Consent.objects.select_related("patient__clinic").get(patient=episode.patient)

    def score(self, episode: Episode, on: date) -> None:
        record_assessment(
            by=self.by, at=AT, patient=episode.patient, episode=episode, instrument="phq9", on=on, total=16, item9=0
        )


def program(organization: Organization, clinic: Clinic, *, notes: bool = True) -> Program:
    """An organization that only notes what release checks find, unless a test is about what they hold."""
    made = Program(
        organization, clinic, system_seat(organization), MembershipFactory(organization=organization, name="Ken Abara")
    )
    if notes:
        set_release_modes(by=made.by, at=AT, modes={check.word: CheckMode.NOTE for check in CHECKS})
    return made


def ids(*episodes: Episode) -> list[UUID]:
    return [episode.id for episode in episodes]
