"""Forty at once, several times: of what may be done once, one is done, and what must never be is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bhi.tenancy.context import tenant
from billing.models import Batch, Claim, FrozenMonth, MonthClose
from billing.operations.closing import close_month
from billing.operations.filing import make_filed_batches
from billing.operations.merging import merge_patients
from caseload.models import Contact, TimeEntry
from caseload.operations import record_contact
from caseload.rules.worktime import WorkTime
from registry.models import PatientMerge
from tests.battery.invariants import broken_but_for_jobs
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.factories.registry import ConsentFactory, EpisodeFactory, PatientFactory
from tests.factories.tenancy import ClinicFactory, OrganizationFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "maintenance", "owner"])
ROUNDS = 5
AT_ONCE = 40
STARTS = AT - timedelta(hours=1)
SPAN = (STARTS, STARTS + timedelta(minutes=20))
Works = Sequence[Callable[[], Any]]
# What forty do at once, and what is there afterwards.
Race = tuple[Works, Callable[[], Any], Any]


def contact(people: Program, episode: Any, token: Any = None, at: datetime = AT) -> Callable[[], Any]:
    return lambda: record_contact(
        by=people.by,
        at=at,
        episode_id=episode.id,
        client_token=token or uuid4(),
        mode="phone",
        time=WorkTime(span=SPAN),
    )


def consented(people: Program, count: int) -> list[Any]:
    episodes = [EpisodeFactory(organization=people.organization) for _ in range(count)]
    for episode in episodes:
        ConsentFactory(organization=people.organization, patient=episode.patient)
    return episodes


def one_form(people: Program) -> Race:
    (episode,), token = consented(people, 1), uuid4()
    return (
        [contact(people, episode, token)] * AT_ONCE,
        lambda: (Contact.objects.count(), TimeEntry.objects.count()),
        (1, 1),
    )


def one_hour(people: Program) -> Race:
    works = [contact(people, episode) for episode in consented(people, AT_ONCE)]
    return works, lambda: (Contact.objects.count(), TimeEntry.objects.filter(held=False).count()), (AT_ONCE, 1)


def one_close(people: Program) -> Race:
    people.billing_patient()

    def work() -> Any:
        return close_month(
            by=people.by, at=AT, clinic_id=people.clinic.id, month=FEBRUARY, note="Raced.", client_token=uuid4()
        )

    return [work] * AT_ONCE, lambda: (MonthClose.objects.count(), FrozenMonth.objects.count()), (1, 1)


def one_file(people: Program) -> Race:
    set_up(people)
    filed_patient(people)
    closed(people)

    def work() -> Any:
        return make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())

    return [work] * AT_ONCE, lambda: (Batch.objects.count(), Claim.objects.count()), (1, 1)


def one_merge(people: Program) -> Race:
    kept, merged = (
        PatientFactory(
            organization=people.organization, clinic=people.clinic, family_name="Abara", given_name="Jo",
            birth_date=date(1980, 5, 17),
        )
        for _ in range(2)
    )  # fmt: skip

    def work() -> Any:
        return merge_patients(by=people.by, at=AT, kept_id=kept.id, merged_id=merged.id)

    return [work] * AT_ONCE, PatientMerge.objects.count, 1


RACES = {
    "one form, sent": one_form,
    "one person's same hour with different patients, kept": one_hour,
    "one month of a clinic, closed": one_close,
    "one month's claims, filed": one_file,
    "two records of one person, put together": one_merge,
}


@pytest.mark.parametrize("what", RACES)
def test_of_forty_at_once_one_does_it(what: str, figure: Any) -> None:
    wrong, longest = [], 0.0
    for number in range(ROUNDS):
        organization = OrganizationFactory(slug=f"race-{number}")
        with tenant(organization):
            works, left, expected = RACES[what](program(organization, ClinicFactory(organization=organization)))
        began = time.monotonic()
        answers = at_once(organization, works)
        longest = max(longest, time.monotonic() - began)
        with tenant(organization):
            if left() != expected:
                wrong.append((left(), answers))
    broken = broken_but_for_jobs()
    figure(f"races: {AT_ONCE} at once, {what}", ROUNDS * AT_ONCE, len(wrong) + sum(broken.values()), longest)
    assert (wrong, broken) == ([], {})
