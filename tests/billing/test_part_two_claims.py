"""Claims and packets of records under 42 CFR part 2: they wait for a consent, and carry the notice under one."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from pypdf import PdfReader

from bhi.accounts.queries import people_of
from bhi.files.operations import read
from bhi.tenancy.context import tenant
from billing.models import Claim
from billing.operations.batches import make_batch
from billing.operations.errors import NothingReady, PartTwoHeld
from billing.operations.filing import make_filed_batches
from billing.operations.merging import merge_patients, undo_merge
from billing.operations.packets import ask_for_batch_packet, ask_for_month_packet
from billing.queries.batch_files import batch_bytes, written_again
from billing.queries.claim_pages import claim_page
from billing.queries.filing_facts import filing_plan
from billing.queries.packets import content_of
from billing.queries.part_two import notices_of
from billing.rules.x12.writing import PART_TWO_NOTICE
from billing.tasks import packet_paper
from registry.models import Disclosure, PartTwoConsent, PartTwoMark, Patient
from registry.operations.rights_errors import PartTwoRefused
from registry.rules.part_two import NOTICE
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program
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
