"""Seats that may not see everybody: what tells of many patients at once, and acts on many, is whole or refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from bhi.errors import NotFound
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from bhi.tenancy.sight import looking_as
from billing.models import Batch, Claim, MonthClose, Packet, PacketPart, PayerRoute
from billing.operations.batches import make_batch
from billing.operations.claim_corrections import correct_claim
from billing.operations.closing import correct_month
from billing.operations.errors import ImportClaimed
from billing.operations.filing import make_filed_batches
from billing.operations.imports import undo_unclaimed_import
from billing.operations.merging import MergeStands, merge_patients, undo_merge
from billing.operations.packets import PacketNotWhole, _finish
from billing.operations.practice_taking import undo_practice_file
from billing.queries.claim_answers import goes_anew, is_spoilt
from registry.models import Diagnosis, InitiatingVisit
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.billing.test_claims_of_closed_months import late_work
from tests.billing.test_import_undo import imported, without_diagnosis
from tests.billing.test_pages import text_of
from tests.billing.test_practice_files import patient_of, taken
from tests.factories.claims import PacketPartFactory, RemittanceClaimFactory
from tests.factories.going_live import RestrictionFactory, SeatClinicFactory
from tests.factories.registry import PatientFactory, TreatingClinicianFactory
from tests.factories.tenancy import ClinicFactory


@pytest.fixture(autouse=True)
def april(db: None) -> Any:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        made = program(organization, clinic)
        set_up(made)
        return made


@pytest.fixture
def billing(client_for: Any) -> Any:
    return client_for("billing")


def hide(people: Program, patient: Any) -> None:
    """Keep a record to the program's own seat: everybody else is left out."""
    with tenant(people.organization):
        RestrictionFactory(organization=people.organization, patient=patient, seats=[], recorded_by=people.by)


def test_a_batch_s_packet_is_not_there_for_who_may_not_see_everybody_in_it(people: Program, billing: Any) -> None:
    with tenant(people.organization):
        filed_patient(people)
        hidden = filed_patient(people, "Brook").patient
        closed(people)
        make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
        batch = Batch.objects.get()
    asks = f"/o/lakeside/billing/batches/{batch.id}/packet/"
    url = billing.post(asks).url
    with tenant(people.organization):
        job_id = Packet.objects.get().job_id
    assert run(organization_id=people.organization.id, job_id=job_id, at=AT) == "done"
    assert [billing.get(f"{url}{part}").status_code for part in ("", "parts/1/")] == [200, 200]
    hide(people, hidden)
    assert [billing.get(f"{url}{part}").status_code for part in ("", "parts/1/")] == [404, 404]
    assert billing.get(f"/o/lakeside/billing/batches/{batch.id}/").status_code == 404
    assert billing.post(asks).status_code == 404


def test_a_packet_is_not_made_without_a_patient_who_was_hidden_after_it_was_asked_for(
    people: Program, billing: Any
) -> None:
    _, hidden = two_filed(people)
    billing.post(f"/o/lakeside/billing/batches/{hidden.batch_id}/packet/")
    hide(people, hidden.patient)
    with tenant(people.organization):
        job_id = Packet.objects.get().job_id
    states = [
        run(organization_id=people.organization.id, job_id=job_id, at=AT + day) for day in map(timedelta, range(5))
    ]
    assert states == ["queued"] * 4 + ["dead"]
    with tenant(people.organization):
        assert (Packet.objects.get().made_at, PacketPart.objects.count()) == (None, 0)
        parts = PacketPartFactory(organization=people.organization, packet=Packet.objects.get(), month_count=1)
        with pytest.raises(PacketNotWhole):
            _finish(parts.packet, by=people.by, at=AT)


def two_filed(people: Program, **first: Any) -> tuple[Any, Any]:
    """Two claims of one file: of a patient whom everybody sees, and of one who is to be hidden."""
    with tenant(people.organization):
        PayerRoute.objects.update(filing_code="16")
        episodes = filed_patient(people, **first), filed_patient(people, "Brook")
        closed(people)
        make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
        shown, hidden = (Claim.objects.select_related("batch", "patient").get(episode=one) for one in episodes)
    return shown, hidden


def test_a_batch_that_is_not_there_is_not_handed_over_and_listed_without_a_link(people: Program, billing: Any) -> None:
    _, hidden = two_filed(people)
    of_batch, here = f"/o/lakeside/billing/batches/{hidden.batch_id}/", "/o/lakeside/billing/batches/"
    page = billing.get(here)
    assert (of_batch in page.text, "Holds patients not open to you" in page.text) == (True, False)
    hide(people, hidden.patient)
    assert billing.post(f"{of_batch}sent/").status_code == 404
    with tenant(people.organization):
        assert Batch.objects.get().sent_at is None
    page = billing.get(here)
    assert (of_batch in page.text, "Holds patients not open to you" in page.text) == (False, True)
    assert [text_of(page).count(said) for said in ("2 Not shown", "decided", "$")] == [1, 0, 0]


