"""Which claims a person is offered for an answer that names none."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bhi.tenancy.ids import uuid7
from billing.models import Acknowledgement, Claim, RemittanceClaim
from billing.operations.answer_matching import ClaimOfATest, OfOneClaim, match_acknowledgement, match_claim
from billing.queries.answer_candidates import MOST, claim_candidates, file_numbered, received_of, recent_files
from billing.queries.answers import said_shown
from tests.billing.filed import Filed, candidates, filed
from tests.billing.test_answers import NOW, take
from tests.factories.registry import EpisodeFactory, system_seat
from tests.rules.billing.answer_texts import (
    acknowledged_claims,
    claim_said,
    paid_claim,
    payment,
    remittance,
    reversed_claim,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowded(in_tenant: Any) -> Filed:
    """The claim that is meant is the oldest of 501: half of the others share its name, half its day and charge."""
    out = filed(in_tenant)
    meant = out.claim("00000-00001-MEANT", service_on=date(2026, 2, 28))
    namesakes = [
        EpisodeFactory(organization=in_tenant, patient__family_name="Abara", patient__given_name=f"Jane{at}")
        for at in range(3)
    ]
    strangers = [EpisodeFactory(organization=in_tenant, patient__family_name="Zebra") for _ in range(2)]
    rows = []
    for at in range(500):
        is_namesake = at % 2 == 0
        episode = namesakes[at % 3] if is_namesake else strangers[at % 4 // 2]
        rows.append(
            Claim(
                id=uuid7(),
                organization=in_tenant,
                batch=out.batch,
                number=1000 + at,
                control_number=f"00002-{at:05d}-OTHERS",
                episode=episode,
                patient=episode.patient,
                payer=meant.payer,
                month=meant.month,
                is_superseded=True,
                service_on=date(2026, 3, 31) if is_namesake else meant.service_on,
                charge=Decimal("99.00") if is_namesake else meant.charge,
                **{name: getattr(meant, name) for name in ("facts", "facts_sha256", "verdict", "book", "book_sha256")},
            )
        )
    Claim.objects.bulk_create(rows)
    return out


@pytest.mark.parametrize("body", [paid_claim("0007-0001"), reversed_claim("0007-0001")], ids=["paid", "taken back"])
def test_the_right_claim_is_the_first_of_hundreds(crowded: Filed, body: str) -> None:
    take(
        crowded, remittance(payment(body, total="145.00").replace("*C*ACH", "*D*ACH" if "*-290" in body else "*C*ACH"))
    )
    found = candidates(RemittanceClaim.objects.get())
    assert (len(found), found[0].name) == (MOST, "00000-00001-MEANT")
    assert found[0].shares == ("name", "first name", "day", "codes", "charge")


def test_who_types_both_names_sees_that_person_first(crowded: Filed) -> None:
    take(crowded, remittance(payment(paid_claim("0007-0001", name="NOBODY*X"))))
    row = RemittanceClaim.objects.get()
    for words in ("Abara, Jo", "abara jo"):
        assert candidates(row, words=words)[0].name == "00000-00001-MEANT"


def test_a_claim_of_a_277ca_is_found_by_all_that_was_said_of_it(in_tenant: Any) -> None:
    out = filed(in_tenant)
    claim = out.claim(service_on=date(2026, 2, 28))
    out.claim("00001-00002-OTHERS", family_name="Abara")
    said = claim_said("77-ABCDEF", "A7:562").replace("STC*", "DTP*472*D8*20260228~STC*")
    take(out, acknowledged_claims(said))
    row = Acknowledgement.objects.get(is_of_claim=True)
    found = claim_candidates(out.organization.id, received_of(said_shown(out.organization.id, row.id)))
    assert (found[0].id, found[0].shares) == (claim.id, ("number", "name", "first name", "day", "charge"))
    by = system_seat(out.organization)
    with pytest.raises(OfOneClaim):
        match_acknowledgement(by=by, at=NOW, acknowledgement_id=row.id, batch_id=out.batch.id)
    match_acknowledgement(by=by, at=NOW, acknowledgement_id=row.id, claim_id=claim.id)
    row.refresh_from_db()
    assert (row.claim_id, row.batch_id) == (claim.id, None)


def test_claims_that_stand_no_more_say_so_and_no_money_goes_to_tests(in_tenant: Any) -> None:
    out, tried = filed(in_tenant), filed(in_tenant, interchange=8, number=8, is_test=True)
    first = out.claim("00001-00001-FIRSTX", is_superseded=True)
    second = out.claim("00001-00002-SECOND", replaces=first, episode=first.episode, frequency="7")
    void = out.claim("00001-00003-VOIDXX", replaces=first, episode=first.episode, frequency="8", is_superseded=True)
    test = tried.claim("00008-00001-TESTXX", is_superseded=True)
    take(out, remittance(payment(paid_claim("0007-0001"))))
    row = RemittanceClaim.objects.get()
    standing = {one.id: one.standing for one in candidates(row)}
    assert standing == {first.id: "Stands no more", second.id: "", void.id: "Takes an earlier claim back"}
    assert {one.id: one.standing for one in candidates(row, with_tests=True)}[test.id] == "In a test file"
    with pytest.raises(ClaimOfATest):
        match_claim(by=system_seat(in_tenant), at=NOW, remittance_claim_id=row.id, claim_id=test.id)
    assert recent_files(in_tenant.id) == [
        (tried.batch.id, "Batch 8, February 2026 (test file)"),
        (out.batch.id, "Batch 7, February 2026"),
    ]
    assert [file_numbered(in_tenant.id, number) for number in (7, 9)] == [out.batch.id, None]


def test_a_name_without_its_accents_is_found(in_tenant: Any) -> None:
    out = filed(in_tenant)
    names = {"family_name": "Bérg-O’Neil", "episode__patient__sort_name": "berg oneil, jo"}
    claim = out.claim(**names, service_on=date(2026, 1, 31))
    take(out, remittance(payment(paid_claim("0007-0001", name="BERG ONEIL*JO"))))
    (one,) = candidates(RemittanceClaim.objects.get())
    assert (one.id, one.shares) == (claim.id, ("name", "first name", "codes", "charge"))
