"""A file that answers another system: what is none of ours is set aside at once, and what may be ours is not."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from billing.models import Acknowledgement, AnswerFile, MatchUndone, RemittanceClaim
from billing.operations.answer_aside import OthersNow, set_file_aside, undo_file_aside
from billing.operations.answer_matching import SetAsideWhy
from billing.operations.answer_undoing import NothingToUndo, UndoWhy
from billing.queries.answers_waiting import unmatched_count, waiting_file, waiting_files
from tests.billing.filed import CONTROL, Filed, candidates, filed
from tests.billing.test_answer_pages import LIST, send
from tests.billing.test_answers import NOW, take
from tests.billing.test_answers_undone import LATER
from tests.billing.test_pages import text_of
from tests.factories.going_live import RestrictionFactory
from tests.factories.registry import CoverageFactory, PatientFactory, system_seat
from tests.rules.billing.answer_texts import acknowledged_claims, claim_said, paid_claim, payment, remittance
from tests.statements import own

pytestmark = pytest.mark.django_db
WHY = "Filed from our own system"


def strangers(count: int) -> list[str]:
    return [
        paid_claim(f"PCN{at}", name=f"STRANGER{at}*SAM").replace("1EG4TE5MK73", f"STRANGE{at}") for at in range(count)
    ]


def mixed(*more: str, count: int = 3, trace: str = "EFT9") -> str:
    claims = [*strangers(count), *more]
    return remittance(payment(*claims, total=f"{145 * len(claims)}.00", trace=trace))


@pytest.fixture
def out(in_tenant: Any) -> Filed:
    made = filed(in_tenant)
    made.claim()
    return made


def aside(out: Filed, file: AnswerFile, count: int, because: str = WHY, at: Any = NOW) -> int:
    by = system_seat(out.organization)
    return set_file_aside(by=by, at=at, file_id=file.id, because=because, count=count)


def test_what_may_be_ours_is_told_by_number_name_and_member_number(out: Filed) -> None:
    renamed = paid_claim("PCN9", name="MARRIED*SINCE")
    CoverageFactory(organization=out.organization, member_id="1EG4TE5MK73")
    altered = "00001-00077-ABCDEF"
    own_number = paid_claim(altered, name="NOBODY*X").replace("1EG4TE5MK73", "M0")
    by_name = paid_claim("PCN8", name="ABARA*JOANNE").replace("1EG4TE5MK73", "M1")
    file = take(out, mixed(renamed, own_number, by_name))
    claims = acknowledged_claims(claim_said("PCN1", "A7:562").replace("ABARA*JO", "OTHER*X"), batch="X12")
    said = take(out, claims.replace("1EG4TE5MK73", "M2"), name="ack")
    found = {one.id: (one.likely, one.others) for one in waiting_files(out.organization.id)}
    assert found == {file.id: (3, 3), said.id: (0, 2)}
    (one,) = waiting_files(out.organization.id, said.id)
    assert (one, one.name) == (waiting_file(out.organization.id, said.id), "ack")


def test_it_is_set_aside_at_once_and_whose_it_was_is_forgotten(out: Filed) -> None:
    file = take(out, mixed(paid_claim("0007-0001")))
    with pytest.raises(SetAsideWhy):
        aside(out, file, 3, because=" ")
    with pytest.raises(OthersNow, match="3 of this file are left"):
        aside(out, file, 2)
    assert aside(out, file, 3) == 3
    rows = RemittanceClaim.objects.order_by("position")
    assert [(row.names, row.unknown, row.set_aside_because) for row in rows][:3] == [({}, [], WHY)] * 3
    assert (rows[3].names["patient"], rows[3].set_aside_because) == ("ABARA, JO", "")
    event = AuditEvent.objects.get(action="answer.set_aside")
    assert (event.object_id, event.count) == (file.id, 3)
    with pytest.raises(OthersNow, match="Nothing of this file is left"):
        aside(out, file, 3)
    assert unmatched_count(out.organization.id) == 1


def test_it_is_taken_back_at_once_and_found_by_its_number(out: Filed) -> None:
    file = take(out, mixed())
    said = take(out, acknowledged_claims(claim_said("PCN1", "A7:562").replace("ABARA*JO", "A*B")), name="ack")
    aside(out, file, 3)
    aside(out, said, 1)
    by = system_seat(out.organization)
    with pytest.raises(UndoWhy):
        undo_file_aside(by=by, at=LATER, file_id=file.id, because="", set_aside_at=NOW)
    with pytest.raises(NothingToUndo):
        undo_file_aside(by=by, at=LATER, file_id=file.id, because="x", set_aside_at=LATER)
    back: dict[str, Any] = {"by": by, "at": LATER, "because": "Ours", "set_aside_at": NOW}
    undone = [undo_file_aside(file_id=one.id, **back) for one in (file, said)]
    assert (undone, unmatched_count(out.organization.id)) == ([3, 1], 4)
    kept = MatchUndone.objects.values_list("set_aside_because", "because", "matched_at", "undone_at").distinct()
    assert (MatchUndone.objects.count(), list(kept)) == (4, [(WHY, "Ours", NOW, LATER)])
    row = RemittanceClaim.objects.all()[0]
    assert (row.names, [one.shares for one in candidates(row)]) == ({}, [("day", "codes", "charge")])
    assert Acknowledgement.objects.get(reference="PCN1").matched_at is None


def test_absent_files_are_not_found(out: Filed) -> None:
    by = system_seat(out.organization)
    with pytest.raises(NotFound):
        set_file_aside(by=by, at=NOW, file_id=uuid7(), because=WHY, count=1)
    with pytest.raises(NotFound):
        undo_file_aside(by=by, at=NOW, file_id=uuid7(), because=WHY, set_aside_at=NOW)
    with pytest.raises(NotFound):
        waiting_file(out.organization.id, uuid7())


@pytest.fixture
def billing(organization: Any, client_for: Any) -> Client:
    with tenant(organization):
        filed(organization).claim()
    made: Client = client_for("billing")
    return made


def test_from_the_flood_to_what_is_ours(billing: Client, organization: Any) -> None:
    page = send(billing, mixed(paid_claim("0007-0001"))).redirect_chain[0][0]
    text = text_of(billing.get(page))
    assert text.count("4 rows of it name no batch or claim that is known here.") == 1
    first, others = (text_of(billing.get(f"{LIST}unmatched/{asked}")) for asked in ("", "?which=others"))
    assert (first.count("May be yours 1 Likely not yours 3"), first.count("ABARA, JO"), first.count("STRANGER")) == (
        1,
        1,
        0,
    )
    assert (others.count("answer0.txt"), others.count("ABARA, JO"), others.count("STRANGER")) == (1, 0, 3)
    here = f"{page}aside/"
    assert billing.get(page).content.decode().count(here) == 1
    shown = billing.get(here)
    assert (shown.status_code, text_of(shown).count("1 answer more may be yours and will wait on.")) == (200, 1)
    wrong = billing.post(here, {"act": "aside", "because": "", "count": "3"})
    assert (wrong.status_code, text_of(wrong).count("Say in a few words why these are not yours.")) == (422, 1)
    late = billing.post(here, {"act": "aside", "because": WHY, "count": "2"}, follow=True)
    assert text_of(late).count("3 of this file are left to set aside at once") == 1
    done = billing.post(here, {"act": "aside", "because": WHY, "count": "3"}, follow=True)
    assert (text_of(done).count("3 answers set aside."), text_of(done).count("Likely not yours 0")) == (1, 1)
    again = text_of(billing.get(here))
    assert (again.count("Set aside before"), again.count(f": {WHY}")) == (1, 2)
    with tenant(organization):
        at = RemittanceClaim.objects.exclude(set_aside_because="")[0].matched_at
    assert at is not None
    unsaid = billing.post(here, {"act": "undo", "at_once": "", "because": "x"})
    assert (unsaid.status_code, text_of(unsaid).count("Choose what to take back.")) == (422, 1)
    back = billing.post(here, {"act": "undo", "at_once": at.isoformat(), "because": "x"}, follow=True)
    assert text_of(back).count("3 answers wait again.") == 1
    nameless = text_of(billing.get(f"{LIST}unmatched/?which=others"))
    assert nameless.count("No name PCN0, as received") == 1


def test_a_seat_that_may_not_see_everybody_sets_nothing_aside_at_once(billing: Client, organization: Any) -> None:
    """It could not tell whose it is."""
    page = send(billing, mixed()).redirect_chain[0][0]
    with tenant(organization):
        patient = PatientFactory(organization=organization)
        RestrictionFactory(organization=organization, seats=[], patient=patient, recorded_by=system_seat(organization))
    assert [billing.get(one).content.decode().count("/aside/") for one in (page, f"{LIST}unmatched/")] == [0, 0]
    assert billing.post(f"{page}aside/", {"act": "aside", "because": WHY, "count": "3"}).status_code == 403
    with tenant(organization):
        assert unmatched_count(organization.id) == 3


def test_pages_ask_as_often_for_many_files_as_for_few(billing: Client) -> None:
    counts = []
    for at in (1, 2, 5):
        page = send(billing, mixed(count=at * 3, trace=f"T{at}")).redirect_chain[0][0]
        asked = []
        for where in (f"{LIST}unmatched/?which=others", f"{page}aside/"):
            with CaptureQueriesContext(connection) as statements:
                assert billing.get(where).status_code == 200
            asked.append(len(own(statements)))
        counts.append(asked)
    assert counts[0] == counts[1] == counts[2]
    assert max(counts[0]) <= 8


def test_the_list_is_narrowed_to_one_file(billing: Client, organization: Any) -> None:
    for at in (1, 2):
        send(billing, mixed(count=at, trace=f"T{at}"), names=(f"era{at}.txt",))
    with tenant(organization):
        file = AnswerFile.objects.get(name="era2.txt")
    text = text_of(billing.get(f"{LIST}unmatched/?which=others&file={file.id}"))
    assert (text.count("Only of era2.txt"), text.count("Likely not yours 2"), text.count("PCN0")) == (1, 1, 1)
    assert text.count("Set aside 2 at once") == 1
    everything = text_of(billing.get(f"{LIST}unmatched/?which=others&file=shoe"))
    assert everything.count("Likely not yours 3") == 1
    assert CONTROL not in everything
