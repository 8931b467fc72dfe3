"""The running clock of a person: in the frame of every page, and what becomes of its time."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.sessions import mark_call
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from caseload.forms.time_entries import TimeForm
from caseload.forms.timers import LetGoForm, StartForm, StoppedForm
from caseload.operations.errors import ImpossibleTime, TimerClosed, TimerRunning
from caseload.operations.timekeeping import Work
from caseload.operations.timers import let_timer_go, mark_timer, save_timer, start_timer, stop_timer
from caseload.queries.timers import (
    WORK_WITHOUT_CONTACT,
    TimerShown,
    TimersShown,
    timer_shown,
    timers_around,
    timers_to_save,
)
from caseload.rules.timers import CALL, END_CALL, SEEN
from caseload.views.door import door_of
from caseload.views.late import written


def frame_timer(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the clocks of whoever may log work. It asks only where a page shows them."""
    return {"frame_timer": SimpleLazyObject(lambda: _around(request))}


def _around(request: HttpRequest) -> TimersShown:
    by: Membership | None = getattr(request, "membership", None)
    if by is None or Permission.LOG_CONTACT not in permissions_of(by.roles):
        return TimersShown()
    return timers_around(by, at=timezone.now())


@requires(Permission.LOG_CONTACT)
@require_POST
def timer_start(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponseBase:
    """Start on a patient. Where another clock runs, ask first: stop that one, or keep it."""
    now, by = timezone.now(), seat(request)
    door = door_of(patient_id, by, now)
    form = StartForm(request.POST)
    if door.episode is None or not form.is_valid():
        messages.info(request, "Time is logged from enrolment on. Enrol the patient first.")
        return redirect("patient_chart", organization, patient_id)
    values = form.cleaned_data
    activity = values["activity"] or "treatment"
    try:
        started = start_timer(
            by=by, at=now, episode_id=door.episode.id, activity=activity, instead_of=values["instead_of"]
        )
    except TimerRunning as other:
        record("timer.viewed", by=by, at=now, patient_id=patient_id, object_id=other.timer_id)
        running = timer_shown(other.timer_id, for_=by, at=now)
        context = {"running": running, "door": door, "activity": activity}
        return render(request, "caseload/timer_switch.html", context, status=409)
    if started.stopped is not None:
        messages.info(request, "The other timer was stopped. Its time waits to be saved.")
    return redirect("patient_chart", organization, patient_id)


@requires(Permission.LOG_CONTACT)
@require_safe
def timers(request: HttpRequest, organization: str) -> HttpResponse:
    """The clock that runs and those that wait to be saved."""
    now, by = timezone.now(), seat(request)
    found = timers_to_save(by, at=now)
    record("timers.viewed", by=by, at=now, shown=[timer.patient_id for timer in found])
    return render(request, "caseload/timers.html", {"timers": found})


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def timer(request: HttpRequest, organization: str, timer_id: UUID) -> HttpResponseBase:
    """What a clock proposes: a contact, work without one, or nothing. A POST saves work without a contact."""
    now, by = timezone.now(), seat(request)
    clock = _clock(timer_id, by, now)
    if clock.is_closed:
        messages.info(request, "This timer was let go." if clock.let_go_because else "This timer was saved.")
        return redirect("patient_chart", organization, clock.patient_id)
    if request.method != "POST":
        return _page(request, clock, TimeForm(**_typing(clock, now)), by=by, at=now, status=200)
    form = TimeForm(request.POST, **_typing(clock, now))
    if not (form.is_valid() and _save(form, clock, by=by, at=now)):
        return _page(request, clock, form, by=by, at=now, status=422)
    messages.success(request, "Time saved.")
    return redirect("patient_chart", organization, clock.patient_id)


@requires(Permission.LOG_CONTACT)
@require_POST
def timer_mark(request: HttpRequest, organization: str, timer_id: UUID) -> HttpResponseBase:
    """A call begins or ends, or the person is still at work."""
    kind, now, by = request.POST.get("kind"), timezone.now(), seat(request)
    clock = _clock(timer_id, by, now)
    if kind in (CALL, END_CALL, SEEN):
        with suppress(TimerClosed):  # stopped on another device: the frame that comes back shows it
            mark_timer(by=by, at=now, timer_id=clock.id, kind=kind)
    if kind in (CALL, END_CALL):
        mark_call(request, is_on=kind == CALL)  # who listens does not type: the screen waits longer
    return _afterwards(request, organization, timer_id)


@requires(Permission.LOG_CONTACT)
@require_POST
def timer_stop(request: HttpRequest, organization: str, timer_id: UUID) -> HttpResponseBase:
    """Stop now, or at the time typed; what it proposes is shown."""
    now, by = timezone.now(), seat(request)
    clock = _clock(timer_id, by, now)
    form = StoppedForm(request.POST, zone=clock.zone, now=now)
    if not clock.is_running:
        return _afterwards(request, organization, timer_id)
    try:
        if form.is_valid():
            stop_timer(by=by, at=now, timer_id=timer_id, ended_at=form.stopped_at)
            mark_call(request, is_on=False)
    except ImpossibleTime as fault:
        form.add_error("stopped", str(fault))
    if form.errors:
        typing = TimeForm(**_typing(clock, now))
        return _page(request, clock, typing, by=by, at=now, status=422, stopped=form)
    return _afterwards(request, organization, timer_id)


@requires(Permission.LOG_CONTACT)
@require_POST
def timer_let_go(request: HttpRequest, organization: str, timer_id: UUID) -> HttpResponseBase:
    """Nothing comes of this clock; it is kept with the reason."""
    now, by = timezone.now(), seat(request)
    clock = _clock(timer_id, by, now)
    form = LetGoForm(request.POST)
    if not form.is_valid():
        typing = TimeForm(**_typing(clock, now))
        return _page(request, clock, typing, by=by, at=now, status=422, let_go=form)
    try:
        let_timer_go(by=by, at=now, timer_id=timer_id, reason=form.cleaned_data["reason"])
    except TimerClosed as fault:
        messages.info(request, str(fault))
    else:
        messages.success(request, "Timer let go. Nothing is logged for it.")
    return redirect("timers", organization)


def _clock(timer_id: UUID, by: Membership, at: datetime) -> TimerShown:
    try:
        return timer_shown(timer_id, for_=by, at=at)
    except NotFound:
        raise Http404 from None


def _typing(clock: TimerShown, now: datetime) -> dict[str, Any]:
    """How the form of a clock's time is made: the activity that it was started for, unless that is a contact."""
    known = {value for value, _ in WORK_WITHOUT_CONTACT}
    initial = {"activity": clock.activity if clock.activity in known else ""}
    return {"zone": clock.zone, "now": now, "clock": clock, "initial": initial}


def _save(form: TimeForm, clock: TimerShown, *, by: Membership, at: datetime) -> bool:
    """Whether it was saved; else the refusal is at its field."""
    values = form.cleaned_data
    assert form.time is not None
    save = partial(
        save_timer,
        by=by,
        at=at,
        timer_id=clock.id,
        time=form.time,
        client_token=values["client_token"],
        work=Work(activity=values["activity"]),
    )
    try:
        written(form, save, by=by, at=at)
    except DomainError as fault:
        form.add_error(form.field_of_refusal(fault), str(fault))
        return False
    return True


def _afterwards(request: HttpRequest, organization: str, timer_id: UUID) -> HttpResponseBase:
    """The frame's part where the page stays as it is; else the clock's page."""
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "caseload/timer_frame.html")
    return redirect("timer", organization, timer_id)


def _page(
    request: HttpRequest, clock: TimerShown, form: TimeForm, *, by: Membership, at: datetime, status: int, **forms: Any
) -> HttpResponse:
    record("timer.viewed", by=by, at=at, patient_id=clock.patient_id, object_id=clock.id)
    context = {
        "clock": clock,
        "form": form,
        "stopped": forms.get("stopped") or StoppedForm(zone=clock.zone, now=at),
        "let_go": forms.get("let_go") or LetGoForm(),
        "sub": f"{clock.mrn} · timer",
    }
    return render(request, "caseload/timer.html", context, status=status)
