"""The pages of filed claims: what leaves and what is to be mended, batches, a claim, its correction and its end."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.files.models import StoredFile
from bhi.tenancy.context import tenant
from billing.models import Batch, BillingProvider, Claim, PayerRoute, Receiver
from billing.operations.closing import correct_month
from billing.operations.filing import make_filed_batches, mark_sent
from caseload.models import TimeEntry
from registry.models import Episode
from registry.operations import record_visit
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.billing.test_claim_corrections import take_back
from tests.billing.test_claims_of_closed_months import late_work
from tests.factories.billing import BatchFactory
from tests.factories.claims import (
    AcknowledgementFactory,
    DenialFactory,
    PayerRouteFactory,
    RemittanceClaimFactory,
)
from tests.statements import own

pytestmark = pytest.mark.usefixtures("organization")

FILE = "batch-0001.x12"


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        made = program(organization, clinic)
        set_up(made)
        return made


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


@pytest.fixture
def lead(client_for: Any) -> Client:
    return client_for("clinic_lead")


@pytest.fixture
def base(organization: Any) -> str:
    return f"/o/{organization.slug}/billing/"


def patient(people: Program, name: str = "Abara", **fields: Any) -> Episode:
    with tenant(people.organization):
        return filed_patient(people, name, **fields)


def close(people: Program) -> Any:
    with tenant(people.organization):
        return closed(people)


def filed(people: Program, **fields: Any) -> Claim:
    """A claim that left."""
    patient(people, **fields)
    close(people)
    with tenant(people.organization):
        make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
        return Claim.objects.select_related("batch", "episode").get()


def handed_over(people: Program, filing_code: str = "16", **fields: Any) -> Claim:
    """A claim that left, of a payer of this kind, and that somebody handed over."""
    with tenant(people.organization):
        PayerRoute.objects.update(filing_code=filing_code)
    claim = filed(people, **fields)
    with tenant(people.organization):
        mark_sent(by=people.by, at=AT, batch_id=claim.batch_id)
    return claim


def taken_back(people: Program, claim: Claim) -> None:
    """The closed month asks nothing any more."""
    with tenant(people.organization):
        take_back(people, TimeEntry.objects.get())
        close_id = claim.frozen.close_id
        correct_month(by=people.by, at=AT, close_id=close_id, episode_id=claim.episode_id, because="Wrong patient")


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def all_of(people: Program, model: Any) -> list[Any]:
    with tenant(people.organization):
        return list(model.objects.order_by("id"))


def ticked(people: Program) -> dict[str, Any]:
    with tenant(people.organization):
        payer = people.payer("Medicare Part B", payer_code="MCR01")
    return {"client_token": str(uuid4()), "payers": [str(payer.id)]}


def test_what_is_ready_and_what_is_to_be_mended(people: Program, billing: Client, base: str):
    patient(people, "Abara")
    patient(people, "Berg", address="", postal_code="")
    close(people)
    page = text_of(billing.get(f"{base}months/{FEBRUARY}/files/new/"))
    assert "<strong>1 claim ready</strong>" in page
    assert "charged $290.50" in page
    assert "The patient needs a street and a city: the claim must carry them." in page
    assert "/insurance/?back=%2Fo%2Flakeside%2Fbilling%2Fmonths%2F2026-02%2Ffiles%2Fnew%2F" in page
    assert "Enter the patient’s postal code with five or nine digits." in page
    with tenant(people.organization):
        assert AuditEvent.objects.get(action="filing.viewed").count == 2


def test_the_audit_names_those_who_stand_on_the_page_and_nobody_beyond_it(
    people: Program, billing: Client, base: str, monkeypatch: Any
):
    monkeypatch.setattr("billing.views.filing.MOST_SHOWN", 1)
    ready, _ = patient(people, "Abara"), patient(people, "Berg")
    mending, _ = patient(people, "Cole", address=""), patient(people, "Diaz", address="")
    close(people)
    page = text_of(billing.get(f"{base}months/{FEBRUARY}/files/new/"))
    assert [name in page for name in ("Abara", "Berg", "Cole", "Diaz")] == [True, False, True, False]
    with tenant(people.organization):
        assert AuditEvent.objects.get(action="filing.viewed").shown == sorted([ready.patient_id, mending.patient_id])


def test_a_lead_is_led_to_where_it_is_mended(people: Program, client_for: Any, base: str, organization: Any):
    berg = patient(people, "Berg", address="")
    close(people)
    both = client_for("billing", "clinic_lead")
    page = text_of(both.get(f"{base}months/{FEBRUARY}/files/new/"))
    assert f'href="/o/{organization.slug}/patients/{berg.patient_id}/insurance/?back=' in page


def test_the_files_are_made_once_and_fetched(people: Program, billing: Client, base: str):
    patient(people)
    close(people)
    data = ticked(people)
    for _ in range(2):
        assert billing.post(f"{base}months/{FEBRUARY}/files/new/", data).status_code == 302
    (batch,) = all_of(people, Batch)
    page = text_of(billing.get(f"{base}batches/{batch.id}/"))
    assert "batch-0001.x12" in page
    assert "Not handed over yet" in page
    fetched = billing.get(f"{base}batches/{batch.id}/file/")
    assert (fetched["Content-Type"], fetched["Content-Disposition"]) == (
        "application/edi-x12; charset=utf-8",
        'attachment; filename="batch-0001.x12"',
    )
    assert fetched.content.startswith(b"ISA*00*")
    with tenant(people.organization):
        assert AuditEvent.objects.get(action="batch.downloaded").count == 1


def test_nothing_chosen_is_said(people: Program, billing: Client, base: str):
    patient(people)
    close(people)
    answer = billing.post(f"{base}months/{FEBRUARY}/files/new/", {"client_token": str(uuid4())})
    assert answer.status_code == 422
    assert "Choose at least one payer." in text_of(answer)
    assert all_of(people, Batch) == []


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("receiver", "The clearinghouse that takes this payer’s files is not in use any more."),
        ("close", "bills at clinics where the month is open"),
        ("papers", "1 on papers that nobody has seen"),
    ],
)
def test_what_is_missing_is_said_with_the_way_to_it(
    people: Program, billing: Client, base: str, missing: str, said: str
):
    patient(people, without=("visit",) if missing == "papers" else ())
    with tenant(people.organization):
        if missing == "receiver":
            Receiver.objects.update(is_in_use=False)
        if missing == "papers":
            record_visit(by=people.by, at=AT, patient=Episode.objects.get().patient, on=date(2026, 1, 20), code="")
    if missing != "close":
        close(people)
    assert said in text_of(billing.get(f"{base}months/{FEBRUARY}/files/new/"))


def test_whoever_files_is_asked_for_first(organization: Any, clinic: Any, billing: Client, base: str):
    with tenant(organization):
        people = program(organization, clinic)
        filed_patient(people)
        closed(people)
    page = text_of(billing.get(f"{base}months/{FEBRUARY}/files/new/"))
    assert ("Nobody set down who files" in page, "Make the files" in page) == (True, False)


def test_a_fault_of_the_filer_is_said_once(people: Program, billing: Client, base: str, organization: Any):
    patient(people)
    close(people)
    with tenant(organization):
        BillingProvider.objects.update(npi="1234567890")
    page = text_of(billing.get(f"{base}months/{FEBRUARY}/files/new/"))
    assert "The file waits for this:" in page
    assert f'href="/o/{organization.slug}/billing/filing/provider/">NPI</a>' in page
    assert "Make the files" not in page


def test_a_batch_is_handed_over(people: Program, billing: Client, base: str):
    claim = filed(people)
    assert "To hand over" in text_of(billing.get(f"{base}batches/"))
    billing.post(f"{base}batches/{claim.batch_id}/sent/")
    assert "Handed over to Clearinghouse" in text_of(billing.get(f"{base}batches/{claim.batch_id}/"))
    assert billing.post(f"{base}batches/{uuid4()}/sent/").status_code == 404


def test_the_list_says_how_far_batches_were_answered(people: Program, billing: Client, base: str):
    claim = filed(people)
    with tenant(people.organization):
        RemittanceClaimFactory(organization=people.organization, claim=claim)
        AcknowledgementFactory(organization=people.organization, claim=None, batch=claim.batch, kind="999")
        AcknowledgementFactory(organization=people.organization, claim=claim, batch=claim.batch, is_accepted=False)
    billing.post(f"{base}batches/{claim.batch_id}/sent/")
    page = text_of(billing.get(f"{base}batches/"))
    assert "1 of 1 decided" in page
    assert "File taken" in page
    assert "1 claim rejected" in page


def test_a_file_that_would_be_another_is_not_given_out(people: Program, billing: Client, base: str):
    claim = filed(people)
    with tenant(people.organization):
        StoredFile.objects.update(sealed=b"", sha256="0" * 64)
    answer = billing.get(f"{base}batches/{claim.batch_id}/file/", follow=True)
    assert "This file cannot be written again as it was sent." in text_of(answer)


def test_a_claim_with_what_came_of_it(people: Program, lead: Client, base: str):
    claim = filed(people)
    with tenant(people.organization):
        AcknowledgementFactory(
            organization=people.organization, claim=claim, batch=claim.batch, payer_claim_number="ICN77"
        )
        paid = RemittanceClaimFactory(organization=people.organization, claim=claim)
        DenialFactory(organization=people.organization, remittance_claim=paid)
    page = text_of(lead.get(f"{base}claims/{claim.id}/"))
    for said in ("The claim was taken (277CA)", "$125.65 paid", "CO-97, $170.00", claim.control_number, "Abara, Jo"):
        assert said in page
    with tenant(people.organization):
        event = AuditEvent.objects.get(action="claim.viewed")
    assert (event.object_id, event.patient_id) == (claim.id, claim.patient_id)


def test_a_claim_is_corrected_on_its_page(people: Program, lead: Client, base: str):
    claim = handed_over(people, minutes=40)
    with tenant(people.organization):
        late_work(people, claim.episode, 46)
        made = claim.frozen.close_id
        correct_month(by=people.by, at=AT, close_id=made, episode_id=claim.episode_id, because="Late minutes")
    address = f"{base}claims/{claim.id}/correction/"
    assert "Corrected claim" in text_of(lead.get(address))
    refused = lead.post(address, {"client_token": str(uuid4()), "because": "", "payer_claim_number": "ICN77"})
    assert refused.status_code == 422
    assert "Say why, in a few words." in text_of(refused)
    assert 'value="ICN77"' in text_of(refused)
    without = lead.post(address, {"client_token": str(uuid4()), "because": "Late minutes"})
    assert "Enter the number under which the payer keeps the earlier claim" in text_of(without)
    answer = lead.post(
        address,
        {"client_token": str(uuid4()), "because": "Late minutes", "payer_claim_number": "ICN77"},
        follow=True,
    )
    page = text_of(answer)
    assert "The claim goes out corrected in batch 2. Hand its file over." in page
    assert "Replaces an earlier claim" in page
    assert "takes back what was asked before" in page
    assert "Stands no more" in text_of(lead.get(f"{base}claims/{claim.id}/"))


def test_a_claim_that_still_asks_is_not_taken_back(people: Program, lead: Client, base: str):
    claim = handed_over(people)
    address = f"{base}claims/{claim.id}/void/"
    assert "Take the claim back" in text_of(lead.get(address))
    answer = lead.post(
        address, {"client_token": str(uuid4()), "because": "Billed in error", "payer_claim_number": "ICN77"}
    )
    assert (answer.status_code, "The closed month still asks this payer." in text_of(answer)) == (422, True)


@pytest.mark.parametrize(
    ("filing_code", "said", "done", "ended"),
    [
        (
            "16",
            "The payer is told that nothing is asked under this claim.",
            "The claim is taken back in batch 2. Hand its file over.",
            "Takes an earlier claim back",
        ),
        (
            "MB",
            "Medicare Part B takes no voids.",
            "The claim stands no more, and what was done is kept with it.",
            "number RO-1",
        ),
    ],
)
def test_a_claim_is_taken_back_as_its_payer_takes_it(
    people: Program, lead: Client, base: str, filing_code: str, said: str, done: str, ended: str
):
    claim = handed_over(people, filing_code)
    taken_back(people, claim)
    address = f"{base}claims/{claim.id}/void/"
    assert said in text_of(lead.get(address))
    sent = {"client_token": str(uuid4()), "because": "Wrong patient", "payer_claim_number": "ICN77"}
    sent["reference"] = "RO-1"
    page = text_of(lead.post(address, sent, follow=True))
    assert (done in page, ended in page) == (True, True)
    assert lead.post(address, sent).status_code == 302


def test_what_no_payer_kept_is_taken_back_without_a_file(people: Program, lead: Client, base: str):
    claim = filed(people)
    taken_back(people, claim)
    address = f"{base}claims/{claim.id}/void/"
    assert "Nobody said that its file was handed over." in text_of(lead.get(address))
    page = text_of(lead.post(address, {"client_token": str(uuid4()), "because": "Wrong patient"}, follow=True))
    assert "The claim is taken back. No payer kept it, so nobody needs telling." in page
    assert ("Taken back without a file" in page, "Wrong patient" in page) == (True, True)


def test_a_reopening_is_recorded_on_the_claims_page(people: Program, lead: Client, base: str):
    claim = handed_over(people, "MB")
    address = f"{base}claims/{claim.id}/correction/"
    assert "Ask its contractor for a reopening" in text_of(lead.get(address))
    refused = lead.post(address, {"client_token": str(uuid4()), "because": "", "reference": "RO-1"})
    assert (refused.status_code, 'value="RO-1"' in text_of(refused)) == (422, True)
    sent = {"client_token": str(uuid4()), "because": "Reopened by telephone", "reference": "RO-1"}
    page = text_of(lead.post(address, sent, follow=True))
    assert "The correction is recorded. Batch 2 is a table of what is asked now, to key from." in page
    assert ("Reopened by telephone" in page, "RO-1" in page, "This claim left as a table." in page) == (True,) * 3


def test_a_refused_file_goes_out_anew_from_its_page(people: Program, billing: Client, base: str):
    claim = handed_over(people)
    page = f"{base}batches/{claim.batch_id}/"
    assert "File its claims anew" not in text_of(billing.get(page))
    with tenant(people.organization):
        AcknowledgementFactory(
            organization=people.organization, claim=None, batch=claim.batch, kind="999", is_accepted=False
        )
    assert "The file was refused as a whole" in text_of(billing.get(page))
    sent = {"client_token": str(uuid4())}
    answer = text_of(billing.post(f"{page}again/", sent, follow=True))
    assert "Batch 2 holds 1 of its claims. Hand its file over." in answer
    assert billing.post(f"{page}again/", sent).status_code == 302
    assert "File its claims anew" not in text_of(billing.get(page))
    assert "Nobody refused this file as a whole" in text_of(
        billing.post(f"{page}again/", {"client_token": str(uuid4())}, follow=True)
    )
    assert "Press the button again" in text_of(billing.post(f"{page}again/", {}, follow=True))
    assert billing.post(f"{base}batches/{uuid4()}/again/", {"client_token": str(uuid4())}).status_code == 404
    assert [batch.number for batch in all_of(people, Batch)] == [1, 2]


def test_a_file_with_a_claim_that_was_taken_back_is_not_handed_over(people: Program, billing: Client, base: str):
    patient(people, "Berg")
    patient(people, "Abara", minutes=40)
    close(people)
    with tenant(people.organization):
        make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
        Claim.objects.filter(patient__family_name="Abara").update(is_superseded=True)
    (batch,) = all_of(people, Batch)
    page = text_of(billing.get(f"{base}batches/{batch.id}/"))
    assert ("Do not hand this file over" in page, "It was handed over" in page, FILE in page) == (True, False, False)
    row = text_of(billing.get(f"{base}batches/"))
    assert ("Not to be handed over" in row, "To hand over" in row, FILE in row) == (True, False, False)
    refused = billing.get(f"{base}batches/{batch.id}/file/", follow=True)
    assert ("CLM*" in refused.text, "hand over that file instead." in text_of(refused)) == (False, True)
    for way in ("sent", "paper/charges", "paper/forms"):
        said = text_of(billing.post(f"{base}batches/{batch.id}/{way}/", follow=True))
        assert ("File the others anew, and hand over that file instead." in said, "On paper" in said) == (True, False)
    answer = text_of(billing.post(f"{base}batches/{batch.id}/again/", {"client_token": str(uuid4())}, follow=True))
    assert ("Batch 2 holds 1 of its claims." in answer, "Berg, Jo" in answer) == (True, True)
    with tenant(people.organization):
        Claim.objects.filter(batch=batch).update(is_superseded=True)
    page = text_of(billing.get(f"{base}batches/{batch.id}/"))
    said = ("Do not hand this file over", "Every claim in it was taken back", "File its claims anew", FILE)
    assert [words in page for words in said] == [True, True, False, False]


def test_a_rejected_void_is_sent_again_from_its_page(people: Program, lead: Client, base: str):
    claim = handed_over(people)
    taken_back(people, claim)
    sent = {"client_token": str(uuid4()), "because": "Wrong patient", "payer_claim_number": "ICN77"}
    lead.post(f"{base}claims/{claim.id}/void/", sent)
    with tenant(people.organization):
        void = Claim.objects.select_related("batch").get(frequency="8")
        AcknowledgementFactory(organization=people.organization, claim=void, batch=void.batch, is_accepted=False)
    assert "Send it again" in text_of(lead.get(f"{base}claims/{void.id}/"))
    again = f"{base}claims/{void.id}/void/"
    page = text_of(lead.get(again))
    assert ("It goes out again in a batch of its own" in page, 'value="ICN77"' in page) == (True, True)
    page = text_of(lead.post(again, {**sent, "client_token": str(uuid4())}, follow=True))
    assert "The claim is taken back in batch 3. Hand its file over." in page


@pytest.mark.parametrize(
    ("days", "said", "beside"),
    [(9000, "File by Oct 20, 2050.", "Oct 20, 2050<"), (1, "until Mar 1", "Mar 1, past<")],
)
def test_until_when_claims_are_taken(people: Program, billing: Client, base: str, days: int, said: str, beside: str):
    patient(people, "Abara")
    patient(people, "Berg", address="")
    close(people)
    with tenant(people.organization):
        PayerRoute.objects.update(filing_days=days)
    page = text_of(billing.get(f"{base}months/{FEBRUARY}/files/new/"))
    assert (said in page, beside in page) == (True, True)


def test_until_when_corrected_claims_are_taken(people: Program, lead: Client, base: str):
    claim = handed_over(people)
    with tenant(people.organization):
        PayerRoute.objects.update(corrected_days=1)
    page = text_of(lead.get(f"{base}claims/{claim.id}/correction/"))
    assert "The payer took corrected claims until Mar 1" in page


def test_a_claim_is_found_by_its_number(people: Program, lead: Client, base: str):
    claim = filed(people)
    address = f"{base}claims/"
    assert "Find a claim" in text_of(lead.get(address))
    with tenant(people.organization):
        RemittanceClaimFactory(organization=people.organization, claim=claim, payer_claim_number="Icn2026")
    for typed in (claim.control_number, claim.control_number[-6:].lower(), "0001-0001", "icn2026"):
        assert lead.post(address, {"number": typed})["Location"] == f"{base}claims/{claim.id}/"
    assert "No claim has this number" in text_of(lead.post(address, {"number": "99999-99999"}))
    short = lead.post(address, {"number": "1"})
    assert (short.status_code, "Enter at least 4 characters of it." in text_of(short)) == (422, True)


def test_several_claims_are_listed(people: Program, lead: Client, base: str):
    filed(people, minutes=40)
    with tenant(people.organization):
        first = Claim.objects.get()
        Claim.objects.filter(id=first.id).update(is_superseded=True)
        first.pk, first.control_number, first.number, first.is_superseded = uuid4(), "00001-00002-K7QX4M", 2, False
        first.save(force_insert=True)
    page = text_of(lead.post(f"{base}claims/", {"number": "00001-0000"}))
    assert "00001-00002-K7QX4M" in page
    assert "Stands no more" in page


def test_a_claim_that_is_not_there(lead: Client, base: str):
    for page in ("", "correction/", "void/"):
        assert lead.get(f"{base}claims/{uuid4()}/{page}").status_code == 404


def statements(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(own(queries.captured_queries))


def test_pages_read_as_often_however_much_there_is(people: Program, billing: Client, base: str):
    claim = filed(people)
    pages = [f"{base}batches/", f"{base}batches/{claim.batch_id}/", f"{base}claims/{claim.id}/"]
    with tenant(people.organization):
        RemittanceClaimFactory(organization=people.organization, claim=claim)
    before = [statements(billing, page) for page in pages]
    assert max(before) <= 8
    with tenant(people.organization):
        for _ in range(3):
            paid = RemittanceClaimFactory(organization=people.organization, claim=claim)
            DenialFactory(organization=people.organization, remittance_claim=paid)
            AcknowledgementFactory(organization=people.organization, claim=claim, batch=claim.batch)
    assert [statements(billing, page) for page in pages] == before


def test_lists_are_cut_with_a_way_on(people: Program, billing: Client, base: str, monkeypatch: Any):
    filed(people)
    monkeypatch.setattr("billing.views.batches.PAGE_ROWS", 1)
    assert 'href="?start=' not in text_of(billing.get(f"{base}batches/"))
    with tenant(people.organization):
        BatchFactory(organization=people.organization, number=2)
    assert 'href="?start=1"' in text_of(billing.get(f"{base}batches/"))
    assert 'href="?start=0"' in text_of(billing.get(f"{base}batches/?start=1"))


def test_what_no_file_takes_leaves_by_table(people: Program, billing: Client, base: str):
    patient(people)
    patient(people, "Berg", payer=None)
    close(people)
    data = ticked(people)
    with tenant(people.organization):
        Receiver.objects.update(is_in_use=False)
    address = f"{base}months/{FEBRUARY}/files/new/"
    assert "Table (CSV) of 2 claims" in text_of(billing.get(address))
    (payer,) = data["payers"]
    sent = {"client_token": data["client_token"], "table": payer}
    answer = billing.post(address, sent, follow=True)
    assert "Batch 1 is a table of 2 claims." in text_of(answer)
    (batch,) = all_of(people, Batch)
    assert (batch.format, batch.claim_count) == ("csv", 2)
    assert billing.post(address, sent).status_code == 302
    gone = billing.post(address, {"client_token": str(uuid4()), "table": payer})
    assert (gone.status_code, "Nothing is left to claim for February 2026" in text_of(gone)) == (422, True)
    assert billing.post(address, {"client_token": "x", "table": payer}).status_code == 422


def test_one_button_after_the_other_makes_what_each_of_them_says(people: Program, billing: Client, base: str):
    with tenant(people.organization):
        aetna = people.payer("Aetna PPO", payer_code="60054")
        medicare = people.payer("Medicare Part B", payer_code="MCR01")
        PayerRouteFactory(
            organization=people.organization, payer=aetna, receiver=Receiver.objects.get(), filing_code="CI"
        )
        cigna = people.payer("Cigna", payer_code="62308")
    patient(people)
    patient(people, "Berg", payer=aetna)
    patient(people, "Castro", payer=cigna)
    close(people)
    address, token = f"{base}months/{FEBRUARY}/files/new/", str(uuid4())
    presses: list[dict[str, Any]] = [{"payers": [str(medicare.id)]}, {"table": str(cigna.id)}]
    presses += [{"payers": [str(aetna.id)]}, {"payers": [str(aetna.id)]}, {"table": str(cigna.id)}]
    for press in presses:
        assert billing.post(address, {"client_token": token, **press}).status_code == 302
    with tenant(people.organization):
        claims = Claim.objects.order_by("batch__number")
        made = list(claims.values_list("batch__number", "batch__format", "patient__family_name"))
    assert made == [(1, "x12", "Abara"), (2, "csv", "Castro"), (3, "x12", "Berg")]


def test_a_table_holds_what_somebody_has_seen_the_papers_of(people: Program, billing: Client, base: str):
    patient(people, without=("visit",))
    with tenant(people.organization):
        record_visit(by=people.by, at=AT, patient=Episode.objects.get().patient, on=date(2026, 1, 20), code="")
        Receiver.objects.update(is_in_use=False)
    close(people)
    address = f"{base}months/{FEBRUARY}/files/new/"
    (payer,) = ticked(people)["payers"]
    sent = {"client_token": str(uuid4()), "table": payer}
    unseen = billing.post(address, sent)
    assert (unseen.status_code, all_of(people, Batch)) == (422, [])
    assert billing.post(address, {**sent, "has_seen_papers": "on"}).status_code == 302
    assert [batch.claim_count for batch in all_of(people, Batch)] == [1]


def test_what_was_never_offered_is_refused(people: Program, billing: Client, base: str):
    patient(people)
    close(people)
    address = f"{base}months/{FEBRUARY}/files/new/"
    junk = billing.post(address, {"client_token": str(uuid4()), "payers": ["x"]})
    assert (junk.status_code, "Choose from the list." in text_of(junk)) == (422, True)
    unknown = billing.post(address, {"client_token": str(uuid4()), "payers": [str(uuid4())]})
    assert (unknown.status_code, "No claim of February 2026 can leave in a file now." in text_of(unknown)) == (
        422,
        True,
    )
