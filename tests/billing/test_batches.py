"""Batches: claims once, frozen, in a file that never changes, however many people press the button."""

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from bhi.audit.models import AuditEvent
from bhi.files.operations import read
from bhi.tenancy.context import tenant
from billing.models import Batch, Claim, ClaimLine
from billing.operations.batches import make_batch
from billing.operations.charge_sheets import set_charge_columns
from billing.operations.errors import MonthNotOver, NothingToBill, PapersUnseen
from billing.operations.fees import FeeLine, set_payer_fees
from billing.queries.batch_files import written_again
from billing.queries.claims import batch_page, batch_rows, batch_with_file, claimed_months
from billing.queries.month_detail import month_detail
from billing.queries.month_page import month_page
from billing.rules.books import book_named
from billing.rules.canonical import plain
from billing.rules.claims_file import HEADER
from billing.rules.facts import from_json
from billing.rules.verdicts import judge
from caseload.operations.timekeeping import void_time
from registry.models import Episode, TreatingClinician
from registry.operations import record_visit
from registry.operations.drafts import draft_care_plan
from registry.operations.episodes import end_episode, open_episode
from registry.operations.people import add_coverage
from registry.operations.recording import Stamp, record_facts
from tests.billing.people import AT, Program, program
from tests.factories.billing import ClaimFactory
from tests.factories.claims import ChargeFeeFactory
from tests.factories.tenancy import ClinicFactory, OrganizationFactory
from tests.rules.billing.test_claims_file import ROW

FEBRUARY = "2026-02"


def make(lakeside: Program, **fields: Any) -> Batch:
    given = {"by": lakeside.by, "at": AT, "month": FEBRUARY, "client_token": uuid4()}
    return make_batch(**{**given, **fields})


def lines_of(batch: Batch) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(read(batch.stored_file).decode(), newline="")))


def test_everybody_who_bills_is_claimed_by_name(lakeside: Program):
    lakeside.billing_patient("Berg", 118, mrn="104")
    lakeside.billing_patient("Abara", 40, mrn="02908655")
    lakeside.billing_patient("Castro", 5)
    lakeside.billing_patient("Dogan", 40, payer=lakeside.payer("Self Pay", is_self_pay=True))
    lakeside.billing_patient("Eze", 40, without=("coverage",))
    batch = make(lakeside)
    assert (batch.number, batch.claim_count, f"{batch.month:%Y-%m}") == (1, 2, FEBRUARY)
    assert [
        tuple(line[name] for name in ("Claim", "Record number", "Code", "Units", "Expected amount", "Expected by"))
        for line in lines_of(batch)
    ] == [
        ("0001-0001", "02908655", "99492", "1", "157.75", "estimate"),
        ("0001-0002", "104", "99492", "1", "157.75", "estimate"),
        ("0001-0002", "104", "99494", "2", "120.95", "estimate"),
    ]


def test_a_line_carries_what_a_billing_system_asks_for(lakeside: Program):
    rivera = TreatingClinician.objects.create(
        organization=lakeside.organization,
        name="Ana Rivera",
        sort_name="rivera, ana",
        credential="MD",
        npi="1234567893",
    )
    clinic = ClinicFactory(organization=lakeside.organization, name="Ridge", npi="1093817465", place_of_service="22")
    episode = lakeside.billing_patient("=Abara", mrn="007", clinic=clinic)
    episode.treating_clinician = rivera
    episode.save(update_fields=["treating_clinician"])
    ChargeFeeFactory(organization=lakeside.organization, code="99492", amount=Decimal("170.00"))
    fees = {"payer_id": lakeside.payer("Medicare Part B", payer_code="MCR01").id, "clinic_id": clinic.id}
    # In a facility Medicare allows 91.47: the patient's 18.29 of it, and 73.18 less 2 % = 71.71.
    line_of_list = FeeLine("99492", Decimal(200), Decimal("91.47"))
    set_payer_fees(by=lakeside.by, at=AT, from_on=date(2026, 1, 1), source="Locality", lines=[line_of_list], **fees)
    (line,) = lines_of(make(lakeside))
    assert line == {
        "Claim": "0001-0001",
        "Record number": "007",
        "Last name": "'=Abara",
        "First name": "Jo",
        "Birth date": "1980-05-17",
        "Sex": "F",
        "Payer": "Medicare Part B",
        "Payer code": "MCR01",
        "Member id": "1EG4TE5MK73",
        "Group number": "",
        "Relationship": "self",
        "Insured": "'=Abara, Jo",
        "Prior authorization": "",
        "Date of service": "2026-02-28",
        "Place of service": "22",
        "Code": "99492",
        "Units": "1",
        "Charge": "170.00",
        "Diagnoses": "F32.1",
        "Diagnosis pointers": "A",
        "Rendering clinician": "Rivera, Ana",
        "Clinician NPI": "1234567893",
        "Clinic": "Ridge",
        "Clinic NPI": "1093817465",
        "Expected amount": "90.00",
        "Expected by": "payer's fee",
    }
    claim = Claim.objects.get()
    assert (claim.charge, claim.service_on) == (Decimal("170.00"), date(2026, 2, 28))


