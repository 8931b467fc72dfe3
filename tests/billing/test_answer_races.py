"""Who says or takes back what an answer means at one moment: one of them does, and nobody waits for ever."""

from typing import Any
from uuid import UUID

import pytest

from bhi.tenancy.context import tenant
from billing.models import Denial, MatchUndone, RemittanceClaim
from billing.operations.answer_matching import MatchedAlready, match_claim
from billing.operations.answer_undoing import NothingToUndo, undo_claim_match
from billing.operations.denials import settle_denials
from tests.billing.filed import filed
from tests.billing.test_answers import take
from tests.factories.registry import system_seat
from tests.factories.tenancy import NOW, OrganizationFactory
from tests.races import at_once
from tests.rules.billing.answer_texts import paid_claim, payment, remittance

PEOPLE = 6


@pytest.fixture
def waiting() -> tuple[Any, UUID, list[UUID]]:
    """An organization, a payment that waits, and claims that it may mean."""
    organization = OrganizationFactory()
    with tenant(organization):
        out = filed(organization)
        claims = [out.claim(f"00001-0000{at}-CLAIMS").id for at in range(PEOPLE)]
        take(out, remittance(payment(paid_claim("0007-0001"))))
        return organization, RemittanceClaim.objects.get().id, claims


@pytest.mark.django_db(transaction=True)
def test_of_many_who_choose_at_once_one_says_which_claim_it_is(waiting: tuple[Any, UUID, list[UUID]]) -> None:
    organization, row_id, claims = waiting

    def chooser(claim_id: UUID) -> Any:
        return lambda: match_claim(by=system_seat(organization), at=NOW, remittance_claim_id=row_id, claim_id=claim_id)

    answers = at_once(organization, [chooser(claim_id) for claim_id in claims])
    won = [answer for answer in answers if isinstance(answer, RemittanceClaim)]
    assert (len(won), sum(isinstance(answer, MatchedAlready) for answer in answers)) == (1, PEOPLE - 1)
    with tenant(organization):
        assert RemittanceClaim.objects.get().claim_id == won[0].claim_id
        assert list(Denial.objects.values_list("claim_id", flat=True)) == [won[0].claim_id]


@pytest.mark.django_db(transaction=True)
def test_taken_back_by_many_while_denials_settle_it_is_taken_back_once(waiting: tuple[Any, UUID, list[UUID]]) -> None:
    organization, row_id, claims = waiting
    with tenant(organization):
        match_claim(by=system_seat(organization), at=NOW, remittance_claim_id=row_id, claim_id=claims[0])
        Denial.objects.all().update(state="superseded")

    def taker() -> Any:
        return undo_claim_match(by=system_seat(organization), at=NOW, remittance_claim_id=row_id, because="Her sister")

    def settler() -> Any:
        return settle_denials(by=system_seat(organization), at=NOW, claim_ids=claims)

    answers = at_once(organization, [taker, settler] * (PEOPLE // 2))
    taken = [answer for answer in answers if isinstance(answer, RemittanceClaim)]
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert (len(taken), {type(answer) for answer in refused}) == (1, {NothingToUndo})
    with tenant(organization):
        assert (RemittanceClaim.objects.get().claim_id, MatchUndone.objects.count()) == (None, 1)
        assert set(Denial.objects.values_list("state", flat=True)) == {"superseded"}
