"""A patient's recommendations with their whole loop, and each next step in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from caseload.forms import advice as forms
from caseload.forms.advice import LoopForms, StepForm
from caseload.operations.advice import (
    carry_out,
    close_advice,
    record_decision,
    send_advice,
    tell_patient,
    void_step,
)
from caseload.operations.decision_links import send_decision_link
from caseload.queries.advice import AdviceShown, ReviewAdvice, advice_of
from caseload.queries.advice_overdue import loops_shown
from caseload.queries.advice_sheets import asked_sheets
from caseload.rules.advice_text import EHR, PAPER, Asked, ready_text
from caseload.views.door import Asking, asking_of
from registry.forms.fields import DAMAGED

_DONE = {
    forms.SEND: "Sent. An answer is due by the day that is shown.",
    forms.ANSWER: "The answer is on record.",
    forms.DONE: "Carried out. Tell the patient next.",
    forms.TOLD: "The patient was told: this recommendation is closed.",
    forms.CLOSE: "Closed.",
    forms.VOID: "Taken back: the step before it holds again.",
}


@dataclass(frozen=True)
class Card:
    """One recommendation on the page: its loop, its ready text, and the forms of its next steps."""

    advice: AdviceShown
    forms: LoopForms | None
    text: str
    first: str
    refused: str = ""


@requires(Permission.VIEW_CHART)
@require_safe
def advice(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Every recommendation of a patient, the last review first."""
    asking = asking_of(request, organization, patient_id)
    return _page(asking, status=200)


@requires(Permission.FOLLOW_UP_ADVICE)
@require_POST
def advice_step(request: HttpRequest, organization: str, patient_id: UUID, recommendation_id: UUID) -> HttpResponse:
    """One step of one recommendation. What is refused comes back as typed, at its place on the page."""
    asking, do = asking_of(request, organization, patient_id), request.POST.get("do", "")
    reviews = advice_of(asking.by.organization_id, patient_id, today=asking.door.today)
    one = next((one for review in reviews for one in review.advice if one.id == recommendation_id), None)
    if one is None:
        raise Http404
    loop = _forms(asking, one)
    form = loop.bind(do, request.POST)
    if form is not None and form.is_valid() and _taken(form, asking, one, do):
        messages.success(request, _DONE[do])
        return redirect("advice", organization, patient_id)
    return _page(asking, status=422, refused=(one.id, do, loop))


@requires(Permission.VIEW_CHART)
@require_safe
def advice_paper(request: HttpRequest, organization: str, patient_id: UUID, recommendation_id: UUID) -> HttpResponse:
    """One recommendation as a sheet that the clinician marks and signs."""
    asking = asking_of(request, organization, patient_id)
    reviews = advice_of(asking.by.organization_id, patient_id, today=asking.door.today)
    sheet = _sheets(asking, reviews).get(recommendation_id)
    if sheet is None:
        raise Http404
    record("advice.printed", by=asking.by, at=asking.at, patient_id=patient_id, object_id=recommendation_id)
    context = {"door": asking.door, "sheet": sheet, "lines": ready_text(sheet, PAPER).split("\n")}
    return render(request, "caseload/advice_paper.html", {**context, "clinician": _clinician(asking)})


@requires(Permission.FOLLOW_UP_ADVICE)
@require_POST
def advice_link(request: HttpRequest, organization: str, patient_id: UUID, review_id: UUID) -> HttpResponse:
    """Send the clinician a link to everything that a review asks and nobody has decided."""
    asking = asking_of(request, organization, patient_id)
    reviews = advice_of(asking.by.organization_id, patient_id, today=asking.door.today)
    if review_id not in {review.review_id for review in reviews}:
        raise Http404
    form = StepForm(request.POST)
    if not form.is_valid():
        return _page(asking, status=422, said=DAMAGED)
    token = uuid5(form.cleaned_data["client_token"], str(review_id))
    try:
        send_decision_link(by=asking.by, at=asking.at, review_id=review_id, client_token=token)
    except DomainError as fault:
        return _page(asking, status=422, said=str(fault))
    messages.success(request, "The link goes out now. It is good for a week, and opens with a code that is sent apart.")
    return redirect("advice", organization, patient_id)


