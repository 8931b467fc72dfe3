"""Claims as they left, for answers to find."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.models import Batch, Claim, RemittanceClaim
from billing.queries.answer_candidates import Candidate, claim_candidates, received_of
from billing.queries.answers import waiting_shown
from tests.factories.billing import BatchFactory, ClaimFactory, ClaimLineFactory
from tests.factories.claims import ReceiverFactory

CONTROL = "00001-00001-ABCDEF"


@dataclass
class Filed:
    """A batch that went out as an 837P under interchange 7."""

    organization: Any
    batch: Batch

    def claim(self, control: str = CONTROL, *, family_name: str = "Abara", **fields: Any) -> Claim:
        """290.00 for 99492 and 99494."""
        number = Claim.objects.filter(batch=self.batch).count() + 1
        claim = ClaimFactory(
            organization=self.organization,
            batch=self.batch,
            number=number,
            control_number=control,
            charge=Decimal("290.00"),
            episode__patient__family_name=family_name,
            episode__patient__given_name="Jo",
            **fields,
        )
        for place, (code, charge) in enumerate((("99492", "170.00"), ("99494", "120.00")), start=1):
            ClaimLineFactory(
                organization=self.organization,
                claim=claim,
                number=place,
                code=code,
                charge=Decimal(charge),
                control_number=f"{control}-{place}" if control else "",
            )
        return claim


def filed(organization: Any, *, interchange: int = 7, number: int = 7, is_test: bool = False) -> Filed:
    batch = BatchFactory(
        organization=organization,
        number=number,
        format="x12",
        interchange_number=interchange,
        is_test=is_test,
        receiver=ReceiverFactory(organization=organization),
    )
    return Filed(organization, batch)


def candidates(row: RemittanceClaim, **more: Any) -> list[Candidate]:
    """The claims that a person is offered for a payment that names none."""
    return claim_candidates(row.organization_id, received_of(waiting_shown(row.organization_id, row.id)), **more)