def test_a_correction_goes_by_answers_that_its_maker_may_not_see(people: Program, billing: Any) -> None:
    """Nobody said that the file was handed over, yet it was: a payer decided the claim that is hidden."""
    shown, hidden = two_filed(people, minutes=40)
    with tenant(people.organization):
        RemittanceClaimFactory(organization=people.organization, claim=hidden)
        late_work(people, shown.episode, 46)
        close = MonthClose.objects.get()
        correct_month(by=people.by, at=AT, close_id=close.id, episode_id=shown.episode_id, because="Late")
    hide(people, hidden.patient)
    of = {"because": "Late", "client_token": uuid4(), "payer_claim_number": "ICN77"}
    with tenant(people.organization), looking_as(billing.membership, AT):
        made = correct_claim(by=billing.membership, at=AT, claim_id=shown.id, **of)
        assert (made.frequency, made.replaces_id) == ("7", shown.id)


def test_a_file_is_spoilt_by_a_claim_that_is_hidden(people: Program, billing: Any) -> None:
    shown, hidden = two_filed(people)
    with tenant(people.organization):
        Claim.objects.filter(id=hidden.id).update(is_superseded=True)
    hide(people, hidden.patient)
    with tenant(people.organization), looking_as(billing.membership, AT):
        assert is_spoilt(shown.batch)
        assert goes_anew(shown.organization_id, shown.batch_id)


ASKED = (("GET", ""), ("POST", ""), ("GET", "{id}/"))
OF_IMPORTS = (
    *ASKED,
    *(
        ("POST", f"{{id}}/{act}/")
        for act in ("correct", "confirm", "undo", "answer", "unenrolled", "follow", "mapping")
    ),
    *(("GET", "mappings/"), ("POST", "mappings/{id}/rename/"), ("POST", "mappings/{id}/delete/")),
)
OF_FILES = (*ASKED, *(("POST", f"{{id}}/{act}/") for act in ("reading", "taking", "undo")))
WHY = "touch{} the whole organization, and some of its patients are not open to you. Ask somebody who works at all"


@pytest.mark.parametrize(
    ("role", "here", "asked", "ending"),
    [("admin", "imports/", OF_IMPORTS, ""), ("billing", "billing/practice-files/", OF_FILES, "es")],
)
def test_what_touches_the_whole_organization_is_only_for_who_sees_all_of_it(
    people: Program, client_for: Any, role: str, here: str, asked: Any, ending: str
) -> None:
    client = client_for(role)
    addresses = [(method, f"/o/lakeside/{here}{path.format(id=uuid4())}") for method, path in asked]
    before = [client.generic(method, address).status_code for method, address in addresses]
    with tenant(people.organization):
        hidden = filed_patient(people).patient
    hide(people, hidden)
    answers = [client.generic(method, address) for method, address in addresses]
    assert 403 not in before
    assert [answer.status_code for answer in answers] == [403] * len(addresses)
    assert text_of(answers[0]).count(WHY.format(ending)) == 1


def test_undoing_an_import_takes_back_what_its_undoer_may_not_see(people: Program, client_for: Any) -> None:
    admin = client_for("admin").membership
    with tenant(people.organization):
        seen, hidden = without_diagnosis(people), without_diagnosis(people, "Berg")
        run = imported(people, "Diagnosis", "F32.1", seen, hidden)
    hide(people, hidden.patient)
    with tenant(people.organization), looking_as(admin, AT):
        undo_unclaimed_import(by=admin, at=AT, run_id=run.id)
    with tenant(people.organization):
        assert Diagnosis.objects.live().count() == 0


def test_an_import_on_which_an_unseen_claim_rests_stays(people: Program, client_for: Any) -> None:
    admin = client_for("admin").membership
    with tenant(people.organization):
        hidden = without_diagnosis(people)
        run = imported(people, "Diagnosis", "F32.1", hidden)
        make_batch(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4(), has_seen_papers=True)
    hide(people, hidden.patient)
    with tenant(people.organization), looking_as(admin, AT), pytest.raises(ImportClaimed):
        undo_unclaimed_import(by=admin, at=AT, run_id=run.id)


