"""Who writes at the moment in which a month is closed lands before it, or is refused with the way to correct."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from bhi.errors import DomainError, MonthClosed
from bhi.tenancy.context import tenant
from billing.models import CoderDecision, FrozenMonth, LateChange, MonthClose, OtherService
from billing.operations.closing import close_month
from billing.operations.decisions import Deciding, decide_month
from billing.operations.errors import DecidedInClosedMonth
from billing.operations.late import write_late
from billing.operations.other_services import ServiceValues, tell_of_service, void_service
from billing.queries.closing import lines_of
from registry.operations.recording import Stamp, void_facts
from tests.billing.people import AT, Program, program
from tests.factories.billing import OtherServiceFactory
from tests.factories.tenancy import ClinicFactory, OrganizationFactory
from tests.races import PATIENCE, at_once

FEBRUARY = "2026-02"
WRITERS = 10


@pytest.mark.django_db(transaction=True)
def test_twenty_deciders_and_takers_back_land_before_the_close_or_are_refused():
    """Ten months are held by a coder, of ten others the chronic care that was recorded is taken back, while the month
    closes. Whatever landed is in what was frozen.
    """
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        held = [people.billing_patient(f"Held {number}") for number in range(WRITERS)]
        other = [people.billing_patient(f"Other {number}") for number in range(WRITERS)]
        services = [chronic_care(people, episode) for episode in other]
    works: list[Any] = [holder(people, episode) for episode in held] + [taker(people, one) for one in services]
    works.insert(WRITERS, lambda: closed(people))
    answers = at_once(organization, works)
    assert isinstance(answers.pop(WRITERS), MonthClose)
    faults = [answer for answer in answers if isinstance(answer, Exception)]
    assert {type(fault) for fault in faults} <= {DecidedInClosedMonth, MonthClosed}
    assert {"orrect" in str(fault) for fault in faults if isinstance(fault, DomainError)} <= {True}
    with tenant(organization):
        rows = {row.episode_id: row for row in FrozenMonth.objects.all()}
        kept = set(CoderDecision.objects.live().values_list("episode_id", flat=True))
        asked = {episode.id: [line.code for line in lines_of(rows[episode.id])] for episode in (*held, *other)}
        left = set(OtherService.objects.live().values_list("patient_id", flat=True))
    assert len(kept) + WRITERS - len(left) + len(faults) == 2 * WRITERS
    assert asked == {
        **{episode.id: [] if episode.id in kept else ["99492"] for episode in held},
        **{episode.id: ["99492", "99490"] if episode.patient_id in left else ["99492"] for episode in other},
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["told", "taken back", "worked"])
def test_what_is_written_with_a_reason_while_a_close_runs_is_a_change_after_it(how: str):
    """Who says why may write into a closed month: they wait until the close is done, so that billing sees it."""
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        episode = people.billing_patient()
        write = {"told": teller, "taken back": voider, "worked": worker}[how](people, episode)
    is_frozen, is_written = threading.Event(), threading.Event()

    def close_and_linger() -> MonthClose:
        close = closed(people)
        is_frozen.set()
        while not (is_written.wait(0.01) or somebody_waits()):
            pass
        return close

    def write_meanwhile() -> Any:
        assert is_frozen.wait(PATIENCE)
        try:
            return write()
        finally:
            is_written.set()

    answers = at_once(organization, [close_and_linger, write_meanwhile])
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    with tenant(organization):
        frozen = [line.code for line in lines_of(FrozenMonth.objects.get())]
        late = set(LateChange.objects.values_list("kind", "episode_id"))
    assert frozen == (["99492", "99490"] if how == "taken back" else ["99492"])
    assert late == {("taken_back" if how == "taken back" else "added", episode.id)}


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


def teller(people: Program, episode: Any) -> Any:
    values = ServiceValues("2026-02", "99490", is_by_billing_practitioner=True, minutes=25)
    given = {"values": values, "client_token": uuid4(), "late": "Their letter came."}
    return lambda: tell_of_service(by=people.by, at=AT, patient=episode.patient, **given)


def worker(people: Program, episode: Any) -> Any:
    write = {"because": "Found.", "write": lambda: people.work(episode, 5, hour=19)}
    return lambda: write_late(by=people.by, at=AT, **write)


def voider(people: Program, episode: Any) -> Any:
    service = chronic_care(people, episode)
    return lambda: void_service(by=people.by, at=AT, service=service, reason="Was another patient's")


def chronic_care(people: Program, episode: Any) -> OtherService:
    return OtherServiceFactory(
        organization=people.organization,
        patient=episode.patient,
        month=date(2026, 2, 1),
        code="99490",
        minutes=25,
        recorded_by=people.by,
        recorded_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def holder(people: Program, episode: Any) -> Any:
    decision = Deciding("hold", "The plan is being looked for.", look_again_on=(AT + timedelta(days=9)).date())
    return lambda: decide_month(by=people.by, at=AT, episode_id=episode.id, month=FEBRUARY, decision=decision)


def taker(people: Program, service: OtherService) -> Any:
    return lambda: void_facts([service], stamp=Stamp(people.by, AT), reason="Recorded in error")


def closed(people: Program) -> MonthClose:
    return close_month(
        by=people.by, at=AT, clinic_id=people.clinic.id, month=FEBRUARY, note="Raced.", client_token=uuid4()
    )
