"""What a month of each model pays, for practices that ask which model fits them: nationally, or by a payer's book."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from billing.rules.books import NoBookInForce, book_in_force
from billing.rules.fees.schedule import national_amount, schedules
from billing.rules.payer_options import families
from registry.rules.model_fit import FIRST_CODE, NEXT_CODE, PAYERS

NAMED: Final = ("medicaid", "commercial")
"""Payers that are many: which one it is decides whether a price is known."""
_MEDICARE: Final = ("medicare_ffs", "medicare_advantage")


def model_rates(on: date, plans: Mapping[str, str] | None = None) -> Mapping[tuple[str, str], Decimal]:
    """Dollars of one month by payer and code outside a facility: those that a national schedule gives for a day, or
    that the rule book states by which a payer goes (`plans`, by payer). What neither says is left out.
    """
    codes = sorted({*FIRST_CODE.values(), *NEXT_CODE.values()})
    chosen = plans or {}
    found = {(payer, code): _rate(chosen.get(payer, payer), code, on) for payer in PAYERS for code in codes}
    return {key: amount for key, amount in found.items() if amount is not None}


def rates_source(on: date, plans: Mapping[str, str] | None = None) -> str:
    """The title of the schedule that the rates of a day are from, and of the books that state others; empty where
    there is none.
    """
    national = next((one.title for one in schedules() if one.year == on.year), "")
    books = [_book_title(family, on) for family in sorted(set((plans or {}).values())) if _has_price(family, on)]
    return "; ".join(one for one in (national, *books) if one)


def plans_of(payer: str) -> list[tuple[str, str]]:
    """The rule books that say what a Medicaid or a commercial plan does, by name."""
    found = dict(families())
    ours = {key for key in found if key.endswith("_medicaid") == (payer == "medicaid")} - {*_MEDICARE, *NAMED}
    return sorted(((key, found[key]) for key in ours), key=lambda one: one[1])


def _rate(family: str, code: str, on: date) -> Decimal | None:
    each = national_amount(family, code, on, "standard", facility=False)
    if each is not None:
        return each
    try:
        payment = book_in_force(family, on).payment.get((on.year, code))
    except NoBookInForce:
        return None
    return payment.nonfacility if payment is not None else None


def _has_price(family: str, on: date) -> bool:
    return any(_rate(family, code, on) is not None for code in {*FIRST_CODE.values(), *NEXT_CODE.values()})


def _book_title(family: str, on: date) -> str:
    return book_in_force(family, on).title
