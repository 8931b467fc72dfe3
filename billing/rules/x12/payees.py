"""Whether a payment is to one of ours, by the numbers of its payee."""

from __future__ import annotations

from dataclasses import dataclass, field

from billing.rules.x12.remittances import Payment


@dataclass(frozen=True, slots=True)
class OurNumbers:
    """The NPIs and tax numbers under which an organization is paid. Tax numbers are digits."""

    npis: frozenset[str]
    tax_ids: frozenset[str] = field(repr=False)


def is_to_none_of(ours: OurNumbers, payment: Payment) -> bool:
    """Its payee says numbers, and none of them is ours."""
    said = (payment.payee_npi, ours.npis), (payment.payee_tax_id, ours.tax_ids)
    given = [number in known for number, known in said if number]
    return bool(given) and not any(given)


def is_to_another(ours: OurNumbers, payment: Payment) -> bool:
    """Besides, a tax number says so: an NPI alone may be one of ours that nobody recorded here."""
    return bool(payment.payee_tax_id) and is_to_none_of(ours, payment)


def payee_words(payment: Payment) -> str:
    """The payee by name and NPI; its tax number may be somebody's social security number."""
    npi = f"NPI {payment.payee_npi}" if payment.payee_npi else ""
    if payment.payee_name and npi:
        return f"{payment.payee_name} ({npi})"
    return payment.payee_name or npi or "a payee without a name"
