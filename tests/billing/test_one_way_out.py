"""A month leaves by one way only: by a file, by a table, or by the practice's own system."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from bhi.errors import DomainError
from bhi.tenancy.context import tenant
from billing.models import ChargePosted, Claim
from billing.operations.batches import make_batch
from billing.operations.charge_sheets import CannotPost, post_charges, take_back_posted
from billing.operations.errors import NothingReady, NothingToBill
from billing.operations.filing import make_filed_batches
from billing.operations.merging import MergeRefused, merge_patients
from billing.queries.charge_sheets import charge_sheet
from billing.queries.filing_facts import filing_plan
from billing.queries.merging import refusal
from billing.queries.month_page import month_page
from registry.models import Episode
from registry.operations.episodes import end_episode, open_episode
from registry.operations.recording import Stamp, record_facts, stamped
from tests.billing.filing import ADDRESS, FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.factories.claims import ChargePostedFactory
from tests.factories.tenancy import ClinicFactory, OrganizationFactory

ON = date(2026, 4, 2)
ENDED = date(2026, 3, 10)


def post(people: Program, *episodes: Episode) -> list[ChargePosted]:
    return post_charges(by=people.by, at=AT, month=FEBRUARY, numbers={one.id: "A1" for one in episodes}, on=ON)


def table(people: Program) -> Any:
    return make_batch(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())


def files(people: Program) -> Any:
    return make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())


def test_what_is_posted_leaves_neither_in_a_table_nor_in_a_file(lakeside: Program):
    set_up(lakeside)
    episode = filed_patient(lakeside)
    closed(lakeside)
    post(lakeside, episode)
    with pytest.raises(NothingToBill):
        table(lakeside)
    with pytest.raises(NothingReady):
        files(lakeside)
    plan = filing_plan(lakeside.organization.id, FEBRUARY, at=AT)
    assert (plan.posted, plan.payers, plan.to_correct) == (1, (), 0)


def test_only_the_others_leave(lakeside: Program):
    set_up(lakeside)
    first, second = filed_patient(lakeside), filed_patient(lakeside, "Berg")
    closed(lakeside)
    before = month_page(lakeside.organization.id, FEBRUARY).claimable
    post(lakeside, first)
    # The page from which a batch is made counts what it will hold.
    assert (before, month_page(lakeside.organization.id, FEBRUARY).claimable) == (2, 1)
    table(lakeside)
    assert [claim.episode_id for claim in Claim.objects.all()] == [second.id]


@pytest.mark.parametrize("leave", [table, files])
def test_what_left_is_not_posted(lakeside: Program, leave: Callable[[Program], Any]):
    set_up(lakeside)
    episode = filed_patient(lakeside)
    closed(lakeside)
    leave(lakeside)
    with pytest.raises(CannotPost, match="left in a batch already"):
        post(lakeside, episode)
    (row,) = charge_sheet(lakeside.organization.id, FEBRUARY, at=AT).rows
    assert (row.filed_in, row.is_to_post) == (1, False)


def test_a_patient_is_posted_once_whatever_the_enrolment(lakeside: Program):
    """The month was ticked with the earlier enrolment; the one that asks by now is neither ticked nor filed."""
    set_up(lakeside)
    first = lakeside.patient(**ADDRESS)
    end_episode(by=lakeside.by, at=AT, episode=first, on=date(2026, 2, 12), reason="other")
    again = open_episode(
        by=lakeside.by, at=AT, patient=first.patient, clinic=lakeside.clinic, enrolled_on=date(2026, 2, 16)
    )
    lakeside._documents(again.patient, again, without=("consent", "visit"))
    lakeside.work(again, 40, on=date(2026, 2, 20))
    closed(lakeside)
    ticked = {"patient_id": first.patient_id, "episode_id": first.id, "month": date(2026, 2, 1), "on": ON}
    record_facts([stamped(ChargePosted, Stamp(lakeside.by, AT), **ticked)])
    with pytest.raises(CannotPost, match="ticked with another enrolment"):
        post(lakeside, again)
    with pytest.raises(NothingReady):
        files(lakeside)


ANOTHER = """
    INSERT INTO {table}
    SELECT (jsonb_populate_record(one, jsonb_build_object('id', %s::text) || %s::jsonb)).* FROM {table} one
