"""The money page comes to what its rows come to by hand, on random claims and on the demonstration's."""

from datetime import date
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest

from billing.models import Claim, ClaimLine
from billing.queries.fees import expected_of_claims
from tests.billing.money_by_hand import by_hand, on_page
from tests.billing.people import Program
from tests.billing.test_money import claimed, february
from tests.billing.test_money_counts import Says, answered, replaced
from tests.factories.billing import ClaimFactory, ClaimLineFactory


def says(random: Random, on: date) -> Says:
    """A payer's word of one line: paid with a share of the patient's, all of it a share, or denied."""
    cents = Decimal(random.randrange(1, 16000)) / 100
    return random.choice([
        Says(str(cents), (("PR", "2", "7.31"), ("CO", "45", "2.69")), on),
        Says("0", (("PR", "1", str(cents)), ("CO", "45", "1.01")), on),
        Says("0", (("CO", random.choice(["97", "29", "22"]), "170"),), on),
    ])  # fmt: skip


def taken(said: Says, on: date) -> Says:
    less = tuple((group, reason, f"-{amount}") for group, reason, amount in said.reasons)
    return Says(str(-Decimal(said.paid)), less, on, is_reversal=True)


def answer_at_random(people: Program, claim: Claim, random: Random) -> None:
    first, second = says(random, date(2026, 4, 20)), says(random, date(2026, 5, 20))
    for said in [[], [first], [first], [first, taken(first, date(2026, 5, 2)), second]][random.randrange(4)]:
        answered(people, claim, said)


def expected_now() -> dict[UUID, Decimal | None]:
    standing = Claim.objects.filter(is_superseded=False)
    by_claim = expected_of_claims(standing[0].organization_id, list(standing.values_list("id", flat=True)))
    lines = ClaimLine.objects.filter(units__gt=0, claim__is_superseded=False)
    amounts = {(id_, one.number): one.expected.expected for id_, found in by_claim.items() for one in found}
    return {line.id: amounts[line.claim_id, line.number] for line in lines}


@pytest.mark.parametrize("seed", [1, 2])
def test_two_paths_come_to_the_same(lakeside: Program, seed: int):
    random = Random(seed)
    (one,) = claimed(lakeside, "Abara")
    same = {name: getattr(one, name) for name in ("payer", "month", "facts", "book")}
    claims = [
        one,
        *(ClaimFactory(organization=lakeside.organization, **same, batch__number=100 + n) for n in range(11)),
    ]
    amount = ClaimLine.objects.get(claim=one).amount
    for claim in claims[1:]:
        ClaimLineFactory(organization=lakeside.organization, claim=claim, code="99492", amount=amount)
        if random.random() < 0.3:
            fields = {"number": 2, "code": "99494", "amount": Decimal("60.10")}
            ClaimLineFactory(organization=lakeside.organization, claim=claim, **fields)
    for claim in claims:
        answer_at_random(lakeside, claim, random)
        if random.random() < 0.4 and ClaimLine.objects.filter(claim=claim).count() == 1:
            answer_at_random(lakeside, replaced(lakeside, claim, replaces=claim, frequency="7"), random)
    everything = list(Claim.objects.order_by("batch__number", "number"))
    page = on_page(february(lakeside))
    assert page == by_hand(everything, expected_now())
    assert 0 < page.answered < page.claims == 12
