"""Closing a clinic's month: frozen with its facts, corrected by rows that take back and ask anew, opened by two."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic, Membership
from billing.models import ALONE_AFTER, FrozenMonth, MonthClose, MonthException
from billing.operations.errors import (
    AskedAlready,
    ClosedAlready,
    ExceptionsOpen,
    MonthNotOver,
    NotAlone,
    NothingToCorrect,
    ReopeningNotAsked,
    SettledHow,
)
from billing.queries.calendar import month_title
from billing.queries.closing import clinic_month, frozen_months, lines_of, live_close
from billing.queries.verdicts import MonthVerdict, month_verdicts
from billing.rules import facts as frozen
from billing.rules.canonical import plain
from billing.rules.closing import FrozenLine, correction, restated
from caseload.rules.clock import first_day, month_of, month_starts_and_ends
from registry.models import Episode
from registry.operations.errors import ReasonMissing


@transaction.atomic
def close_month(
    *, by: Membership, at: datetime, clinic_id: UUID, month: str, note: str, client_token: UUID
) -> MonthClose:
    """Freeze every patient's month of a clinic, and lock what it rests on.

    Who writes time into the month at the same moment either lands before this reads, or is refused. A second call
    with the same token returns the first close. Raises MonthNotOver, ExceptionsOpen when something is open and the
    note does not say why it closes all the same, ClosedAlready, NotFound.
    """
    clinic = _clinic(clinic_id, by.organization_id)
    lock_months(clinic.id)
    made = MonthClose.objects.filter(organization_id=by.organization_id, client_token=client_token).first()
    if made is not None:
        return made
    starts_at, ends_at = month_starts_and_ends(month, ZoneInfo(clinic.time_zone))
    if at < ends_at:
        raise MonthNotOver(month_title(month))
    shown = clinic_month(by.organization_id, month, clinic.id)
    if shown.close is not None:
        raise ClosedAlready(month_title(month), clinic.name)
    if shown.open_exceptions and not note.strip():
        raise ExceptionsOpen(shown.open_exceptions)
    close = MonthClose(
        organization_id=by.organization_id,
        clinic=clinic,
        month=first_day(month),
        starts_at=starts_at,
        ends_at=ends_at,
        closed_at=at,
        closed_by=by,
        note=note.strip(),
        client_token=client_token,
    )
    close.save(force_insert=True)
    judged = month_verdicts(by.organization_id, month, is_complete=True).values()
    rows = [_frozen(close, one, by=by, at=at) for one in judged if one.month.episode.clinic_id == clinic.id]
    FrozenMonth.objects.bulk_create(rows, batch_size=500)
    record("month.closed", by=by, at=at, object_id=close.id, count=len(rows))
    return close


@transaction.atomic
def correct_month(*, by: Membership, at: datetime, close_id: UUID, episode_id: UUID, because: str) -> FrozenMonth:
    """Take back what a closed month asked for and ask for what it comes to now, with the reason.

    Raises ReasonMissing, NothingToCorrect, NotFound.
    """
    if not because.strip():
        raise ReasonMissing
    close = _locked(close_id, by.organization_id)
    month = month_of(close.month)
    before = frozen_months(by.organization_id, close.id).get(episode_id)
    judged = month_verdicts(by.organization_id, month, episode_ids=[episode_id], is_complete=True)[episode_id]
    if judged.month.episode.clinic_id != close.clinic_id:
        raise NotFound
    row = _frozen(close, judged, by=by, at=at)
    asked = lines_of(before) if before else ()
    lines = correction(asked, lines_of(row))
    if not lines and before is not None and before.minutes == row.minutes:
        raise NothingToCorrect
    row.number = before.number + 1 if before else 1
    row.because = because.strip()
    row.lines = _stored(lines or restated(asked, lines_of(row)))
    row.save(force_insert=True)
    record("month.corrected", by=by, at=at, patient_id=row.patient_id, object_id=row.id, fields=["lines"])
    return row


@transaction.atomic
def ask_to_reopen(*, by: Membership, at: datetime, close_id: UUID, because: str) -> MonthClose:
    """Ask for a month to be opened again. Somebody else agrees, or the same person a day later where there is nobody.

    Raises ReasonMissing, AskedAlready, NotFound.
    """
    if not because.strip():
        raise ReasonMissing
    close = _locked(close_id, by.organization_id)
    if close.asked_at is not None:
        raise AskedAlready
    close.asked_at, close.asked_by, close.asked_because = at, by, because.strip()
    close.save(update_fields=["asked_at", "asked_by", "asked_because"])
    record("month.reopening_asked", by=by, at=at, object_id=close.id)
    return close


@transaction.atomic
def reopen_month(*, by: Membership, at: datetime, close_id: UUID) -> MonthClose:
    """Open a closed month again, as somebody asked for. What was frozen is kept.

    Raises ReopeningNotAsked; NotAlone when whoever asked does it while another may, or before a day is over; NotFound.
    """
    close = _locked(close_id, by.organization_id)
    if close.asked_at is None:
        raise ReopeningNotAsked
    if close.asked_by_id == by.id:
        others = who_may_close(by.organization_id) - {by.id}
        if others or at < close.asked_at + ALONE_AFTER:
            raise NotAlone(has_others=bool(others))
    close.reopened_at, close.reopened_by = at, by
    close.save(update_fields=["reopened_at", "reopened_by"])
    record("month.reopened", by=by, at=at, object_id=close.id)
    return close


@transaction.atomic
def note_exception(
    *,
    by: Membership,
    at: datetime,
    clinic_id: UUID,
    month: str,
    key: tuple[str, UUID | None, str],
    owner_id: UUID | None,
    note: str,
    is_settled: bool,
) -> MonthException:
    """Who sees to an exception of a month, what was said of it, and whether it is settled. Two at once take turns.

    Raises SettledHow when it is settled without a word, NotFound.
    """
    if is_settled and not note.strip():
        raise SettledHow
    clinic = _clinic(clinic_id, by.organization_id)
    lock_months(clinic.id)
    if owner_id is not None and owner_id not in people_of(by.organization_id):
        raise NotFound
    kind, episode_id, about = key
    if (
        episode_id is not None
        and not Episode.objects.filter(organization_id=by.organization_id, id=episode_id).exists()
    ):
        raise NotFound
    noted = MonthException.objects.filter(
        Q(episode_id=episode_id) if episode_id else Q(episode__isnull=True),
        organization_id=by.organization_id,
        clinic=clinic,
        month=first_day(month),
        kind=kind,
        about=about,
    ).first()
    row: MonthException = noted or MonthException(
        organization_id=by.organization_id,
        clinic=clinic,
        month=first_day(month),
        kind=kind,
        about=about,
        episode_id=episode_id,
    )
    row.owner_id, row.note, row.is_settled = owner_id, note.strip(), is_settled
    row.changed_at, row.changed_by = at, by
    row.save()
    record("month.exception_noted", by=by, at=at, object_id=row.id, fields=["note", "owner"])
    return row


def who_may_close(organization_id: UUID) -> set[UUID]:
    """The seats that may close and open months, of people who still sign in: nobody waits for one who left."""
    people = people_of(organization_id).items()
    return {id_ for id_, seat in people if seat.is_active and Permission.CLOSE_MONTH in permissions_of(seat.roles)}


def lock_months(clinic_id: UUID) -> None:
    """Alone with a clinic's months until the transaction ends; who writes time holds the lock shared (billing/0006)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"months of clinic {clinic_id}"])


