"""Denials: opened and closed by answers, worked by people."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from bhi.jobs.registry import Run
from billing.models import Claim, ClaimLine, Denial, RemittanceClaim
from billing.operations import denials
from billing.operations.claim_work_errors import DenialSettled, DeniedWhy, NothingChosen
from billing.operations.denials import DenialWork, denials_corrected, open_denials, work_denials
from billing.operations.filing_settings import RouteValues, set_route
from billing.operations.refunds import find_refunds
from billing.queries.money import money_of
from billing.rules.x12.answers import quietly
from billing.tasks import settle_answered
from caseload.rules.clock import month_of
from tests.billing.people import AT, Program
from tests.factories.billing import ClaimFactory, ClaimLineFactory
from tests.factories.claims import (
    AdjustmentFactory,
    DenialFactory,
    PayerRouteFactory,
    RemittanceClaimFactory,
    RemittanceFactory,
    RemittanceLineFactory,
)
from tests.factories.tenancy import MembershipFactory


def claimed(lakeside: Program, *codes: str, **fields: Any) -> Claim:
    claim = ClaimFactory(organization=lakeside.organization, **fields)
    for number, code in enumerate(codes or ("99492",), start=1):
        ClaimLineFactory(organization=lakeside.organization, claim=claim, number=number, code=code)
    return claim


def answered(
    lakeside: Program, claim: Claim, *lines: tuple[str, str, str], on: date = date(2026, 3, 20), reversal: bool = False
) -> RemittanceClaim:
    """Lines are code, what was paid, and the contractual reason for what was not."""
    at_home = {"organization": lakeside.organization}
    paid = sum((Decimal(paid) for _, paid, _ in lines), Decimal(0))
    row = RemittanceClaimFactory(
        **at_home,
        remittance=RemittanceFactory(**at_home, paid_on=on),
        claim=claim,
        is_reversal=reversal,
        status_code="22" if reversal else "1",
        paid=paid,
    )
    for position, (code, amount, reason) in enumerate(lines, start=1):
        asked = ClaimLine.objects.filter(claim=claim, code=code, units__gt=0).first()
        line = RemittanceLineFactory(
            **at_home, remittance_claim=row, position=position, code=code, claim_line=asked, paid=Decimal(amount)
        )
        if reason:
            left = Decimal(170) - Decimal(amount)
            AdjustmentFactory(
                **at_home, remittance_claim=row, remittance_line=line, position=position, reason=reason, amount=left
            )
    return row


def settle(lakeside: Program, *rows: RemittanceClaim) -> list[Denial]:
    return open_denials(by=lakeside.by, at=AT, remittance_claims=rows)


def states() -> list[tuple[str, str]]:
    return list(Denial.objects.order_by("id").values_list("reason", "state"))


def test_an_unpaid_line_opens_a_denial_with_its_last_day(lakeside: Program):
    claim = claimed(lakeside, "99492", "99494")
    PayerRouteFactory(organization=lakeside.organization, payer=claim.payer, corrected_days=365, appeal_days=120)
    row = answered(lakeside, claim, ("99492", "125.65", "45"), ("99494", "0", "151"))
    (denial,) = settle(lakeside, row)
    assert (denial.reason, denial.group, denial.amount, denial.state) == ("151", "CO", Decimal("170.00"), "open")
    assert (denial.found_on, denial.due_on) == (date(2026, 3, 20), date(2026, 7, 18))
    assert denial.remittance_line.code == "99494"
    assert AuditEvent.objects.get(action="denials.opened").count == 1


def test_a_payer_whose_days_nobody_set_gives_no_last_day(lakeside: Program):
    (denial,) = settle(lakeside, answered(lakeside, claimed(lakeside), ("99492", "0", "97")))
    assert denial.due_on is None


def test_reading_the_same_twice_changes_nothing_even_after_it_was_written_off(lakeside: Program):
    row = answered(lakeside, claimed(lakeside), ("99492", "0", "97"))
    (denial,) = settle(lakeside, row)
    assert settle(lakeside, row) == []
    work = DenialWork(state="written_off", note="Below what an appeal costs.")
    work_denials(by=lakeside.by, at=AT, denial_ids=[denial.id], work=work)
    assert settle(lakeside, row) == []
    assert states() == [("97", "written_off")]


def test_a_later_payment_closes_the_denial(lakeside: Program):
    claim = claimed(lakeside)
    settle(lakeside, answered(lakeside, claim, ("99492", "0", "97")))
    assert settle(lakeside, answered(lakeside, claim, ("99492", "125.65", "45"), on=date(2026, 4, 1))) == []
    assert states() == [("97", "paid")]


def test_a_payment_taken_back_opens_a_denial_anew(lakeside: Program):
    claim = claimed(lakeside)
    settle(lakeside, answered(lakeside, claim, ("99492", "0", "97")))
    settle(lakeside, answered(lakeside, claim, ("99492", "125.65", "45"), on=date(2026, 4, 1)))
    settle(lakeside, answered(lakeside, claim, ("99492", "-125.65", ""), on=date(2026, 5, 1), reversal=True))
    assert states() == [("97", "superseded"), ("taken", "open")]


def test_denied_again_the_owner_keeps_the_work(lakeside: Program):
    claim = claimed(lakeside)
    (denial,) = settle(lakeside, answered(lakeside, claim, ("99492", "0", "97")))
    owner = MembershipFactory(organization=lakeside.organization)
    work_denials(
        by=lakeside.by,
        at=AT,
        denial_ids=[denial.id],
        work=DenialWork("appealed", sets_owner=True, owner_id=owner.id, note="Sent by fax."),
    )
    (again,) = settle(lakeside, answered(lakeside, claim, ("99492", "0", "97"), on=date(2026, 5, 1)))
    assert states() == [("97", "superseded"), ("97", "open")]
    assert again.owner_id == owner.id


def test_a_paid_replacement_closes_the_denials_of_what_it_replaced(lakeside: Program):
    first = claimed(lakeside, "99492", "99494", is_superseded=True)
    settle(lakeside, answered(lakeside, first, ("99492", "125.65", "45"), ("99494", "0", "151")))
    assert states() == [("151", "corrected")]
    second = claimed(lakeside, "99492", frequency="7", replaces=first)
    settle(lakeside, answered(lakeside, second, ("99492", "125.65", "45"), on=date(2026, 5, 1)))
    assert states() == [("151", "paid")]
    undone = answered(lakeside, first, ("99492", "-125.65", ""), on=date(2026, 5, 1), reversal=True)
    assert settle(lakeside, undone) == []


def test_a_replacement_that_is_denied_for_the_same_code_leaves_the_first_denial_as_it_is(lakeside: Program):
    first = claimed(lakeside, "99492", "99494", is_superseded=True)
    settle(lakeside, answered(lakeside, first, ("99492", "125.65", "45"), ("99494", "0", "151")))
    second = claimed(lakeside, "99492", "99494", frequency="7", replaces=first)
    row = answered(lakeside, second, ("99492", "125.65", "45"), ("99494", "0", "29"), on=date(2026, 5, 1))
    settle(lakeside, row)
    assert states() == [("151", "corrected"), ("29", "open")]
    third = claimed(lakeside, "99492", "99494", frequency="7", replaces=second, is_superseded=True)
    settle(lakeside, answered(lakeside, third, ("99492", "125.65", "45"), ("99494", "70", "45"), on=date(2026, 6, 1)))
    assert states() == [("151", "paid"), ("29", "paid")]


def whole(lakeside: Program, claim: Claim, paid: str, *, on: date, reversal: bool = False) -> RemittanceClaim:
    """An answer that says nothing of lines."""
    return RemittanceClaimFactory(
        organization=lakeside.organization,
        remittance=RemittanceFactory(organization=lakeside.organization, paid_on=on),
        claim=claim,
        is_reversal=reversal,
        status_code="22" if reversal else "1",
        charge=Decimal(-340 if reversal else 340),
        paid=Decimal(paid),
    )


def test_a_replacement_that_is_paid_as_a_whole_closes_the_denials_of_what_it_replaced(lakeside: Program):
    first = claimed(lakeside, "99492", "99494", is_superseded=True)
    settle(lakeside, answered(lakeside, first, ("99492", "125.65", "45"), ("99494", "0", "151")))
    second = claimed(lakeside, "99492", "99494", frequency="7", replaces=first)
    settle(lakeside, whole(lakeside, second, "80", on=date(2026, 5, 1)))
    assert states() == [("151", "paid")]


def test_a_reversal_of_the_whole_claim_takes_of_a_line_what_came_for_it_since(lakeside: Program):
    """One line is paid, one denied; all is taken back without lines, and both are paid. Then again, and one is not."""
    claim = claimed(lakeside, "99492", "99494")
    settle(lakeside, answered(lakeside, claim, ("99492", "100", "45"), ("99494", "0", "16")))
    back = whole(lakeside, claim, "-100", on=date(2026, 4, 1), reversal=True)
    both = answered(lakeside, claim, ("99492", "100", "45"), ("99494", "80", "45"), on=date(2026, 4, 2))
    settle(lakeside, back, both)
    assert states() == [("16", "paid")]
    back = whole(lakeside, claim, "-180", on=date(2026, 5, 1), reversal=True)
    settle(lakeside, back, answered(lakeside, claim, ("99492", "100", "45"), ("99494", "0", "29"), on=date(2026, 5, 2)))
    assert states() == [("16", "superseded"), ("29", "open")]


def test_what_no_claim_is_known_for_waits(lakeside: Program):
    row = RemittanceClaimFactory(organization=lakeside.organization, claim=None, paid=0)
    assert settle(lakeside, row) == []


def test_a_corrected_claim_moves_its_open_denials(lakeside: Program):
    claim = claimed(lakeside)
    settle(lakeside, answered(lakeside, claim, ("99492", "0", "97")))
    assert denials_corrected(by=lakeside.by, at=AT, claim_id=claim.id) == 1
    assert denials_corrected(by=lakeside.by, at=AT, claim_id=claim.id) == 0
    assert states() == [("97", "corrected")]


def test_several_are_worked_at_once_all_or_none(lakeside: Program):
    ids = [DenialFactory(organization=lakeside.organization).id for _ in range(2)]
    owner = MembershipFactory(organization=lakeside.organization)
    work_denials(by=lakeside.by, at=AT, denial_ids=ids, work=DenialWork(sets_owner=True, owner_id=owner.id))
    assert set(Denial.objects.values_list("owner_id", "state", "note")) == {(owner.id, "open", "")}
    event = AuditEvent.objects.get(action="denials.worked")
    assert (event.count, event.fields) == (2, ["owner"])
    with pytest.raises(NotFound):
        work_denials(by=lakeside.by, at=AT, denial_ids=[*ids, uuid4()], work=DenialWork(note="Seen."))
    with pytest.raises(NotFound):
        work_denials(by=lakeside.by, at=AT, denial_ids=ids, work=DenialWork(sets_owner=True, owner_id=uuid4()))
    with pytest.raises(DeniedWhy):
        work_denials(by=lakeside.by, at=AT, denial_ids=ids, work=DenialWork(state="written_off", note=" "))
    with pytest.raises(NothingChosen):
        work_denials(by=lakeside.by, at=AT, denial_ids=[], work=DenialWork(note="Seen."))
    assert set(Denial.objects.values_list("note", flat=True)) == {""}


def test_a_replacement_that_brought_nothing_closes_nothing(lakeside: Program):
    first = claimed(lakeside, is_superseded=True)
    settle(lakeside, answered(lakeside, first, ("99492", "0", "97")))
    second = claimed(lakeside, frequency="7", replaces=first)
    settle(lakeside, answered(lakeside, second, ("99492", "0", "29"), on=date(2026, 5, 1)))
    assert states() == [("97", "corrected"), ("29", "open")]


def test_what_was_overtaken_or_written_off_stays_so_unless_it_is_paid(lakeside: Program):
    claim = claimed(lakeside)
    settle(lakeside, answered(lakeside, claim, ("99492", "0", "97")))
    (second,) = settle(lakeside, answered(lakeside, claim, ("99492", "0", "29"), on=date(2026, 5, 1)))
    work = DenialWork(state="written_off", note="Too late to appeal.")
    work_denials(by=lakeside.by, at=AT, denial_ids=[second.id], work=work)
    settle(lakeside, answered(lakeside, claim, ("99492", "0", "B20"), on=date(2026, 6, 1)))
    assert states() == [("97", "superseded"), ("29", "written_off"), ("B20", "open")]
    settle(lakeside, answered(lakeside, claim, ("99492", "125.65", "45"), on=date(2026, 7, 1)))
    assert states() == [("97", "superseded"), ("29", "paid"), ("B20", "paid")]


@pytest.mark.parametrize("state", ["paid", "superseded"])
def test_what_an_answer_settled_keeps_its_state_and_none_of_those_ticked_is_changed(lakeside: Program, state: str):
    at_home = {"organization": lakeside.organization}
    settled, still_open = DenialFactory(**at_home, state=state), DenialFactory(**at_home)
    work = DenialWork(state="written_off", note="Below what an appeal costs.")
    with pytest.raises(DenialSettled, match="answer settled 1 of these 2 denials"):
        work_denials(by=lakeside.by, at=AT, denial_ids=[settled.id, still_open.id], work=work)
    with pytest.raises(DenialSettled, match="answer settled this denial meanwhile"):
        work_denials(by=lakeside.by, at=AT, denial_ids=[settled.id], work=work)
    assert dict(Denial.objects.values_list("id", "state")) == {settled.id: state, still_open.id: "open"}
    (noted,) = work_denials(by=lakeside.by, at=AT, denial_ids=[settled.id], work=DenialWork(note="Seen."))
    assert (noted.state, noted.note) == (state, "Seen.")


def test_denials_of_a_long_answer_are_opened_by_jobs_each_of_some_claims(
    lakeside: Program, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(denials, "MOST_AT_ONCE", 2)
    rows = [answered(lakeside, claimed(lakeside), ("99492", "0", "97")) for _ in range(5)]
    assert settle(lakeside, *rows) == []
    jobs = list(Job.objects.filter(kind="settle_denials").order_by("id"))
    assert [len(job.arguments["claim_ids"]) for job in jobs] == [2, 2, 1]
    for job in [*jobs, *jobs]:
        settle_answered(Run(job.id, lakeside.organization.id, job.arguments, job.owner_id, AT, quietly))
    assert set(Denial.objects.values_list("claim_id", "state")) == {(row.claim_id, "open") for row in rows}
    assert Denial.objects.count() == 5


def test_many_claims_are_settled_with_as_many_statements_as_one(lakeside: Program):
    def asked(rows: list[RemittanceClaim]) -> int:
        with CaptureQueriesContext(connection) as asks:
            settle(lakeside, *rows)
        return len(asks)

    one, *many = [answered(lakeside, claimed(lakeside), ("99492", "0", "97")) for _ in range(9)]
    assert asked([one]) == asked(many)


def test_answers_to_a_test_file_are_nobody_s_work_and_no_money(lakeside: Program):
    claim = claimed(lakeside, batch__is_test=True, is_superseded=True)
    denied = answered(lakeside, claim, ("99492", "0", "97"))
    paid = answered(lakeside, claim, ("99492", "125.65", "45"), on=date(2026, 4, 1))
    assert settle(lakeside, denied, paid) == []
    assert Denial.objects.count() == 0
    assert find_refunds(by=lakeside.by, at=AT) == []
    DenialFactory(organization=lakeside.organization, claim=claim, remittance_claim=denied, state="corrected")
    months = (month_of(claim.month), month_of(claim.month))
    money = money_of(lakeside.organization.id, *months, ZoneInfo("America/Chicago"))
    assert (money.all.paid, money.lines_answered, money.lines_denied, money.denied) == (0, 0, 0, ())


def test_days_that_a_payer_takes_are_set_later_and_last_days_follow(lakeside: Program):
    """An appeal counts from the answer of March 20, a corrected claim from the day of service, February 28."""
    claim = claimed(lakeside, "99492", "99494", service_on=date(2026, 2, 28))
    rows = answered(lakeside, claim, ("99492", "0", "50"), ("99494", "0", "16"))
    appeal, correct = settle(lakeside, rows)
    done = DenialFactory(organization=lakeside.organization, claim=claim, remittance_claim=rows, state="paid")
    assert [appeal.due_on, correct.due_on] == [None, None]

    def last_days(corrected_days: int, appeal_days: int) -> list[date | None]:
        values = RouteValues(None, "", "CI", "month_end", 365, corrected_days, appeal_days)
        set_route(by=lakeside.by, at=AT, payer_id=claim.payer_id, values=values)
        due = dict(Denial.objects.values_list("id", "due_on"))
        return [due[one.id] for one in (appeal, correct, done)]

    assert last_days(365, 120) == [date(2026, 7, 18), date(2027, 2, 28), None]
    assert last_days(180, 60) == [date(2026, 5, 19), date(2026, 8, 27), None]
    assert AuditEvent.objects.filter(action="denials.worked", count=2, fields=["due_on"]).count() == 2
