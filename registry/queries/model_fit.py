"""What was answered to "which model fits us?", as it was advised then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from registry.models import ModelFit
from registry.rules.model_fit import (
    MODEL_WORDS,
    PAYER_WORDS,
    Advice,
    Answers,
    Can,
    Missing,
    Model,
    PayerPart,
    Revenue,
    Staffing,
)

SHOWN = 20


@dataclass(frozen=True)
class FitRow:
    """One asking: when, by whom, and what was advised."""

    id: UUID
    at: datetime
    by: str
    words: str


@dataclass(frozen=True)
class FitShown:
    """Answers and advice as they were kept; `source` is the schedule that the estimate is from."""

    row: FitRow
    answers: Answers
    advice: Advice
    source: str

    @property
    def shares(self) -> str:
        """Payers as people say them: `Medicare 60 %, Commercial 40 %`."""
        shares = self.answers.shares
        return ", ".join(f"{words} {shares[payer]} %" for payer, words in PAYER_WORDS.items() if shares.get(payer))


def model_fits(organization_id: UUID) -> tuple[FitRow, ...]:
    """The last askings, the latest first. Two statements."""
    people = people_of(organization_id)
    rows = ModelFit.objects.filter(organization_id=organization_id).order_by("-id")[:SHOWN]
    return tuple(_row(row, people[row.answered_by_id].name) for row in rows)


def model_fit_shown(organization_id: UUID, fit_id: UUID) -> FitShown:
    """One asking. Two statements. Raises NotFound."""
    row = ModelFit.objects.filter(organization_id=organization_id, id=fit_id).first()
    if row is None:
        raise NotFound
    shown = _row(row, people_of(organization_id)[row.answered_by_id].name)
    return FitShown(shown, answers_from(row.answers), _advice(row.advice), row.advice.get("source", ""))


def answers_from(kept: Mapping[str, Any]) -> Answers:
    """Answers as they were kept."""
    whole: dict[str, Any] = {name: kept[name] for name in ("care_manager_hours", "active", "new_a_month", "reached")}
    cans: dict[str, Any] = {
        name: Can(kept[name]) for name in ("is_trained", "review", "registry", "clinician", "billing")
    }
    payers: dict[str, Any] = {"shares": dict(kept["shares"]), "plans": dict(kept.get("plans", {}))}
    return Answers(**whole, **cans, **payers, consultant_hours=Decimal(kept["consultant_hours"]))


def _row(row: ModelFit, by: str) -> FitRow:
    return FitRow(row.id, row.answered_at, by, MODEL_WORDS[Model(row.advice["model"])])


def _advice(kept: Mapping[str, Any]) -> Advice:
    staffing = dict(kept["staffing"])
    return Advice(
        model=Model(kept["model"]),
        reasons=tuple(kept["reasons"]),
        missing=tuple(Missing(**one) for one in kept["missing"]),
        staffing=Staffing(**{**staffing, "consultant_hours": Decimal(staffing["consultant_hours"])}),
        revenues=tuple(_revenue(one) for one in kept["revenues"]),
    )


def _revenue(kept: Mapping[str, Any]) -> Revenue:
    parts = tuple(PayerPart(one["payer"], Decimal(one["patients"]), _money(one["amount"])) for one in kept["parts"])
    return Revenue(kept["model"], parts, _money(kept["amount"]), kept["unknown_share"])


def _money(kept: str | None) -> Decimal | None:
    return None if kept is None else Decimal(kept)
