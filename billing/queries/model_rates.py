"""What a month of each model pays nationally, for practices that ask which model fits them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from billing.rules.fees.schedule import national_amount, schedules
from registry.rules.model_fit import FIRST_CODE, NEXT_CODE, PAYERS


def model_rates(on: date) -> Mapping[tuple[str, str], Decimal]:
    """Dollars of one month by payer and code, those that a national schedule gives for a day, outside a facility."""
    codes = sorted({*FIRST_CODE.values(), *NEXT_CODE.values()})
    found = {
        (payer, code): national_amount(payer, code, on, "standard", facility=False)
        for payer in PAYERS
        for code in codes
    }
    return {key: amount for key, amount in found.items() if amount is not None}


def rates_source(on: date) -> str:
    """The title of the schedule that the rates of a day are from; empty where there is none."""
    return next((one.title for one in schedules() if one.year == on.year), "")