def test_undoing_a_practice_file_takes_back_what_its_undoer_may_not_see(people: Program, billing: Any) -> None:
    with tenant(people.organization):
        hidden = patient_of(people, TreatingClinicianFactory(organization=people.organization, name="Ana Rivera"))
        file = taken(people)
        assert InitiatingVisit.objects.live().filter(import_id=file.id).count() > 0
    hide(people, hidden.patient)
    with tenant(people.organization), looking_as(billing.membership, AT):
        undo_practice_file(by=billing.membership, at=AT, file_id=file.id)
    with tenant(people.organization):
        assert InitiatingVisit.objects.live().filter(import_id=file.id).count() == 0


def test_a_merge_with_a_record_of_another_clinic_is_taken_apart_by_who_may_open_both(
    people: Program, membership: Any
) -> None:
    seat = membership("care_manager")
    with tenant(people.organization):
        of = {"organization": people.organization}
        kept = PatientFactory(**of, clinic=people.clinic)
        merged = PatientFactory(**of, clinic=ClinicFactory(**of))
        merge = merge_patients(by=people.by, at=AT, kept_id=kept.id, merged_id=merged.id)
        SeatClinicFactory(**of, seat=seat, clinic=people.clinic)
    with tenant(people.organization), looking_as(seat, AT), pytest.raises(MergeStands) as refused:
        undo_merge(by=seat, at=AT, merge_id=merge.id)
    assert str(refused.value).startswith("The other record is one that you may not open.")
    hide(people, kept)
    with tenant(people.organization), looking_as(seat, AT), pytest.raises(NotFound):
        undo_merge(by=seat, at=AT, merge_id=merge.id)
    with tenant(people.organization):
        assert undo_merge(by=people.by, at=AT, merge_id=merge.id).undone_at == AT


def test_a_batch_says_how_many_months_its_maker_may_not_see(people: Program, billing: Any) -> None:
    with tenant(people.organization):
        people.billing_patient()
        hidden = people.billing_patient("Brook").patient
    address = f"/o/lakeside/billing/months/{FEBRUARY}/batches/new/"
    page = billing.get(address)
    assert text_of(page).count("Left out:") == 0
    hide(people, hidden)
    left = "Left out: 1 more month that you may not see. Ask somebody who sees every patient."
    assert text_of(billing.get(address)).count(left) == 1
    sent = {"client_token": str(uuid4()), "has_seen_papers": "on"}
    made = text_of(billing.post(address, sent, follow=True))
    assert (made.count("Batch 1 holds 1 claims."), made.count(left)) == (1, 1)
    empty = text_of(billing.get(address))
    assert (empty.count(left), empty.count("every patient who bills is in a batch already")) == (1, 0)


def test_claim_files_say_how_many_months_their_maker_may_not_see(people: Program, billing: Any) -> None:
    with tenant(people.organization):
        filed_patient(people)
        hidden = filed_patient(people, "Brook").patient
        closed(people)
    address = f"/o/lakeside/billing/months/{FEBRUARY}/files/new/"
    assert text_of(billing.get(address)).count("Left out:") == 0
    hide(people, hidden)
    left = "Left out: 1 more month that you may not see. Ask somebody who sees every patient."
    assert text_of(billing.get(address)).count(left) == 1


def test_who_closes_is_told_of_exceptions_that_are_not_open_to_them_and_who_can_look(
    people: Program, billing: Any, membership: Any
) -> None:
    membership("billing", name="Whole Wilma")
    with tenant(people.organization):
        hidden = people.billing_patient("Brook")
        Diagnosis.objects.filter(episode=hidden).update(voided_at=AT, voided_by=people.by, void_reason="Gone")
    here = f"/o/lakeside/billing/months/{FEBRUARY}/"
    addresses = (f"{here}clinics/{people.clinic.id}/", f"{here}close/")
    pages = [text_of(billing.get(address)) for address in addresses]
    assert [page.count("not open to you") for page in pages] == [0, 0]
    seats = [one.id for one in (membership("billing", name="Able Anna"), people.by)]
    with tenant(people.organization):
        RestrictionFactory(organization=people.organization, patient=hidden.patient, seats=seats, recorded_by=people.by)
    for address in addresses:
        page = text_of(billing.get(address))
        said = page[page.index("of patients not open to you.") :][:80]
        assert said.startswith("of patients not open to you. Able Anna can look.")
        assert "Brook" not in page


def test_what_needs_sight_of_everybody_is_not_offered_to_who_has_it_not(people: Program, client_for: Any) -> None:
    admin, link = client_for("admin"), 'href="/o/lakeside/imports/"'
    assert link in admin.get("/o/lakeside/people/").text
    with tenant(people.organization):
        hidden = filed_patient(people).patient
    hide(people, hidden)
    assert link not in admin.get("/o/lakeside/people/").text
