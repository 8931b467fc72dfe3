"""What an organization sets for its measures. Amounts are replaced or taken back, never edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from outcomes.models import ConsultantRate, MeasureTarget, OutcomeSettings, PayerClass, PayerClassed, WorkShare
from outcomes.rules.measure import Kind
from outcomes.rules.measures import UnknownMeasure, measure
from registry.models import Fact, Payer
from registry.operations.recording import Stamp, record_facts, stamped, take_back, void_facts

REPLACED: Final = "Replaced by another amount from the same day."
MOST_MASKED: Final = 50
FREEZE_DAYS: Final = (15, 28)
PRODUCTIVE: Final = (10, 100)
CENT: Final = Decimal("0.01")
MOST: Final = Decimal("999999.99")


class SettingWrong(DomainError):
    """A setting that cannot be. `field` is the one to mend."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@transaction.atomic
def set_outcome_settings(
    *,
    by: Membership,
    at: datetime,
    seen_at: datetime | None,
    mask_under: int,
    freeze_day: int,
    productive_percent: int,
) -> OutcomeSettings:
    """Set how small a count is hidden in reports, from which day a month is frozen, and how much of paid hours is work
    with patients (percent). The same again changes nothing.

    `seen_at` is when those were set that this person saw, None for the usual ones: what another set since is not put
    back unseen. Raises SettingWrong.
    """
    _check("mask_under", mask_under, 0, MOST_MASKED)
    _check("freeze_day", freeze_day, *FREEZE_DAYS)
    _check("productive_percent", productive_percent, *PRODUCTIVE)
    lock_settings(by)
    values = {"mask_under": mask_under, "freeze_day": freeze_day, "productive_percent": productive_percent}
    row = OutcomeSettings.objects.filter(organization_id=by.organization_id).first()
    before = row or OutcomeSettings(organization_id=by.organization_id)
    changed = [name for name, value in values.items() if getattr(before, name) != value]
    if row is not None and not changed:
        return row
    if row is not None and row.changed_at != seen_at:
        raise SettingWrong("", _changed_meanwhile(row))
    for name, value in values.items():
        setattr(before, name, value)
    before.changed_at, before.changed_by = at, by
    before.save()
    record("outcome_settings.set", by=by, at=at, object_id=before.id, fields=changed)
    return before


@transaction.atomic
def set_target(*, by: Membership, at: datetime, key: str, from_month: date, target: Decimal) -> MeasureTarget:
    """Set the organization's own target of a measure from a month on; another from that month is replaced and kept.

    In the unit in which the number is shown. The same again changes nothing. Raises SettingWrong.
    """
    try:
        one = measure(key)
    except UnknownMeasure:
        raise SettingWrong("key", "Choose a measure.") from None
    if not one.better:
        raise SettingWrong("key", "Of this measure neither more nor less is better: it takes no target.")
    most = Decimal(100) if one.kind is Kind.SHARE else MOST
    if not 0 <= target <= most or target != target.quantize(CENT):
        raise SettingWrong("amount", f"Enter a number from 0 to {most:,f}, with two decimals at most.")
    lock_settings(by)
    of = {"measure": key, "from_month": from_month.replace(day=1)}
    said: MeasureTarget = _said("outcome_target.set", MeasureTarget, of, {"target": target}, by=by, at=at)
    return said


@transaction.atomic
def set_work_share(*, by: Membership, at: datetime, membership_id: UUID, from_on: date, fte: Decimal) -> WorkShare:
    """Say how much of a full-time post somebody works for the program from a day on: 0 to 1, 0 when they stop.

    Raises SettingWrong, NotFound.
    """
    if not 0 <= fte <= 1 or fte != fte.quantize(CENT):
        raise SettingWrong("amount", "Enter a share from 0 to 1, such as 0.50 for half a post.")
    _check_seat(by, membership_id)
    lock_settings(by)
    of = {"membership_id": membership_id, "from_on": from_on}
    said: WorkShare = _said("work_share.set", WorkShare, of, {"fte": fte}, by=by, at=at)
    return said


