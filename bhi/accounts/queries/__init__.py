"""Reads of global tables: people and their seats. The only package that may join them."""

from bhi.accounts.queries.credentials import Credential, clinics_of, credentials_by_seat, credentials_on
from bhi.accounts.queries.seats import (
    Seat,
    any_membership_of,
    email_of,
    membership_of,
    people_of,
    people_with,
    seats_of,
    seats_to_sign_on,
    system_membership,
)

__all__ = [
    "Credential",
    "Seat",
    "any_membership_of",
    "clinics_of",
    "credentials_by_seat",
    "credentials_on",
    "email_of",
    "membership_of",
    "people_of",
    "people_with",
    "seats_of",
    "seats_to_sign_on",
    "system_membership",
]
