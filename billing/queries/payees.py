"""The numbers under which an organization is paid."""

from __future__ import annotations

from uuid import UUID

from bhi.tenancy.models import Clinic
from billing.models import BillingProvider
from billing.rules.x12.payees import OurNumbers
from billing.rules.x12.values import digits_of
from registry.models import TreatingClinician


def our_numbers(organization_id: UUID) -> OurNumbers | None:
    """NPIs of the billing provider, the clinics and the clinicians, and its tax number. Three statements.

    None where nobody said yet who files: such an organization cannot tell whose a payment is.
    """
    provider = BillingProvider.objects.filter(organization_id=organization_id).first()
    if provider is None:
        return None
    clinics = Clinic.objects.filter(organization_id=organization_id).exclude(npi="")
    clinicians = TreatingClinician.objects.filter(organization_id=organization_id).exclude(npi="")
    npis = {provider.npi, *clinics.values_list("npi", flat=True), *clinicians.values_list("npi", flat=True)}
    return OurNumbers(frozenset(npis), frozenset({digits_of(provider.tax_id)} - {""}))
