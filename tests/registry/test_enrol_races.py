"""Two people, or one person twice, who enrol at the same moment. Every transaction commits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from bhi.tenancy.context import tenant
from caseload.models import FollowUp
from caseload.operations.contacts import NextContact
from caseload.operations.enrol_now import ConsentGiven, Enrolled, FirstSteps, Start, enrol_now
from registry.models import Consent, Diagnosis, Episode, Patient, Referral
from registry.operations import add_diagnosis, take_consent
from registry.operations.referrals import NewPerson
from tests.factories.program import ReferralFactory
from tests.factories.registry import EpisodeFactory, PatientFactory
from tests.factories.tenancy import ClinicFactory, MembershipFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 3, 2)
ANA = NewPerson(family_name="Rivera", given_name="Ana", birth_date=date(1961, 5, 4))


@pytest.fixture
def clinic(organization: Any) -> Any:
    with tenant(organization):
        return ClinicFactory(organization=organization)


@pytest.fixture
def people(organization: Any) -> list[Any]:
    return [MembershipFactory(organization=organization) for _ in range(4)]


def enrolling(who: Any, clinic: Any, by: Any, at: datetime, token: UUID) -> Enrolled:
    first = FirstSteps(consent=ConsentGiven(at), next_contact=NextContact(TODAY))
    start = Start(clinic=clinic, enrolled_on=TODAY, target_condition="Depression")
    return enrol_now(by=by, at=at, client_token=token, who=who, start=start, first=first)


def test_one_form_sent_four_times_at_once_enrols_once(
    organization: Any, clinic: Any, people: list[Any], now: datetime
) -> None:
    token = uuid4()
    answers = at_once(organization, [lambda: enrolling(ANA, clinic, people[0], now, token) for _ in people])
    assert sorted(answer.was_new for answer in answers) == [False, False, False, True]
    assert len({answer.episode.id for answer in answers}) == 1
    with tenant(organization):
        counts = [model.objects.count() for model in (Patient, Referral, Episode, Consent, FollowUp)]
    assert counts == [1, 1, 1, 1, 1]


def test_four_people_enrol_one_referral_and_one_of_them_did(
    organization: Any, clinic: Any, people: list[Any], now: datetime
) -> None:
    with tenant(organization):
        patient = PatientFactory(organization=organization, clinic=clinic)
        referral = ReferralFactory(organization=organization, patient=patient)
    works = [lambda by=by: enrolling(referral, clinic, by, now, uuid4()) for by in people]
    answers = at_once(organization, works)
    names = sorted(type(answer).__name__ for answer in answers)
    assert names.count("Enrolled") >= 1
    assert set(names) <= {"Enrolled", "ReferralEnded"}
    assert sum(answer.was_new for answer in answers if isinstance(answer, Enrolled)) == 1
    with tenant(organization):
        counts = [model.objects.count() for model in (Episode, Consent, FollowUp)]
    assert counts == [1, 1, 1]


def test_consent_and_diagnosis_sent_twice_at_once_are_one(organization: Any, people: list[Any], now: datetime) -> None:
    with tenant(organization):
        episode = EpisodeFactory(organization=organization)

    def agree(by: Any) -> Consent:
        return take_consent(by=by, at=now, patient=episode.patient, given_at=now, form="verbal")

    def diagnose(by: Any) -> Diagnosis:
        return add_diagnosis(by=by, at=now, episode=episode, code="F33.1")

    at_once(organization, [lambda by=by: agree(by) for by in people])
    answers = at_once(organization, [lambda by=by: diagnose(by) for by in people])
    assert sorted(type(answer).__name__ for answer in answers) == ["Diagnosis", *["DiagnosisKnown"] * 3]
    with tenant(organization):
        assert (Consent.objects.count(), Diagnosis.objects.count()) == (1, 1)
