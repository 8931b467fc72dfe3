"""Denials' last days where another payer is to be asked, the queue narrowed to a payer or month, and its file."""

import csv
import io
from datetime import date
from typing import Any

import pytest
import time_machine
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from billing.models import Denial
from billing.queries import denials
from billing.queries.denials import DenialFilter, DenialOrder, Kept, all_denials, denial_page
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.billing import ClaimFactory
from tests.factories.claims import DenialFactory, PayerRouteFactory
from tests.factories.registry import CoverageFactory, PayerFactory

PAGE = "/o/lakeside/billing/denials/"


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Any:
    return client_for("billing")


def denied(people: Program, reason: str, **fields: Any) -> Denial:
    """Of a day of service that was February 28, 2026."""
    claim = fields.pop("claim", None) or ClaimFactory(organization=people.organization)
    found = {"found_on": date(2026, 3, 20), "amount": 170, **fields}
    return DenialFactory(organization=people.organization, claim=claim, reason=reason, **found)


def covered(people: Program, denial: Denial, payer: Any, rank: int, **fields: Any) -> None:
    CoverageFactory(organization=people.organization, patient=denial.claim.patient, payer=payer, rank=rank, **fields)


def days(people: Program) -> list[tuple[str, date | None, str]]:
    rows = denial_page(people.organization.id, DenialFilter()).rows
    return [(row.reason.code, row.due_on, row.next_payer) for row in rows]


def test_the_other_payers_filing_time_is_the_last_day_and_sorts(people: Program):
    at_home = {"organization": people.organization}
    with tenant(people.organization):
        other = denied(people, "22")
        denied(people, "97", due_on=date(2026, 7, 18))
        assert days(people) == [("97", date(2026, 7, 18), ""), ("22", None, "")]
        # The one that was asked, one that was over by then, and whoever pays for themselves are not the next.
        covered(people, other, other.claim.payer, 1)
        covered(people, other, PayerFactory(**at_home, name="Old", is_self_pay=False), 2, until_on=date(2026, 1, 31))
        covered(people, other, PayerFactory(**at_home, name="Self", is_self_pay=True), 3)
        assert days(people)[1] == ("22", None, "")
        aetna = PayerFactory(**at_home, name="Aetna")
        covered(people, other, aetna, 4)
        covered(people, other, PayerFactory(**at_home, name="Cigna"), 5)
        assert days(people)[1] == ("22", None, "Aetna")
        PayerRouteFactory(**at_home, payer=aetna, filing_days=90)
        PayerRouteFactory(**at_home, payer=other.claim.payer, filing_days=10, corrected_days=20)
        assert days(people) == [("22", date(2026, 5, 29), "Aetna"), ("97", date(2026, 7, 18), "")]
        # What the payer has already can be corrected as long as it takes that.
        denied(people, "18", claim=other.claim)
        assert days(people)[0] == ("18", date(2026, 3, 20), "")


def test_the_page_names_whose_day_it_is_and_asks_for_no_days_that_are_set(people: Program, billing: Client):
    with tenant(people.organization):
        other = denied(people, "24")
        PayerRouteFactory(organization=people.organization, payer=other.claim.payer)
    page = billing.get(f"{PAGE}{other.id}/")
    assert (
        "not known of the other payer" in text_of(page),
        "filing/payers" in page.text,
        "set the days" in page.text,
    ) == (
        True,
        False,
        False,
    )
    with tenant(people.organization):
        aetna = PayerFactory(organization=people.organization, name="Aetna")
        covered(people, other, aetna, 2)
    page = billing.get(f"{PAGE}{other.id}/")
    assert ("not known of Aetna : set the days that it takes" in text_of(page), str(aetna.id) in page.text) == (
        True,
        True,
    )
    with tenant(people.organization):
        PayerRouteFactory(organization=people.organization, payer=aetna, filing_days=365)
    assert "Feb 28, 2027 of Aetna" in text_of(billing.get(f"{PAGE}{other.id}/"))


@pytest.mark.parametrize(
    ("state", "is_said"),
    [("open", True), ("corrected", True), ("appealed", True), ("written_off", False), ("paid", False)],
)
def test_a_day_that_passed_is_said_while_a_denial_is_not_finished(
    people: Program, billing: Client, state: str, is_said: bool
):
    with tenant(people.organization):
        one = denied(people, "97", due_on=date(2026, 4, 2), state=state, note="Faxed.")
    with time_machine.travel(AT, tick=False):
        pages = [text_of(billing.get(f"{PAGE}?kept=all")), text_of(billing.get(f"{PAGE}{one.id}/"))]
    assert [("Apr 2 passed" in said) for said in pages] == [is_said, is_said]


