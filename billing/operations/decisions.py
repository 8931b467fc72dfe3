"""What a coder decides about patients' months: kept with its reason, the next one in the place of the former."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from billing.models import CheckMode, CoderDecision, DecisionKind, MonthClose, ReleaseMode
from billing.operations.batches import lock_claims
from billing.operations.errors import (
    ClaimedBefore,
    DecidedInClosedMonth,
    LookAgainMissing,
    MonthBillsNothing,
    NoDecision,
    NothingHeld,
    NotLower,
    WhyDecided,
)
from billing.operations.late import share_months
from billing.queries.calendar import month_title
from billing.queries.claims import claims_on
from billing.queries.judging import MonthVerdict
from billing.queries.release import lower_of, releases
from billing.queries.release_pages import closed_clinics
from billing.queries.verdicts import month_verdicts
from billing.rules.decisions import Release, code_units
from billing.rules.release import CHECKS_BY_WORD, CodeUnits
from caseload.rules.clock import first_day, local_date
from registry.models import Episode
from registry.operations.recording import Stamp, record_facts, stamped, void_facts

REPLACED = "Another decision took its place."
TAKEN_BACK = "Taken back"


@dataclass(frozen=True)
class Deciding:
    """What a coder decides: `lines` of a lower bill, `checks` that were seen, `look_again_on` of a hold."""

    kind: str
    because: str
    look_again_on: date | None = None
    lines: CodeUnits = ()
    checks: tuple[str, ...] = ()


@transaction.atomic
def decide_month(*, by: Membership, at: datetime, episode_id: UUID, month: str, decision: Deciding) -> CoderDecision:
    """Decide one patient's month. The decision that stood before is kept with who made it; sent twice, kept once.

    Deciders of one organization take turns, and makers of claims with them: a hold lands before a batch, or is refused.
    Raises WhyDecided without a reason, LookAgainMissing for a hold without a day, ClaimedBefore for a hold of what was
    claimed, NotLower for lines that the month does not support as lower ones, NothingHeld for a release of what nothing
    holds, MonthBillsNothing, DecidedInClosedMonth, NotFound.
    """
    lock_claims(by.organization_id)
    _take_turns(by.organization_id)
    clinic_id = _clinic_of(by, episode_id)
    _refuse_closed(by.organization_id, month, [clinic_id])
    judged = month_verdicts(by.organization_id, month, episode_ids=[episode_id])[episode_id]
    release = releases(by.organization_id, month, [judged]).get(episode_id)
    if release is None:
        raise MonthBillsNothing
    claimed = claims_on(by.organization_id, judged.month.episode.patient_id, [month])
    if claimed and decision.kind == DecisionKind.HOLD:
        raise ClaimedBefore(claimed)
    return keep_decision(by=by, at=at, judged=judged, release=release, decision=decision)


def keep_decision(
    *, by: Membership, at: datetime, judged: MonthVerdict, release: Release, decision: Deciding
) -> CoderDecision:
    """Keep a decision about a judged month in the place of the one that stands. The caller has locked the months.

    Raises WhyDecided, LookAgainMissing, NotLower, NothingHeld.
    """
    _check(decision, local_date(at, ZoneInfo(judged.month.episode.time_zone)))
    standing = _standing(by.organization_id, judged)
    if standing is not None and _is_same(standing, decision):
        return standing
    _check_against(judged, release, decision)
    stamp = Stamp(by, at)
    if standing is not None:
        void_facts([standing], stamp=stamp, reason=REPLACED)
    kept = _drafted(stamp, judged, decision)
    record_facts([kept])
    record("decision.made", by=by, at=at, patient_id=kept.patient_id, object_id=kept.id, fields=["because"])
    return kept


@transaction.atomic
def release_months(
    *, by: Membership, at: datetime, month: str, check: str, because: str, episode_ids: Collection[UUID] | None
) -> tuple[int, int]:
    """Release one check of several held months (None: of all that it holds) with one reason. What else holds a month
    still does, and what was released before stays so. Returns how many were released, and how many of them still wait.

    Raises WhyDecided, DecidedInClosedMonth, NothingHeld, NotFound for a check that is none.
    """
    if check not in CHECKS_BY_WORD:
        raise NotFound
    if not because.strip():
        raise WhyDecided
    _take_turns(by.organization_id)
    judged = month_verdicts(by.organization_id, month, episode_ids=episode_ids)
    found = releases(by.organization_id, month, judged.values())
    held = {id_: one for id_, one in found.items() if check in {failed.word for failed in one.holding}}
    closed = closed_clinics(by.organization_id, month) if episode_ids is None else set()
    ours = {
        id_: one
        for id_, one in held.items()
        if _may_be_released_by_check(one) and judged[id_].month.episode.clinic_id not in closed
    }
    if not ours:
        raise NothingHeld
    _refuse_closed(by.organization_id, month, {judged[id_].month.episode.clinic_id for id_ in ours})
    _replace_all(Stamp(by, at), {id_: (judged[id_], one) for id_, one in ours.items()}, check, because)
    waiting = sum(len(one.holding) > 1 for one in ours.values())
    record("decision.released_together", by=by, at=at, count=len(ours), fields=["because"])
    return len(ours), waiting


@transaction.atomic
def take_back_decision(*, by: Membership, at: datetime, episode_id: UUID, month: str, because: str) -> None:
    """Take back the decision that stands; the month is as if none had been made.

    Raises WhyDecided, NoDecision, DecidedInClosedMonth, NotFound.
    """
    if not because.strip():
        raise WhyDecided
    _take_turns(by.organization_id)
    _refuse_closed(by.organization_id, month, [_clinic_of(by, episode_id)])
    found = CoderDecision.objects.live().filter(
        organization_id=by.organization_id, episode_id=episode_id, month=first_day(month)
    )
    decision: CoderDecision | None = found.first()
    if decision is None:
        raise NoDecision
    void_facts([decision], stamp=Stamp(by, at), reason=f"{TAKEN_BACK}: {because.strip()}")
    record("decision.taken_back", by=by, at=at, patient_id=decision.patient_id, object_id=decision.id)


@transaction.atomic
def set_release_modes(*, by: Membership, at: datetime, modes: Mapping[str, str]) -> tuple[str, ...]:
    """Which checks hold a month and which are only noted, for the whole organization. Returns those that changed.

    Raises NotFound for a check or mode that is none.
    """
    if not modes.keys() <= CHECKS_BY_WORD.keys() or not set(modes.values()) <= set(CheckMode.values):
        raise NotFound
    _take_turns(by.organization_id)
    rows = {row.check_name: row for row in ReleaseMode.objects.filter(organization_id=by.organization_id)}
    changed = []
    for word, mode in modes.items():
        row = rows.get(word)
        if mode == (CHECKS_BY_WORD[word].default if row is None else row.mode):
            continue
        row = row or ReleaseMode(organization_id=by.organization_id, check_name=word)
        row.mode, row.changed_at, row.changed_by = mode, at, by
        row.save(update_fields=None if row._state.adding else ["mode", "changed_at", "changed_by"])
        changed.append(word)
    if changed:
        record("release.modes_set", by=by, at=at, fields=changed)
    return tuple(changed)


def _check(decision: Deciding, today: date) -> None:
    """Whether it says what it must; `today` is the clinic's day."""
    if not decision.because.strip():
        raise WhyDecided
    day = decision.look_again_on
    if decision.kind == DecisionKind.HOLD and (day is None or day < today):
        raise LookAgainMissing