@requires(Permission.VIEW_TEAM)
@require_safe
def advice_overdue(request: HttpRequest, organization: str) -> HttpResponse:
    """What is late in the whole organization, and how well loops close."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    shown = loops_shown(by.organization_id, at=now)
    record("advice.overdue_viewed", by=by, at=now, shown=[one.patient_id for one in shown.overdue])
    return render(request, "caseload/advice_overdue.html", {"shown": shown})


def _taken(form: StepForm, asking: Asking, one: AdviceShown, do: str) -> bool:
    """Whether the step is on record; a refusal is shown in the form."""
    try:
        _STEPS[do](form, {"by": asking.by, "at": asking.at}, one)
    except NotFound:
        raise Http404 from None
    except DomainError as fault:
        form.refuse(fault)
        return False
    return True


def _send(form: Any, known: dict[str, Any], one: AdviceShown) -> None:
    send_advice(**known, recommendation_id=one.id, **form.cleaned_data)


def _answer(form: Any, known: dict[str, Any], one: AdviceShown) -> None:
    values = form.cleaned_data
    record_decision(
        **known,
        recommendation_id=one.id,
        decision=values["decision"],
        said=form.said,
        answered=form.answered,
        is_done=values["is_done"],
        client_token=values["client_token"],
    )


def _carry_out(form: Any, known: dict[str, Any], one: AdviceShown) -> None:
    values = form.cleaned_data
    of = {"done_on": values["on"], "text": values["text"], "client_token": values["client_token"]}
    carry_out(**known, recommendation_id=one.id, **of)


def _tell(form: Any, known: dict[str, Any], one: AdviceShown) -> None:
    values = form.cleaned_data
    of = {"told_on": values["on"], "text": values["text"], "client_token": values["client_token"]}
    tell_patient(**known, recommendation_ids=[one.id], **of)


def _close(form: Any, known: dict[str, Any], one: AdviceShown) -> None:
    values = form.cleaned_data
    close_advice(**known, recommendation_id=one.id, reason=values["text"], client_token=values["client_token"])


def _void(form: Any, known: dict[str, Any], one: AdviceShown) -> None:
    if form.cleaned_data["step"] not in {step.id for step in one.steps}:
        raise NotFound
    void_step(**known, step_id=form.cleaned_data["step"], reason=form.cleaned_data["text"])


_STEPS: dict[str, Callable[[Any, dict[str, Any], AdviceShown], None]] = {
    forms.SEND: _send,
    forms.ANSWER: _answer,
    forms.DONE: _carry_out,
    forms.TOLD: _tell,
    forms.CLOSE: _close,
    forms.VOID: _void,
}


def _page(
    asking: Asking, *, status: int, refused: tuple[UUID, str, LoopForms] | None = None, said: str = ""
) -> HttpResponse:
    door, organization_id = asking.door, asking.by.organization_id
    record("advice.viewed", by=asking.by, at=asking.at, patient_id=door.patient.id, object_id=door.patient.id)
    reviews = advice_of(organization_id, door.patient.id, today=door.today)
    sheets = _sheets(asking, reviews)
    context = {
        "door": door,
        "today": door.today,
        "sub": " · ".join(filter(None, [door.patient.mrn, door.clinic_name])),
        "clinician": _clinician(asking),
        "may_follow": Permission.FOLLOW_UP_ADVICE in permissions_of(asking.by.roles),
        "reviews": [
            (review, [_card(asking, one, sheets.get(one.id), refused) for one in review.advice]) for review in reviews
        ],
        "open": sum(one.is_open for review in reviews for one in review.advice),
        "refused": said or _why_refused(refused),
        "token": uuid7(),
    }
    return render(asking.request, "caseload/advice.html", context, status=status)


def _why_refused(refused: tuple[UUID, str, LoopForms] | None) -> str:
    """What is said on top: a step that is not offered any more has no form below in which it could be."""
    if refused is None:
        return ""
    _, do, loop = refused
    errors = list(loop[do].non_field_errors()) if do in forms.STEPS else [DAMAGED]
    return " ".join(map(str, errors)) or "Something below has to be corrected. Everything you typed is still here."


def _card(asking: Asking, one: AdviceShown, sheet: Asked | None, refused: tuple[UUID, str, LoopForms] | None) -> Card:
    text = ready_text(sheet, _channel(asking)) if sheet is not None else ""
    if refused is not None and refused[0] == one.id:
        return Card(one, refused[2], text, _first(one), refused[1])
    return Card(one, _forms(asking, one), text, _first(one))


def _first(one: AdviceShown) -> str:
    """The step that is next for most: it stands open, the others are folded."""
    if one.may_tell:
        return forms.TOLD
    if one.may_carry_out and (one.goes_ahead or not one.may_decide):
        return forms.DONE
    if one.may_send and one.needs_decision:
        return forms.SEND
    return forms.ANSWER if one.may_decide else forms.CLOSE


def _forms(asking: Asking, one: AdviceShown) -> LoopForms:
    door = asking.door
    return LoopForms(one, today=door.today, zone=door.zone, now=asking.at, channel=_channel(asking))


def _sheets(asking: Asking, reviews: tuple[ReviewAdvice, ...]) -> dict[UUID, Asked]:
    episode = asking.door.episode
    return asked_sheets(asking.by.organization_id, episode, reviews) if episode is not None else {}


def _clinician(asking: Asking) -> Any:
    """The row of who treats the patient; None where nobody is recorded."""
    return asking.door.episode.treating_clinician if asking.door.episode is not None else None


def _channel(asking: Asking) -> str:
    clinician = _clinician(asking)
    return str(clinician.channel) if clinician is not None else EHR
