"""Claims and packets of records under 42 CFR part 2: they wait for a consent, and carry the notice under one."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from pypdf import PdfReader

from bhi.accounts.queries import people_of
from bhi.audit.models import AuditEvent
from bhi.files.operations import read
from bhi.tenancy.context import tenant
from billing.models import Claim
from billing.operations.batches import make_batch
from billing.operations.charge_sheets import CannotPost, post_charges
from billing.operations.claims_outside import record_correction
from billing.operations.errors import NothingReady, PartTwoHeld
from billing.operations.filing import make_filed_batches, mark_sent
from billing.operations.merging import merge_patients, undo_merge
from billing.operations.packets import ask_for_batch_packet, ask_for_month_packet, keep_part
from billing.operations.paper_sheets import ask_for_batch_paper, ask_for_month_paper
from billing.queries.batch_files import batch_bytes, written_again
from billing.queries.claim_pages import claim_page
from billing.queries.filing_facts import filing_plan
from billing.queries.packets import content_of
from billing.queries.paper_sheets import PaperAsked, paper_of
from billing.queries.part_two import notices_of, refused_in_batch
from billing.rules.x12.writing import PART_TWO_NOTICE
from billing.tasks import packet_paper, sheet_papers
from registry.models import Disclosure, PartTwoConsent, PartTwoMark, Patient
from registry.operations.rights_errors import PartTwoRefused
from registry.rules.part_two import NOTICE
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program
from tests.factories.billing import BatchFactory, ClaimFactory
from tests.factories.going_live import (
    AmendmentRequestFactory,
    DisclosureFactory,
    PartTwoConsentFactory,
    PartTwoMarkFactory,
    RecordExportFactory,
)
from tests.factories.registry import PatientFactory


@pytest.fixture
def marked(lakeside: Program) -> Any:
    """An episode of a closed month that would leave, were its record not marked."""
    set_up(lakeside)
    episode = filed_patient(lakeside)
    closed(lakeside)
    PartTwoMarkFactory(organization=lakeside.organization, patient=episode.patient)
    Patient.objects.filter(id=episode.patient_id).update(is_part_two=True)
    return episode


def consent(people: Program, episode: Any) -> None:
    PartTwoConsentFactory(organization=people.organization, patient=episode.patient)


def file_it(people: Program) -> Any:
    return make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())


def test_the_notice_of_a_claim_is_the_regulations_and_fits_its_note():
    assert (PART_TWO_NOTICE, len(PART_TWO_NOTICE) <= 80) == (NOTICE, True)


def test_without_a_consent_no_file_and_the_fault_says_what_to_do(lakeside, marked):
    (payer,) = filing_plan(lakeside.organization.id, FEBRUARY, at=AT).payers
    (waiting,) = payer.to_mend
    assert [(fault.word, fault.kind, fault.object_id) for fault in waiting.faults] == [
        ("part_two", "part_two", str(marked.patient_id))
    ]
    with pytest.raises(NothingReady):
        file_it(lakeside)


def test_with_a_consent_it_leaves_with_the_notice_the_same_bytes_ever_after(lakeside, marked):
    consent(lakeside, marked)
    (batch,) = file_it(lakeside)
    text = read(batch.stored_file).decode()
    assert [claim_page(lakeside.organization.id, one.id).is_part_two for one in Claim.objects.all()] == [True]
    assert text.upper().count(f"NTE*ADD*{NOTICE.upper()}") == 1
    assert batch_bytes(batch) == written_again(batch)


def test_the_table_leaves_out_who_may_not_be_told_of(lakeside, marked):
    with pytest.raises(PartTwoHeld):
        make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4(), has_seen_papers=True)
    consent(lakeside, marked)
    batch = make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4(), has_seen_papers=True)
    assert Claim.objects.get(batch=batch).patient_id == marked.patient_id


def test_packets_wait_too_and_carry_the_notice_on_every_page(lakeside, marked):
    asked = {"by": lakeside.by, "at": AT, "month": FEBRUARY, "episode_id": marked.id}
    with pytest.raises(PartTwoRefused):
        ask_for_month_packet(**asked)
    consent(lakeside, marked)
    packet = ask_for_month_packet(**asked)
    assert ask_for_month_packet(**asked).id == packet.id
    assert [(one.purpose, one.object_id) for one in Disclosure.objects.all()] == [("payment", packet.id)]
    people = people_of(lakeside.organization.id)
    notices = notices_of(packet, at=AT)
    content = content_of(packet, people, part=1, size=1)
    pdf = packet_paper(lakeside.organization.id, content, made_by="Kim", at=AT, notices=notices)
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]
    assert [[line in page for line in notices] for page in pages] == [[True, True]] * len(pages)


def test_a_batchs_packet_waits_when_a_consent_was_revoked_since(lakeside, marked):
    consent(lakeside, marked)
    (batch,) = file_it(lakeside)
    packet = ask_for_batch_packet(by=lakeside.by, at=AT, batch_id=batch.id)
    assert notices_of(packet, at=AT) == (NOTICE,)
    revoked = {"revoked_at": AT, "revoked_on": AT.date(), "revoked_by": lakeside.by, "revoked_how": "In writing"}
    PartTwoConsent.objects.update(**revoked)
    with pytest.raises(PartTwoRefused):
        ask_for_batch_packet(by=lakeside.by, at=AT, batch_id=batch.id)


def test_a_merge_takes_marks_consents_and_requests_along_and_undoing_brings_them_back(lakeside):
    organization = lakeside.organization
    with tenant(organization):
        kept, merged = (PatientFactory(organization=organization) for _ in range(2))
        of = {"organization": organization, "patient": merged}
        makers = (
            *(PartTwoMarkFactory, PartTwoConsentFactory, DisclosureFactory, AmendmentRequestFactory),
            RecordExportFactory,
        )
        rows = [make(**of) for make in makers]
        Patient.objects.filter(id=merged.id).update(is_part_two=True)

        def whose() -> list[Any]:
            return [type(row)._default_manager.get(id=row.id).patient_id for row in rows]

        merge = merge_patients(by=lakeside.by, at=AT, kept_id=kept.id, merged_id=merged.id)
        assert whose() == [kept.id] * len(rows)
        assert [Patient.objects.get(id=one.id).is_part_two for one in (kept, merged)] == [True, False]
        undo_merge(by=lakeside.by, at=AT, merge_id=merge.id)
        assert whose() == [merged.id] * len(rows)
        assert [Patient.objects.get(id=one.id).is_part_two for one in (kept, merged)] == [False, True]
        assert PartTwoMark.objects.live().count() == 1


def revoke(people: Program) -> None:
    """The patient takes every consent back."""
    words = {"revoked_on": AT.date(), "revoked_by": people.by, "revoked_how": "In writing"}
    PartTwoConsent.objects.update(revoked_at=AT, **words)


def audited(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


class TestPages:
    """What billing staff see where part 2 holds something, within one transaction of the test."""

    @pytest.fixture(autouse=True)
    def clock(self) -> Iterator[None]:
        with time_machine.travel(AT, tick=False):
            yield

    @pytest.fixture
    def billing(self, client_for: Any) -> Client:
        client: Client = client_for("billing")
        return client

    @pytest.fixture
    def here(self, lakeside: Program) -> str:
        return f"/o/{lakeside.organization.slug}/billing"

    def test_the_form_of_a_batch_says_that_part_2_holds_what_is_left(self, marked, billing, here):
        answer = billing.post(
            f"{here}/months/{FEBRUARY}/batches/new/", {"client_token": uuid4(), "has_seen_papers": "on"}
        )
        assert (answer.status_code, "no consent allows it to leave for payment" in answer.text) == (422, True)

    def test_a_charge_is_in_no_file_nor_on_paper_until_a_consent_lets_it(self, lakeside, marked, billing, here):
        charges = f"{here}/months/{FEBRUARY}/charges/"

        def file() -> list[str]:
            lines = billing.post(f"{charges}file/", {"show": "all"}).content.decode("utf-8-sig").splitlines()
            return [line.rpartition(",")[2] for line in lines]

        sheet = billing.get(f"{here}/months/{FEBRUARY}/episodes/{marked.id}/sheet/", follow=True).text
        assert ("allows them to leave for payment" in sheet, "Needs a consent" in sheet) == (True, True)
        assert "1 charge left out" in billing.get(f"{charges}paper/").text
        assert len(file()) == 1
        consent(lakeside, marked)
        assert NOTICE in billing.get(f"{charges}paper/").text
        assert file() == ["Notice", NOTICE, NOTICE]

    def test_what_was_made_before_a_revocation_is_not_handed_out(self, lakeside, marked, billing, here):
        consent(lakeside, marked)
        (batch,) = file_it(lakeside)
        packet = ask_for_batch_packet(by=lakeside.by, at=AT, batch_id=batch.id)
        content = content_of(packet, people_of(lakeside.organization.id), part=1, size=1)
        keep_part(by=lakeside.by, at=AT, packet=packet, content=content, pdf=b"%PDF-1.7")
        files = [f"{here}/batches/{batch.id}/file/", f"{here}/packets/{packet.id}/parts/1/"]
        assert [billing.get(url).status_code for url in files] == [200, 200]
        revoke(lakeside)
        told = [billing.get(url, follow=True) for url in files]
        told += [billing.post(f"{here}/batches/{batch.id}/{do}/", follow=True) for do in ("sent", "paper/forms")]
        assert ["allows them to leave for payment" in answer.text for answer in told] == [True] * 4
        assert (audited("batch.downloaded"), audited("packet.downloaded"), audited("batch.sent")) == (1, 1, 0)


def test_a_charge_is_not_ticked_and_its_sheet_not_made_without_a_consent(lakeside, marked):
    ticked = {"by": lakeside.by, "at": AT, "month": FEBRUARY, "numbers": {marked.id: "81"}, "on": AT.date()}
    with pytest.raises(CannotPost, match="no consent under 42 CFR part 2"):
        post_charges(**ticked)
    asked = {"by": lakeside.by, "at": AT, "month": FEBRUARY, "kind": "forms"}
    with pytest.raises(PartTwoRefused):
        ask_for_month_paper(**asked, episode_id=marked.id)
    of_month = PaperAsked("charges", FEBRUARY)
    assert paper_of(lakeside.organization.id, of_month, at=AT).rows == ()
    consent(lakeside, marked)
    assert ask_for_month_paper(**asked, episode_id=marked.id)
    paper = paper_of(lakeside.organization.id, of_month, at=AT)
    (pdf,) = sheet_papers(of_month, paper, made_by="Kim", on=AT.date())
    assert NOTICE in " ".join(PdfReader(BytesIO(pdf)).pages[0].extract_text().split())
    assert [one.number for one in post_charges(**ticked)] == ["81"]


def test_a_correction_by_hand_waits_for_a_consent(lakeside, marked):
    consent(lakeside, marked)
    make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4(), has_seen_papers=True)
    claim = Claim.objects.get()
    revoke(lakeside)
    told = {"by": lakeside.by, "at": AT, "claim_id": claim.id, "because": "Keyed anew", "client_token": uuid4()}
    with pytest.raises(PartTwoRefused):
        record_correction(**told)
    assert [one.id for one in Claim.objects.filter(is_superseded=False)] == [claim.id]
    PartTwoConsent.objects.all().update(revoked_at=None, revoked_on=None, revoked_by=None)
    assert record_correction(**told).replaces == claim


def test_a_file_that_was_handed_over_stays_what_it_is(lakeside, marked):
    consent(lakeside, marked)
    (batch,) = file_it(lakeside)
    first = mark_sent(by=lakeside.by, at=AT, batch_id=batch.id)
    revoke(lakeside)
    assert mark_sent(by=lakeside.by, at=AT, batch_id=batch.id).sent_at == first.sent_at


def test_nobody_hands_over_a_file_whose_consent_was_revoked(lakeside, marked):
    consent(lakeside, marked)
    (batch,) = file_it(lakeside)
    revoke(lakeside)
    with pytest.raises(PartTwoRefused):
        mark_sent(by=lakeside.by, at=AT, batch_id=batch.id)
    with pytest.raises(PartTwoRefused):
        ask_for_batch_paper(by=lakeside.by, at=AT, batch_id=batch.id, kind="forms")


def test_a_file_that_only_takes_back_is_handed_over_after_a_revocation(lakeside, marked):
    consent(lakeside, marked)
    (batch,) = file_it(lakeside)
    revoke(lakeside)
    assert refused_in_batch(lakeside.organization.id, batch.id, at=AT) == {marked.patient_id}
    voided = Claim.objects.get()
    of = {"organization": lakeside.organization, "patient": voided.patient, "episode": voided.episode}
    taking = BatchFactory(organization=lakeside.organization, number=99)
    says = {"replaces": voided, "frequency": "8", "is_superseded": True, "payer_claim_number": "7"}
    taken = ClaimFactory(**of, batch=taking, **says)
    assert refused_in_batch(lakeside.organization.id, taken.batch_id, at=AT) == frozenset()


def test_a_batchs_packet_is_a_disclosure_of_each_marked_record(lakeside):
    set_up(lakeside)
    episode, _ = filed_patient(lakeside), filed_patient(lakeside, "Plain")
    closed(lakeside)
    PartTwoMarkFactory(organization=lakeside.organization, patient=episode.patient)
    Patient.objects.filter(id=episode.patient_id).update(is_part_two=True)
    consent(lakeside, episode)
    (batch,) = file_it(lakeside)
    packet = ask_for_batch_packet(by=lakeside.by, at=AT, batch_id=batch.id)
    told = [(one.patient_id, one.purpose, one.object_id) for one in Disclosure.objects.all()]
    assert (batch.claim_count, told) == (2, [(episode.patient_id, "payment", packet.id)])
