"""Which claims a person is offered for an answer that names none."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bhi.tenancy.ids import uuid7
from billing.models import Claim, RemittanceClaim
from billing.queries.answer_candidates import MOST
from tests.billing.filed import Filed, candidates, filed
from tests.billing.test_answers import take
from tests.factories.registry import EpisodeFactory
from tests.rules.billing.answer_texts import paid_claim, payment, remittance, reversed_claim

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
