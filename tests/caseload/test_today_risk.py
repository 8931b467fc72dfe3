"""A risk case on Today: unassessed it comes first, assessed it stays as a chip, and others' are not one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from caseload.queries.risk_contacts import last_contacts
from caseload.queries.today import Scope, work_due, worklist
from registry.operations.risk import assess_risk, do_step, open_risk_case
from registry.operations.safety import acknowledge_notice, raise_notice
from registry.rules.risk_steps import steps_of
from tests.factories.caseload import FollowUpFactory
from tests.factories.registry import PatientFactory, system_seat
from tests.factories.risk import RiskCaseFactory

pytestmark = pytest.mark.usefixtures("at_now")

TODAY = date(2026, 3, 2)


@pytest.fixture
def due(by: Any, now: datetime) -> Callable[..., Any]:
    def make(*, days: int = 0, whose: str = "ours", seat: Any = None) -> list[tuple[str, str, str]]:
        found = work_due(by.organization_id, Scope((seat or by).id, whose), at=now + timedelta(days=days))
        rows = worklist(found, {}).rows
        return [(row.patient.person.name, row.first.kind, row.first.words) for row in rows]

    return make


@pytest.fixture
def opened(by: Any, now: datetime) -> Callable[..., Any]:
    def make(episode: Any, concern: str = "Gave away the dog.") -> Any:
        patient_id = episode.patient_id
        return open_risk_case(by=by, at=now, patient_id=patient_id, concern=concern, client_token=uuid4())

    return make


def test_a_case_from_the_concern_to_the_recheck(
    enrolled: Callable[..., Any], opened: Callable[..., Any], due: Callable[..., Any], by: Any, now: datetime
) -> None:
    case = opened(enrolled("Rivera"))
    assert due() == [("Rivera, Ana", "risk_unassessed", "Concern, not assessed yet")]
    assess_risk(by=by, at=now, case_id=case.id, tier="high", note="Spoke.", client_token=uuid4())
    for number, step in enumerate(steps_of("high")):
        left = len(steps_of("high")) - number
        words = f"Assessed high Mar 2, {left} step{'s' if left > 1 else ''} to do, first: {step.words.rstrip('.')}"
        assert due() == [("Rivera, Ana", "risk_steps", words)]
        do_step(by=by, at=now, case_id=case.id, key=step.key, client_token=uuid4())
    assert due() == []
    assess_risk(by=by, at=now, case_id=case.id, tier="moderate", note="Calmer.", client_token=uuid4())
    waits = "first: Have a second licensed person answer the lower tier that was asked for"
    assert due() == [("Rivera, Ana", "risk_steps", f"Assessed high Mar 2, 1 step to do, {waits}")]
    assert due(days=7) == [("Rivera, Ana", "risk_recheck", "Concern, assessed high Mar 2, recheck Mar 9")]
    opened(enrolled("Abara"))
    later = now + timedelta(days=1)
    open_risk_case(by=by, at=later, patient_id=case.patient_id, concern="Worse.", client_token=uuid4())
    assert due(days=1) == [
        ("Abara, Ana", "risk_unassessed", "Concern, not assessed yet"),
        ("Rivera, Ana", "risk_unassessed", "Concern, assessed high Mar 2, risen since"),
    ]


def test_within_its_interval_it_is_a_chip_beside_what_is_due(
    enrolled: Callable[..., Any], opened: Callable[..., Any], by: Any, now: datetime, client: Client
) -> None:
    episode = enrolled("Rivera")
    case = opened(episode)
    assess_risk(by=by, at=now, case_id=case.id, tier="moderate", note="Spoke.", client_token=uuid4())
    FollowUpFactory(organization=episode.organization, episode=episode, due_on=TODAY)
    from caseload.operations import rebuild_standing

    rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=now)
    page = client.get("/o/lakeside/today/").text
    assert "concern, assessed moderate Mar 2, recheck Mar 16" in page
    assert "Planned today" in page


def test_a_notice_taken_on_leads_to_the_protocol(
    enrolled: Callable[..., Any], by: Any, now: datetime, client: Client
) -> None:
    system_seat(by.organization)
    patient = enrolled("Rivera").patient
    notice = raise_notice(by=by, at=now, patient=patient, clinic_id=patient.clinic_id)
    protocol = f'href="/o/lakeside/patients/{patient.id}/risk/"'
    assert protocol not in client.get("/o/lakeside/today/").text
    acknowledge_notice(by=by, at=now, notice_id=notice.id)
    assert protocol in client.get("/o/lakeside/today/").text


def test_whose_case_it_is(
    enrolled: Callable[..., Any], opened: Callable[..., Any], due: Callable[..., Any], membership: Callable[..., Any],
    by: Any, clinic: Any,
) -> None:  # fmt: skip
    other = membership("care_manager")
    opened(enrolled("Other", care_manager=other))
    # Who has no care manager, or is not enrolled, is everybody's.
    stranger = PatientFactory(
        organization=by.organization, clinic=clinic, family_name="Nobody", given_name="Jo", middle_name=""
    )
    RiskCaseFactory(organization=by.organization, patient=stranger, clinic=clinic, opened_on=TODAY)
    assert [name for name, _, _ in due()] == ["Nobody, Jo"]
    assert [name for name, _, _ in due(seat=other)] == ["Nobody, Jo", "Other, Ana"]
    assert [name for name, _, _ in due(whose="all")] == ["Nobody, Jo", "Other, Ana"]
    stranger.died_on = TODAY
    stranger.save(update_fields=["died_on"])
    assert [name for name, _, _ in due()] == []


def test_when_those_at_risk_were_last_spoken_with(enrolled: Callable[..., Any], by: Any) -> None:
    from caseload.models import EpisodeStanding

    spoken, never = enrolled("Rivera"), enrolled("Abara")
    EpisodeStanding.objects.filter(episode=spoken).update(last_contact_on=TODAY)
    found = last_contacts(by.organization_id, [spoken.patient_id, never.patient_id])
    assert found == {spoken.patient_id: TODAY}