def _check_against(judged: MonthVerdict, release: Release, decision: Deciding) -> None:
    """Whether the month, as it stands, can be decided so."""
    is_lower = decision.kind == DecisionKind.BILL_LOWER
    if is_lower and decision.lines not in {code_units(lines) for lines in lower_of(judged)}:
        raise NotLower
    if decision.kind == DecisionKind.RELEASE and not release.is_held and not release.is_not_billed:
        raise NothingHeld


def _drafted(stamp: Stamp, judged: MonthVerdict, decision: Deciding) -> CoderDecision:
    is_hold, is_lower = decision.kind == DecisionKind.HOLD, decision.kind == DecisionKind.BILL_LOWER
    return stamped(
        CoderDecision,
        stamp,
        patient_id=judged.month.episode.patient_id,
        episode_id=judged.month.episode.id,
        month=first_day(judged.facts.month),
        kind=decision.kind,
        because=decision.because.strip(),
        look_again_on=decision.look_again_on if is_hold else None,
        lines=[list(line) for line in decision.lines] if is_lower else [],
        checks=_seen(decision),
    )


def _seen(decision: Deciding) -> list[str]:
    if decision.kind not in (DecisionKind.RELEASE, DecisionKind.BILL_LOWER):
        return []
    return sorted(CHECKS_BY_WORD.keys() & set(decision.checks))


