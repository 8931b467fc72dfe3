"""The pages of denials: what they show, what they keep, and that they stay short."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.tenancy.context import tenant
from billing.models import Denial
from billing.queries.denials import PAGE as ROWS
from billing.queries.denials import DenialFilter, DenialOrder, Kept, denial_page
from tests.billing.people import Program, program
from tests.billing.test_pages import text_of
from tests.factories.billing import ClaimFactory, ClaimLineFactory, OtherServiceFactory
from tests.factories.claims import (
    AdjustmentFactory,
    DenialFactory,
    RemittanceClaimFactory,
    RemittanceLineFactory,
)
from tests.factories.tenancy import MembershipFactory
from tests.statements import own

PAGE = "/o/lakeside/billing/denials/"


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


def denied(people: Program, **fields: Any) -> Denial:
    """99492 of February 2026, not paid: 99490 is known in the month."""
    at_home = {"organization": people.organization}
    with tenant(people.organization):
        claim = ClaimFactory(**at_home, facts={"diagnoses": ["F331"]})
        ClaimLineFactory(**at_home, claim=claim)
        OtherServiceFactory(**at_home, patient=claim.patient, month=claim.month, code="99490")
        answer = RemittanceClaimFactory(**at_home, claim=claim, paid=0)
        line = RemittanceLineFactory(**at_home, remittance_claim=answer, paid=0, remarks=["M80"])
        AdjustmentFactory(**at_home, remittance_claim=answer, remittance_line=line, reason="97", amount=170)
        return DenialFactory(**at_home, remittance_claim=answer, remittance_line=line, **fields)


def test_without_any_the_page_says_when_they_come(billing: Client, people: Program):
    assert "No denials" in text_of(billing.get(PAGE))


def test_the_queue_says_why_what_the_record_says_and_until_when(people: Program, billing: Client):
    denied(people, due_on=date(2026, 7, 18), found_on=date(2026, 3, 20))
    said = text_of(billing.get(PAGE))
    for words in (
        "1 denial, $170.00",
        "The payer sees this as part of another service CO-97",
        "99490 by this practitioner is known in the same month.",
        "Jul 18",
        "Nobody yet",
    ):
        assert words in said, words


def test_filters_narrow_and_sums_follow(people: Program):
    first = denied(people, reason="97", amount=170, due_on=date(2026, 7, 18))
    second = denied(people, reason="29", amount=90, due_on=date(2026, 7, 1))
    with tenant(people.organization):
        owner = MembershipFactory(organization=people.organization)
        Denial.objects.filter(id=second.id).update(owner=owner)
        third = DenialFactory(organization=people.organization, reason="97", amount=30, state="paid")

        def found(**chosen: Any) -> list[Any]:
            return [row.id for row in denial_page(people.organization.id, DenialFilter(**chosen)).rows]

        assert found() == [second.id, first.id]
        assert found(order=DenialOrder.AMOUNT) == [first.id, second.id]
        assert found(reason="29") == [second.id]
        assert found(owner_id=owner.id) == [second.id]
        assert found(is_unowned=True) == [first.id]
        assert found(kept=Kept.FINISHED) == [third.id]
        assert found(kept=Kept.WAITING) == []
        page = denial_page(people.organization.id, DenialFilter(reason="97"))
        assert [(one.reason.code, one.count, one.amount) for one in page.reasons] == [("97", 1, 170), ("29", 1, 90)]
        assert (page.total, page.amount) == (1, 170)


def test_a_long_queue_is_cut_with_a_way_on(people: Program, billing: Client):
    with tenant(people.organization):
        for _ in range(ROWS + 1):
            DenialFactory(organization=people.organization)
    first = billing.get(PAGE)
    assert (len(first.context["rows"]), first.context["next_url"]) == (ROWS, f"{PAGE}?start={ROWS}")
    last = billing.get(first.context["next_url"])
    assert (len(last.context["rows"]), last.context["previous_url"]) == (1, PAGE)
    assert len(billing.get(f"{PAGE}?start=5000&kept=nonsense").context["rows"]) == ROWS


def test_the_queue_costs_the_same_for_any_number(people: Program, billing: Client):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            billing.get(PAGE)
        return len(own(captured.captured_queries))

    denied(people)
    before = statements()
    for _ in range(4):
        denied(people)
    assert (statements(), before <= 8) == (before, True)


def test_those_ticked_get_an_owner_and_a_note_and_a_fault_loses_nothing(people: Program, billing: Client):
    one, other = denied(people), denied(people)
    typed = {"denial": [str(one.id), str(other.id), "nonsense"], "owner": "nobody", "note": "", "state": "written_off"}
    refused = billing.post(f"{PAGE}work/", typed)
    assert refused.status_code == 422
    assert "what is written off or appealed keeps its reason" in text_of(refused)
    assert refused.text.count("checked") == 2
    kept = billing.post(f"{PAGE}work/?order=age", {**typed, "note": "Below the cost of an appeal."})
    assert kept.headers["Location"] == f"{PAGE}?order=age"
    with tenant(people.organization):
        assert set(Denial.objects.values_list("state", "note")) == {("written_off", "Below the cost of an appeal.")}
    assert billing.post(f"{PAGE}work/", {"denial": [str(uuid4())], "note": "Seen."}).status_code == 404
    nothing = billing.post(f"{PAGE}work/", {"note": "Seen."})
    assert (nothing.status_code, "Choose at least one." in text_of(nothing)) == (422, True)


def test_one_denial_tells_what_the_payer_and_the_record_say(people: Program, billing: Client):
    denial = denied(people)
    page = billing.get(f"{PAGE}{denial.id}/")
    said = text_of(page)
    for words in ("99492 of February 2026", "$170.00", "M80", "set the days that"):
        assert words in said, words
    assert f"/o/lakeside/billing/patients/{denial.claim.patient_id}/services/" in page.text
    with tenant(people.organization):
        again = DenialFactory(
            organization=people.organization,
            remittance_claim=denial.remittance_claim,
            claim=denial.claim,
            reason="29",
            state="superseded",
        )
    assert "The claim came too late" in text_of(billing.get(f"{PAGE}{denial.id}/"))
    assert "Answered anew" in text_of(billing.get(f"{PAGE}{again.id}/"))


def test_one_denial_is_worked_and_an_empty_form_says_what_to_do(people: Program, billing: Client):
    denial = denied(people)
    empty = billing.post(f"{PAGE}{denial.id}/", {})
    assert (empty.status_code, "or write a note." in text_of(empty)) == (422, True)
    why = billing.post(f"{PAGE}{denial.id}/", {"state": "appealed"})
    assert (why.status_code, "keeps its reason" in text_of(why)) == (422, True)
    typed = {"state": "appealed", "note": "Sent by fax."}
    assert billing.post(f"{PAGE}{denial.id}/", typed).headers["Location"] == f"{PAGE}{denial.id}/"
    assert "Appealed" in text_of(billing.get(f"{PAGE}{denial.id}/"))
    assert billing.get(f"{PAGE}{uuid4()}/").status_code == 404


@pytest.mark.parametrize("state", ["paid", "superseded"])
def test_what_an_answer_settled_takes_a_note_and_no_other_state(people: Program, billing: Client, state: str):
    denial = denied(people, state=state)
    page = billing.get(f"{PAGE}{denial.id}/")
    assert ("What was done" in text_of(page), "settled it; a note may still be added" in text_of(page)) == (False, True)
    billing.post(f"{PAGE}{denial.id}/", {"state": "open", "note": "Seen."})
    ticked = billing.post(f"{PAGE}work/?kept=all", {"denial": [str(denial.id)], "state": "appealed", "note": "Faxed."})
    assert (ticked.status_code, "settled this denial meanwhile: its state stays" in text_of(ticked)) == (422, True)
    with tenant(people.organization):
        assert list(Denial.objects.values_list("state", "note")) == [(state, "Seen.")]
