"""Control numbers that come back altered find their claims and lines all the same."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Acknowledgement, Claim, ClaimLine, RemittanceClaim, RemittanceLine
from billing.queries.answer_matching import claims_by_number, line_meant, lines_of
from tests.billing.filed import CONTROL, Filed, filed
from tests.billing.test_answers import take
from tests.rules.billing.answer_texts import acknowledged_claims, claim_said, paid_claim, payment, remittance

pytestmark = pytest.mark.django_db
BARE = CONTROL.replace("-", "")
SHORT = CONTROL.removeprefix("0000")


@pytest.fixture
def out(in_tenant: Any) -> Filed:
    return filed(in_tenant)


@pytest.mark.parametrize("number", [BARE, SHORT, SHORT.lower()])
def test_without_hyphens_or_zeros_a_number_names_its_claim_and_lines(out: Filed, number: str) -> None:
    claim = out.claim()
    out.claim("00001-00002-ABCDEF")
    take(out, remittance(payment(paid_claim(number))), name="era")
    take(out, acknowledged_claims(claim_said(number, "A7:562")), name="ack")
    assert RemittanceClaim.objects.get().claim_id == claim.id
    assert Acknowledgement.objects.get(code="A7:562").claim_id == claim.id
    lines = dict(RemittanceLine.objects.values_list("code", "claim_line__control_number"))
    assert lines == {"99492": f"{CONTROL}-1", "99494": f"{CONTROL}-2"}


@pytest.mark.parametrize("number", ["100001ABCDEG", "100001ABCDE", "10001ABCDEF", "PCN-100001ABCDEF", "00001"])
def test_a_number_that_is_none_of_ours_in_another_dress_waits_for_a_person(out: Filed, number: str) -> None:
    out.claim()
    take(out, remittance(payment(paid_claim(number))))
    assert RemittanceClaim.objects.get().claim_id is None


def test_of_many_numbers_each_is_found_through_the_index(out: Filed) -> None:
    """It holds numbers that are not empty: the statement says so, as more than a hundred are not looked through."""
    claim = out.claim()
    numbers = [CONTROL, BARE, *(f"00001-{place:05d}-ABCDEF" for place in range(2, 150))]
    with CaptureQueriesContext(connection) as ran:
        found = claims_by_number(out.organization.id, numbers)
    assert (found, len(ran)) == ({CONTROL: claim.id, BARE: claim.id}, 1)
    assert ran.captured_queries[0]["sql"].count("""NOT ("billing_claim"."control_number" = '')""") == 1


def test_money_is_never_that_of_a_claim_in_a_test_file(in_tenant: Any) -> None:
    out = filed(in_tenant, is_test=True)
    claim = out.claim(is_superseded=True)
    take(out, remittance(payment(paid_claim())), name="era")
    take(out, acknowledged_claims(claim_said(CONTROL, "A7:562")), name="ack")
    assert RemittanceClaim.objects.get().claim_id is None
    assert Acknowledgement.objects.get(code="A7:562").claim_id == claim.id


def test_a_line_of_which_the_number_was_cut(out: Filed) -> None:
    claim: Claim = out.claim()
    for number in (11, 12):
        made = ClaimLine.objects.filter(claim=claim)[0]
        made.id, made.number, made.control_number = None, number, f"{CONTROL}-{number}"
        made.save(force_insert=True)
    lines = lines_of(out.organization.id, [claim.id])[claim.id]
    named = {control: line_meant(control, "", lines) for control in (f"{CONTROL}-12", f"{BARE}11", f"{BARE}9")}
    by_id = {line[0]: line[3] for line in lines}
    assert [by_id.get(line) for line in named.values()] == [f"{CONTROL}-12", f"{CONTROL}-11", None]