def _is_same(standing: CoderDecision, decision: Deciding) -> bool:
    is_lower = decision.kind == DecisionKind.BILL_LOWER
    day = decision.look_again_on if decision.kind == DecisionKind.HOLD else None
    lines = [list(line) for line in decision.lines] if is_lower else []
    there = (standing.kind, standing.because, standing.look_again_on, standing.lines, standing.checks)
    return there == (decision.kind, decision.because.strip(), day, lines, _seen(decision))


def _may_be_released_by_check(release: Release) -> bool:
    """What the coder holds, or decided not to bill, is not released by the way."""
    return release.decision is None or release.decision.kind in (DecisionKind.RELEASE, DecisionKind.BILL_LOWER)


def _replace_all(stamp: Stamp, months: Mapping[UUID, tuple[MonthVerdict, Release]], check: str, because: str) -> None:
    standing = list(
        CoderDecision.objects.live().filter(
            organization_id=stamp.by.organization_id,
            episode_id__in=list(months),
            month=first_day(next(iter(months.values()))[0].facts.month),
        )
    )
    if standing:
        void_facts(standing, stamp=stamp, reason=REPLACED)
    drafts = [_drafted(stamp, judged, _also(release, check, because)) for judged, release in months.values()]
    record_facts(drafts)
    for draft in drafts:
        record(
            "decision.made",
            by=stamp.by,
            at=stamp.at,
            patient_id=draft.patient_id,
            object_id=draft.id,
            fields=["because"],
        )


def released_as_it_stands(release: Release, because: str) -> Deciding:
    """The decision that lets a held month go: all that holds it is released, and a lower bill stays one."""
    before = release.decision
    words = tuple(check.word for check in release.checks)
    if before is not None and before.kind == DecisionKind.BILL_LOWER and release.would_ask:
        return Deciding(before.kind, because, lines=before.lines, checks=words)
    return Deciding(DecisionKind.RELEASE, because, checks=words)


def _also(release: Release, check: str, because: str) -> Deciding:
    """The decision that stands, with one more check released."""
    before = release.decision
    if before is None:
        return Deciding(DecisionKind.RELEASE, because, checks=(check,))
    return Deciding(before.kind, because, lines=before.lines, checks=(*before.checks, check))


def _standing(organization_id: UUID, judged: MonthVerdict) -> CoderDecision | None:
    found: CoderDecision | None = (
        CoderDecision.objects.live()
        .filter(
            organization_id=organization_id,
            episode_id=judged.month.episode.id,
            month=first_day(judged.facts.month),
        )
        .first()
    )
    return found


def _clinic_of(by: Membership, episode_id: UUID) -> UUID:
    clinic_id: UUID | None = (
        Episode.objects.live()
        .filter(organization_id=by.organization_id, id=episode_id)
        .values_list("clinic_id", flat=True)
        .first()
    )
    if clinic_id is None:
        raise NotFound
    return clinic_id


def _refuse_closed(organization_id: UUID, month: str, clinic_ids: Collection[UUID]) -> None:
    share_months(clinic_ids)
    closed = MonthClose.objects.filter(
        organization_id=organization_id,
        clinic_id__in=list(clinic_ids),
        month=first_day(month),
        reopened_at__isnull=True,
    ).select_related("clinic")
    close = closed.first()
    if close is not None:
        raise DecidedInClosedMonth(month_title(month), close.clinic.name)


def _take_turns(organization_id: UUID) -> None:
    """One decider at a time, until the transaction ends: of two decisions at once the later one replaces the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"decisions {organization_id}"])
