"""Claims as 837P: from closed months, one file a payer, each claim once, the same bytes ever after."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from bhi.audit.models import AuditEvent
from bhi.files.models import StoredFile
from bhi.files.operations import read
from bhi.tenancy.context import tenant
from billing.models import Batch, BillingProvider, Claim, ClaimLine, PayerRoute, Receiver
from billing.operations.batches import make_batch
from billing.operations.closing import close_month
from billing.operations.errors import MonthNotOver, NothingReady
from billing.operations.filing import discard_batch_files, make_filed_batches, mark_sent
from billing.queries.batch_files import batch_bytes, written_again
from billing.queries.claims import batch_with_file
from billing.queries.filing_facts import filing_plan
from registry.models import Coverage, Patient
from tests.billing.filing import FEBRUARY, LAST_DAY, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.factories.billing import BatchFactory, ClaimFactory
from tests.factories.claims import ChargePostedFactory
from tests.factories.tenancy import ClinicFactory, OrganizationFactory


def make(people: Program, **fields: Any) -> list[Batch]:
    return make_filed_batches(**({"by": people.by, "at": AT, "month": FEBRUARY, "client_token": uuid4()} | fields))


def plan(people: Program) -> Any:
    return filing_plan(people.organization.id, FEBRUARY, at=AT)


def test_a_closed_month_leaves_as_a_file_for_its_payer(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside)
    closed(lakeside)
    (batch,) = make(lakeside)
    claim = Claim.objects.get()
    text = read(batch.stored_file).decode()
    assert (batch.format, batch.payer, batch.interchange_number, batch.claim_count, batch.stored_file.media_type) == (
        "x12",
        claim.payer,
        1,
        1,
        "application/edi-x12",
    )
    assert (claim.frequency, claim.charge, claim.service_on, len(claim.control_number)) == (
        "1",
        Decimal("290.50"),
        LAST_DAY,
        18,
    )
    number = claim.control_number
    assert [line for line in text.split("~\n") if line.startswith(("CLM", "SV1", "DTP", "REF*6R"))] == [
        f"CLM*{number}*290.5***11:B:1*Y*A*Y*Y",
        "SV1*HC:99492*170*UN*1***1",
        "DTP*472*D8*20260228",
        f"REF*6R*{number}-1",
        "SV1*HC:99494*120.5*UN*2***1",
        "DTP*472*D8*20260228",
        f"REF*6R*{number}-2",
    ]
    lines = ClaimLine.objects.order_by("number").values_list("code", "units", "charge", "control_number")
    assert list(lines) == [
        ("99492", 1, Decimal("170.00"), f"{number}-1"),
        ("99494", 2, Decimal("120.50"), f"{number}-2"),
    ]


def test_an_open_month_waits_for_its_close(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside)
    found = plan(lakeside)
    assert (found.payers, found.still_open, found.leaves) == ((), 1, 0)
    with pytest.raises(NothingReady, match="No claim of February 2026"):
        make(lakeside)
    with pytest.raises(MonthNotOver):
        make(lakeside, month="2026-04")


def test_one_payer_one_file(lakeside: Program):
    aetna = lakeside.payer("Aetna PPO", payer_code="60054")
    medicare = lakeside.payer("Medicare Part B", payer_code="MCR01")
    set_up(lakeside, medicare, aetna)
    PayerRoute.objects.filter(payer=aetna).update(filing_code="CI", payer_identifier="60054")
    filed_patient(lakeside, "Abara")
    filed_patient(lakeside, "Berg", payer=aetna)
    closed(lakeside)
    token = uuid4()
    batches = make(lakeside, client_token=token)
    assert [(batch.payer.name, batch.interchange_number, batch.number) for batch in batches] == [
        ("Aetna PPO", 1, 1),
        ("Medicare Part B", 2, 2),
    ]
    assert make(lakeside, client_token=token) == batches
    with pytest.raises(NothingReady):
        make(lakeside)


def test_only_the_payers_that_are_chosen(lakeside: Program):
    aetna = lakeside.payer("Aetna PPO", payer_code="60054")
    set_up(lakeside, lakeside.payer("Medicare Part B", payer_code="MCR01"), aetna)
    filed_patient(lakeside, "Abara")
    filed_patient(lakeside, "Berg", payer=aetna)
    closed(lakeside)
    PayerRoute.objects.filter(payer=aetna).update(filing_code="CI")
    assert [batch.payer for batch in make(lakeside, payer_ids=[aetna.id])] == [aetna]
    assert [batch.payer.name for batch in make(lakeside)] == ["Medicare Part B"]


def test_faulty_claims_wait_and_the_others_leave(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside, "Abara")
    without = filed_patient(lakeside, "Berg", address="")
    closed(lakeside)
    (payer,) = plan(lakeside).payers
    assert ([one.patient_name for one in payer.ready], [one.patient_name for one in payer.to_mend]) == (
        ["Abara, Jo"],
        ["Berg, Jo"],
    )
    assert [(fault.word, fault.kind, fault.object_id) for fault in payer.to_mend[0].faults] == [
        ("address", "patient", str(without.patient_id))
    ]
    (batch,) = make(lakeside)
    assert batch.claim_count == 1
    Patient.objects.filter(id=without.patient_id).update(address="5 Oak St")
    (later,) = make(lakeside)
    assert [claim.patient_id for claim in Claim.objects.filter(batch=later)] == [without.patient_id]


def test_a_fault_of_the_filer_stops_the_file(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside)
    closed(lakeside)
    BillingProvider.objects.update(postal_code="80202")
    (payer,) = plan(lakeside).payers
    assert ([fault.word for fault in payer.file_faults], payer.leaves, len(payer.ready)) == (["biller_zip"], (), 1)
    with pytest.raises(NothingReady):
        make(lakeside)


def test_a_payer_without_a_receiver_is_not_filed(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside)
    closed(lakeside)
    Receiver.objects.update(is_in_use=False)
    (payer,) = plan(lakeside).payers
    assert (payer.head, payer.leaves, payer.file_faults, len(payer.ready)) == (None, (), (), 1)


def test_an_institution_is_told_of_its_form(lakeside: Program):
    clinic = ClinicFactory(organization=lakeside.organization, name="Ridge", setting="fqhc", place_of_service="50")
    set_up(lakeside)
    filed_patient(lakeside, clinic=clinic)
    close_month(by=lakeside.by, at=AT, clinic_id=clinic.id, month=FEBRUARY, note="Seen.", client_token=uuid4())
    (payer,) = plan(lakeside).payers
    assert (len(payer.institutional), payer.leaves) == (1, ())
    assert payer.institutional[0].faults[0].sentence == (
        "A federally qualified health center files on the institutional form (837I). "
        "Take the table (CSV) or the paper sheet instead."
    )


def test_a_dependent_is_filed_below_who_holds_the_insurance(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside)
    Coverage.objects.update(
        relationship="child",
        subscriber_family_name="Abara",
        subscriber_given_name="Zoé",
        subscriber_birth_date=date(1960, 1, 1),
        subscriber_sex="F",
    )
    closed(lakeside)
    (batch,) = make(lakeside)
    lines = read(batch.stored_file).decode().split("~\n")
    assert [line for line in lines if line.startswith(("SBR", "NM1*IL", "PAT", "NM1*QC"))] == [
        "SBR*P********MB",
        "NM1*IL*1*ABARA*ZOE****MI*1EG4TE5MK73",
        "PAT*19",
        "NM1*QC*1*ABARA*JO",
    ]


def test_a_payer_may_date_by_the_day_on_which_the_minutes_were_reached(lakeside: Program):
    (route,) = set_up(lakeside)
    filed_patient(lakeside)
    closed(lakeside)
    PayerRoute.objects.filter(id=route.id).update(service_day="threshold")
    make(lakeside)
    assert Claim.objects.get().service_on == date(2026, 2, 10)


def test_minutes_reached_on_the_last_day_are_dated_that_day(lakeside: Program):
    (route,) = set_up(lakeside)
    episode = filed_patient(lakeside, minutes=20)
    lakeside.work(episode, 20, on=LAST_DAY)
    closed(lakeside)
    PayerRoute.objects.filter(id=route.id).update(service_day="threshold")
    make(lakeside)
    assert Claim.objects.get().service_on == LAST_DAY


def test_what_was_posted_to_the_practices_own_system_is_not_filed_too(lakeside: Program):
    set_up(lakeside)
    episode = filed_patient(lakeside)
    closed(lakeside)
    ChargePostedFactory(organization=lakeside.organization, episode=episode, month=date(2026, 2, 1))
    assert (plan(lakeside).payers, plan(lakeside).posted) == ((), 1)


def test_what_a_file_took_no_table_takes(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside, "Abara")
    filed_patient(lakeside, "Berg", address="")
    closed(lakeside)
    make(lakeside)
    table = make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4())
    assert (table.format, table.claim_count, Claim.objects.count()) == ("csv", 1, 2)


def test_the_same_bytes_when_the_copy_has_expired(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside, "Abára-Łódź")
    closed(lakeside)
    (batch,) = make(lakeside)
    before = batch_bytes(batch)
    organization_id = lakeside.organization.id
    assert discard_batch_files(organization_id=organization_id, at=AT + timedelta(days=89)) == 0
    assert discard_batch_files(organization_id=organization_id, at=AT + timedelta(days=90)) == 1
    assert discard_batch_files(organization_id=organization_id, at=AT + timedelta(days=91)) == 0
    Patient.objects.update(family_name="Other", address="1 Other St")
    again = batch_with_file(organization_id, batch.id)
    assert (bytes(again.stored_file.sealed), batch_bytes(again)) == (b"", before)
    assert b"ABARA-LODZ" in (before or b"")
    StoredFile.objects.update(sha256="0" * 64)
    assert batch_bytes(batch_with_file(organization_id, batch.id)) is None


def test_a_table_too_is_written_again_with_the_same_bytes(lakeside: Program):
    filed_patient(lakeside, "=Abara")
    filed_patient(lakeside, "Berg", payer=lakeside.payer("Aetna PPO"))
    batch = make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4())
    before = batch_bytes(batch)
    assert discard_batch_files(organization_id=lakeside.organization.id, at=AT + timedelta(days=90)) == 1
    again = batch_with_file(lakeside.organization.id, batch.id)
    assert (bytes(again.stored_file.sealed), batch_bytes(again)) == (b"", before)


def test_a_batch_of_an_earlier_version_keeps_its_file(lakeside: Program):
    batch = BatchFactory(organization=lakeside.organization)
    assert written_again(batch) == b""


@pytest.mark.parametrize("content", [{}, {"head": {}, "claim": {}}, {"rows": [{"of": "another version"}]}])
def test_a_copy_that_cannot_be_written_again_is_not_emptied(lakeside: Program, content: Any):
    batch = BatchFactory(organization=lakeside.organization, format="csv" if "rows" in content else "x12")
    ClaimFactory(organization=lakeside.organization, batch=batch, content=content)
    StoredFile.objects.update(purpose="claims batch", expires_at=AT)
    before = bytes(StoredFile.objects.get().sealed)
    with capture_logs() as logs:
        assert discard_batch_files(organization_id=lakeside.organization.id, at=AT) == 0
    assert [(one["event"], one["batch_id"], one["log_level"]) for one in logs] == [
        ("batch.copy_kept", str(batch.id), "warning")
    ]
    assert (bytes(StoredFile.objects.get().sealed), before != b"") == (before, True)


def test_sent_is_said_once(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside)
    closed(lakeside)
    (batch,) = make(lakeside)
    mark_sent(by=lakeside.by, at=AT, batch_id=batch.id)
    mark_sent(by=lakeside.by, at=AT + timedelta(hours=1), batch_id=batch.id)
    assert Batch.objects.get().sent_at == AT
    events = AuditEvent.objects.filter(action__startswith="batch.").order_by("id").values_list("action", "count")
    assert list(events) == [("batch.made", 1), ("batch.sent", 1)]


def test_the_plan_reads_as_often_however_many_there_are(lakeside: Program):
    set_up(lakeside)
    filed_patient(lakeside, "Abara")
    filed_patient(lakeside, "Berg")
    closed(lakeside)
    with CaptureQueriesContext(connection) as two:
        plan(lakeside)
    for name in ("Castro", "Dogan", "Eze"):
        late = filed_patient(lakeside, name, clinic=ClinicFactory(organization=lakeside.organization, name=name))
        close_month(
            by=lakeside.by,
            at=AT,
            clinic_id=late.clinic_id,
            month=FEBRUARY,
            note="Seen.",
            client_token=uuid4(),
        )
    with CaptureQueriesContext(connection) as five:
        found = plan(lakeside)
    assert (len(found.payers[0].ready), len(five)) == (5, len(two))


class _Overturned(Exception):
    """What a machine does to an exporter now and then."""


def stumble(chance: random.Random) -> None:
    if chance.random() < 0.3:
        raise _Overturned


def export(organization_id: UUID, by: Any, token: UUID, chance: random.Random) -> str:
    """One try, which may fail before it writes, before it commits, or before it hears that it did."""
    with tenant(organization_id):
        stumble(chance)
        made = make_filed_batches(by=by, at=AT, month=FEBRUARY, client_token=token)
        stumble(chance)
    stumble(chance)
    return ",".join(str(batch.claim_count) for batch in made)


def in_thread(organization_id: UUID, barrier: Barrier, by: Any, seed: int) -> str:
    """One exporter that tries until it hears an answer."""
    chance, token = random.Random(seed), uuid4()
    barrier.wait(timeout=20)
    try:
        while True:
            try:
                return export(organization_id, by, token, chance)
            except _Overturned:
                continue
            except NothingReady:
                return "nothing"
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_eight_exporters_that_fail_now_and_then_send_each_claim_once():
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        set_up(people)
        for name in ("Abara", "Berg", "Castro"):
            filed_patient(people, name)
        closed(people)
    exporters, barrier = 8, Barrier(8)
    with ThreadPoolExecutor(exporters) as pool:
        futures = [pool.submit(in_thread, organization.id, barrier, people.by, seed) for seed in range(exporters)]
        answers = sorted(future.result() for future in futures)
    assert answers == ["3", *["nothing"] * (exporters - 1)]
    with tenant(organization):
        sent = list(Claim.objects.values_list("control_number", flat=True))
        assert (Batch.objects.count(), len(sent), len(set(sent)), ClaimLine.objects.count()) == (1, 3, 3, 6)
        text = (batch_bytes(Batch.objects.select_related("stored_file").get()) or b"").decode()
        assert sorted(line.split("*")[1] for line in text.split("~\n") if line.startswith("CLM")) == sorted(sent)
