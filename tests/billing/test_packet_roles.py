"""A packet by each role that has one made: what somebody wrote or answered is only where the role may read it.

45 CFR 164.502(b). Contents of notes, reviews and questionnaires are in nobody's packet; the reasons of corrections are
in those of whoever may see the chart.
"""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
import time_machine
from pypdf import PdfReader

from bhi.accounts.permissions import GRANTS, Permission
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from billing.models import Packet
from caseload.models import TimeEntry
from caseload.operations.timekeeping import void_time
from registry.models import Diagnosis
from registry.rules.instruments import INSTRUMENTS
from tests.billing.filing import filed_patient, set_up
from tests.billing.people import AT, program
from tests.factories.caseload import CaseReviewFactory, ContactFactory, FollowUpFactory, RecommendationFactory
from tests.factories.program import InitialAssessmentFactory, SafetyPlanFactory
from tests.factories.registry import AssessmentFactory, CarePlanFactory
from tests.factories.risk import RelapsePlanFactory, RiskCaseFactory

PACKETS = "/o/lakeside/billing/packets/"
NOBODYS = (
    *("NOTEWORD", "ASKWORD", "PLANWORD", "SAFEWORD", "FIRSTWORD", "STAYWORD", "RISKWORD", "ANSWERWORD"),
    *("REVIEWWORD", "SUMWORD", "ADVICEWORD", "DOSEWORD", "IFWORD", "NEXTWORD"),
)
REASONS = ("VOIDWORD", "HOWWORD")
# What is asked, item by item: where it stands, answers would.
ASKED = INSTRUMENTS["phq9"].wordings["en"].items
QUESTIONS = tuple({word for item in ASKED for word in (item.text[:25], *item.answers)})
MAKERS = sorted(role for role, granted in GRANTS.items() if Permission.MAKE_PACKET in granted)


def plant(people: Any, episode: Any) -> None:
    """One word in everything that somebody writes about a patient, and every answer of a questionnaire."""
    of = {"organization": people.organization, "episode": episode}
    person = {"organization": people.organization, "patient": episode.patient}
    ContactFactory(**of, on=date(2026, 2, 12), started_at=None, note="NOTEWORD", question="ASKWORD")
    CarePlanFactory(**of, number=77, text="PLANWORD", content={"goals": [{"text": "PLANWORD"}]})
    InitialAssessmentFactory(**of, number=77, content={"history": "FIRSTWORD"})
    RelapsePlanFactory(**of, number=77, content={"signs": ["STAYWORD"]})
    items = [3, 2, 1, 0, 3, 2, 1, 0, 1]
    answered = {"on": date(2026, 2, 20), "items": items, "total": sum(items), "is_total_only": False}
    AssessmentFactory(**of, **answered, detail={"comment": "ANSWERWORD"})
    FollowUpFactory(**of, purpose="NEXTWORD")
    review = CaseReviewFactory(
        **of, on=date(2026, 2, 17), question="ASKWORD", summary="SUMWORD", impression="REVIEWWORD"
    )
    words = {"text": "ADVICEWORD", "dose": "DOSEWORD", "if_then": "IFWORD"}
    RecommendationFactory(organization=people.organization, review=review, **words)
    SafetyPlanFactory(**person, number=77, content={"signs": ["SAFEWORD"]})
    RiskCaseFactory(**person, concern="RISKWORD")
    confirmed = {"confirmed_by": episode.treating_clinician, "confirmed_on": date(2026, 2, 3)}
    Diagnosis.objects.filter(episode=episode).update(**confirmed, confirmed_how="HOWWORD")
    entry = TimeEntry.objects.filter(episode=episode).earliest("id")
    void_time(by=people.by, at=AT, entry=entry, reason="VOIDWORD, it was another patient.")


@pytest.fixture
def episode(organization: Any, clinic: Any) -> Any:
    with time_machine.travel(AT, tick=False), tenant(organization):
        people = program(organization, clinic)
        set_up(people)
        made = filed_patient(people)
        plant(people, made)
        yield made


def packet_of(client: Any, episode: Any) -> str:
    """The words of the packet that this person has made, and opens."""
    answer = client.post(f"/o/lakeside/billing/months/2026-02/episodes/{episode.id}/packet/")
    packet_id = answer.url.rstrip("/").rsplit("/", 1)[1]
    organization_id = episode.organization_id
    job_id = Packet.objects.get(id=packet_id).job_id
    assert run(organization_id=organization_id, job_id=job_id, at=AT) == "done"
    opened = client.get(f"{PACKETS}{packet_id}/parts/1/")
    assert opened.status_code == 200
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(opened.content)).pages).split())


def test_who_has_packets_made() -> None:
    assert [str(role) for role in MAKERS] == ["billing", "clinic_lead"]


@pytest.mark.parametrize("role", MAKERS)
def test_each_roles_packet_says_what_the_role_may_read(role: Any, episode: Any, client_for: Any) -> None:
    words = packet_of(client_for(role), episode)
    assert "PHQ-9" in words  # the score is proof of work; what was answered is not
    assert [one for one in (*NOBODYS, *QUESTIONS) if one in words] == []
    told = [one for one in REASONS if one in words]
    assert told == (list(REASONS) if Permission.VIEW_CHART in GRANTS[role] else [])
