"""What a claim's line is expected to bring: by the payer's own fee, else by the national amount: an estimate."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from billing.rules.payers import MEDICARE

CENT = Decimal("0.01")
WHOLE = Decimal(100)
_SOURCE = Path(__file__).parent / "deductions.toml"


@dataclass(frozen=True, slots=True)
class ExpectedAmount:
    """Dollars of a line or of several; None where not known. `is_estimate`: it rests on a national amount.

    `allowed` is what the payer and the patient owe together, `payer` what the payer sends, `patient` the patient's
    share where a rule says it (Medicare Part B); elsewhere the plan decides how the allowed amount is shared, so
    `payer` and `patient` are not known. `withheld` is what sequestration keeps: nobody owes it.
    """

    allowed: Decimal | None
    payer: Decimal | None = None
    patient: Decimal | None = None
    withheld: Decimal = Decimal(0)
    is_estimate: bool = False

    @property
    def expected(self) -> Decimal | None:
        """What comes in all told: allowed less what is withheld."""
        return None if self.allowed is None else self.allowed - self.withheld


NOT_KNOWN = ExpectedAmount(None)


@dataclass(frozen=True, slots=True)
class Sequestration:
    """How much of Medicare's own part is kept back from a day on, in percent, and who says so."""

    from_on: date
    percent: Decimal
    source: str


def expected_amount(
    *,
    family: str,
    on: date,
    units: int,
    fee: Decimal | None,
    national: Decimal | None,
    percent: Decimal = WHOLE,
) -> ExpectedAmount:
    """What so many units of a code are expected to bring on a day of service.

    `family` is the payer's rule book family. `fee` is the payer's own for one unit, in the place of service, that of
    the clinic's locality first; `national` is the national amount of all units; of both the fee counts. `percent` is
    the clinician's share of it, as `share_paid` says. Rounded half up to the cent at the end, each part by itself;
    what is not known stays so.
    """
    gross = fee * units if fee is not None else national
    if gross is None:
        return NOT_KNOWN
    allowed = gross * percent / WHOLE
    share = coinsurance(family)
    if share is None:
        return ExpectedAmount(_cents(allowed), is_estimate=fee is None)
    patient = allowed * share / WHOLE
    kept = (allowed - patient) * sequestration(family, on).percent / WHOLE
    payer = _cents(allowed - patient - kept)
    whole, of_patient = _cents(allowed), _cents(patient)
    return ExpectedAmount(whole, payer, of_patient, whole - payer - of_patient, is_estimate=fee is None)


def share_paid(*, family: str, has_own_fee: bool, general: Decimal | None, of_payer: Decimal | None) -> Decimal:
    """The percentage of a fee that a clinician's service is paid at.

    `of_payer` is what was said of the clinician and this payer: it counts for whatever it pays. `general` is the share
    of Medicare's fee schedule (85 for a nurse practitioner under their own number): it cuts what Medicare pays, by its
    own list or nationally, and estimates that rest on the national amount; never what another payer agreed to pay, for
    contracts say themselves whom they pay less. Whole where nobody said anything that counts.
    """
    if of_payer is not None:
        return of_payer
    is_medicares = family == MEDICARE or not has_own_fee
    return general if is_medicares and general is not None else WHOLE


def added(amounts: Iterable[ExpectedAmount]) -> ExpectedAmount:
    """Of a whole claim: not known where one line is not, an estimate where one is."""
    listed = list(amounts)
    return ExpectedAmount(
        allowed=_sum(one.allowed for one in listed),
        payer=_sum(one.payer for one in listed),
        patient=_sum(one.patient for one in listed),
        withheld=sum((one.withheld for one in listed), Decimal(0)),
        is_estimate=any(one.is_estimate for one in listed),
    )


def coinsurance(family: str) -> Decimal | None:
    """The patient's share of what is allowed, in percent; None where each plan has its own."""
    found = _source()["coinsurance"].get(family)
    return None if found is None else Decimal(found["percent"])


def sequestration(family: str, on: date) -> Sequestration:
    """What is kept back of the payer's part on a day; nothing where no rule holds."""
    rules = [rule for rule in _sequestrations().get(family, ()) if rule.from_on <= on]
    return rules[-1] if rules else Sequestration(date.min, Decimal(0), "")


def _sum(parts: Iterable[Decimal | None]) -> Decimal | None:
    listed = list(parts)
    known = [part for part in listed if part is not None]
    return sum(known, Decimal(0)) if listed and len(known) == len(listed) else None


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


@cache
def _sequestrations() -> Mapping[str, tuple[Sequestration, ...]]:
    found: dict[str, list[Sequestration]] = {}
    for raw in _source()["sequestration"]:
        rule = Sequestration(raw["from_on"], Decimal(raw["percent"]), raw["source"])
        found.setdefault(raw["family"], []).append(rule)
    return {family: tuple(sorted(rules, key=lambda rule: rule.from_on)) for family, rules in found.items()}


@cache
def _source() -> Mapping[str, Any]:
    return tomllib.loads(_SOURCE.read_text(encoding="utf-8"))
