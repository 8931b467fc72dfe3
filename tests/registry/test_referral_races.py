"""What two people at once could break of a referral: real connections, every transaction commits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest

from bhi.tenancy.context import tenant
from registry.models import Patient, Referral, ReferralAttempt
from registry.operations.protocols import set_protocol
from registry.operations.referral_course import end_referral, put_on_waiting_list, record_attempt
from registry.operations.referral_errors import AlreadySo, ReferralEnded, ReferralOpen
from registry.operations.referrals import NewPerson, make_referral
from registry.queries.protocols import protocol_of
from tests.factories.program import ReferralFactory
from tests.factories.registry import PatientFactory
from tests.factories.tenancy import MembershipFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY = date(2026, 3, 2)


@pytest.fixture
def by(organization: Any) -> Any:
    return MembershipFactory(organization=organization, user=None)


@pytest.fixture
def referral(organization: Any) -> Referral:
    with tenant(organization):
        made: Referral = ReferralFactory(organization=organization)
    return made


def kinds(results: list[Any]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


def test_one_outcome_wins(referral: Referral, by: Any, now: datetime, organization: Any) -> None:
    who = {"by": by, "at": now, "referral_id": referral.id}
    results = at_once(
        organization,
        [
            lambda: end_referral(**who, outcome="declined", reason="No time"),
            lambda: end_referral(**who, outcome="duplicate"),
            lambda: end_referral(**who, outcome="ineligible", reason="Under 18"),
        ],
    )
    won = [result for result in results if isinstance(result, Referral)]
    assert kinds(results) == ["Referral", "ReferralEnded", "ReferralEnded"]
    with tenant(organization):
        assert Referral.objects.get().outcome == won[0].outcome


def test_an_attempt_and_an_end_do_not_mix(referral: Referral, by: Any, now: datetime, organization: Any) -> None:
    who = {"by": by, "at": now, "referral_id": referral.id}
    tried, ended = at_once(
        organization,
        [
            lambda: record_attempt(**who, client_token=uuid4(), tried_at=now, mode="phone", outcome="reached"),
            lambda: end_referral(**who, outcome="duplicate"),
        ],
    )
    with tenant(organization):
        stored, attempts = Referral.objects.get(), ReferralAttempt.objects.count()
    assert isinstance(ended, Referral)
    assert (stored.state, stored.due_on) == ("ended", None)
    assert attempts == (0 if isinstance(tried, ReferralEnded) else 1)


def test_a_form_sent_six_times_at_once_is_one_referral(by: Any, now: datetime, organization: Any) -> None:
    with tenant(organization):
        clinic = PatientFactory(organization=organization).clinic
    token = uuid4()

    def refer() -> bool:
        return make_referral(
            by=by, at=now, patient=NewPerson("Novak", "Iva", date(1970, 1, 1)), clinic=clinic, referred_on=MONDAY,
            source="screen", client_token=token,
        ).was_new  # fmt: skip

    results = at_once(organization, [refer] * 6)
    assert sorted(results) == [False] * 5 + [True]
    with tenant(organization):
        assert Referral.objects.count() == 1
        assert Patient.objects.filter(family_name="Novak").count() == 1


def test_two_referrals_of_one_patient_are_one(by: Any, now: datetime, organization: Any) -> None:
    with tenant(organization):
        patient = PatientFactory(organization=organization)

    def refer() -> Any:
        return make_referral(
            by=by, at=now, patient=patient, clinic=patient.clinic, referred_on=MONDAY, source="list",
            client_token=uuid4(),
        )  # fmt: skip

    results = at_once(organization, [refer] * 4)
    assert kinds(results) == ["ReferralKept", "ReferralOpen", "ReferralOpen", "ReferralOpen"]
    assert isinstance(next(result for result in results if isinstance(result, Exception)), ReferralOpen)


def test_a_double_click_logs_one_attempt_and_one_wait(
    referral: Referral, by: Any, now: datetime, organization: Any
) -> None:
    who, token = {"by": by, "at": now, "referral_id": referral.id}, uuid4()

    def tries() -> bool:
        return record_attempt(**who, client_token=token, tried_at=now, mode="phone", outcome="reached").was_new

    assert sorted(at_once(organization, [tries] * 4)) == [False, False, False, True]
    waits = at_once(organization, [lambda: put_on_waiting_list(**who)] * 2)
    assert kinds(waits) == [AlreadySo.__name__, "Referral"]
    with tenant(organization):
        assert ReferralAttempt.objects.count() == 1


def test_settings_made_at_once_are_one_row(by: Any, now: datetime, organization: Any) -> None:
    with tenant(organization):
        clinic = PatientFactory(organization=organization).clinic
    results = at_once(
        organization,
        [
            lambda: set_protocol(by=by, at=now, clinic=clinic, seen=None, is_seen=True, panel_limit=60),
            lambda: set_protocol(by=by, at=now, clinic=clinic, seen=None, is_seen=True, panel_limit=80),
        ],
    )
    assert kinds(results) == ["ClinicProtocol", "ProtocolChanged"]
    won = next(result for result in results if not isinstance(result, Exception))
    with tenant(organization):
        assert protocol_of(clinic.id).panel_limit == won.panel_limit