def test_a_batch_has_the_columns_that_were_chosen_and_the_same_bytes_ever_after(lakeside: Program):
    columns = [("mrn", "Account"), ("code", "CPT"), ("expected", "Expected"), ("expected_kind", "By")]
    set_charge_columns(by=lakeside.by, at=AT, columns=columns)
    lakeside.billing_patient("Abara", mrn="77")
    lakeside.billing_patient("Berg", mrn="78", payer=lakeside.payer("Cigna"))
    batch = make(lakeside)
    content = read(batch.stored_file)
    assert content.decode().splitlines() == [
        "Claim,Account,CPT,Expected,By",
        "0001-0001,77,99492,157.75,estimate",
        "0001-0002,78,99492,,not known",
    ]
    set_charge_columns(by=lakeside.by, at=AT, columns=[("mrn", "Number")])
    assert written_again(batch) == content


def test_a_batch_of_before_is_written_as_it_was(lakeside: Program):
    """Claims kept the cells of fixed columns then."""
    kept = {"rows": [plain(ROW), plain(replace(ROW, code="99494", units=2))]}
    batch = ClaimFactory(organization=lakeside.organization, content=kept).batch
    before = written_again(batch).decode().splitlines()
    assert before[0] == ",".join(HEADER)
    assert [line.split(",")[11:13] for line in before[1:]] == [["99492", "1"], ["99494", "2"]]


def test_the_frozen_facts_give_the_frozen_verdict(lakeside: Program):
    lakeside.billing_patient(minutes=118)
    make(lakeside)
    claim = Claim.objects.get()
    facts = from_json(json.dumps(claim.facts))
    assert plain(judge(facts, book_named(claim.book))) == claim.verdict
    assert claim.book_sha256 == book_named(claim.book).sha256
    assert len(claim.facts_sha256) == 64
    asked = list(ClaimLine.objects.order_by("number").values_list("code", "units"))
    assert asked == [(line["code"], line["units"]) for line in claim.verdict["lines"]]


def test_the_same_token_gives_the_same_batch(lakeside: Program):
    lakeside.billing_patient()
    token = uuid4()
    assert make(lakeside, client_token=token) == make(lakeside, client_token=token)
    assert (Batch.objects.count(), Claim.objects.count()) == (1, 1)


def test_who_is_claimed_is_not_claimed_again(lakeside: Program):
    lakeside.billing_patient("Abara")
    make(lakeside)
    with pytest.raises(NothingToBill, match="February 2026"):
        make(lakeside)
    lakeside.billing_patient("Berg")
    later = make(lakeside)
    assert (later.number, [line["Last name"] for line in lines_of(later)]) == (2, ["Berg"])


def unseen_plan(lakeside: Program, name: str) -> Episode:
    """A patient who bills but for the care plan, which an import assumed."""
    episode = lakeside.billing_patient(name, without=("care_plan",))
    stamp = Stamp(lakeside.by, AT)
    record_facts([draft_care_plan(stamp, episode=episode, on=episode.enrolled_on, is_assumed=True)])
    return episode


