"""What the demonstration shows of claims: a file of each kind of answer, a denial, a refund, a packet."""

from collections import Counter

from bhi.jobs.models import Job
from bhi.tenancy.models import Clinic, Membership
from billing.models import AnswerFile, Batch, BillingProvider, Claim, Denial, MonthClose, Packet, Receiver, Refund
from billing.operations.demonstration.filing import tell_filing
from billing.queries.batch_files import batch_bytes
from billing.queries.claim_states import claim_states
from billing.queries.filing_facts import filing_plan
from tests.billing.demonstration.day import AT
from tests.billing.payer_side import read_back, strict_faults, transaction_set

MONTH = "2026-09"


def test_one_clinics_month_is_closed_and_filed_by_payer(demonstration):
    close = MonthClose.objects.select_related("clinic").get()
    assert (close.clinic.name, f"{close.month:%Y-%m}") == ("Mill Creek", MONTH)
    batches = Batch.objects.select_related("payer", "receiver", "stored_file").order_by("number")
    assert [(batch.payer.name, batch.sent_at) for batch in batches] == [("Aetna", AT), ("Medicare Part B", AT)]
    for batch in batches:
        content = batch_bytes(batch) or b""
        assert (strict_faults(content), read_back(content)) == ([], transaction_set(content))


def test_answers_of_every_kind_are_read(demonstration):
    assert {
        (file.kind, file.state, file.summary["notes"] == [], file.unknown == []) for file in AnswerFile.objects.all()
    } == {(kind, "read", True, True) for kind in ("999", "277CA", "835")}
    claims = Claim.objects.filter(batch__payer__name="Medicare Part B").order_by("number")
    states = claim_states(demonstration.id, [claim.id for claim in claims])
    assert Counter(state.word for state in states.values()) == {"paid": 3, "denied": 1, "rejected": 1}


def test_there_is_work_a_refund_and_a_packet(demonstration):
    assert set(Denial.objects.values_list("group", "reason", "state")) == {("CO", "97", "open")}
    refund = Refund.objects.get()
    assert (refund.state, refund.claim.number) == ("identified", 4)
    assert (Packet.objects.get().episode, Job.objects.filter(kind="make_packet").count()) == (
        Claim.objects.get(batch__payer__name="Medicare Part B", number=1).episode,
        1,
    )


def test_something_is_left_to_mend_before_the_rest_can_leave(demonstration):
    faults = {
        fault.word
        for payer in filing_plan(demonstration.id, MONTH, at=AT).payers
        for claim in payer.to_mend
        for fault in claim.faults
    }
    assert "address" in faults


def test_it_is_told_once(demonstration):
    counts = (Batch.objects.count(), AnswerFile.objects.count(), Receiver.objects.count())
    lead = Membership.objects.get(name="Samuel Price")
    tell_filing(by=lead, at=AT, today=AT.date(), clinic=Clinic.objects.get(name="Mill Creek"))
    assert (Batch.objects.count(), AnswerFile.objects.count(), Receiver.objects.count()) == counts
    assert BillingProvider.objects.count() == 1
