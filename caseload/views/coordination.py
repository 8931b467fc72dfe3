"""What was asked of others about a patient: other care, and the treating clinician."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from caseload.forms.coordination import AnswerForm, ReferralForm, ReferralStepForm, RequestForm, WhyForm, was_words
from caseload.operations.coordination import (
    CoordinationMoved,
    CoordinationRefused,
    answer_request,
    ask_clinician,
    close_request,
    follow_referral,
    send_referral,
    void_referral,
    void_request,
)
from caseload.queries.coordination import Referred, coordination_of, referral_of, request_of
from caseload.views.door import Asking, asking_of
from registry.queries.choices import clinician_choices, clinician_named_by
from registry.rules.business_days import business_days_after

METHODS = ["GET", "HEAD", "POST"]
# After how many business days an answer is due and a referral is asked about, where nobody says otherwise.
ANSWER_DAYS, CHECK_DAYS = 3, 10
VOID, CLOSE = "void", "close"


@requires(Permission.VIEW_CHART)
@require_safe
def coordination(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Everything that was asked of others, the open first."""
    asking = asking_of(request, organization, patient_id)
    found = coordination_of(asking.by.organization_id, patient_id, today=asking.door.today)
    return _page(asking, "coordination", {"found": found}, status=200)


@requires(Permission.LOG_CONTACT)
@require_http_methods(METHODS)
def external_referral_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Send the patient to other care."""
    asking = asking_of(request, organization, patient_id)
    today = asking.door.today
    initial = {"sent_on": today, "check_on": business_days_after(today, CHECK_DAYS)}
    form = ReferralForm(_typed(asking), initial=initial)
    episode = asking.door.episode
    if episode is None or not asking.door.is_open:
        return _page(asking, "external_referral_new", {"form": form}, status=409 if asking.is_post else 200)

    def send() -> None:
        send_referral(by=asking.by, at=asking.at, episode_id=episode.id, **form.cleaned_data)

    if _done(form, send):
        return _back(asking, "The referral is on record, and will be asked about.")
    return _page(asking, "external_referral_new", {"form": form}, status=422 if asking.is_post else 200)


@requires(Permission.LOG_CONTACT)
@require_http_methods(METHODS)
def external_referral(request: HttpRequest, organization: str, patient_id: UUID, sent_id: UUID) -> HttpResponse:
    """What is known of a referral: scheduled, seen, ask again, or why it ends; or that it was an error."""
    asking = asking_of(request, organization, patient_id)
    referral = _found(lambda: referral_of(asking.by.organization_id, patient_id, sent_id, today=asking.door.today))
    form, why = ReferralStepForm(_typed(asking), referral=referral), WhyForm(_typed(asking, for_=VOID), prefix=VOID)
    known: dict[str, Any] = {"by": asking.by, "at": asking.at, "referral_id": sent_id}
    if _done(why, lambda: void_referral(**known, reason=why.cleaned_data["why"])):
        return _back(asking, "The referral is taken back.")
    if _done(form, lambda: _follow(form, referral, known)):
        return _back(asking, "Saved.")
    context = {"form": form, "why": why, "referral": referral}
    return _page(asking, "external_referral", context, status=422 if asking.is_post else 200)


@requires(Permission.LOG_CONTACT)
@require_http_methods(METHODS)
def clinician_request_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Ask the treating clinician something."""
    asking = asking_of(request, organization, patient_id)
    organization_id, today, episode = asking.by.organization_id, asking.door.today, asking.door.episode
    initial = {
        "asked_of": episode.treating_clinician_id if episode else "",
        "asked_on": today,
        "due_on": business_days_after(today, ANSWER_DAYS),
    }
    form = RequestForm(_typed(asking), clinicians=clinician_choices(organization_id), initial=initial)
    if episode is None or not asking.door.is_open:
        return _page(asking, "clinician_request_new", {"form": form}, status=409 if asking.is_post else 200)

    def ask() -> None:
        clinician = clinician_named_by(organization_id, form.cleaned_data.pop("asked_of"))
        assert clinician is not None
        ask_clinician(by=asking.by, at=asking.at, episode_id=episode.id, asked_of=clinician, **form.cleaned_data)

    if _done(form, ask):
        return _back(asking, "The question is on record, and comes up when no answer is in.")
    return _page(asking, "clinician_request_new", {"form": form}, status=422 if asking.is_post else 200)


@requires(Permission.LOG_CONTACT)
@require_http_methods(METHODS)
def clinician_request(request: HttpRequest, organization: str, patient_id: UUID, request_id: UUID) -> HttpResponse:
    """The answer to a question; or why it needs none; or that it was an error."""
    asking = asking_of(request, organization, patient_id)
    asked = _found(lambda: request_of(asking.by.organization_id, patient_id, request_id, today=asking.door.today))
    form = AnswerForm(_typed(asking), initial={"answered_on": asking.door.today})
    close, void = (WhyForm(_typed(asking, for_=one), prefix=one) for one in (CLOSE, VOID))
    known: dict[str, Any] = {"by": asking.by, "at": asking.at, "request_id": request_id}
    if _done(void, lambda: void_request(**known, reason=void.cleaned_data["why"])):
        return _back(asking, "The question is taken back.")
    if _done(close, lambda: close_request(**known, because=close.cleaned_data["why"])):
        return _back(asking, "Closed without an answer.")
    if _done(form, lambda: answer_request(**known, **form.cleaned_data)):
        return _back(asking, "The answer is on record.")
    context = {"form": form, "close": close, "void": void, "asked": asked}
    return _page(asking, "clinician_request", context, status=422 if asking.is_post else 200)


def _follow(form: ReferralStepForm, referral: Referred, known: dict[str, Any]) -> None:
    try:
        follow_referral(**known, step=form.step, seen=form.seen or referral.step)
    except CoordinationMoved:
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["was"] = was_words(referral.step)  # type: ignore[index]
        raise


def _typed(asking: Asking, *, for_: str = "") -> Any:
    """What was sent, for the form whose button was pressed."""
    posted = asking.request.POST
    return posted if asking.is_post and posted.get("do", "") == for_ else None


def _back(asking: Asking, words: str) -> HttpResponse:
    messages.success(asking.request, words)
    return redirect("coordination", asking.organization, asking.door.patient.id)


def _found(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except NotFound:
        raise Http404 from None


def _done(form: forms.Form, act: Callable[[], object]) -> bool:
    """Whether what the form asks for was done; a refusal is shown in the form."""
    if not form.is_bound or not form.is_valid():
        return False
    try:
        act()
    except CoordinationRefused as refused:
        form.show(refused)  # type: ignore[attr-defined]
        return False
    except DomainError as fault:
        form.add_error(None, str(fault))
        return False
    return True


def _page(asking: Asking, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    door = asking.door
    record("coordination.viewed", by=asking.by, at=asking.at, patient_id=door.patient.id, object_id=door.patient.id)
    may_log = Permission.LOG_CONTACT in permissions_of(asking.by.roles)
    sub = " · ".join(filter(None, [door.patient.mrn, door.clinic_name]))
    shown = {"door": door, "today": door.today, "sub": sub, "may_log": may_log, **context}
    return render(asking.request, f"caseload/{template}.html", shown, status=status)