def test_claims_on_papers_that_nobody_has_seen_wait(lakeside: Program):
    unseen_plan(lakeside, "Abara")
    lakeside.billing_patient("Berg")
    uncoded = lakeside.billing_patient("Castro", without=("visit",))
    record_visit(by=lakeside.by, at=AT, patient=uncoded.patient, on=date(2026, 1, 20), code="")
    batch = make(lakeside)
    assert [line["Last name"] for line in lines_of(batch)] == ["Berg"]
    with pytest.raises(PapersUnseen, match="February 2026"):
        make(lakeside)
    seen = make(lakeside, has_seen_papers=True)
    assert [line["Last name"] for line in lines_of(seen)] == ["Abara", "Castro"]
    said = AuditEvent.objects.filter(action="batch.made").order_by("id").values_list("fields", flat=True)
    assert list(said) == [[], ["papers_seen"]]


def test_some_patients_only(lakeside: Program):
    first, second = lakeside.billing_patient("Abara"), lakeside.billing_patient("Berg")
    make(lakeside, episode_ids=[second.id])
    assert set(claimed_months(lakeside.organization.id, FEBRUARY)) == {second.patient_id}
    make(lakeside)
    assert set(claimed_months(lakeside.organization.id, FEBRUARY)) == {first.patient_id, second.patient_id}


def test_a_month_that_still_runs_anywhere_is_refused(lakeside: Program):
    """March ends at 05:00 UTC in Chicago, at 10:00 in Honolulu."""
    ClinicFactory(organization=lakeside.organization, time_zone="Pacific/Honolulu")
    episode = lakeside.billing_patient()
    lakeside.work(episode, 40, on=date(2026, 3, 10))
    lakeside.score(episode, date(2026, 3, 10))
    with pytest.raises(MonthNotOver, match="March 2026 is not over"):
        make(lakeside, month="2026-03", at=datetime(2026, 4, 1, 9, 59, tzinfo=UTC))
    assert make(lakeside, month="2026-03", at=datetime(2026, 4, 1, 10, 0, tzinfo=UTC)).claim_count == 1


def test_a_refused_batch_leaves_nothing(lakeside: Program):
    with pytest.raises(NothingToBill):
        make(lakeside)
    assert (Batch.objects.count(), AuditEvent.objects.filter(action="batch.made").count()) == (0, 0)


def test_one_audit_event(lakeside: Program):
    lakeside.billing_patient()
    batch = make(lakeside)
    events = AuditEvent.objects.filter(action="batch.made").values_list("by_id", "object_id", "count", "patient_id")
    assert list(events) == [(lakeside.by.id, batch.id, 1, None)]


def test_what_changes_afterwards_is_shown_and_the_file_stays(lakeside: Program):
    episode = lakeside.billing_patient(minutes=80)
    batch = make(lakeside)
    before = read(batch.stored_file)
    lakeside.work(episode, 10, hour=20, role="care_manager")
    (row,) = month_page(lakeside.organization.id, FEBRUARY).rows
    assert (row.is_changed, row.is_claimable, row.changed_words) == (True, False, "Changed since batch 1")
    assert row.lines == (("99492", 1), ("99494", 1))
    assert read(batch_with_file(lakeside.organization.id, batch.id).stored_file) == before


def test_a_second_enrolment_of_a_claimed_patient_is_not_claimed_again(lakeside: Program):
    first = lakeside.billing_patient()
    end_episode(by=lakeside.by, at=AT, episode=first, on=date(2026, 2, 12), reason="other")
    again = open_episode(
        by=lakeside.by, at=AT, patient=first.patient, clinic=lakeside.clinic, enrolled_on=date(2026, 2, 16)
    )
    lakeside.work(again, 40, on=date(2026, 2, 20))
    assert make(lakeside).claim_count == 1
    rows = {row.episode_id: row for row in month_page(lakeside.organization.id, FEBRUARY).rows}
    assert (rows[first.id].claimed is None, rows[again.id].claimed is None) == (False, True)
    assert rows[again.id].refusal == "An earlier enrolment bills this month"


