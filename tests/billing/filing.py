"""An organization that files 837P: who files, by whom, at which charge, and patients whose claims may leave."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from billing.models import MonthClose, PayerRoute
from billing.operations.closing import close_month
from registry.models import Episode, Payer, TreatingClinician
from tests.billing.people import AT, Program
from tests.factories.claims import BillingProviderFactory, ChargeFeeFactory, PayerRouteFactory, ReceiverFactory

FEBRUARY = "2026-02"
CHARGES = {"99492": "170.00", "99493": "150.00", "99494": "60.25", "G2214": "65.00", "99484": "60.00"}
ADDRESS = {"address": "22 Elm St", "city": "Denver", "state": "CO", "postal_code": "80202"}


def set_up(people: Program, *payers: Payer) -> list[PayerRoute]:
    """Who files, at which charge, and a route for each payer (Medicare Part B where none is named)."""
    organization = people.organization
    BillingProviderFactory(organization=organization, is_test=False)
    for code, amount in CHARGES.items():
        ChargeFeeFactory(organization=organization, code=code, amount=Decimal(amount))
    receiver = ReceiverFactory(organization=organization)
    of = payers or (people.payer("Medicare Part B", payer_code="MCR01"),)
    return [PayerRouteFactory(organization=organization, payer=payer, receiver=receiver) for payer in of]


def clinician(people: Program, **fields: Any) -> TreatingClinician:
    given = {"name": "Ana Rivera", "sort_name": "rivera, ana", "credential": "MD", "npi": "1245319599"} | fields
    found, _ = TreatingClinician.objects.get_or_create(organization=people.organization, **given)
    return found


def filed_patient(people: Program, name: str = "Abara", minutes: int = 118, **fields: Any) -> Episode:
    """Bills 99492 and twice 99494 for February, with all that a claim carries."""
    episode = people.billing_patient(name, minutes, **(ADDRESS | fields))
    Episode.objects.filter(id=episode.id).update(treating_clinician=clinician(people))
    return Episode.objects.select_related("patient").get(id=episode.id)


def closed(people: Program) -> MonthClose:
    return close_month(
        by=people.by, at=AT, clinic_id=people.clinic.id, month=FEBRUARY, note="Seen.", client_token=uuid4()
    )


LAST_DAY = date(2026, 2, 28)