@transaction.atomic
def set_consultant_rate(
    *, by: Membership, at: datetime, membership_id: UUID, from_on: date, hourly: Decimal
) -> ConsultantRate:
    """Say what an hour of a consultant costs from a day on, in dollars. Raises SettingWrong, NotFound."""
    if not 0 <= hourly <= MOST or hourly != hourly.quantize(CENT):
        raise SettingWrong("amount", "Enter dollars and cents, such as 210.00.")
    _check_seat(by, membership_id)
    lock_settings(by)
    of = {"membership_id": membership_id, "from_on": from_on}
    said: ConsultantRate = _said("consultant_rate.set", ConsultantRate, of, {"hourly": hourly}, by=by, at=at)
    return said


@transaction.atomic
def set_payer_classes(*, by: Membership, at: datetime, said: Mapping[UUID, str]) -> int:
    """Say what kind of coverage payers are, for months measured from now on. Returns how many of these changed.

    What was said can be changed, not unsaid. Raises SettingWrong, NotFound.
    """
    if not set(said.values()) <= {one.value for one in PayerClass} - {PayerClass.NONE.value}:
        raise SettingWrong("payer_class", "Choose from the list.")
    if Payer.objects.filter(organization_id=by.organization_id, id__in=said).count() != len(said):
        raise NotFound
    lock_settings(by)
    rows = PayerClassed.objects.filter(organization_id=by.organization_id, payer_id__in=said)
    before = dict(rows.values_list("payer_id", "payer_class"))
    changed = {payer_id: value for payer_id, value in said.items() if before.get(payer_id) != value}
    for payer_id, value in changed.items():
        PayerClassed.objects.update_or_create(
            organization_id=by.organization_id,
            payer_id=payer_id,
            defaults={"payer_class": value, "changed_at": at, "changed_by": by},
        )
    if changed:
        record("payer_class.set", by=by, at=at, fields=["payer_class"], count=len(changed))
    return len(changed)


@transaction.atomic
def take_back_target(*, by: Membership, at: datetime, fact_id: UUID, reason: str) -> None:
    """A target was wrong: the one before it holds again. Raises ReasonMissing, AlreadyVoided, NotFound."""
    take_back("outcome_target.taken_back", MeasureTarget, fact_id, by=by, at=at, reason=reason)


@transaction.atomic
def take_back_share(*, by: Membership, at: datetime, fact_id: UUID, reason: str) -> None:
    """A share of work was wrong. Raises ReasonMissing, AlreadyVoided, NotFound."""
    take_back("work_share.taken_back", WorkShare, fact_id, by=by, at=at, reason=reason)


@transaction.atomic
def take_back_rate(*, by: Membership, at: datetime, fact_id: UUID, reason: str) -> None:
    """An hourly rate was wrong. Raises ReasonMissing, AlreadyVoided, NotFound."""
    take_back("consultant_rate.taken_back", ConsultantRate, fact_id, by=by, at=at, reason=reason)


TAKE_BACK: Final[Mapping[str, Callable[..., None]]] = {
    "target": take_back_target,
    "share": take_back_share,
    "rate": take_back_rate,
}


def _said(
    action: str, kind: type[Fact], of: Mapping[str, Any], values: Mapping[str, Any], *, by: Membership, at: datetime
) -> Any:
    before = kind.objects.live().filter(organization_id=by.organization_id, **of).first()
    if before is not None and all(getattr(before, name) == value for name, value in values.items()):
        return before
    made = stamped(kind, Stamp(by, at), **of, **values)
    void_facts([before] if before else [], stamp=Stamp(by, at), reason=REPLACED)
    record_facts([made])
    record(action, by=by, at=at, object_id=made.id, fields=[*of, *values])
    return made


def _changed_meanwhile(row: OutcomeSettings) -> str:
    return (
        f"{row.changed_by.name} changed these while you had them open. Now counts under {row.mask_under} are hidden, "
        f"months are frozen from day {row.freeze_day}, and the productive share is {row.productive_percent} percent. "
        "What you typed is below: save again to have it instead."
    )


def _check(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise SettingWrong(field, f"Enter a whole number from {least} to {most}.")


def _check_seat(by: Membership, membership_id: UUID) -> None:
    if not Membership.objects.filter(organization_id=by.organization_id, id=membership_id, is_system=False).exists():
        raise NotFound


def lock_settings(by: Membership) -> None:
    """One writer at a time: what is replaced is what was seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"outcome settings of {by.organization_id}"]
        )
