"""Corrected claims and claims taken back: lines negated and asked anew, one claim that stands."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.tenancy.models import Clinic
from billing.models import Batch, BillingProvider, Claim, ClaimLine, Denial, PayerRoute
from billing.operations.claim_corrections import correct_claim, void_claim
from billing.operations.closing import ask_to_reopen, correct_month, reopen_month
from billing.operations.errors import (
    AsksNothing,
    ClaimFaulty,
    CloseMonthFirst,
    NothingToReplace,
    ReplacedAlready,
    StillAsks,
)
from billing.operations.filing import make_filed_batches, mark_sent
from billing.operations.late import write_late
from billing.queries import filing_facts
from billing.queries.claimable import claimable
from billing.queries.claims import claimed_months
from caseload.models import TimeEntry
from caseload.operations.timekeeping import void_time
from registry.models import Coverage, Episode
from registry.operations.people import add_coverage
from registry.operations.recording import Stamp, void_facts
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program
from tests.billing.test_claims_of_closed_months import late_work
from tests.factories.claims import AcknowledgementFactory, DenialFactory, RemittanceClaimFactory

LATER = AT + timedelta(hours=2)


class Filed:
    """A claim that left, of a month that is closed."""

    def __init__(self, people: Program, minutes: int = 40, filing_code: str = "16") -> None:
        self.people = people
        set_up(people)
        self.episode: Episode = filed_patient(people, minutes=minutes)
        self.close = closed(people)
        PayerRoute.objects.update(filing_code=filing_code)
        (made,) = make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
        self.batch = mark_sent(by=people.by, at=AT, batch_id=made.id)
        self.claim = Claim.objects.get()

    def corrected(self) -> None:
        """The month by what is on record now."""
        correct_month(
            by=self.people.by, at=LATER, close_id=self.close.id, episode_id=self.episode.id, because="Late minutes"
        )

    def correct(self, **fields: Any) -> Claim:
        given = {"by": self.people.by, "at": LATER, "claim_id": self.claim.id, "because": "Late minutes"}
        return correct_claim(**(given | {"client_token": uuid4(), "payer_claim_number": "ICN77"} | fields))

    def void(self, **fields: Any) -> Claim:
        given = {"by": self.people.by, "at": LATER, "claim_id": self.claim.id, "because": "Billed in error"}
        return void_claim(**(given | {"client_token": uuid4(), "payer_claim_number": "ICN77"} | fields))

    def other_payer(self) -> None:
        void_facts(list(Coverage.objects.all()), stamp=Stamp(self.people.by, LATER), reason="Recorded in error")
        payer = self.people.payer("Aetna PPO", payer_code="60054")
        add_coverage(by=self.people.by, at=LATER, patient=self.episode.patient, payer=payer, member_id="W1")
        self.corrected()


def take_back(people: Program, entry: TimeEntry) -> None:
    """A time entry of a closed month, with the reason that such a change needs."""
    write_late(
        by=people.by,
        at=LATER,
        because="Logged for somebody else",
        write=lambda: void_time(by=people.by, at=LATER, entry=entry, reason="Wrong patient"),
    )


@pytest.fixture
def filed(lakeside: Program) -> Filed:
    return Filed(lakeside)


def lines(claim: Claim) -> list[tuple[Any, ...]]:
    rows = ClaimLine.objects.filter(claim=claim).order_by("number")
    return [(row.code, row.units, row.charge, row.control_number[-2:]) for row in rows]


def text_of(claim: Claim) -> list[str]:
    batch = Batch.objects.select_related("stored_file").get(id=claim.batch_id)
    return read(batch.stored_file).decode().split("~\n")


def test_late_minutes_replace_the_claim(filed: Filed):
    late_work(filed.people, filed.episode, 46)
    filed.corrected()
    made = filed.correct()
    filed.claim.refresh_from_db()
    assert (made.frequency, made.replaces, made.payer_claim_number, made.is_superseded, filed.claim.is_superseded) == (
        "7",
        filed.claim,
        "ICN77",
        False,
        True,
    )
    assert lines(made) == [
        ("99492", -1, Decimal("-170.00"), ""),
        ("99492", 1, Decimal("170.00"), "-1"),
        ("99494", 1, Decimal("60.25"), "-2"),
    ]
    assert [line for line in text_of(made) if line.startswith(("CLM", "REF*F8", "SV1"))] == [
        f"CLM*{made.control_number}*230.25***11:B:7*Y*A*Y*Y",
        "REF*F8*ICN77",
        "SV1*HC:99492*170*UN*1***1",
        "SV1*HC:99494*60.25*UN*1***1",
    ]
    (claimed,) = claimed_months(filed.people.organization.id, FEBRUARY).values()
    assert (claimed.lines, claimed.batch_number) == ((("99492", 1), ("99494", 1)), 2)
    assert AuditEvent.objects.filter(action="claim.corrected", patient_id=filed.episode.patient_id).count() == 1


def test_all_lines_of_a_month_add_up_to_what_is_asked_now(filed: Filed):
    late_work(filed.people, filed.episode, 46)
    filed.corrected()
    filed.correct()
    units: dict[str, int] = {}
    for line in ClaimLine.objects.all():
        units[line.code] = units.get(line.code, 0) + line.units
    assert units == {"99492": 1, "99494": 1}


def test_a_second_press_gives_the_first_claim(filed: Filed):
    late_work(filed.people, filed.episode, 46)
    filed.corrected()
    token = uuid4()
    assert filed.correct(client_token=token) == filed.correct(client_token=token)
    assert (Claim.objects.count(), Batch.objects.count()) == (2, 2)
    with pytest.raises(ReplacedAlready):
        filed.correct()


def test_the_payers_number_is_taken_from_its_last_answer(filed: Filed):
    AcknowledgementFactory(
        organization=filed.people.organization, claim=filed.claim, batch=filed.batch, payer_claim_number="ACK1"
    )
    RemittanceClaimFactory(organization=filed.people.organization, claim=filed.claim, payer_claim_number="ERA9")
    late_work(filed.people, filed.episode, 46)
    filed.corrected()
    assert filed.correct(payer_claim_number="").payer_claim_number == "ERA9"


def test_without_the_payers_number_nothing_is_replaced(filed: Filed):
    late_work(filed.people, filed.episode, 46)
    filed.corrected()
    with pytest.raises(ClaimFaulty, match="Enter the number under which the payer keeps the earlier claim"):
        filed.correct(payer_claim_number=" ")
    filed.claim.refresh_from_db()
    assert (filed.claim.is_superseded, Batch.objects.count()) == (False, 1)


def test_what_nobody_denied_and_did_not_change_is_not_replaced(filed: Filed):
    with pytest.raises(NothingToReplace):
        filed.correct()


def test_a_denied_claim_is_replaced_as_it_stands_and_its_denial_waits(filed: Filed):
    of_claim = RemittanceClaimFactory(organization=filed.people.organization, claim=filed.claim)
    denial = DenialFactory(organization=filed.people.organization, remittance_claim=of_claim)
    made = filed.correct()
    assert lines(made) == [("99492", -1, Decimal("-170.00"), ""), ("99492", 1, Decimal("170.00"), "-1")]
    assert Denial.objects.get(id=denial.id).state == "corrected"


def test_a_rejected_claim_goes_out_anew(filed: Filed):
    AcknowledgementFactory(
        organization=filed.people.organization, claim=filed.claim, batch=filed.batch, is_accepted=False, code="A3:21"
    )
    made = filed.correct(payer_claim_number="")
    assert (made.frequency, made.replaces, made.payer_claim_number) == ("1", None, "")
    assert made.content["instead_of"] == str(filed.claim.id)
    assert [line for line in text_of(made) if line.startswith("REF*F8")] == []


def test_a_replacement_that_was_rejected_goes_out_as_one_again(filed: Filed):
    RemittanceClaimFactory(organization=filed.people.organization, claim=filed.claim, payer_claim_number="ICN7")
    late_work(filed.people, filed.episode, 46)
    filed.corrected()
    second = filed.correct(payer_claim_number="")
    AcknowledgementFactory(
        organization=filed.people.organization, claim=second, batch=second.batch, is_accepted=False, code="A3:21"
    )
    third = correct_claim(by=filed.people.by, at=LATER, claim_id=second.id, because="Mended", client_token=uuid4())
    assert (third.frequency, third.replaces, third.payer_claim_number) == ("7", second, "ICN7")
    assert "REF*F8*ICN7" in text_of(third)


def test_what_was_said_of_the_claim_counts_before_a_receipt_of_its_file_that_came_later(filed: Filed):
    here = {"organization": filed.people.organization, "batch": filed.batch}
    AcknowledgementFactory(**here, claim=filed.claim, is_accepted=False, code="A3:21")
    AcknowledgementFactory(**here, kind="999", claim=None, is_accepted=True, code="A")
    assert filed.correct(payer_claim_number="").frequency == "1"


def test_a_file_that_was_rejected_goes_out_anew(filed: Filed):
    AcknowledgementFactory(
        organization=filed.people.organization, kind="999", claim=None, batch=filed.batch, is_accepted=False, code="R"
    )
    assert filed.correct().frequency == "1"


def test_a_month_that_was_opened_is_closed_first(filed: Filed):
    ask_to_reopen(by=filed.people.by, at=LATER, close_id=filed.close.id, because="Wrong clinic")
    reopen_month(by=filed.people.worker, at=LATER, close_id=filed.close.id)
    for press in (filed.correct, filed.void):
        with pytest.raises(CloseMonthFirst, match="February 2026 is open"):
            press()


def test_a_month_that_asks_another_payer_is_voided_and_claimed_there(filed: Filed):
    filed.other_payer()
    with pytest.raises(AsksNothing):
        filed.correct()
    made = filed.void()
    assert (made.frequency, made.is_superseded, lines(made)) == ("8", True, [("99492", -1, Decimal("-170.00"), "")])
    assert [line for line in text_of(made) if line.startswith(("CLM", "REF*F8", "SV1", "NM1*PR"))] == [
        "NM1*PR*2*MEDICARE PART B*****PI*04112",
        f"CLM*{made.control_number}*170***11:B:8*Y*A*Y*Y",
        "REF*F8*ICN77",
        "SV1*HC:99492*170*UN*1***1",
    ]
    assert claimed_months(filed.people.organization.id, FEBRUARY) == {}
    assert [one.payer.name for one in claimable(filed.people.organization.id, FEBRUARY).billable] == ["Aetna PPO"]
    with pytest.raises(ReplacedAlready):
        filed.void()


def test_what_is_taken_back_is_voided(filed: Filed):
    with pytest.raises(StillAsks):
        filed.void()
    take_back(filed.people, TimeEntry.objects.get())
    filed.corrected()
    token = uuid4()
    assert filed.void(client_token=token) == filed.void(client_token=token)
    assert AuditEvent.objects.filter(action="claim.voided").count() == 1


def test_a_claim_that_would_not_leave_today_is_still_taken_back(lakeside: Program, monkeypatch: pytest.MonkeyPatch):
    """It left before claims were checked for nine digits: only what a void itself needs keeps it."""
    Clinic.objects.update(address="7 Oak Ave", city="Aurora", state="CO", postal_code="80010")
    with monkeypatch.context() as before:
        before.setattr(filing_facts, "faults_of", lambda file: ())
        filed = Filed(lakeside)
    take_back(filed.people, TimeEntry.objects.get())
    filed.corrected()
    with pytest.raises(ClaimFaulty) as refused:
        filed.void(payer_claim_number="")
    assert [fault.word for fault in refused.value.faults] == ["payer_claim_number"]
    made = filed.void()
    assert (made.frequency, "N4*AURORA*CO*80010" in text_of(made)) == ("8", True)
    BillingProvider.objects.update(npi="1234567890")
    AcknowledgementFactory(
        organization=lakeside.organization, batch=made.batch, claim=made, is_accepted=False, code="A3:21"
    )
    with pytest.raises(ClaimFaulty) as refused:
        filed.void(claim_id=made.id)
    assert [fault.word for fault in refused.value.faults] == ["biller_npi"]


def test_another_organizations_claim_is_not_there(filed: Filed):
    for press in (filed.correct, filed.void):
        with pytest.raises(NotFound):
            press(claim_id=uuid4())
