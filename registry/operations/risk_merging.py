"""Two records of one person become one: of two open risk cases one goes on, and it knows of the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from registry.models import RiskCase, RiskStep, RiskStepKind
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.operations.risk_opening import open_case_of, tell
from registry.rules.risk import TIER_WORDS, is_lower
from registry.rules.risk_course import RISEN

_STANDS = ("tier", "assessed_on", "recheck_on")


def fold_cases(kept_id: UUID, merged_id: UUID, *, stamp: Stamp) -> list[Any]:
    """Where both records have an open case the kept one's goes on, at the higher of both tiers, to be assessed anew.

    Nothing is lost: a step of the kept one says what the other was, which stays as it is with the merged record. To
    be called before rows move. Returns what undoing needs: the step, and how the kept case stood before and after.
    """
    kept, other = open_case_of(kept_id), open_case_of(merged_id)
    if kept is None or other is None:
        return []
    before = _stands(kept)
    on = stamp.at.astimezone(ZoneInfo(kept.clinic.time_zone)).date()
    note = _note(kept, other, on, stamp)
    record_facts([note])
    if is_lower(kept.tier, other.tier):
        kept.tier, kept.assessed_on = other.tier, kept.assessed_on or other.assessed_on
    if kept.assessed_on is not None:
        kept.recheck_on = on
    kept.save(update_fields=_STANDS)
    tell(kept, "risk_case.folded", stamp=stamp)
    return [note.id, before, _stands(kept)]


def unfold_cases(folded: Sequence[Any], *, stamp: Stamp) -> None:
    """The merge is taken apart: the other case is with its own record again, and the kept one as it was before.

    What was assessed of the kept one since stays.
    """
    if not folded:
        return
    note_id, before, after = folded
    note = RiskStep.objects.select_related("case").get(id=note_id)
    if note.is_live:
        void_facts([note], stamp=stamp, reason="The merge was taken apart")
    case: RiskCase = note.case
    if case.closed_at is None and _stands(case) == list(after):
        case.tier = before[0]
        case.assessed_on, case.recheck_on = (date.fromisoformat(text) if text else None for text in before[1:])
        case.save(update_fields=_STANDS)
    tell(case, "risk_case.folded", stamp=stamp)


def _stands(case: RiskCase) -> list[str]:
    return [case.tier, *(on.isoformat() if on else "" for on in (case.assessed_on, case.recheck_on))]


def _note(kept: RiskCase, other: RiskCase, on: date, stamp: Stamp) -> RiskStep:
    said = f"{TIER_WORDS[other.tier].lower()}, assessed {other.assessed_on}" if other.assessed_on else "not assessed"
    since = f"open since {other.opened_on}, {said}"
    return stamped(
        RiskStep,
        stamp,
        case=kept,
        kind=RiskStepKind.NOTE,
        key=RISEN,
        tier=other.tier,
        at=stamp.at,
        on=on,
        by=stamp.by,
        text=f"From the record that was merged into this one: {since}. {other.concern}".strip(),
        client_token=uuid5(other.id, str(stamp.at)),
    )
