"""What a claim lacks, on the pages: named with its page or the person it waits for, mended, and gone by itself."""

import re
from datetime import date
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from billing.models import Batch, Claim, Receiver
from billing.operations.closing import correct_month
from billing.queries import filing_facts
from billing.rules.x12.claim import Fault
from registry.models import Episode, Patient
from registry.operations.authorizations import replace_authorization
from tests.billing.filing import FEBRUARY
from tests.billing.people import AT, Program
from tests.billing.test_claims_of_closed_months import late_work
from tests.billing.test_filing_pages import (
    base,
    billing,
    close,
    filed,
    handed_over,
    lead,
    patient,
    people,
    taken_back,
    text_of,
    ticked,
)
from tests.factories.billing import PayerProfileFactory
from tests.factories.claims import AcknowledgementFactory
from tests.factories.going_live import PartTwoConsentFactory, PartTwoMarkFactory
from tests.factories.registry import PriorAuthorizationFactory
from tests.registry.test_patient_pages import sent

__all__ = ["base", "billing", "lead", "people"]
pytestmark = pytest.mark.usefixtures("organization")

FIELD = "Consent under 42 CFR part 2"
REFUSED = "no consent allows it to leave for payment."


def links(page: Any, name: str) -> list[str]:
    """Where the links of this name lead."""
    return [unescape(url) for url in re.findall(rf'href="([^"]+)"[^>]*>{name}</a>', text_of(page))]


def mark(people: Program, episode: Episode) -> None:
    """The record is under 42 CFR part 2, and no consent lets it leave."""
    with tenant(people.organization):
        PartTwoMarkFactory(organization=people.organization, patient=episode.patient)
        Patient.objects.filter(id=episode.patient_id).update(is_part_two=True)


def test_billing_mends_a_fault_and_finds_the_claim_ready(people: Program, billing: Client, base: str):
    episode = patient(people, "Berg", address="", city="", state="")
    close(people)
    filing = f"{base}months/{FEBRUARY}/files/new/"
    first = billing.get(filing)
    assert ("<strong>0 claims ready</strong>" in text_of(first), "waits for" in text_of(first)) == (True, False)
    (mend,) = set(links(first, "Address"))
    page = billing.get(mend)
    (address,) = [url for url in re.findall(r'href="([^"]+)"', page.text) if "/insurance/address/" in url]
    form = billing.get(unescape(address))
    saved = billing.post(
        unescape(address), sent(form, address="5 Oak St", city="Denver", state="CO", postal_code="80202"), follow=True
    )
    (back,) = links(saved, r"(?:(?!</a>).)*Back")
    assert back == filing
    assert "<strong>1 claim ready</strong>" in text_of(billing.get(back))
    with tenant(people.organization):
        changed = AuditEvent.objects.get(action="patient.changed")
    assert (changed.patient_id, sorted(changed.fields)) == (episode.patient_id, ["address", "city", "state"])


def test_what_billing_may_not_record_waits_for_the_care_manager_by_name(
    people: Program, billing: Client, lead: Client, client_for: Any, base: str
):
    mine, other = client_for("care_manager"), client_for("care_manager")
    episode = patient(people, "Berg")
    with tenant(people.organization):
        Episode.objects.update(care_manager=mine.membership)
    close(people)
    waiting, count = f"{base}waiting/", f"{base}waiting/count/"
    assert "No claim waits for you" in text_of(mine.get(waiting))
    mark(people, episode)
    page = billing.get(f"{base}months/{FEBRUARY}/files/new/")
    assert (REFUSED in text_of(page), links(page, FIELD)) == (True, [])
    assert f"{FIELD}: waits for {mine.membership}" in text_of(page)
    rights = reverse("record_rights", args=["lakeside", episode.patient_id])
    for client in (mine, lead):
        listed = client.get(waiting)
        assert (REFUSED in text_of(listed), "Berg, Jo" in text_of(listed)) == (True, True)
        assert (links(listed, FIELD), "$" in listed.text) == ([rights], False)
    assert [("1 claim" in text_of(client.get(count))) for client in (mine, lead, other)] == [True, True, False]
    assert "Berg" not in other.get(waiting).text
    assert "Claims that wait for you" in mine.get("/o/lakeside/today/").text
    with tenant(people.organization):
        seen = AuditEvent.objects.filter(action="claims_waiting.viewed").order_by("id")
        assert [one.shown for one in seen] == [[], [episode.patient_id], [episode.patient_id], []]
        PartTwoConsentFactory(organization=people.organization, patient=episode.patient)
    assert "No claim waits for you" in text_of(mine.get(waiting))


def test_what_nobody_can_file_waits_for_nobody(people: Program, lead: Client, base: str):
    claim = filed(people)
    mark(people, claim.episode)
    assert "No claim waits for you" in text_of(lead.get(f"{base}waiting/"))


def test_a_corrected_claim_names_what_it_lacks_with_its_page(people: Program, lead: Client, base: str):
    claim = handed_over(people, minutes=40)
    with tenant(people.organization):
        late_work(people, claim.episode, 46)
        close_id = claim.frozen.close_id
        correct_month(by=people.by, at=AT, close_id=close_id, episode_id=claim.episode_id, because="Late minutes")
        Patient.objects.update(address="", city="")
    mark(people, claim.episode)
    address = f"{base}claims/{claim.id}/correction/"
    typed = {"client_token": str(uuid4()), "because": "Late minutes", "payer_claim_number": ""}
    refused = lead.post(address, typed)
    assert (refused.status_code, 'value="Late minutes"' in refused.text) == (422, True)
    insurance = f"/o/lakeside/patients/{claim.patient_id}/insurance/?back={address.replace('/', '%2F')}"
    assert links(refused, "Address") == [insurance]
    assert links(refused, FIELD) == [reverse("record_rights", args=["lakeside", claim.patient_id])]
    number = "Enter the number under which the payer keeps the earlier claim: it stands on its answer."
    assert refused.text.count(number) == 1
    assert refused.text.index(number) > refused.text.index('name="because"')
    with tenant(people.organization):
        assert (Batch.objects.count(), Claim.objects.get(id=claim.id).is_superseded) == (1, False)


