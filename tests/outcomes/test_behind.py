"""The patients behind a number: their parts, their pages, and what is said of each."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.errors import NotFound
from outcomes.queries.behind import PAGE_ROWS, Behind, behind, behind_edition
from outcomes.queries.numbers import Only, numbers
from outcomes.rules.measures import UnknownMeasure
from tests.factories.outcomes import (
    MeasuredAdviceFactory,
    MeasuredEpisodeFactory,
    MeasuredMonthFactory,
    MeasuredReferralFactory,
)
from tests.factories.registry import EpisodeFactory, PatientFactory, system_seat
from tests.factories.tenancy import NOW

MARCH = date(2026, 3, 1)


@pytest.fixture
def head(in_tenant: Any) -> Any:
    return MeasuredMonthFactory(organization=in_tenant, month=MARCH)


def seen(head: Any, name: str, **columns: Any) -> Any:
    patient = PatientFactory(organization=head.organization, family_name=name)
    episode = EpisodeFactory(organization=head.organization, patient=patient)
    return MeasuredEpisodeFactory(
        organization=head.organization, measured=head, patient=patient, episode=episode, **columns
    )


def told(found: Behind) -> list[tuple[str, str]]:
    return [(row.name, row.why) for row in found.rows]


def test_three_parts(head: Any) -> None:
    course = {"enrolled_on": date(2025, 12, 1), "baseline": 16, "is_elevated": True, "improved_at": 9}
    seen(head, "Young", **course, latest=8)
    seen(head, "Abel", **course, latest=9)
    seen(head, "Berg", **course, latest=14)
    seen(head, "Cole", **course)
    seen(head, "Dahl", enrolled_on=date(2026, 3, 2))
    seen(head, "Eden", enrolled_on=date(2025, 12, 1))
    seen(head, "Gone", **course, is_in_month=False, ended_on=date(2026, 2, 1))
    organization = head.organization_id
    assert told(behind(organization, MARCH, "improvement")) == [
        ("Abel, Given", "From 16 to 9"),
        ("Young, Given", "From 16 to 8"),
    ]
    assert told(behind(organization, MARCH, "improvement", part="not_met")) == [
        ("Berg, Given", "From 16 to 14"),
        ("Cole, Given", "Baseline 16, no score since"),
    ]
    assert told(behind(organization, MARCH, "improvement", part="excluded")) == [
        ("Dahl, Given", "In treatment for 29 days: fewer than 70"),
        ("Eden, Given", "No baseline yet"),
    ]


def test_counts_are_the_numbers_own(head: Any) -> None:
    for place in range(7):
        seen(head, f"Name{place}", contacts=place % 2, sex="FM"[place % 3 % 2])
    organization = head.organization_id
    for only in (Only(), Only(sex="M")):
        number = numbers(organization, [MARCH], keys=["contact_rate"], only=only)[MARCH, None, "contact_rate"]
        counts = [
            behind(organization, MARCH, "contact_rate", part=part, only=only).count for part in ("met", "not_met")
        ]
        assert counts == [number.numerator, number.denominator - number.numerator]


def test_of_referrals_and_recommendations(head: Any) -> None:
    organization = head.organization
    referral = MeasuredReferralFactory(
        organization=organization, measured=head, referred_on=date(2026, 1, 5), enrolled_on=date(2026, 1, 9)
    )
    invalid = MeasuredReferralFactory(organization=organization, measured=head, excluded="ineligible")
    advice = MeasuredAdviceFactory(organization=organization, measured=head)
    (row,) = behind(organization.id, MARCH, "enrolled_days").rows
    assert (row.subject_id, row.patient_id, row.why) == (referral.referral_id, referral.patient_id, "After 4 days")
    (row,) = behind(organization.id, MARCH, "enrolled_days", part="excluded").rows
    assert (row.id, row.why) == (invalid.id, "Not eligible")
    (row,) = behind(organization.id, MARCH, "closed_14", part="not_met").rows
    assert (row.subject_id, row.why) == (advice.recommendation_id, "Still open")


def test_a_measure_without_a_question_has_one_part(head: Any) -> None:
    seen(head, "Abel")
    counts = {
        part: behind(head.organization_id, MARCH, "enrolled", part=part).count
        for part in ("met", "not_met", "excluded")
    }
    assert counts == {"met": 1, "not_met": 0, "excluded": 0}


def test_pages_follow_one_another(head: Any) -> None:
    # Two of one name: the row's own id decides between them.
    made = [seen(head, f"Name{place // 2:03}") for place in range(2 * PAGE_ROWS + 1)]
    shown, after = [], None
    for length in (PAGE_ROWS, PAGE_ROWS, 1):
        page = behind(head.organization_id, MARCH, "enrolled", after=after)
        assert (len(page.rows), page.count) == (length, len(made))
        shown += [row.id for row in page.rows]
        after = page.next
    assert after is None
    assert shown == [row.id for row in made]


def test_statements_do_not_grow(head: Any) -> None:
    for place in range(3):
        seen(head, f"Name{place}")
    after = behind(head.organization_id, MARCH, "enrolled").rows[0].id
    with CaptureQueriesContext(connection) as asked:
        behind(head.organization_id, MARCH, "enrolled", after=after)
    settings = [one for one in asked if one["sql"].startswith("SET LOCAL")]
    assert (len(asked) - len(settings), len(settings)) == (4, 2)


def test_what_is_not_there(head: Any) -> None:
    organization = head.organization_id
    with pytest.raises(NotFound):
        behind(organization, date(2026, 4, 1), "enrolled")
    with pytest.raises(NotFound):
        behind(organization, MARCH, "enrolled", part="all")
    with pytest.raises(NotFound):
        behind(organization, MARCH, "enrolled", after=uuid4())
    with pytest.raises(UnknownMeasure):
        behind(organization, MARCH, "nys_12")


def test_each_edition_has_its_own(head: Any) -> None:
    seen(head, "Abel")
    head.frozen_at, head.frozen_by, head.fingerprint = NOW, system_seat(head.organization), "f" * 64
    head.save()
    later = MeasuredMonthFactory(organization=head.organization, month=MARCH, edition=2, because="A late note")
    assert behind(head.organization_id, MARCH, "enrolled").count == 0
    assert behind_edition(head.organization_id, head, "enrolled").count == 1
    assert behind_edition(head.organization_id, later, "enrolled").count == 0
