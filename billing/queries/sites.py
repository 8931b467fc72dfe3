"""A clinic as claims name it: as it is set now, and as the close of a month keeps it."""

from __future__ import annotations

from bhi.tenancy.models import Clinic
from billing.models import MonthClose
from billing.rules.sites import Site, read_site


def site_of(clinic: Clinic) -> Site:
    """What holds of the clinic now."""
    return Site(
        clinic.name,
        clinic.npi,
        clinic.setting,
        clinic.place_of_service,
        clinic.address,
        clinic.city,
        clinic.state,
        clinic.postal_code,
    )


def kept_site(close: MonthClose) -> Site | None:
    """What the close keeps; None where it was made before closes kept it."""
    return read_site(close.site) if close.site else None
