"""Numbers of months, counted by Postgres: months, groups, editions, posts, and how many statements it takes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.tenancy.sight import looking_as
from outcomes.queries.numbers import Only, numbers, numbers_of
from outcomes.queries.posts import full_time_posts
from outcomes.rules.groups import GROUPINGS, UnknownGrouping
from outcomes.rules.measures import HEADLINES, MEASURES, UnknownMeasure
from outcomes.rules.words import counts_text
from tests.factories.going_live import SeatClinicFactory
from tests.factories.outcomes import (
    MeasuredEpisodeFactory,
    MeasuredMonthFactory,
    MeasuredReferralFactory,
    WorkShareFactory,
)
from tests.factories.registry import EpisodeFactory, system_seat
from tests.factories.tenancy import NOW, MembershipFactory

FEBRUARY, MARCH, APRIL = date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
def head(in_tenant: Any) -> Any:
    return MeasuredMonthFactory(organization=in_tenant, month=MARCH)


def rows(head: Any, count: int, **columns: Any) -> None:
    for _ in range(count):
        MeasuredEpisodeFactory(organization=head.organization, measured=head, **columns)


def test_a_month_of_nobody_is_there_and_one_that_was_not_measured_is_not(head: Any) -> None:
    found = numbers(head.organization_id, [MARCH, APRIL])
    assert set(found) == {(MARCH, None, one.key) for one in MEASURES}
    assert {found[MARCH, None, key].text for key in ("nys_1", "enrolled")} == {"0"}
    assert {found[MARCH, None, key].text for key in ("nys_5", "attempt_days", "closed_14", "paid_mean")} == {"n/a"}
    assert numbers(head.organization_id, [MARCH], by="clinic") == {}


def test_months_before_a_definition_have_no_such_number(in_tenant: Any) -> None:
    MeasuredMonthFactory(organization=in_tenant, month=date(2024, 12, 1))
    assert numbers(in_tenant.id, [date(2024, 12, 1)]) == {}


def test_months_apart(head: Any) -> None:
    earlier = MeasuredMonthFactory(organization=head.organization, month=FEBRUARY)
    rows(earlier, 1, contacts=1)
    rows(head, 2)
    found = numbers(head.organization_id, [FEBRUARY, MARCH], keys=["contact_rate"])
    assert {month: number.text for (month, _, _), number in found.items()} == {
        FEBRUARY: "1 of 1, 100.0 %",
        MARCH: "0 of 2, 0.0 %",
    }


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_grouping_counts_everybody_once(head: Any, by: str) -> None:
    rows(head, 1, language="English", sex="F", age=30, enrolled_on=date(2026, 1, 31))
    rows(head, 2, language="", sex="M", age=66, enrolled_on=date(2026, 3, 1), program="bhi")
    found = numbers(head.organization_id, [MARCH], keys=["enrolled"], by=by)
    assert sum(number.numerator for number in found.values()) == 3
    groups = {
        "program": {"cocm": 1, "bhi": 2},
        "language": {"English": 1, "": 2},
        "age_band": {"25 to 44": 1, "65 and over": 2},
        "cohort": {date(2026, 1, 1): 1, MARCH: 2},
        "payer": {None: 3},
    }
    if by in groups:
        assert {group: number.numerator for (_, group, _), number in found.items()} == groups[by]


def test_what_nobody_knows(head: Any) -> None:
    with pytest.raises(UnknownGrouping):
        numbers(head.organization_id, [MARCH], by="name")
    with pytest.raises(UnknownMeasure):
        numbers(head.organization_id, [MARCH], keys=["nys_12"])


def test_the_newest_edition_holds_and_an_earlier_one_can_be_asked_for(head: Any) -> None:
    rows(head, 1)
    head.frozen_at, head.frozen_by, head.fingerprint = NOW, system_seat(head.organization), "f" * 64
    head.save()
    further = MeasuredMonthFactory(organization=head.organization, month=MARCH, edition=2, because="A late note")
    rows(further, 2)
    key = (MARCH, None, "enrolled")
    assert numbers(head.organization_id, [MARCH], keys=["enrolled"])[key].text == "2"
    assert numbers_of(head.organization_id, [head], keys=["enrolled"])[key].text == "1"


def test_patients_for_each_post(head: Any, clinic: Any) -> None:
    organization = head.organization
    first, second = (MembershipFactory(organization=organization) for _ in range(2))
    for seat, from_on, fte in [
        (first, date(2026, 1, 1), "1.00"),
        (first, date(2026, 3, 31), "0.50"),
        (first, APRIL, "0.10"),
        (second, FEBRUARY, "0.25"),
    ]:
        WorkShareFactory(organization=organization, membership=seat, from_on=from_on, fte=Decimal(fte))
    rows(head, 3, care_manager=first)
    rows(head, 1)
    assert full_time_posts(organization.id, [FEBRUARY, MARCH]) == {
        FEBRUARY: {first.id: Decimal("1.00"), second.id: Decimal("0.25")},
        MARCH: {first.id: Decimal("0.50"), second.id: Decimal("0.25")},
    }

    def text(**asked: Any) -> dict[Any, str]:
        found = numbers(organization.id, [MARCH], keys=["caseload_per_fte"], **asked)
        return {group: number.figure for (_, group, _), number in found.items()}

    unit = "per post"
    assert text() == {None: f"5.3 {unit}"}
    assert text(by="care_manager") == {first.id: f"6.0 {unit}", None: "n/a"}
    assert text(only=Only(care_manager_id=first.id)) == {None: f"6.0 {unit}"}
    # Nobody says at which clinic or for which program a post is worked.
    assert text(by="program") == {"cocm": "n/a"}
    assert text(only=Only(program="cocm")) == {None: "n/a"}


def figures(organization: Any, **asked: Any) -> dict[Any, str]:
    found = numbers(organization.id, [MARCH], keys=["caseload_per_fte"], **asked)
    return {group: number.text for (_, group, _), number in found.items()}


def test_posts_are_those_of_everybody_only_where_each_who_carries_has_one(head: Any) -> None:
    organization = head.organization
    known, unknown = (MembershipFactory(organization=organization) for _ in range(2))
    WorkShareFactory(organization=organization, membership=known, fte=Decimal("0.80"))
    rows(head, 2, care_manager=known)
    rows(head, 1, care_manager=unknown, is_in_month=False)
    assert figures(organization) == {None: "2.5 per post"}
    rows(head, 3, care_manager=unknown)
    unset = "not every care manager with patients has a share of work set"
    assert figures(organization) == {None: f"n/a: {unset}"}
    assert figures(organization, only=Only(care_manager_id=known.id)) == {None: "2.5 per post"}
    assert figures(organization, by="care_manager") == {
        known.id: "2.5 per post",
        unknown.id: "n/a: no share of work is set",
    }
    assert figures(organization, only=Only(care_manager_id=unknown.id)) == {None: "n/a: no share of work is set"}
    shown = numbers(organization.id, [MARCH], keys=["caseload_per_fte"])[MARCH, None, "caseload_per_fte"]
    assert counts_text(shown) == f"5 patients; {unset}"
    WorkShareFactory(organization=organization, membership=unknown, from_on=APRIL, fte=Decimal("1.00"))
    assert figures(organization) == {None: f"n/a: {unset}"}


def test_months_with_other_posts_are_each_judged_by_their_own(head: Any) -> None:
    organization = head.organization
    seat = MembershipFactory(organization=organization)
    WorkShareFactory(organization=organization, membership=seat, from_on=MARCH, fte=Decimal("0.50"))
    rows(head, 2, care_manager=seat)
    rows(MeasuredMonthFactory(organization=organization, month=FEBRUARY), 4, care_manager=seat)
    found = numbers(organization.id, [FEBRUARY, MARCH], keys=["caseload_per_fte"])
    assert {month: number.text for (month, _, _), number in found.items()} == {
        FEBRUARY: "n/a: shares of work are not set",
        MARCH: "4.0 per post",
    }


@pytest.mark.parametrize(
    ("ended_on", "posts"), [(date(2026, 3, 30), "0.50"), (date(2026, 3, 31), "1.50"), (APRIL, "1.50")]
)
def test_who_left_before_the_months_last_day_has_no_post(head: Any, ended_on: date, posts: str) -> None:
    organization = head.organization
    left, there = (MembershipFactory(organization=organization) for _ in range(2))
    for seat, fte in ((left, "1.00"), (there, "0.50")):
        WorkShareFactory(organization=organization, membership=seat, from_on=FEBRUARY, fte=Decimal(fte))
    left.is_active, left.ended_at = False, datetime.combine(ended_on, time(17), UTC)
    left.save()
    rows(head, 3, care_manager=there)
    found = full_time_posts(organization.id, [FEBRUARY, MARCH])
    assert (sum(found[FEBRUARY].values()), sum(found[MARCH].values())) == (Decimal("1.50"), Decimal(posts))
    assert figures(organization) == {None: "6.0 per post" if posts == "0.50" else "2.0 per post"}


def test_who_sees_some_clinics_only_has_no_number_for_a_post(head: Any, clinic: Any) -> None:
    organization = head.organization
    lead, seat = (MembershipFactory(organization=organization) for _ in range(2))
    WorkShareFactory(organization=organization, membership=seat, fte=Decimal("0.50"))
    episode = EpisodeFactory(organization=organization, patient__clinic=clinic)
    rows(head, 1, care_manager=seat, episode=episode, patient=episode.patient)
    assert figures(organization) == {None: "2.0 per post"}
    SeatClinicFactory(organization=organization, seat=lead, clinic=clinic)
    of_all = "n/a: posts are known of the whole organization only"
    with looking_as(lead, NOW):
        assert figures(organization) == {None: of_all}
        assert figures(organization, by="care_manager") == {seat.id: of_all}


def test_a_program_leaves_no_referral_out(head: Any) -> None:
    for enrolled in (True, False, False):
        columns = {"program": "cocm", "enrolled_on": date(2026, 1, 20)} if enrolled else {}
        MeasuredReferralFactory(organization=head.organization, measured=head, **columns)
    rows(head, 1)
    rows(head, 1, program="bhi")
    keys = ["referred_enrolled", "enrolled"]
    found = numbers(head.organization_id, [MARCH], keys=keys, only=Only(program="cocm"))
    assert {key: number.text for (_, _, key), number in found.items()} == {
        "referred_enrolled": "1 of 3, 33.3 %",
        "enrolled": "1",
    }
    by_program = numbers(head.organization_id, [MARCH], keys=keys, by="program")
    assert {(group, key): number.text for (_, group, key), number in by_program.items()} == {
        ("cocm", "enrolled"): "1",
        ("bhi", "enrolled"): "1",
    }


def test_statements_do_not_grow(head: Any) -> None:
    for month in (FEBRUARY, APRIL):
        rows(MeasuredMonthFactory(organization=head.organization, month=month), 2)
    rows(head, 3)

    def asked(**asked: Any) -> int:
        with CaptureQueriesContext(connection) as found:
            numbers(head.organization_id, [FEBRUARY, MARCH, APRIL], **asked)
        return len(found)

    # Editions and three tables; shares of work where they are asked for.
    assert asked() == 5
    assert asked(keys=HEADLINES, by="clinic") == 4
    assert asked(keys=["nys_1", "enrolled"]) == 2


def test_another_organizations_months_are_not_there(head: Any, other_organization: Any) -> None:
    rows(head, 1)
    assert numbers(other_organization.id, [MARCH]) == {}
