"""What each person has to do after a session: of what was signed in it, put off, or not finished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from caseload.models import Recommendation
from caseload.queries.review_sessions import ItemShown, SessionShown
from caseload.rules.advice import CLOSED, PROPOSED, goes_ahead, needs_decision
from caseload.rules.reviews import advice_line

# What, in which words, and by when.
_Said = tuple[str, str, date | None]


@dataclass(frozen=True)
class SessionTask:
    """One thing to do. `owner_id` None: nobody manages this patient's care yet."""

    owner_id: UUID | None
    patient_id: UUID
    name: str
    what: str
    text: str
    due_on: date | None


def session_tasks(organization_id: UUID, session: SessionShown) -> tuple[SessionTask, ...]:
    """The tasks in the order of the agenda. One statement besides the session's."""
    found = Recommendation.objects.live().filter(
        organization_id=organization_id, review__session_id=session.id, review__voided_at__isnull=True
    )
    by_review: dict[UUID, list[Recommendation]] = {}
    for one in found.order_by("number", "id"):
        by_review.setdefault(one.review_id, []).append(one)
    tasks: list[SessionTask] = []
    for item in session.items:
        advice = by_review.get(item.review_id, []) if item.review_id else []
        asked = [said for one in advice for said in _of_advice(one)]
        tasks += [_task(item, item.care_manager_id, said) for said in asked]
        tasks += [_task(item, session.consultant_id, said) for said in _of_item(item)]
    return tuple(tasks)


def _task(item: ItemShown, owner_id: UUID | None, said: _Said) -> SessionTask:
    what, text, due_on = said
    return SessionTask(owner_id, item.patient_id, item.name, what, text, due_on)


def _of_item(item: ItemShown) -> list[_Said]:
    """What is the consultant's: a draft that waits, somebody who was not reached or was put off."""
    if item.is_deferred:
        return [("Review", f"Put off: {item.deferred_because}", item.deferred_until)]
    if item.draft and item.review_id is None:
        return [("Sign the draft", "", None)]
    return [("Review", "Not reached: first next time", None)] if item.state == "unfinished" else []


def _of_advice(one: Recommendation) -> list[_Said]:
    line = advice_line(number=one.number, kind=one.kind, act=one.act, text=one.text, dose=one.dose)
    text = " ".join((f"{line.number}. {line.title}.", *filter(None, (line.text, one.dose))))
    said: list[_Said] = []
    if one.state == PROPOSED:
        said.append((_first_step(one.kind), text, one.due_on))
    elif one.state != CLOSED:
        said.append(("Follow up", text, one.due_on))
    if one.present_again_on is not None or one.present_again:
        said.append(("Present again", ": ".join(filter(None, (one.present_again, text))), one.present_again_on))
    return said


def _first_step(kind: str) -> str:
    if goes_ahead(kind):
        return "Carry out, and tell the clinician" if needs_decision(kind) else "Carry out"
    return "Send to the clinician"