def test_a_month_claimed_with_the_other_enrolment_stays_claimed(lakeside: Program):
    """The first enrolment's time is taken back after its claim: the second bills now, and says where the claim is."""
    first = lakeside.patient()
    entry = lakeside.work(first, 40)
    end_episode(by=lakeside.by, at=AT, episode=first, on=date(2026, 2, 12), reason="other")
    make(lakeside)
    again = open_episode(
        by=lakeside.by, at=AT, patient=first.patient, clinic=lakeside.clinic, enrolled_on=date(2026, 2, 16)
    )
    lakeside._documents(again.patient, again, without=("consent", "visit"))
    lakeside.work(again, 40, on=date(2026, 2, 20))
    void_time(by=lakeside.by, at=AT, entry=entry, reason="Entered twice")
    with pytest.raises(NothingToBill):
        make(lakeside)
    (row,) = month_page(lakeside.organization.id, FEBRUARY).rows
    assert (row.episode_id, row.refusal) == (
        again.id,
        "Claimed with another enrolment of the patient in batch 1",
    )
    detail = month_detail(lakeside.organization.id, FEBRUARY, first.id)
    assert (detail.is_changed, detail.changed_since) == (True, "Claimed as 99492 in batch 1; changed since")


def test_a_claim_is_dated_before_death(lakeside: Program):
    episode = lakeside.billing_patient(minutes=30, died_on=date(2026, 2, 20))
    lakeside.work(episode, 10, on=date(2026, 2, 13))
    (line,) = lines_of(make(lakeside))
    assert (line["Code"], line["Date of service"]) == ("99492", "2026-02-13")


def test_a_claim_is_dated_before_coverage_ended(lakeside: Program):
    episode = lakeside.billing_patient(without=("coverage",))
    coverage = add_coverage(
        by=lakeside.by, at=AT, patient=episode.patient, payer=lakeside.payer("Medicare Part B"), member_id="1"
    )
    coverage.until_on = date(2026, 2, 18)
    coverage.save(update_fields=["until_on"])
    (line,) = lines_of(make(lakeside))
    assert line["Date of service"] == "2026-02-10"


def test_batches_are_listed_and_opened(lakeside: Program):
    lakeside.billing_patient("Berg", 118)
    lakeside.billing_patient("Castro", 118, payer=lakeside.payer("Aetna PPO"))
    batch = make(lakeside)
    (row,) = batch_rows(lakeside.organization.id)
    page = batch_page(lakeside.organization.id, batch.id)
    # The list goes by the book's national amounts, the page by the payer's own fees, and calls the rest an estimate.
    assert replace(page.batch, expected=row.expected) == row
    assert (str(page.batch.expected.known), page.batch.expected.is_estimate) == ("278.70", True)
    assert (row.made_by, row.file_name, str(row.expected.known), row.expected.unknown) == (
        "System",
        "batch-0001.csv",
        "283.24",
        1,
    )
    assert [(claim.name, claim.lines) for claim in page.claims] == [
        ("0001-0001", (("99492", 1), ("99494", 2))),
        ("0001-0002", (("99492", 1), ("99494", 2))),
    ]
    assert page.file_sha256 == batch.stored_file.sha256


def in_thread(organization_id: UUID, barrier: Barrier, by: Any, token: UUID) -> str:
    """One maker on a connection of its own: the batch's number, or the refusal."""
    try:
        with tenant(organization_id):
            barrier.wait(timeout=20)
            return str(make_batch(by=by, at=AT, month=FEBRUARY, client_token=token).number)
    except NothingToBill:
        return "nothing"
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same_token", [True, False])
def test_a_race_of_makers_claims_everybody_once(same_token: bool):
    """With one token all get the one batch; with their own, one makes it and the others hear that nothing is left."""
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        for name in ("Abara", "Berg", "Castro"):
            people.billing_patient(name)
    makers, token = 6, uuid4()
    barrier = Barrier(makers)
    with ThreadPoolExecutor(makers) as pool:
        futures = [
            pool.submit(in_thread, organization.id, barrier, people.by, token if same_token else uuid4())
            for _ in range(makers)
        ]
        answers = sorted(future.result() for future in futures)
    assert answers == (["1"] * makers if same_token else ["1", *["nothing"] * (makers - 1)])
    with tenant(organization):
        assert (Batch.objects.count(), Claim.objects.count(), ClaimLine.objects.count()) == (1, 3, 3)
