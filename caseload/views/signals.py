"""A patient's signals, and what a person adds for the psychiatric review: questions, changes of treatment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from caseload.forms.signals import ChangeForm, PutOffForm, QuestionForm, ReasonForm
from caseload.operations.errors import SnoozeRefused
from caseload.operations.questions import ask_consultant, take_back_question
from caseload.operations.snoozes import end_snooze, snooze_task
from caseload.operations.treatment_changes import (
    ChangeDayImpossible,
    record_treatment_change,
    void_treatment_change,
)
from caseload.queries.questions import open_questions, treatment_changes
from caseload.queries.signals import signals_of, signals_put_off
from caseload.rules.signals import PUT_OFF_TASK
from caseload.views.door import Asking, asking_of

METHODS = ["GET", "HEAD", "POST"]
PUT_OFF, END, ASK, CHANGE, TAKE_BACK, VOID = "put_off", "end", "ask", "change", "take_back", "void"


@requires(Permission.LOG_CONTACT)
@require_http_methods(METHODS)
def signals(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Every signal with its ground; putting one off with a reason and a day, and letting it ask again."""
    asking = asking_of(request, organization, patient_id)
    episode, today = asking.door.episode, asking.door.today
    if episode is None or not asking.door.is_open:
        return _page(asking, "signals", "signal.opened", {}, status=409 if asking.is_post else 200)
    known: dict[str, Any] = {"organization_id": asking.by.organization_id, "episode_id": episode.id, "today": today}
    standing, put_off = signals_of(**known), signals_put_off(**known)
    offered = [(f"{PUT_OFF_TASK}{one.word}", one.label) for one in standing if one.may_wait and not one.put_off_until]
    form = PutOffForm(asking.request.POST if asking.is_post and _asked(asking) != END else None, offered=offered)
    if _asked(asking) == END:
        chosen = _one_of(put_off, asking)
        end_snooze(by=asking.by, at=asking.at, snooze_id=chosen.id)
        return _back(asking, "signals", f"{chosen.label} asks again.")
    if _done(form, lambda: snooze_task(by=asking.by, at=asking.at, episode_id=episode.id, **form.cleaned_data)):
        return _back(asking, "patient_chart", "Put off. It stays on the chip, and in the review queue.")
    people = people_of(asking.by.organization_id)
    shown = {"signals": standing, "form": form, "put_off": [(one, people.get(one.by_id)) for one in put_off]}
    return _page(asking, "signals", "signal.opened", {**shown, "offered": offered}, status=_status(asking))


@requires(Permission.LOG_CONTACT)
@require_http_methods(METHODS)
def for_review(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Ask the consultant, record that the treatment was changed, and take either back."""
    asking = asking_of(request, organization, patient_id)
    episode = asking.door.episode
    known: dict[str, Any] = {"by": asking.by, "at": asking.at}
    if episode is None or not asking.door.is_open:
        return _page(asking, "for_review", "question.opened", {}, status=409 if asking.is_post else 200)
    organization_id, asked = asking.by.organization_id, _asked(asking)
    questions = open_questions(organization_id, [episode.id]).get(episode.id, ())
    changes = treatment_changes(organization_id, episode.id)
    question = QuestionForm(request.POST if asking.is_post and asked not in (CHANGE, TAKE_BACK, VOID) else None)
    change = ChangeForm(request.POST if asked == CHANGE else None, today=asking.door.today)
    reasons = {one.id: _reason(asking, one.id, TAKE_BACK) for one in questions}
    reasons |= {one.id: _reason(asking, one.id, VOID) for one in changes}
    if asked in (TAKE_BACK, VOID):
        row = _one_of(questions if asked == TAKE_BACK else changes, asking)
        why = reasons[row.id]
        if _done(why, lambda: _take_back(asked, row.id, why.cleaned_data["reason"], known)):
            return _back(asking, "for_review", "Taken back.")
    of: dict[str, Any] = {**known, "episode_id": episode.id}
    if _done(question, lambda: ask_consultant(**of, **question.cleaned_data)):
        return _back(asking, "patient_chart", "The question is with the consultant.")
    if _done(change, lambda: record_treatment_change(**of, **change.cleaned_data)):
        return _back(asking, "patient_chart", "The change of treatment is on record.")
    people = people_of(organization_id)
    context = {
        "question": question,
        "change": change,
        "questions": [(one, people.get(one.asked_by_id), reasons[one.id]) for one in questions],
        "changes": [(one, reasons[one.id]) for one in changes],
    }
    return _page(asking, "for_review", "question.opened", context, status=_status(asking))


def _take_back(what: str, row_id: UUID, reason: str, known: dict[str, Any]) -> object:
    if what == TAKE_BACK:
        return take_back_question(question_id=row_id, reason=reason, **known)
    return void_treatment_change(change_id=row_id, reason=reason, **known)


def _reason(asking: Asking, row_id: UUID, what: str) -> ReasonForm:
    is_meant = _asked(asking) == what and asking.request.POST.get("row") == str(row_id)
    return ReasonForm(asking.request.POST if is_meant else None, row=row_id)


def _asked(asking: Asking) -> str:
    return asking.request.POST.get("do", "")


def _one_of(rows: Any, asking: Asking) -> Any:
    """The row that was meant; what is absent and what is foreign are 404 alike."""
    found = next((one for one in rows if str(one.id) == asking.request.POST.get("row")), None)
    if found is None:
        raise Http404
    return found


def _done(form: forms.Form, act: Callable[[], object]) -> bool:
    """Whether what a form asks for was done; a refusal is shown at its field."""
    if not form.is_bound or not form.is_valid():
        return False
    try:
        act()
    except NotFound:
        raise Http404 from None
    except SnoozeRefused as fault:
        form.add_error(fault.field or None, str(fault))
    except ChangeDayImpossible as fault:
        form.add_error("on", str(fault))
    except DomainError as fault:
        form.add_error(None, str(fault))
    return not form.errors


def _status(asking: Asking) -> int:
    return 422 if asking.is_post else 200


def _back(asking: Asking, to: str, words: str) -> HttpResponse:
    messages.success(asking.request, words)
    return redirect(to, asking.organization, asking.door.patient.id)


def _page(asking: Asking, template: str, action: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    patient = asking.door.patient
    record(action, by=asking.by, at=asking.at, patient_id=patient.id, object_id=patient.id)
    sub = f"{patient.mrn or 'No record number'} · {asking.door.clinic_name}"
    return render(
        asking.request, f"caseload/{template}.html", {"door": asking.door, "sub": sub, **context}, status=status
    )