"""


def another(table: str, **changed: Any) -> None:
    """The only row of a table once more, by SQL of the application's own role."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ANOTHER.format(table=table), [str(uuid4()), json.dumps(changed)])


def test_postgres_refuses_a_tick_beside_a_claim_and_a_claim_beside_a_tick(lakeside: Program):
    set_up(lakeside)
    episode = filed_patient(lakeside)
    closed(lakeside)
    (tick,) = post(lakeside, episode)
    take_back_posted(by=lakeside.by, at=AT, posted_id=tick.id, reason="To leave in a table")
    table(lakeside)
    live = {"voided_at": None, "voided_by_id": None, "void_reason": ""}
    with pytest.raises(IntegrityError, match="posted or claimed, never both"):
        another("billing_chargeposted", **live)
    Claim.objects.update(is_superseded=True)
    another("billing_chargeposted", **live)
    with pytest.raises(IntegrityError, match="posted or claimed, never both"):
        another("billing_claim", number=2, is_superseded=False)
    with pytest.raises(IntegrityError, match="posted or claimed, never both"), transaction.atomic():
        Claim.objects.update(is_superseded=False)
    assert (Claim.objects.filter(is_superseded=False).count(), ChargePosted.objects.live().count()) == (0, 1)


def test_whichever_enrolment_a_month_was_posted_with_its_patient_is_claimed_no_more(lakeside: Program):
    """By patient, and found by an index: merging is refused with a sentence, before Postgres has to."""
    set_up(lakeside)
    episode = filed_patient(lakeside)
    closed(lakeside)
    table(lakeside)
    end_episode(by=lakeside.by, at=AT, episode=episode, on=ENDED, reason="graduated")
    claimed, other = Claim.objects.get(), lakeside.patient("Berg", enrolled_on=ENDED)
    tick = ChargePostedFactory(organization=lakeside.organization, episode=other, month=claimed.month)
    for kept, merged in ((claimed.patient_id, other.patient_id), (other.patient_id, claimed.patient_id)):
        assert refusal(kept, merged).startswith("February 2026 was claimed under one record")
        with pytest.raises(MergeRefused):
            merge_patients(by=lakeside.by, at=AT, kept_id=kept, merged_id=merged)
    with pytest.raises(IntegrityError, match="posted or claimed, never both"):
        another("billing_chargeposted", patient_id=str(claimed.patient_id), month="2026-02-01")
    with pytest.raises(IntegrityError, match="posted or claimed, never both"), transaction.atomic():
        ChargePosted.objects.update(patient=claimed.patient)
    take_back_posted(by=lakeside.by, at=AT, posted_id=tick.id, reason="Posted in error")
    merge_patients(by=lakeside.by, at=AT, kept_id=claimed.patient_id, merged_id=other.patient_id)


def outcome(organization_id: UUID, barrier: Barrier, act: Callable[[], Any]) -> str:
    """One person on a connection of their own: done, or refused."""
    try:
        with tenant(organization_id):
            barrier.wait(timeout=20)
            act()
            return "done"
    except DomainError:
        return "refused"
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leave", [table, files])
def test_a_race_of_posting_and_leaving_ends_one_way(leave: Callable[[Program], Any]):
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        set_up(people)
        episode = filed_patient(people)
        closed(people)
    barrier = Barrier(6)
    acts = [lambda: leave(people), lambda: post(people, episode)] * 3
    with ThreadPoolExecutor(6) as pool:
        ended = [pool.submit(outcome, organization.id, barrier, act) for act in acts]
        told = [one.result() for one in ended]
    with tenant(organization):
        claims, ticks = Claim.objects.count(), ChargePosted.objects.live().count()
    assert claims + ticks == 1
    # A tick under the same number again is answered as the first one; a claim is made by one alone.
    assert told.count("done") == (1 if claims else 3)
