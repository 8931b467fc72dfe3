"""Whether a payment adds up to the cent, and the arithmetic in words where it does not."""

from __future__ import annotations

from decimal import Decimal

from billing.rules.x12.remittances import NOTHING, PaidClaim, Payment


def imbalance(payment: Payment, number: int = 1) -> str:
    """Why a payment cannot be posted, in words; empty where it balances.

    Of each claim, the charge less all adjustments is what was paid; of the payment, what its claims were paid less
    what was kept back from the provider is its total. `number` is the payment's place in its file, from 1.
    Source: the balancing rules of the 835 (005010X221A1, section 1.10.2.1).
    """
    for place, claim in enumerate(payment.claims, start=1):
        if said := _of_claim(claim):
            return f"Payment {number}, claim {place} of {len(payment.claims)} does not add up: {said}"
    return _of_payment(payment, number)


def uneven_lines(claim: PaidClaim) -> tuple[int, ...]:
    """The places, from 1, of lines whose charge less their own adjustments is not what they were paid."""
    return tuple(
        place
        for place, line in enumerate(claim.lines, start=1)
        if line.charge - sum((less.amount for less in line.less), NOTHING) != line.paid
    )


def _of_claim(claim: PaidClaim) -> str:
    less = sum((one.amount for one in claim.all_less), NOTHING)
    if claim.charge - less == claim.paid:
        by_lines = sum((line.paid for line in claim.lines), NOTHING)
        own = sum((one.amount for one in claim.less), NOTHING)
        if claim.lines and not own and by_lines != claim.paid:
            return f"its lines were paid {_money(by_lines)}, the claim {_money(claim.paid)}."
        return ""
    return (
        f"charged {_money(claim.charge)} less adjustments of {_money(less)} is {_money(claim.charge - less)}, but "
        f"{_money(claim.paid)} is said to be paid."
    )


def _of_payment(payment: Payment, number: int) -> str:
    claims = sum((claim.paid for claim in payment.claims), NOTHING)
    kept = sum((one.amount for one in payment.provider_less), NOTHING)
    if claims - kept == payment.total:
        return ""
    count = len(payment.claims)
    said = f"its {count} {'claim was' if count == 1 else 'claims were'} paid {_money(claims)}"
    if kept:
        said += f", less {_money(kept)} kept back is {_money(claims - kept)}"
    return f"Payment {number} does not add up: {said}, but its total is {_money(payment.total)}."


def _money(amount: Decimal) -> str:
    return f"−${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"
