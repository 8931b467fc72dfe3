"""Each role reads what its work takes (45 CFR 164.502(b)): planted words, every address, every kind of answer.

Billing reads codes, minutes and dates, and nothing that somebody wrote about a patient; admins read no patient but in
the files that they bring and the audit; who cares for patients reads no amounts.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership
from registry.models import CarePlan, Episode, RiskCase, SafetyPlan
from tests.factories.caseload import CaseReviewFactory, ContactFactory, FollowUpFactory, RecommendationFactory
from tests.factories.program import InitialAssessmentFactory, SafetyPlanFactory
from tests.factories.registry import AssessmentFactory, CarePlanFactory
from tests.factories.reviews import TreatmentChangeFactory
from tests.factories.risk import RelapsePlanFactory, RiskCaseFactory
from tests.walls.access import OF_AN_ORGANIZATION
from tests.walls.access_kinds import ADMIN, BILLING, CM, PC, TC
from tests.walls.asking import PARTS, Asking, listed, part, walked
from tests.walls.made import MARKERS

PLANTED: Final = (
    *("NOTEWORD", "ASKWORD", "PLANWORD", "SAFEWORD", "FIRSTWORD", "STAYWORD", "RISKWORD", "ANSWERWORD"),
    *("REVIEWWORD", "SUMWORD", "ADVICEWORD", "DOSEWORD", "IFWORD", "NEXTWORD", "DRUGWORD"),
)
CARING: Final = frozenset({CM, PC, TC})
AMOUNT: Final = re.compile(rb"\$\s?\d")
# Where an admin reads of patients, and why.
ADMINS: Final = {
    "audit_file": "whom somebody saw, with names, for a notice of a breach",
    "imports": "what they import",
    "import_run": "what they import",
    "practice_files": "the practice's own file",
    "practice_file": "the practice's own file",
    "look_backs": "what the practice billed",
    "look_back": "what the practice billed",
    "look_back_choose": "what the practice billed",
    "look_back_print": "what the practice billed",
    "look_back_file": "what the practice billed",
    "closed_list_file": "what the practice billed",
}


def plant(seat: Membership) -> None:
    """One word in everything that somebody writes about a patient, for every enrolment there is."""
    with tenant(seat.organization):
        planted = CarePlan.objects.filter(text="PLANWORD").values("episode")
        for episode in Episode.objects.exclude(id__in=planted).select_related("patient"):
            of = {"organization": seat.organization, "episode": episode}
            ContactFactory(**of, note="NOTEWORD", question="ASKWORD", on=episode.enrolled_on, started_at=None)
            CarePlanFactory(**of, text="PLANWORD", content={"goals": [{"text": "PLANWORD"}]})
            InitialAssessmentFactory(**of, number=77, content={"history": "FIRSTWORD"})
            RelapsePlanFactory(**of, number=77, content={"signs": ["STAYWORD"]})
            AssessmentFactory(**of, detail={"comment": "ANSWERWORD"})
            FollowUpFactory(**of, purpose="NEXTWORD")
            TreatmentChangeFactory(**of, text="DRUGWORD")
            review = CaseReviewFactory(**of, question="ASKWORD", summary="SUMWORD", impression="REVIEWWORD")
            words = {"text": "ADVICEWORD", "dose": "DOSEWORD", "if_then": "IFWORD"}
            RecommendationFactory(organization=seat.organization, review=review, **words)
            person = {"organization": seat.organization, "patient": episode.patient}
            if not SafetyPlan.objects.filter(patient=episode.patient, number=77).exists():
                SafetyPlanFactory(**person, number=77, content={"signs": ["SAFEWORD"]})
            if not RiskCase.objects.filter(patient=episode.patient, closed_at=None).exists():
                RiskCaseFactory(**person, concern="RISKWORD")


def answers(asking: Asking, who: str) -> list[Any]:
    asking.own(who)
    plant(asking.seats[who])
    return [asking.ask(who, method) for method in ("GET", "POST")]


def open_to(role: str) -> list[str]:
    return sorted(name for name, url in OF_AN_ORGANIZATION.items() if role in url.roles)


def planted_told(asking: Asking, who: str) -> list[str]:
    return [word for answer in answers(asking, who) for word in PLANTED if word.encode() in answer.content]


def told_to_admins(asking: Asking) -> list[str]:
    words = PLANTED if asking.name in ADMINS else (*PLANTED, *MARKERS)
    return [word for answer in answers(asking, ADMIN) for word in words if word.encode() in answer.content]


@pytest.mark.parametrize("number", range(PARTS))
def test_billing_reads_nothing_that_was_written_about_a_patient(seats: Any, number: int) -> None:
    found = walked(part(open_to(BILLING), number), seats, lambda asking: planted_told(asking, BILLING))
    assert not found, listed(found)


@pytest.mark.parametrize("number", range(PARTS))
def test_admins_read_of_patients_only_what_they_bring_and_the_audit(seats: Any, number: int) -> None:
    found = walked(part(open_to(ADMIN), number), seats, told_to_admins)
    assert not found, listed(found)


def amounts_told(asking: Asking) -> list[tuple[str, str, list[bytes]]]:
    answers = [(who, how, asking.ask(who, how)) for who in sorted(CARING & asking.url.roles) for how in ("GET", "POST")]
    return [(who, how, AMOUNT.findall(answer.content)) for who, how, answer in answers if AMOUNT.search(answer.content)]


@pytest.mark.parametrize("number", range(PARTS))
def test_who_cares_for_patients_reads_no_amounts(seats: Any, number: int) -> None:
    names = {name for who in CARING for name in open_to(who)}
    found = walked(part(names, number), seats, amounts_told)
    assert not found, listed(found)


def test_the_words_are_really_there(seats: Any) -> None:
    """Read by who cares for the patient: else nothing above would have been tried."""
    read: set[str] = set()
    for name in ("patient_chart", "case_summary", "care_plan", "coordination", "advice", "risk_case", "today"):
        asking = Asking(name, OF_AN_ORGANIZATION[name], seats)
        read |= {word for answer in answers(asking, CM) for word in PLANTED if word.encode() in answer.content}
    assert {"PLANWORD", "ADVICEWORD", "RISKWORD", "NEXTWORD"} <= read
