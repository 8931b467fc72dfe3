"""What an organization set for its measures, and what it set before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.tenancy.models import Role
from billing.queries.payers import payers
from outcomes.models import ConsultantRate, MeasureTarget, OutcomeSettings, PayerClass, PayerClassed, WorkShare
from outcomes.rules.measures import MEASURES, UnknownMeasure, measure
from outcomes.rules.payer_classes import class_of
from registry.models import Fact


@dataclass(frozen=True, slots=True)
class SettingsShown:
    """What holds; `changed_at` is None while nobody set anything."""

    mask_under: int
    freeze_day: int
    productive_percent: int
    changed_at: datetime | None = None
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One amount that was said from a day or month on, and perhaps taken back."""

    id: UUID
    from_on: date
    amount: Decimal
    recorded_at: datetime
    recorded_by: str
    is_live: bool
    voided_by: str = ""
    void_reason: str = ""


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A measure with the target of its source and its own ones, the newest first."""

    key: str
    title: str
    unit: str
    better: str
    of_source: Decimal | None
    own: Said | None
    all: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class SeatRow:
    """Somebody with what was said of them, the newest first."""

    id: UUID
    name: str
    is_active: bool
    current: Said | None
    all: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class PayerClassRow:
    """A payer's class: as somebody said, else as its rules and its name tell."""

    id: UUID
    name: str
    payer_class: str
    words: str
    is_said: bool


def settings_shown(organization_id: UUID) -> SettingsShown:
    """What holds at present. One statement."""
    row = OutcomeSettings.objects.filter(organization_id=organization_id).select_related("changed_by").first()
    usual = row or OutcomeSettings()
    return SettingsShown(
        usual.mask_under,
        usual.freeze_day,
        usual.productive_percent,
        row.changed_at if row else None,
        row.changed_by.name if row else "",
    )


def target_rows(organization_id: UUID, month: date) -> tuple[TargetRow, ...]:
    """Every measure with its targets; `own` is the one that holds in a month. Two statements."""
    said = _said(organization_id, MeasureTarget, "measure", "from_month", "target")
    return tuple(
        TargetRow(
            one.key,
            one.title,
            "%" if one.kind == "share" else one.unit,
            one.better,
            one.target,
            _holding(said.get(one.key, ()), month),
            said.get(one.key, ()),
        )
        for one in MEASURES
        if one.better
    )


def share_rows(organization_id: UUID, on: date) -> tuple[SeatRow, ...]:
    """Care managers, and who else has a share of work on record, by name. Two statements."""
    return _seat_rows(organization_id, on, WorkShare, "fte", Role.CARE_MANAGER)


def rate_rows(organization_id: UUID, on: date) -> tuple[SeatRow, ...]:
    """Psychiatric consultants, and who else has an hourly rate on record, by name. Two statements."""
    return _seat_rows(organization_id, on, ConsultantRate, "hourly", Role.PSYCHIATRIC_CONSULTANT)


def payer_class_rows(organization_id: UUID, on: date) -> tuple[PayerClassRow, ...]:
    """Payers by name, each with its class on a day. Two statements."""
    said = dict(PayerClassed.objects.filter(organization_id=organization_id).values_list("payer_id", "payer_class"))
    rows = []
    for one in payers(organization_id).values():
        found = said.get(one.id) or class_of(one.name, one.rules_on(on).family, is_self_pay=one.is_self_pay)
        rows.append(PayerClassRow(one.id, one.name, found, PayerClass(found).label, one.id in said))
    return tuple(rows)


def said_of(organization_id: UUID, kind: str, fact_id: UUID) -> tuple[str, Said] | None:
    """A target, share or rate that may be taken back, with what it is of; None where it is not there, or was."""
    model, about, day, amount = _KINDS[kind]
    row = model.objects.live().filter(organization_id=organization_id, id=fact_id).first()
    if row is None:
        return None
    people = people_of(organization_id)
    of = getattr(row, about)
    return _title(of) if kind == "target" else people[of].name, _one(row, day, amount, people)


_KINDS: dict[str, tuple[type[Fact], str, str, str]] = {
    "target": (MeasureTarget, "measure", "from_month", "target"),
    "share": (WorkShare, "membership_id", "from_on", "fte"),
    "rate": (ConsultantRate, "membership_id", "from_on", "hourly"),
}


def _title(key: str) -> str:
    try:
        return measure(key).title
    except UnknownMeasure:
        return key


def _seat_rows(organization_id: UUID, on: date, model: type[Fact], amount: str, role: Role) -> tuple[SeatRow, ...]:
    people = people_of(organization_id)
    said = _said(organization_id, model, "membership_id", "from_on", amount, people)
    seats = [seat for seat in people.values() if seat.id in said or (seat.is_active and role.value in seat.roles)]
    return tuple(
        SeatRow(seat.id, seat.name, seat.is_active, _holding(said.get(seat.id, ()), on), said.get(seat.id, ()))
        for seat in sorted(seats, key=lambda seat: (seat.name, seat.id))
    )


def _said(
    organization_id: UUID, model: type[Fact], about: str, day: str, amount: str, people: dict[UUID, Any] | None = None
) -> dict[Any, tuple[Said, ...]]:
    known = people_of(organization_id) if people is None else people
    found: dict[Any, tuple[Said, ...]] = {}
    for row in model.objects.filter(organization_id=organization_id).order_by(f"-{day}", "-recorded_at"):
        key = getattr(row, about)
        found[key] = (*found.get(key, ()), _one(row, day, amount, known))
    return found


def _one(row: Any, day: str, amount: str, people: dict[UUID, Any]) -> Said:
    return Said(
        id=row.id,
        from_on=getattr(row, day),
        amount=getattr(row, amount),
        recorded_at=row.recorded_at,
        recorded_by=people[row.recorded_by_id].name,
        is_live=row.is_live,
        voided_by="" if row.is_live else people[row.voided_by_id].name,
        void_reason=row.void_reason,
    )


def _holding(said: tuple[Said, ...], on: date) -> Said | None:
    return next((one for one in said if one.is_live and one.from_on <= on), None)
