"""Months as measured: written anew while they are open, frozen once, and measured again only as a further edition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.jobs.operations import announce
from bhi.tenancy.ids import SQL_UUID7
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import seeing_everything
from outcomes.models import MeasuredMonth
from outcomes.queries.measured import fingerprint_of, freeze_day_of, measured_month
from outcomes.queries.measuring import GATHERINGS, Gathering, first_fact_on, gathering_params, without_loops
from outcomes.rules.months import DEFINITIONS, freezes_on, is_freeze_due, months_to_measure

_FIRST_EDITION: Final = 1


class MonthFrozen(DomainError):
    """The month's facts stay as they are. What was found wrong makes a further edition, with a reason."""

    def __init__(self, month: date) -> None:
        super().__init__(
            f"{month:%B %Y} is frozen, so that reports of it stay as they were. Measure it again as a further edition, "
            "and say why."
        )


class MonthNotFrozen(DomainError):
    """An edition of the month is open: it is measured anew every night as it is."""

    def __init__(self, month: date) -> None:
        super().__init__(
            f"{month:%B %Y} is not frozen yet: it is measured anew every night, and needs no further edition."
        )


class MonthNotOver(DomainError):
    """A month is frozen once late notes are in, from a day of the next month on."""

    def __init__(self, month: date, on: date) -> None:
        super().__init__(f"{month:%B %Y} can be frozen from {on:%B} {on.day}, {on.year}, when late notes are in.")


class ReasonMissing(DomainError):
    """A further edition says why."""

    def __init__(self) -> None:
        super().__init__("Say why the month is measured again.")


@transaction.atomic
def measure_month(*, organization_id: UUID, month: date, by: Membership, at: datetime) -> MeasuredMonth:
    """Write an open month's facts anew from the records, whoever asks: everybody's. `month` is its first day.

    Run twice it writes the same; who runs at the same time waits. The same number of statements for any number of
    patients. Raises MonthFrozen.
    """
    head = _open_head(organization_id, month, at)
    count = _write(head, at)
    record("outcome_month.measured", by=by, at=at, object_id=head.id, count=count)
    return head


@transaction.atomic
def freeze_month(*, organization_id: UUID, month: date, by: Membership, at: datetime, today: date) -> MeasuredMonth:
    """Measure an open month a last time and keep it as it is, with the fingerprint of its facts.

    `today` is the organization's earliest local day. Raises MonthNotOver before the day that the organization set, and
    MonthFrozen.
    """
    freeze_day = freeze_day_of(organization_id)
    if not is_freeze_due(month, freeze_day, today):
        raise MonthNotOver(month, freezes_on(month, freeze_day))
    head = _open_head(organization_id, month, at)
    count = _write(head, at)
    with seeing_everything():
        head.fingerprint = fingerprint_of(organization_id, head.id)
    head.frozen_at, head.frozen_by = at, by
    head.save(update_fields=["fingerprint", "frozen_at", "frozen_by"])
    record("outcome_month.frozen", by=by, at=at, object_id=head.id, count=count)
    announce("month_frozen", organization_id=organization_id, at=at, measured_id=head.id)
    return head


@transaction.atomic
def further_edition(*, organization_id: UUID, month: date, because: str, by: Membership, at: datetime) -> MeasuredMonth:
    """Measure a frozen month again from what is on record now, as its next edition; the earlier ones stay.

    It is open until the next night freezes it. Raises ReasonMissing, MonthNotFrozen (also where it was never measured).
    """
    if not because.strip():
        raise ReasonMissing
    _lock_month(organization_id, month)
    last = measured_month(organization_id, month)
    if last is None or last.frozen_at is None:
        raise MonthNotFrozen(month)
    head = MeasuredMonth.objects.create(
        organization_id=organization_id,
        month=month,
        edition=last.edition + 1,
        because=because.strip(),
        definitions=DEFINITIONS,
        measured_at=at,
    )
    count = _write(head, at)
    record("outcome_month.measured_again", by=by, at=at, object_id=head.id, count=count, fields=["because"])
    return head


def measure_months(
    *,
    organization_id: UUID,
    by: Membership,
    at: datetime,
    today: date,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[date]:
    """A night's work: every open month is measured, and frozen where its day has come. Returns the months.

    `today` is the organization's earliest local day. Late, or after missed nights, it makes up for what is missing.
    """
    heads = MeasuredMonth.objects.filter(organization_id=organization_id).values_list("month", "frozen_at")
    frozen = {month for month, frozen_at in heads if frozen_at is not None}
    living = {month for month, frozen_at in heads if frozen_at is None}
    with seeing_everything():
        months = months_to_measure(today, first_fact_on(organization_id), frozen, living)
    freeze_day = freeze_day_of(organization_id)
    for done, month in enumerate(months, start=1):
        if is_freeze_due(month, freeze_day, today):
            freeze_month(organization_id=organization_id, month=month, by=by, at=at, today=today)
        else:
            measure_month(organization_id=organization_id, month=month, by=by, at=at)
        progress(done, len(months))
    return list(months)


def _lock_month(organization_id: UUID, month: date) -> None:
    """One writer of a month at a time, also before it has a row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"measured month {organization_id} {month}"]
        )


def _open_head(organization_id: UUID, month: date, at: datetime) -> MeasuredMonth:
    """The open edition of a month, locked; its first, where it has none yet. Raises MonthFrozen."""
    _lock_month(organization_id, month)
    rows = MeasuredMonth.objects.filter(organization_id=organization_id, month=month)
    last: MeasuredMonth | None = rows.select_for_update().order_by("-edition").first()
    if last is None:
        last = rows.create(
            organization_id=organization_id,
            month=month,
            edition=_FIRST_EDITION,
            definitions=DEFINITIONS,
            measured_at=at,
        )
    if last.frozen_at is not None:
        raise MonthFrozen(month)
    return last


def _write(head: MeasuredMonth, at: datetime) -> int:
    """Replace the month's rows by what the records say now. How many."""
    with seeing_everything():
        params = {**gathering_params(head.organization_id, head.month), "measured": head.id}
        with without_loops(), connection.cursor() as cursor:
            count = sum(_rewrite(cursor, one, params) for one in GATHERINGS)
    head.measured_at, head.definitions = at, DEFINITIONS
    head.save(update_fields=["measured_at", "definitions"])
    return count


def _rewrite(cursor: Any, one: Gathering, params: dict[str, Any]) -> int:
    cursor.execute(
        f"DELETE FROM {one.table} WHERE organization_id = %(organization)s AND measured_id = %(measured)s",  # noqa: S608 - constants
        params,
    )
    names = ", ".join(one.columns)
    cursor.execute(
        f"INSERT INTO {one.table} (id, organization_id, measured_id, {names}) "  # noqa: S608 - constants
        f"SELECT {SQL_UUID7}, %(organization)s, %(measured)s, facts.* FROM ({one.sql}) AS facts({names})",
        params,
    )
    count: int = cursor.rowcount
    return count
