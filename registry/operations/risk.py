"""What is done about danger: assessed, called, carried out step by step, lowered by two, closed by an assessment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from registry.models import Assessment, RiskCase, RiskCause, RiskStep, RiskStepKind, SafetyNotice
from registry.operations.recording import Stamp, record_facts, stamped
from registry.operations.risk_errors import CaseClosed, CaseMoved, RiskRefused
from registry.operations.risk_opening import Why, open_or_raise, tell
from registry.operations.safety import close_notice
from registry.queries.risk import course_of_case, open_steps, screener_for, seen_of
from registry.queries.risk_protocols import RiskSettings, risk_settings
from registry.rules.risk import (
    TIERS,
    fault_of_agreeing,
    fault_of_tier,
    faults_of_closing,
    is_lower,
    recheck_on,
    says_thoughts,
)
from registry.rules.risk_course import Course
from registry.rules.risk_steps import steps_of


@transaction.atomic
def open_risk_case(*, by: Membership, at: datetime, patient_id: UUID, concern: str, client_token: UUID) -> RiskCase:
    """Somebody is concerned: open a case, or ask for a new assessment in the open one. Twice is once.

    Raises RiskRefused without words.
    """
    if not concern.strip():
        raise RiskRefused("Say what you saw or heard.", field="concern")
    known: RiskCase | None = RiskCase.objects.filter(client_token=client_token, patient_id=patient_id).first()
    if known is not None:
        return known
    case = open_or_raise(patient_id, Why(RiskCause.CONCERN, client_token, concern.strip()), stamp=Stamp(by, at))
    assert case is not None, "a concern is no history"
    return case


@transaction.atomic
def assess_risk(
    *, by: Membership, at: datetime, case_id: UUID, tier: str, note: str, client_token: UUID, seen: int | None = None
) -> RiskCase:
    """Record how high the risk is, with what was found. Open calls for help of the person are closed by it.

    The tier is at least that of the screener of today or yesterday. One lower than that which stands is only asked
    for: until another person agrees, the one before holds. `seen` is how many steps were on the page. Raises
    RiskRefused, CaseMoved, CaseClosed, NotFound.
    """
    case, course = _at_work(case_id, by, seen=seen, token=client_token)
    if _was_kept(client_token):
        return case
    zone = ZoneInfo(case.clinic.time_zone)
    on = at.astimezone(zone).date()
    basis = screener_for(case.patient_id, on)
    _check_assessment(tier, note, basis)
    is_asked = bool(course.tier) and is_lower(tier, course.tier)
    standing = course.tier if is_asked else tier
    values = {"assessment": basis, "text": note.strip(), "signed_as": str(by)}
    _keep(case, RiskStepKind.ASSESSED, by=by, at=at, on=on, token=client_token, tier=standing, **values)
    if is_asked:
        asked_at = at + timedelta(microseconds=1)
        token = uuid5(client_token, "lowering")
        _keep(case, RiskStepKind.LOWERING_ASKED, by=by, at=asked_at, on=on, token=token, tier=tier, **values)
    _stand(case, standing, on, risk_settings(case.clinic_id), basis)
    for notice_id in _open_notices(case):
        close_notice(by=by, at=at, notice_id=notice_id, note=note)
    tell(case, "risk_case.assessed", stamp=Stamp(by, at), fields=["tier"])
    return case


@transaction.atomic
def answer_lowering(
    *, by: Membership, at: datetime, case_id: UUID, is_agreed: bool, note: str, client_token: UUID
) -> RiskCase:
    """Agree to the lower tier that somebody asked for, or keep the one that stands, with the reason.

    By a treating clinician, the consultant or a supervisor named by the clinic, who is not the one who asked. Raises
    RiskRefused, CaseClosed, NotFound.
    """
    case, course = _at_work(case_id, by, token=client_token)
    if _was_kept(client_token):
        return case
    asked = course.asked
    if asked is None:
        raise RiskRefused("Nobody asks for a lower tier any more. See below what was recorded.")
    settings = risk_settings(case.clinic_id)
    fault = fault_of_agreeing(asked.by, by.id, by.roles, is_supervisor=by.id in settings.supervisors)
    if fault:
        raise RiskRefused(fault)
    if not note.strip():
        raise RiskRefused("Say what you base this on.", field="note")
    kind = RiskStepKind.LOWERING_AGREED if is_agreed else RiskStepKind.LOWERING_REFUSED
    on = _day(case, at)
    values = {"text": note.strip(), "signed_as": str(by), "answers_id": asked.id}
    _keep(case, kind, by=by, at=at, on=on, token=client_token, tier=asked.tier if is_agreed else course.tier, **values)
    if is_agreed:
        basis = RiskStep.objects.select_related("assessment").get(id=asked.id).assessment
        assert case.assessed_on is not None, "a lower tier is asked for with an assessment"
        _stand(case, asked.tier, case.assessed_on, settings, basis)
    tell(case, "risk_case.lowered", stamp=Stamp(by, at), fields=["tier"])
    return case


@transaction.atomic
def do_step(
    *, by: Membership, at: datetime, case_id: UUID, key: str, who: str = "", text: str = "", client_token: UUID
) -> RiskCase:
    """A step of the protocol is done, by whom and what came of it. Somebody else's doing it first changes nothing.

    Raises RiskRefused for a step that is not asked for now, CaseClosed, NotFound.
    """
    case, course = _at_work(case_id, by, token=client_token)
    if _was_kept(client_token) or key in course.done:
        return case
    if key not in [step.key for step in steps_of(course.steps_tier, risk_settings(case.clinic_id).own)]:
        raise RiskRefused("This step is not asked for any more. See below what is.")
    values = {"key": course.key_of(key), "who": who.strip(), "text": text.strip()}
    _keep(case, RiskStepKind.DONE, by=by, at=at, on=_day(case, at), token=client_token, **values)
    tell(case, "risk_case.added", stamp=Stamp(by, at), fields=["step"])
    return case


@transaction.atomic
def note_call(*, by: Membership, at: datetime, case_id: UUID, who: str, text: str, client_token: UUID) -> RiskCase:
    """Who was called or told, and what they said. Without `who` it is a note. Raises RiskRefused, CaseClosed."""
    case, _ = _at_work(case_id, by, token=client_token)
    if _was_kept(client_token):
        return case
    if not text.strip():
        raise RiskRefused("Write what was said or done.", field="text")
    kind = RiskStepKind.CALLED if who.strip() else RiskStepKind.NOTE
    values = {"who": who.strip(), "text": text.strip()}
    _keep(case, kind, by=by, at=at, on=_day(case, at), token=client_token, **values)
    tell(case, "risk_case.added", stamp=Stamp(by, at), fields=["note"])
    return case


@transaction.atomic
def close_risk_case(*, by: Membership, at: datetime, case_id: UUID, note: str, client_token: UUID) -> RiskCase:
    """Close a case that was assessed today at low or at no risk, with its steps done. Nothing else ever closes one.

    Raises RiskRefused with every reason why it stays open, CaseClosed, NotFound.
    """
    if _was_kept(client_token):
        return _case(case_id, by)
    case, course = _at_work(case_id, by)
    on = _day(case, at)
    faults = faults_of_closing(
        tier=course.tier,
        assessed_on=case.assessed_on,
        is_risen=course.is_unassessed,
        is_asked=course.asked is not None,
        open_steps=len(open_steps(course, risk_settings(case.clinic_id))),
        today=on,
    )
    if faults:
        raise RiskRefused(" ".join(faults))
    if not note.strip():
        raise RiskRefused("Say what the closing rests on.", field="note")
    values = {"text": note.strip(), "signed_as": str(by)}
    _keep(case, RiskStepKind.CLOSED, by=by, at=at, on=on, token=client_token, **values)
    case.closed_at, case.closed_on, case.closed_by, case.closing_note = at, on, by, note.strip()
    case.recheck_on = None
    case.save(update_fields=["closed_at", "closed_on", "closed_by", "closing_note", "recheck_on"])
    tell(case, "risk_case.closed", stamp=Stamp(by, at))
    return case


def _check_assessment(tier: str, note: str, basis: Assessment | None) -> None:
    if tier not in TIERS:
        raise RiskRefused("Choose a tier from the list.", field="tier")
    computed = basis.detail.get("tier", "") if basis is not None else ""
    fault = fault_of_tier(tier, computed=computed, has_screener=basis is not None)
    if fault:
        raise RiskRefused(fault, field="tier")
    if not note.strip():
        raise RiskRefused("Write what was found and what was agreed.", field="note")


def _stand(case: RiskCase, tier: str, on: date, settings: RiskSettings, basis: Assessment | None) -> None:
    """The tier that holds from an assessment, and when it is asked again."""
    case.tier, case.assessed_on = tier, on
    has_thoughts = says_thoughts(basis.items if basis is not None else None)
    case.recheck_on = recheck_on(tier, on, settings.rechecks, has_thoughts=has_thoughts)
    case.save(update_fields=["tier", "assessed_on", "recheck_on"])


def _case(case_id: UUID, by: Membership) -> RiskCase:
    """The case, locked: what people do about it waits for each other. Raises NotFound."""
    rows = RiskCase.objects.live().select_for_update(no_key=True, of=("self",)).select_related("clinic")
    case: RiskCase | None = rows.filter(organization_id=by.organization_id, id=case_id).first()
    if case is None:
        raise NotFound
    return case


def _at_work(
    case_id: UUID, by: Membership, *, seen: int | None = None, token: UUID | None = None
) -> tuple[RiskCase, Course]:
    case = _case(case_id, by)
    is_again = token is not None and _was_kept(token)
    if case.closed_at is not None and not is_again:
        raise CaseClosed
    if seen is not None and not is_again and seen != seen_of(case.id):
        raise CaseMoved
    return case, course_of_case(case)


def _was_kept(token: UUID) -> bool:
    """Whether the form was sent before."""
    return RiskStep.objects.filter(client_token=token).exists()


def _day(case: RiskCase, at: datetime) -> date:
    return at.astimezone(ZoneInfo(case.clinic.time_zone)).date()


def _keep(
    case: RiskCase,
    kind: str,
    *,
    by: Membership,
    at: datetime,
    on: date,
    token: UUID,
    **values: Any,
) -> RiskStep:
    step = stamped(RiskStep, Stamp(by, at), case=case, kind=kind, at=at, on=on, by=by, client_token=token, **values)
    record_facts([step])
    return step


def _open_notices(case: RiskCase) -> list[UUID]:
    of_patient = SafetyNotice.objects.filter(organization_id=case.organization_id, patient_id=case.patient_id)
    return list(of_patient.filter(closed_at__isnull=True).order_by("raised_at", "id").values_list("id", flat=True))
