"""Suggesting who may be the same person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.tenancy.context import tenant
from registry.models import Episode, Patient, Referral
from registry.queries.duplicates import alike, alike_pairs
from registry.rules.duplicates import is_slip, likeness
from tests.factories.program import NotTheSameFactory, ReferralFactory
from tests.factories.registry import EpisodeFactory, PatientFactory
from tests.factories.tenancy import NOW, ClinicFactory

BORN = date(1961, 5, 4)


def found(
    organization: Any, family_name: str = "Rivera", given_name: str = "Ana", **more: Any
) -> list[tuple[str, str]]:
    values = {"birth_date": BORN, **more}
    people = alike(organization.id, family_name=family_name, given_name=given_name, **values)
    return [(one.person.name, one.why) for one in people]


def test_people_like_one_are_found_the_most_alike_first(in_tenant: Any, person: Callable[..., Any]) -> None:
    person("Riveira")
    person(phone="(312) 555-0134")
    person("Novak", "Eva")
    person("Rivera", "Ana", birth_date=date(1970, 1, 1))
    person("Ana", "Rivera", birth_date=date(1961, 5, 5))
    assert found(in_tenant, phone="312 555 0134") == [
        ("Rivera, Ana", "Same name, same birth date, same phone"),
        ("Riveira, Ana", "Alike names, same birth date"),
        ("Ana, Rivera", "Same name, birth dates one slip apart"),
    ]


def test_phones_and_numbers_bring_in_who_is_called_otherwise(in_tenant: Any, person: Callable[..., Any]) -> None:
    person("Novak", "Eva", second_phone="555-0134")
    person("Cole", "Eva", mrn="000977")
    assert found(in_tenant, phone="312-555-0134") == [("Novak, Eva", "same birth date, same phone")]
    assert found(in_tenant, mrn="977") == [("Cole, Eva", "same birth date, same record number")]


def test_who_is_looked_at_voided_or_merged_is_left_out(in_tenant: Any, person: Callable[..., Any]) -> None:
    me, voided, merged = person(), person(), person()
    Patient.objects.filter(id=voided.id).update(voided_at=NOW, voided_by=voided.recorded_by)
    Patient.objects.filter(id=merged.id).update(merged_into=me)
    assert found(in_tenant, exclude=me.id) == []
    assert [one.person.id for one in alike(in_tenant.id, family_name="Rivera", given_name="Ana", birth_date=BORN)] == [
        me.id
    ]


def test_another_organization_has_nobody_alike(
    in_tenant: Any, other_organization: Any, person: Callable[..., Any]
) -> None:
    person()
    with tenant(other_organization):
        assert found(other_organization) == []
        assert found(in_tenant) == []
        assert alike_pairs(in_tenant.id).rows == ()


@pytest.mark.parametrize(
    ("enrolled", "referred", "status"),
    [
        (None, False, "Not enrolled"),
        (None, True, "Referred"),
        (True, False, "Enrolled"),
        (False, False, "Discharged"),
        (False, True, "Referred"),
    ],
)
def test_it_is_said_where_they_stand(
    in_tenant: Any, person: Callable[..., Any], enrolled: bool | None, referred: bool, status: str
) -> None:
    patient = person()
    if enrolled is not None:
        ended = {} if enrolled else {"ended_on": date(2026, 2, 20), "end_reason": "graduated", "status": "discharged"}
        EpisodeFactory(organization=in_tenant, patient=patient, **ended)
    if referred:
        ReferralFactory(organization=in_tenant, patient=patient)
    assert (Episode.objects.count(), Referral.objects.count()) == (enrolled is not None, referred)
    (one,) = alike(in_tenant.id, family_name="Rivera", given_name="Ana", birth_date=BORN)
    assert one.person.status == status


def test_pairs_are_suggested_until_somebody_tells_them_apart(in_tenant: Any, person: Callable[..., Any]) -> None:
    elsewhere = ClinicFactory(organization=in_tenant)
    one, twin = person(), person("Riveira")
    slip = person("Novak", "Eva", birth_date=date(1980, 1, 2))
    slipped = person("Novak", "Eva", birth_date=date(1980, 2, 1))
    number = person("Cole", "Max", mrn="77", birth_date=date(1990, 1, 1))
    same = person("Coleman", "Max", mrn="0077", clinic=elsewhere, birth_date=date(1950, 9, 9))
    person("Solo", "Han", birth_date=date(1977, 5, 25))
    pairs = alike_pairs(in_tenant.id)
    assert [({pair.one.id, pair.other.id}, pair.why) for pair in pairs.rows] == [
        ({one.id, twin.id}, "Alike names, same birth date"),
        ({slip.id, slipped.id}, "Same name, birth dates one slip apart"),
        ({number.id, same.id}, "Alike names, same record number"),
    ]
    NotTheSameFactory(organization=in_tenant, patient=twin, other=one)
    assert alike_pairs(in_tenant.id).total == 2


def test_namesakes_crowd_nobody_out(in_tenant: Any, clinic: Any, person: Callable[..., Any]) -> None:
    born = [date(1930 + year, 1 + year % 9, 11 + year % 17) for year in range(70)]
    for day in born:
        PatientFactory(organization=in_tenant, clinic=clinic, sort_name="cole, eva", family_name="Cole", birth_date=day)
    pairs = {frozenset((pair.one.birth_date, pair.other.birth_date)) for pair in alike_pairs(in_tenant.id).rows}
    assert pairs == {frozenset((one, other)) for one in born for other in born if one != other and is_slip(one, other)}
    one, other = (person(mrn=f"P{day:%d}", birth_date=day) for day in (date(1961, 2, 3), date(1961, 3, 2)))
    assert {one.id, other.id} in [{pair.one.id, pair.other.id} for pair in alike_pairs(in_tenant.id).rows]


def test_pairs_take_two_statements_however_many_there_are(in_tenant: Any, clinic: Any) -> None:
    for _ in range(12):
        PatientFactory(
            organization=in_tenant, clinic=clinic, family_name="Rivera", given_name="Ana", sort_name="rivera, ana"
        )
    with CaptureQueriesContext(connection) as queries:
        pairs = alike_pairs(in_tenant.id)
    assert (len(pairs.rows), pairs.total, len(queries)) == (50, 66, 2)


@pytest.mark.parametrize("other", ["riveira, ana", "ana, rivera", "novak, eva", "o neill, sean", "rivera gomez, ana m"])
def test_the_rule_and_the_database_mean_the_same_by_alike(in_tenant: Any, other: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT floor(100 * similarity(%s, %s)::numeric)::int", ["rivera, ana", other])
        assert cursor.fetchone() == (likeness("rivera, ana", other),)