def _clinic(clinic_id: UUID, organization_id: UUID) -> Clinic:
    clinic: Clinic | None = Clinic.objects.filter(organization_id=organization_id, id=clinic_id).first()
    if clinic is None:
        raise NotFound
    return clinic


def _locked(close_id: UUID, organization_id: UUID) -> MonthClose:
    """The close, if it still holds, with its clinic's months locked."""
    close: MonthClose | None = MonthClose.objects.filter(
        organization_id=organization_id, id=close_id, reopened_at__isnull=True
    ).first()
    if close is None:
        raise NotFound
    lock_months(close.clinic_id)
    again = live_close(organization_id, close.clinic_id, month_of(close.month))
    if again is None or again.id != close.id:
        raise NotFound
    return again


def _frozen(close: MonthClose, judged: MonthVerdict, *, by: Membership, at: datetime) -> FrozenMonth:
    verdict, payer = judged.verdict, judged.month.payer
    lines = verdict.lines if verdict is not None and judged.bills else ()
    return FrozenMonth(
        organization_id=close.organization_id,
        close=close,
        patient_id=judged.month.episode.patient_id,
        episode_id=judged.month.episode.id,
        month=close.month,
        payer_id=payer.id if payer else None,
        minutes=verdict.minutes if verdict else 0,
        lines=_stored(FrozenLine(line.code, line.units, line.amount) for line in lines),
        refusal=judged.refusal,
        facts=json.loads(frozen.to_json(judged.facts)),
        facts_sha256=frozen.sha256(judged.facts),
        verdict=plain(verdict) if verdict else None,
        book=verdict.book_id if verdict else "",
        book_sha256=verdict.book_sha256 if verdict else "",
        frozen_at=at,
        frozen_by=by,
    )


def _stored(lines: Iterable[FrozenLine]) -> list[list[str | int | None]]:
    """As JSON keeps them: money as its digits."""
    return [[line.code, line.units, None if line.amount is None else str(line.amount)] for line in lines]