def test_a_void_without_the_payers_number_says_so_at_its_field(people: Program, lead: Client, base: str):
    claim = handed_over(people)
    taken_back(people, claim)
    typed = {"client_token": str(uuid4()), "because": "Wrong patient", "payer_claim_number": ""}
    answer = lead.post(f"{base}claims/{claim.id}/void/", typed)
    number = "Enter the number under which the payer keeps the earlier claim: it stands on its answer."
    assert (answer.status_code, answer.text.count(number), "This keeps the claim" in answer.text) == (422, 1, False)


def refuse(people: Program) -> Batch:
    with tenant(people.organization):
        batch: Batch = Batch.objects.get()
        AcknowledgementFactory(
            organization=people.organization, claim=None, batch=batch, kind="999", is_accepted=False, code="R"
        )
        return batch


def test_a_file_sent_anew_names_what_stays_behind(people: Program, billing: Client, base: str):
    patient(people, "Abara")
    patient(people, "Berg")
    close(people)
    assert billing.post(f"{base}months/{FEBRUARY}/files/new/", ticked(people)).status_code == 302
    batch = refuse(people)
    with tenant(people.organization):
        Patient.objects.filter(family_name="Berg").update(address="")
    again = f"{base}batches/{batch.id}/again/"
    assert f'href="{again}"' in billing.get(f"{base}batches/{batch.id}/").text
    page = billing.get(again)
    assert ("<strong>1 ready</strong>, 1 to mend." in text_of(page), "Berg, Jo" in text_of(page)) == (True, True)
    assert "Abara" not in page.text
    left = billing.post(again, {"client_token": str(uuid4())}, follow=True)
    assert left.redirect_chain == [(again, 302)]
    assert "Batch 2 holds 1 of its claims." in text_of(left)
    (mend,) = links(left, "Address")
    assert mend.endswith(f"/insurance/?back={again.replace('/', '%2F')}")
    none = billing.post(again, {"client_token": str(uuid4())})
    assert (none.status_code, "Berg, Jo" in none.text, links(none, "Address")) == (422, True, [mend])
    with tenant(people.organization):
        Patient.objects.filter(family_name="Berg").update(address="5 Oak St")
    done = billing.post(again, {"client_token": str(uuid4())}, follow=True)
    assert "Batch 3 holds 1 of its claims." in text_of(done)
    assert "is to be filed anew" in text_of(billing.get(again, follow=True))


def test_why_a_refused_file_cannot_go_out_anew_is_said_before_the_press(
    people: Program, billing: Client, base: str, monkeypatch: pytest.MonkeyPatch
):
    patient(people, "Abara")
    close(people)
    assert billing.post(f"{base}months/{FEBRUARY}/files/new/", ticked(people)).status_code == 302
    again = f"{base}batches/{refuse(people).id}/again/"

    def shown(**receiver: bool) -> tuple[str, bool]:
        with tenant(people.organization):
            if receiver:
                Receiver.objects.update(**receiver)
        page = text_of(billing.get(again))
        return page, ">File 1 claim anew<" in page

    gone, gone_leaves = shown(is_in_use=False)
    assert ("files is not in use any more. Nothing leaves" in gone, gone_leaves) == (True, False)
    assert "<strong>1 ready</strong>" in gone
    test, test_leaves = shown(is_in_use=True, is_test=True)
    assert ("a test takes no claim’s place" in test, test_leaves) == (True, False)
    pressed = billing.post(again, {"client_token": str(uuid4())})
    assert (pressed.status_code, text_of(pressed).count("a test takes no claim’s place")) == (422, 1)
    assert shown(is_test=False)[1]
    elsewhere = Fault("institutional", "Elsewhere.", "Setting of the clinic", "clinic", claim=0)
    monkeypatch.setattr(filing_facts, "faults_of", lambda file: (elsewhere,))
    listed, leaves = shown()
    said = "They file on the institutional form" in listed
    assert (said, "Abara, Jo" in listed, "0 to mend" in listed, leaves) == (True, True, True, False)


def test_an_authorization_in_force_ends_the_asking(people: Program, billing: Client, base: str):
    episode = patient(people, "Berg", enrolled_on=date(2026, 1, 5))
    with tenant(people.organization):
        payer = people.payer("Medicare Part B", payer_code="MCR01")
        PayerProfileFactory(organization=people.organization, payer=payer, authorization_after_months=1)
        of = {"organization": people.organization, "patient": episode.patient, "payer": payer}
        early = PriorAuthorizationFactory(**of, number="PA 7", from_on=date(2026, 2, 1), until_on=date(2026, 2, 27))
    address = f"{base}months/{FEBRUARY}/episodes/{episode.id}/"
    insurance = f"/o/lakeside/patients/{episode.patient_id}/insurance/?back={address.replace('/', '%2F')}"
    due = billing.get(address)
    assert "Authorization is needed after 1 month" in text_of(due)
    assert links(due, "Enter its number") == [f"{insurance}#authorizations"]
    assert links(due, "Insurance and address") == [insurance]
    with tenant(people.organization):
        replace_authorization(
            by=people.by, at=AT, authorization_id=early.id, payer_id=payer.id, number="PA 7", from_on=early.from_on
        )
    page = text_of(billing.get(address))
    assert ("Authorization is needed" in page, "PA 7" in page, "Enter its number" in page) == (False, True, False)
