"""Closing a clinic's month: frozen with its facts, corrected by rows that take back and ask anew, opened by two."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.db.models import Q

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Clinic, Membership
from bhi.tenancy.sight import seeing_everything
from billing.models import ALONE_AFTER, FrozenMonth, MonthClose, MonthException
from billing.operations.decisions import keep_decision, released_as_it_stands
from billing.operations.errors import (
    AskedAlready,
    ClosedAlready,
    ExceptionsOpen,
    MonthStillRuns,
    NotAlone,
    NothingToCorrect,
    ReopeningNotAsked,
    SettledHow,
)
from billing.operations.freezing import frozen_month, is_restated, kept_clinician, stored_lines, taken_back
from billing.operations.reopening_notices import tell_of_asking, tell_of_opening_alone
from billing.queries.calendar import month_title
from billing.queries.closing import (
    ClinicMonth,
    clinic_month,
    clinic_months,
    frozen_months,
    lines_of,
    live_close,
)
from billing.queries.release import releases
from billing.queries.sites import site_of
from billing.queries.treated import treated_in
from billing.queries.verdicts import MonthVerdict, month_verdicts
from billing.rules.closing import correction, restated, standing_lines
from billing.rules.sites import stored_site
from caseload.rules.clock import first_day, month_of
from registry.models import Episode
from registry.operations.errors import ReasonMissing
from registry.queries.treating import clinicians_named


@dataclass(frozen=True, slots=True)
class ClinicClosed:
    """What became of one clinic when several were to be closed: its close, or in words why there is none."""

    clinic_id: UUID
    clinic: str
    close: MonthClose | None
    refusal: str = ""


@transaction.atomic
@seeing_everything()
def close_month(
    *, by: Membership, at: datetime, clinic_id: UUID, month: str, note: str, client_token: UUID
) -> MonthClose:
    """Freeze every patient's month of a clinic, seen by who closes or not, and lock what it rests on.

    Who writes time into the month at the same moment either lands before this reads, or is refused. A second call
    with the same token returns the first close. Raises MonthNotOver, ExceptionsOpen when something is open and the
    note does not say why it closes all the same, ClosedAlready, NotFound.
    """
    clinic = _clinic(clinic_id, by.organization_id)
    lock_months(clinic.id)
    made = _made(by.organization_id, client_token)
    if made is not None:
        return made
    shown = clinic_month(by.organization_id, month, clinic.id)
    _refuse(shown, month, note, at=at)
    judged = month_verdicts(by.organization_id, month, is_complete=True).values()
    return _close(shown, month, judged, note=note, client_token=client_token, by=by, at=at)


@transaction.atomic
@seeing_everything()
def close_months(
    *, by: Membership, at: datetime, clinic_ids: Collection[UUID], month: str, note: str, client_token: UUID
) -> list[ClinicClosed]:
    """Close the month of several clinics, by name: each as `close_month` would, or with the reason why it stays open.

    All are locked first, in one order, and read once. A second call with the same token returns what the first
    closed. Raises NotFound for a clinic that there is not.
    """
    for clinic_id in sorted(set(clinic_ids)):
        lock_months(_clinic(clinic_id, by.organization_id).id)
    chosen = [one for one in clinic_months(by.organization_id, month) if one.clinic_id in set(clinic_ids)]
    judged = month_verdicts(by.organization_id, month, is_complete=True).values()
    found: list[ClinicClosed] = []
    for shown in chosen:
        token = uuid5(client_token, str(shown.clinic_id))
        close = _made(by.organization_id, token)
        try:
            if close is None:
                _refuse(shown, month, note, at=at)
                close = _close(shown, month, judged, note=note, client_token=token, by=by, at=at)
        except DomainError as fault:
            found.append(ClinicClosed(shown.clinic_id, shown.clinic, None, str(fault)))
        else:
            found.append(ClinicClosed(shown.clinic_id, shown.clinic, close))
    return found


@transaction.atomic
@seeing_everything()
def correct_month(
    *,
    by: Membership,
    at: datetime,
    close_id: UUID,
    episode_id: UUID,
    because: str,
    is_release: bool = False,
    clinician_id: UUID | None = None,
) -> FrozenMonth:
    """Take back what a closed month asked for and ask for what it comes to now, with the reason.

    Of an enrolment that was taken back, everything. Where `is_release`, a month that is still held back is released
    first, for the same reason. `clinician_id` says who treated in the month, where the close kept somebody else.
    Raises ReasonMissing, NothingToCorrect, NotFound.
    """
    if not because.strip():
        raise ReasonMissing
    close = locked_close(close_id, by.organization_id)
    before = frozen_months(by.organization_id, close.id).get(episode_id)
    if is_release:
        _let_go(close, episode_id, because, by=by, at=at)
    if clinician_id is not None and not clinicians_named(by.organization_id, {clinician_id}):
        raise NotFound
    row = _frozen_now(close, episode_id, before, clinician_id, by=by, at=at)
    asked = lines_of(before) if before else ()
    lines = correction(asked, lines_of(row))
    if not lines and before is not None and not is_restated(before, row):
        raise NothingToCorrect
    row.number = before.number + 1 if before else 1
    row.because = because.strip()
    row.lines = stored_lines(lines or restated(asked, lines_of(row)))
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
    close = locked_close(close_id, by.organization_id)
    if close.asked_at is not None:
        raise AskedAlready
    close.asked_at, close.asked_by, close.asked_because = at, by, because.strip()
    close.save(update_fields=["asked_at", "asked_by", "asked_because"])
    record("month.reopening_asked", by=by, at=at, object_id=close.id)
    tell_of_asking(close, others=who_may_close(by.organization_id) - {by.id}, at=at)
    return close


@transaction.atomic
def reopen_month(*, by: Membership, at: datetime, close_id: UUID) -> MonthClose:
    """Open a closed month again, as somebody asked for. What was frozen is kept.

    Raises ReopeningNotAsked; NotAlone when whoever asked does it while another may, or before a day is over; NotFound.
    """
    close = locked_close(close_id, by.organization_id)
    if close.asked_at is None:
        raise ReopeningNotAsked
    if close.asked_by_id == by.id:
        others = who_may_close(by.organization_id) - {by.id}
        if others or at < close.asked_at + ALONE_AFTER:
            raise NotAlone(has_others=bool(others))
    close.reopened_at, close.reopened_by = at, by
    close.save(update_fields=["reopened_at", "reopened_by"])
    record("month.reopened", by=by, at=at, object_id=close.id)
    if close.asked_by_id == by.id:
        tell_of_opening_alone(close, at=at)
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


def _made(organization_id: UUID, client_token: UUID) -> MonthClose | None:
    return MonthClose.objects.filter(organization_id=organization_id, client_token=client_token).first()


def _refuse(shown: ClinicMonth, month: str, note: str, *, at: datetime) -> None:
    if at < shown.ends_at:
        raise MonthStillRuns(month_title(month), shown.clinic)
    if shown.close is not None:
        raise ClosedAlready(month_title(month), shown.clinic)
    if shown.open_exceptions and not note.strip():
        raise ExceptionsOpen(shown.open_exceptions)


def _close(
    shown: ClinicMonth,
    month: str,
    judged: Iterable[MonthVerdict],
    *,
    note: str,
    client_token: UUID,
    by: Membership,
    at: datetime,
) -> MonthClose:
    close = MonthClose(
        organization_id=by.organization_id,
        clinic_id=shown.clinic_id,
        month=first_day(month),
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        closed_at=at,
        closed_by=by,
        note=note.strip(),
        client_token=client_token,
        site=stored_site(site_of(_clinic(shown.clinic_id, by.organization_id))),
    )
    close.save(force_insert=True)
    ours = [one for one in judged if one.month.episode.clinic_id == shown.clinic_id]
    found = releases(by.organization_id, month, ours)
    treated = treated_in(by.organization_id, [one.month for one in ours])
    rows = [
        frozen_month(close, one, found.get(one.month.episode.id), treated.get(one.month.episode.id), by=by, at=at)
        for one in ours
    ]
    FrozenMonth.objects.bulk_create(rows, batch_size=500)
    record("month.closed", by=by, at=at, object_id=close.id, count=len(rows))
    return close


def locked_close(close_id: UUID, organization_id: UUID) -> MonthClose:
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


def _frozen_now(
    close: MonthClose,
    episode_id: UUID,
    before: FrozenMonth | None,
    clinician_id: UUID | None,
    *,
    by: Membership,
    at: datetime,
) -> FrozenMonth:
    """What the month of a closed clinic comes to as it stands, not yet stored. Raises NotFound."""
    month = month_of(close.month)
    found = month_verdicts(close.organization_id, month, episode_ids=[episode_id], is_complete=True)
    judged = found.get(episode_id)
    if judged is not None and judged.month.episode.clinic_id == close.clinic_id:
        release = releases(close.organization_id, month, [judged]).get(episode_id)
        is_asked = before is not None and bool(standing_lines(lines_of(before)))
        return frozen_month(
            close,
            judged,
            release,
            clinician_id or kept_clinician(close, judged, before),
            is_asked=is_asked,
            by=by,
            at=at,
        )
    if before is None:
        raise NotFound
    return taken_back(close, before, by=by, at=at)


def _let_go(close: MonthClose, episode_id: UUID, because: str, *, by: Membership, at: datetime) -> None:
    """Release a month of a closed clinic that is still held back. Nothing where it is not."""
    month = month_of(close.month)
    judged = month_verdicts(close.organization_id, month, episode_ids=[episode_id]).get(episode_id)
    release = releases(close.organization_id, month, [judged] if judged else []).get(episode_id)
    if judged is not None and release is not None and release.is_held:
        keep_decision(by=by, at=at, judged=judged, release=release, decision=released_as_it_stands(release, because))
