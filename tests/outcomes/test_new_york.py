"""The ten patients of March 2025 from their records: enrolled, covered, seen, scored, reviewed, measured, counted."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from outcomes.queries.behind import behind
from outcomes.queries.numbers import numbers
from tests.factories.caseload import CaseReviewFactory, ContactFactory, RecommendationFactory
from tests.factories.outcomes import PayerClassedFactory
from tests.factories.registry import AssessmentFactory, CoverageFactory, PayerFactory
from tests.factories.tenancy import MembershipFactory
from tests.outcomes.months_measured import enrolled, measured
from tests.rules.outcomes.new_york import ANSWERS, CASELOAD, MARCH, Case

PAYERS = {"medicaid": ("Plan of the State",), "dual": ("Medicare", "Plan of the State"), "commercial": ("Aetna",)}


@pytest.fixture
def caseload(in_tenant: Any, clinic: Any) -> Any:
    """Everybody's records; then March is measured."""
    payers = {
        name: PayerFactory(organization=in_tenant, name=name) for name in ("Plan of the State", "Medicare", "Aetna")
    }
    PayerClassedFactory(organization=in_tenant, payer=payers["Plan of the State"], payer_class="medicaid")
    seat = MembershipFactory(organization=in_tenant)
    for case in CASELOAD:
        episode = enroll(in_tenant, clinic, case)
        for rank, name in enumerate(PAYERS[case.coverage], 1):
            CoverageFactory(organization=in_tenant, patient=episode.patient, payer=payers[name], rank=rank)
        chart(episode, case, seat)
    measured(in_tenant, MARCH)
    return in_tenant


def enroll(organization: Any, clinic: Any, case: Case) -> Any:
    given, family = case.name.split()
    ended = {"ended_on": case.ended_on, "end_reason": case.end_reason, "status": "discharged"} if case.ended_on else {}
    return enrolled(
        organization,
        clinic,
        case.enrolled_on,
        patient__given_name=given,
        patient__family_name=family,
        target_instruments=[case.scale],
        **ended,
    )


def chart(episode: Any, case: Case, seat: Any) -> None:
    organization = episode.organization
    for on, total in case.scored:
        AssessmentFactory(organization=organization, episode=episode, on=on, total=total, instrument=case.scale)
    for on in case.contacts:
        at = datetime.combine(on, time(18), UTC)
        ContactFactory(organization=organization, episode=episode, by=seat, on=on, started_at=at)
    if case.reviewed_on:
        review = CaseReviewFactory(organization=organization, episode=episode, on=case.reviewed_on)
        RecommendationFactory(organization=organization, review=review, kind="continue")


def test_the_states_measures_from_the_records(caseload: Any) -> None:
    found = numbers(caseload.id, [MARCH], keys=list(ANSWERS))
    assert {key: number.text for (_, _, key), number in found.items()} == ANSWERS


def test_who_stands_behind_them(caseload: Any) -> None:
    def names(key: str, part: str) -> list[tuple[str, str]]:
        return [(row.name, row.why) for row in behind(caseload.id, MARCH, key, part=part).rows]

    assert names("nys_8", "met") == [("Lind, Farah", "Last reviewed Jan 31, 2025")]
    assert names("nys_8", "not_met") == [("Petrov, Dana", "Last reviewed Jan 30, 2025")]
    assert names("nys_7", "met") == [("Adeyemi, Gwen", "From 16 to 4"), ("Novak, Iris", "From 11 to 1")]
    assert names("nys_5", "not_met") == [("Petrov, Dana", "No clinical contact and no scored scale")]
    assert names("nys_4", "met") == [("Novak, Iris", "112 days"), ("Petrov, Dana", "150 days")]
    assert names("nys_6", "excluded") == [
        ("Osei, Bram", "In treatment for 26 days: fewer than 70"),
        ("Sandoval, Hugo", "The baseline of 9 is not elevated"),
        ("Tran, Emil", "No Medicaid coverage on the first of the month"),
    ]