def test_the_queue_is_narrowed_to_a_payer_and_a_month(people: Program, billing: Client):
    at_home = {"organization": people.organization}
    with tenant(people.organization):
        aetna, cigna = PayerFactory(**at_home, name="Aetna"), PayerFactory(**at_home, name="Cigna")
        of_march = {"month": date(2026, 3, 1), "service_on": date(2026, 3, 31)}
        one = denied(people, "97", claim=ClaimFactory(**at_home, payer=aetna), amount=90)
        two = denied(people, "29", claim=ClaimFactory(**at_home, payer=aetna, **of_march), amount=50)
        three = denied(people, "97", claim=ClaimFactory(**at_home, payer=cigna), amount=170)

        def found(**chosen: Any) -> tuple[set[Any], list[tuple[str, int]], list[tuple[str, int]]]:
            page = denial_page(people.organization.id, DenialFilter(**chosen))
            assert page.total == len(page.rows)
            return (
                {row.id for row in page.rows},
                [(each.reason.code, each.count) for each in page.reasons],
                [(each.name, each.count) for each in page.payers],
            )

        assert found() == ({one.id, two.id, three.id}, [("97", 2), ("29", 1)], [("Aetna", 2), ("Cigna", 1)])
        assert found(payer_id=aetna.id) == ({one.id, two.id}, [("97", 1), ("29", 1)], [("Aetna", 2), ("Cigna", 1)])
        assert found(reason="29") == ({two.id}, [("97", 2), ("29", 1)], [("Aetna", 1)])
        assert found(month="2026-03") == ({two.id}, [("29", 1)], [("Aetna", 1)])
        assert found(payer_id=cigna.id, month="2026-03") == (set(), [], [("Aetna", 1)])
    said = text_of(billing.get(f"{PAGE}?payer={aetna.id}&month=2026-03"))
    assert ("1 denial, $50.00" in said, "Only of service in March 2026. Show all months" in said) == (True, True)
    assert "3 denials, $310.00" in text_of(billing.get(f"{PAGE}?payer=nonsense&month=2026-13"))


def test_the_file_holds_what_the_filters_find(
    people: Program, billing: Any, client_for: Any, monkeypatch: pytest.MonkeyPatch
):
    with tenant(people.organization):
        aetna = PayerFactory(organization=people.organization, name="Aetna")
        other = denied(people, "22", claim=ClaimFactory(organization=people.organization, payer=aetna))
        denied(people, "97", state="paid", note="=Seen")
        rows = all_denials(people.organization.id, DenialFilter(kept=Kept.ALL, order=DenialOrder.AGE))
        assert (len(rows), [bool(row.causes) and row.is_finished for row in rows]) == (2, [False, False])
        monkeypatch.setattr(denials, "SLICE", 1)
        assert all_denials(people.organization.id, DenialFilter(kept=Kept.ALL, order=DenialOrder.AGE)) == rows
    answer = billing.post(f"{PAGE}file/?kept=all&payer={aetna.id}")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="denials.csv"'
    head, line = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    cells = dict(zip(head, line, strict=True))
    shown = rows[0] if rows[0].id == other.id else rows[1]
    assert cells == {
        "Patient": shown.patient_name,
        "Claim": shown.claim,
        "Month of service": "2026-02",
        "Payer": "Aetna",
        "Code": shown.code or "Whole claim",
        "Group": "CO",
        "Reason code": "22",
        "Reason": "Another payer pays first",
        "What the record says": " ".join(cause.sentence for cause in shown.causes),
        "Next step": "Ask which payer is first, and file with it.",
        "Taken off": "170.00",
        "Answered": "2026-03-20",
        "Last day": "",
        "Last day of": "the other payer",
        "Where it stands": "Open",
        "Who sees to it": "",
        "Note": "",
    }
    finished = list(csv.reader(io.StringIO(billing.post(f"{PAGE}file/?kept=finished").content.decode("utf-8-sig"))))
    assert [row[9:] for row in finished[1:]] == [["", "170.00", "2026-03-20", "", "", "Paid after all", "", "'=Seen"]]
    with tenant(people.organization):
        events = AuditEvent.objects.filter(action="denials.exported", by=billing.membership).order_by("id")
        assert [(event.count, len(event.shown)) for event in events] == [(1, 1), (1, 1)]
    assert client_for("care_manager").post(f"{PAGE}file/").status_code == 403
