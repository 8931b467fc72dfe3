"""Claims that no file corrects or takes back: never kept, keyed by hand, or kept by Medicare Part B."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.operations import read
from billing.models import Batch, Claim, ClaimLine, ClaimWithdrawal, Denial, RemittanceClaim
from billing.operations.batches import make_batch
from billing.operations.claim_corrections import correct_claim, void_claim
from billing.operations.claims_outside import record_correction, record_end
from billing.operations.errors import (
    AsksNothing,
    DoneByFile,
    HoldsTakenBack,
    KeyedElsewhere,
    MedicareReopens,
    ReplacedAlready,
    StillAsks,
)
from billing.operations.filing import mark_sent
from billing.queries.batch_files import batch_bytes
from billing.queries.claimable import claimable
from billing.queries.claims import claimed_months
from caseload.models import TimeEntry
from tests.billing.filing import FEBRUARY, closed, set_up
from tests.billing.people import AT, Program
from tests.billing.test_claim_corrections import LATER, Filed, lines, take_back, text_of
from tests.billing.test_claims_of_closed_months import late_work
from tests.factories.claims import (
    AcknowledgementFactory,
    DenialFactory,
    RemittanceClaimFactory,
    RemittanceLineFactory,
)


@pytest.fixture
def filed(lakeside: Program) -> Filed:
    """Of a payer that takes corrected claims; handed over."""
    return Filed(lakeside)


def unsent(filed: Filed) -> None:
    Batch.objects.update(sent_at=None, sent_by=None)


def rejected(filed: Filed, claim: Claim | None = None) -> None:
    of = claim or filed.claim
    AcknowledgementFactory(
        organization=filed.people.organization, claim=of, batch=of.batch, is_accepted=False, code="A3:21"
    )


def asks_no_more(filed: Filed) -> None:
    take_back(filed.people, TimeEntry.objects.get())
    filed.corrected()


class TestNeverKept:
    def test_a_rejected_claim_is_taken_back_without_a_file(self, filed: Filed):
        of_claim = RemittanceClaimFactory(organization=filed.people.organization, claim=filed.claim)
        DenialFactory(organization=filed.people.organization, remittance_claim=of_claim)
        RemittanceClaim.objects.filter(id=of_claim.id).update(set_aside_because="Not ours")
        rejected(filed)
        with pytest.raises(StillAsks):
            filed.void()
        asks_no_more(filed)
        token = uuid4()
        assert filed.void(client_token=token).id == filed.void(client_token=token).id == filed.claim.id
        filed.claim.refresh_from_db()
        kept = ClaimWithdrawal.objects.get()
        assert (filed.claim.is_superseded, Batch.objects.count(), kept.payer_told, kept.because) == (
            True,
            1,
            False,
            "Billed in error",
        )
        assert Denial.objects.get().state == "corrected"
        assert AuditEvent.objects.get(action="claim.voided").object_id == filed.claim.id
        with pytest.raises(ReplacedAlready):
            filed.void()

    def test_nobody_hands_over_a_file_of_which_a_claim_was_taken_back(self, filed: Filed):
        unsent(filed)
        asks_no_more(filed)
        filed.void()
        assert (ClaimWithdrawal.objects.count(), Batch.objects.count()) == (1, 1)
        with pytest.raises(HoldsTakenBack, match="File the others anew"):
            mark_sent(by=filed.people.by, at=LATER, batch_id=filed.batch.id)

    def test_what_was_not_handed_over_goes_out_anew_as_a_first_claim(self, filed: Filed):
        unsent(filed)
        late_work(filed.people, filed.episode, 46)
        filed.corrected()
        made = filed.correct(payer_claim_number="")
        assert (made.frequency, made.replaces) == ("1", None)

    def test_of_a_replacement_that_was_rejected_the_payer_still_keeps_the_claim_before(self, filed: Filed):
        RemittanceClaimFactory(organization=filed.people.organization, claim=filed.claim, payer_claim_number="ICN7")
        late_work(filed.people, filed.episode, 46)
        filed.corrected()
        second = filed.correct(payer_claim_number="")
        rejected(filed, second)
        for entry in TimeEntry.objects.filter(voided_at=None):
            take_back(filed.people, entry)
        filed.corrected()
        made = filed.void(claim_id=second.id, payer_claim_number="")
        assert (made.frequency, made.replaces, made.payer_claim_number) == ("8", second, "ICN7")

    def test_a_void_that_was_rejected_goes_out_again(self, filed: Filed):
        asks_no_more(filed)
        first = filed.void()
        with pytest.raises(ReplacedAlready):
            filed.void(claim_id=first.id)
        rejected(filed, first)
        again = filed.void(claim_id=first.id, payer_claim_number="")
        assert (again.frequency, again.replaces, again.payer_claim_number, again.is_superseded) == (
            "8",
            first,
            "ICN77",
            True,
        )
        assert "REF*F8*ICN77" in text_of(again)
        assert lines(again) == []
        assert sum(ClaimLine.objects.values_list("units", flat=True)) == 0
        with pytest.raises(ReplacedAlready):
            filed.void(claim_id=first.id)


class TestMedicare:
    @pytest.fixture
    def kept(self, lakeside: Program) -> Filed:
        return Filed(lakeside, filing_code="MB")

    def given(self, kept: Filed, **fields: Any) -> dict[str, Any]:
        given = {"by": kept.people.by, "at": LATER, "claim_id": kept.claim.id, "because": "Reopened"}
        return given | {"client_token": uuid4(), "reference": "RO-1"} | fields

    def test_it_takes_neither_replacement_nor_void(self, kept: Filed):
        late_work(kept.people, kept.episode, 46)
        kept.corrected()
        for press in (kept.correct, kept.void):
            with pytest.raises(MedicareReopens, match="Ask its contractor for a reopening"):
                press()
        assert (Claim.objects.count(), Batch.objects.count()) == (1, 1)

    def test_a_reopening_is_recorded_as_a_claim_in_its_place(self, kept: Filed):
        late_work(kept.people, kept.episode, 46)
        kept.corrected()
        token = uuid4()
        made = record_correction(**self.given(kept, client_token=token))
        assert record_correction(**self.given(kept, client_token=token)) == made
        kept.claim.refresh_from_db()
        assert (kept.claim.is_superseded, made.is_superseded, made.frequency, made.replaces, made.batch.format) == (
            True,
            False,
            "7",
            kept.claim,
            "csv",
        )
        assert (made.content["because"], made.content["reference"]) == ("Reopened", "RO-1")
        assert (kept.claim.charge, made.charge) == (Decimal("170.00"), Decimal("230.25"))
        rows = ClaimLine.objects.filter(claim=made).order_by("number").values_list("number", "code", "units")
        assert list(rows) == [(1, "99492", -1), (2, "99492", 1), (3, "99494", 1)]
        table = read(made.batch.stored_file).decode()
        assert [line.split(",")[0] for line in table.splitlines()[1:]] == ["0002-0001", "0002-0001"]
        made.batch.stored_file.sealed = b""
        assert batch_bytes(made.batch) == table.encode()
        (claimed,) = claimed_months(kept.people.organization.id, FEBRUARY).values()
        assert claimed.lines == (("99492", 1), ("99494", 1))

    def test_what_was_given_back_stands_no_more(self, kept: Filed):
        with pytest.raises(StillAsks):
            record_end(**self.given(kept))
        asks_no_more(kept)
        with pytest.raises(AsksNothing):
            record_correction(**self.given(kept))
        token = uuid4()
        assert record_end(**self.given(kept, client_token=token)).id == kept.claim.id
        assert record_end(**self.given(kept, client_token=token)).id == kept.claim.id
        row = ClaimWithdrawal.objects.get()
        assert (row.claim, row.payer_told, row.reference, row.because) == (kept.claim, True, "RO-1", "Reopened")
        assert claimed_months(kept.people.organization.id, FEBRUARY) == {}
        with pytest.raises(ReplacedAlready):
            record_end(**self.given(kept))

    @pytest.mark.parametrize("of_line", [True, False])
    def test_what_came_back_as_unprocessable_is_a_new_claim(self, kept: Filed, of_line: bool):
        remarks = ["MA130"]
        here = {"organization": kept.people.organization}
        paid = RemittanceClaimFactory(**here, claim=kept.claim, remarks=[] if of_line else remarks)
        if of_line:
            RemittanceLineFactory(**here, remittance_claim=paid, remarks=remarks)
        DenialFactory(**here, remittance_claim=paid, reason="16")
        made = kept.correct(payer_claim_number="")
        assert (made.frequency, made.replaces, made.payer_claim_number) == ("1", None, "")

    def test_what_was_rejected_is_a_new_claim(self, kept: Filed):
        rejected(kept)
        assert kept.correct(payer_claim_number="").frequency == "1"

    def test_what_a_file_does_is_not_recorded_by_hand(self, filed: Filed):
        for press in (record_correction, record_end):
            with pytest.raises(DoneByFile, match="make one here"):
                press(**self.given(filed))

    def test_another_organizations_claim_is_not_there(self, kept: Filed):
        for press in (record_correction, record_end):
            with pytest.raises(NotFound):
                press(**self.given(kept, claim_id=uuid4()))


class TestTables:
    def given(self, people: Program) -> dict[str, Any]:
        given = {"by": people.by, "at": AT + timedelta(hours=2), "claim_id": Claim.objects.get().id}
        return given | {"because": "Keyed twice", "client_token": uuid4()}

    def test_a_claim_of_a_closed_month_that_was_keyed(self, lakeside: Program):
        episode = lakeside.billing_patient()
        close = closed(lakeside)
        make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4())
        set_up(lakeside)
        given = self.given(lakeside)
        for press in (correct_claim, void_claim):
            with pytest.raises(KeyedElsewhere):
                press(**given)
        with pytest.raises(StillAsks):
            record_end(**given)
        late_work(lakeside, episode, 10)
        assert close.month.isoformat() == f"{FEBRUARY}-01"
        made = record_correction(**given)
        assert (made.frequency, made.batch.number, Claim.objects.get(is_superseded=False)) == ("7", 2, made)
        assert made.charge == Decimal("170.00")

    def test_what_nobody_set_a_charge_for_has_none(self, lakeside: Program):
        lakeside.billing_patient()
        closed(lakeside)
        make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4())
        made = record_correction(**self.given(lakeside))
        assert (made.charge, set(ClaimLine.objects.values_list("charge", flat=True))) == (None, {None})

    def test_a_claim_of_an_open_month_may_be_claimed_again(self, lakeside: Program):
        lakeside.billing_patient()
        make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4())
        assert claimable(lakeside.organization.id, FEBRUARY).billable == ()
        record_end(**self.given(lakeside))
        assert len(claimable(lakeside.organization.id, FEBRUARY).billable) == 1
