"""A patient's month as its close keeps it: what it asks, of whom, in whose name, and on what that rests."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from bhi.tenancy.models import Membership
from billing.models import FrozenMonth, MonthClose
from billing.queries.frozen import asked_after_close
from billing.queries.treated import treated_in
from billing.queries.verdicts import MonthVerdict
from billing.rules import facts as frozen
from billing.rules.canonical import plain
from billing.rules.closing import FrozenLine
from billing.rules.decisions import Release
from billing.rules.findings import Line

# What of the facts stands on a claim, beside codes and payer.
_ON_THE_CLAIM = ("diagnoses", "place_of_service", "setting")


def kept_clinician(close: MonthClose, judged: MonthVerdict, before: FrozenMonth | None) -> UUID | None:
    """A correction keeps the clinician of the row before; of a row without one, it asks the record's history."""
    if before is not None and before.clinician_id is not None:
        return before.clinician_id
    return treated_in(close.organization_id, [judged.month]).get(judged.month.episode.id)


def is_restated(before: FrozenMonth, now: FrozenMonth) -> bool:
    """Whether a correction says anything else than the row before, of which codes and units are the same: minutes,
    payer, coverage, clinician, diagnoses or place. Rows of before coverages were kept say nothing of them.
    """
    if (before.minutes, before.payer_id) != (now.minutes, now.payer_id):
        return True
    if any(before.facts.get(name) != now.facts.get(name) for name in _ON_THE_CLAIM):
        return True
    pairs = ((before.coverage_id, now.coverage_id), (before.clinician_id, now.clinician_id))
    return any(earlier is not None and earlier != later for earlier, later in pairs)


def taken_back(close: MonthClose, before: FrozenMonth, *, by: Membership, at: datetime) -> FrozenMonth:
    """Of an enrolment that is gone: nothing is asked, and the facts are those that were asked with."""
    return FrozenMonth(
        organization_id=close.organization_id,
        close=close,
        patient_id=before.patient_id,
        episode_id=before.episode_id,
        month=close.month,
        payer_id=before.payer_id,
        coverage_id=before.coverage_id,
        clinician_id=before.clinician_id,
        minutes=0,
        refusal="The enrolment was taken back",
        facts=before.facts,
        facts_sha256=before.facts_sha256,
        verdict=None,
        frozen_at=at,
        frozen_by=by,
    )


def frozen_month(
    close: MonthClose,
    judged: MonthVerdict,
    release: Release | None,
    clinician_id: UUID | None,
    *,
    by: Membership,
    at: datetime,
    is_asked: bool = False,
) -> FrozenMonth:
    """`is_asked`: of a correction, that the month asked for something, so that no check holds it back any more."""
    verdict, payer = judged.verdict, judged.month.payer
    lines = asked_after_close(release, is_asked) if release is not None else ()
    supported = verdict.lines if verdict is not None and judged.bills else ()
    return FrozenMonth(
        organization_id=close.organization_id,
        close=close,
        patient_id=judged.month.episode.patient_id,
        episode_id=judged.month.episode.id,
        month=close.month,
        payer_id=payer.id if payer else None,
        coverage_id=judged.month.coverage.id if judged.month.coverage else None,
        clinician_id=clinician_id,
        minutes=verdict.minutes if verdict else 0,
        lines=stored_lines(FrozenLine(line.code, line.units, line.amount) for line in lines),
        refusal=judged.refusal or _why_nothing(release, lines),
        supported=stored_lines(FrozenLine(line.code, line.units, line.amount) for line in supported),
        release=[[check.word, check.mode, check.sentence] for check in release.checks] if release else [],
        decision=_decided(release),
        facts=json.loads(frozen.to_json(judged.facts)),
        facts_sha256=frozen.sha256(judged.facts),
        verdict=plain(verdict) if verdict else None,
        book=verdict.book_id if verdict else "",
        book_sha256=verdict.book_sha256 if verdict else "",
        frozen_at=at,
        frozen_by=by,
    )


def _why_nothing(release: Release | None, lines: Collection[Line]) -> str:
    return release.chip[:200] if release is not None and not lines else ""


def _decided(release: Release | None) -> dict[str, Any] | None:
    """The decision that stood, as JSON keeps it."""
    return plain(release.decision) if release is not None and release.decision is not None else None


def stored_lines(lines: Iterable[FrozenLine]) -> list[list[str | int | None]]:
    """As JSON keeps them: money as its digits."""
    return [[line.code, line.units, None if line.amount is None else str(line.amount)] for line in lines]
