"""What is done on a row of Today, each a page of its own too: an attempt, the next contact, putting a task off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.web.templatetags.bhi import day
from caseload.forms.today import DONE, AttemptForm, FollowUpForm, SnoozeForm
from caseload.operations.errors import DayFull, FollowUpInThePast, FollowUpTooEarly, ImpossibleTime, SnoozeRefused
from caseload.operations.follow_ups import change_follow_up, close_follow_up, plan_follow_up
from caseload.operations.outreach import record_attempt
from caseload.operations.snoozes import end_snooze, snooze_task
from caseload.queries.choices import ATTEMPT_OUTCOMES
from caseload.queries.doors import PatientDoor
from caseload.queries.follow_ups import NextDue, next_due
from caseload.queries.outreach import proposed_try
from caseload.queries.today import EVERYBODY, Scope, WorkRow, work_due, worklist
from caseload.rules.worklist import LONGEST_SNOOZE_DAYS, SNOOZABLE
from caseload.views.door import Asking, asking_of
from caseload.views.today import months_of
from caseload.views.today_lines import line_of
from registry.queries.choices import care_manager_choices

TO_CHART = "chart"


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def attempt_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """An attempt in two clicks. Whoever was reached gets a note instead."""
    asking = asking_of(request, organization, patient_id)
    zone, now = asking.door.zone, asking.at
    if request.method != "POST" or not asking.door.is_open:
        initial = {"mode": request.GET.get("mode", ""), **_proposed(asking.door)}
        return _attempt_page(asking, AttemptForm(zone=zone, now=now, initial=initial), status=_usual_status(asking))
    form = AttemptForm(request.POST, zone=zone, now=now)
    words = _settled(form, lambda: _log_attempt(asking, form))
    return _done(asking, words) if words else _attempt_page(asking, form, status=422)


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def follow_up(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The next contact: plan it, move it, give it to a colleague, or say that it is done."""
    asking = asking_of(request, organization, patient_id)
    planned = next_due(asking.door.episode.id) if asking.door.episode is not None else None
    people = care_manager_choices(asking.by.organization_id)
    if request.method != "POST" or not asking.door.is_open:
        initial = _initial(planned)
        return _plan_page(asking, FollowUpForm(people=people, initial=initial), planned, status=_usual_status(asking))
    form = FollowUpForm(request.POST, people=people)
    is_done = request.POST.get("do") == DONE
    words = _settled(form, lambda: _plan(asking, form), is_checked=not is_done or _is_only_named(form))
    return _done(asking, words) if words else _plan_page(asking, form, planned, status=422)


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def snooze_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Put a task off until a day, with the reason; never one of safety."""
    asking = asking_of(request, organization, patient_id)
    row, _ = _row(asking)
    offered = [(task.kind, f"{task.label}: {task.words}") for task in row.tasks] if row is not None else []
    offered = [(kind, words) for kind, words in offered if kind in SNOOZABLE]
    if request.method != "POST" or not asking.door.is_open:
        return _snooze_page(asking, SnoozeForm(tasks=offered), status=_usual_status(asking))
    form = SnoozeForm(request.POST, tasks=offered)
    words = _settled(form, lambda: _put_off(asking, form))
    return _done(asking, words) if words else _snooze_page(asking, form, status=422)


@requires(Permission.LOG_CONTACT)
@require_POST
def snooze_end(request: HttpRequest, organization: str, snooze_id: UUID) -> HttpResponse:
    """The task asks again."""
    try:
        end_snooze(by=request.membership, at=timezone.now(), snooze_id=snooze_id)  # type: ignore[attr-defined]
    except NotFound:
        raise Http404 from None
    messages.success(request, "It is on the list again.")
    return redirect("today", organization)


def _to(asking: Asking) -> str:
    """Where to go back to."""
    asked = asking.request.POST.get("to") or asking.request.GET.get("to", "")
    return TO_CHART if asked == TO_CHART else ""


def _usual_status(asking: Asking) -> int:
    return 409 if asking.is_post else 200


def _settled(form: forms.Form, act: Callable[[], str], *, is_checked: bool = True) -> str:
    """What was done, in words; empty where the form or the operation refused, with the reason at its field."""
    if is_checked and not form.is_valid():
        return ""
    try:
        return act()
    except SnoozeRefused as fault:
        form.add_error(fault.field or None, str(fault))
    except DomainError as fault:
        form.add_error(_field_of(fault), str(fault))
    return ""


def _field_of(fault: DomainError) -> str | None:
    if isinstance(fault, ImpossibleTime | DayFull):
        return "minutes"
    if isinstance(fault, FollowUpTooEarly):
        return "next_on"
    return "due_on" if isinstance(fault, FollowUpInThePast) else None


def _proposed(door: PatientDoor) -> dict[str, Any]:
    """The step after this attempt, by the clinic's protocol."""
    if door.episode is None or not door.is_open:
        return {}
    proposed = proposed_try(door.episode, door.patient, today=door.today)
    return {"next_on": proposed.on, "next_purpose": proposed.purpose}


def _log_attempt(asking: Asking, form: AttemptForm) -> str:
    values, episode = form.cleaned_data, asking.door.episode
    assert episode is not None
    assert form.time is not None
    kept = record_attempt(
        by=asking.by,
        at=asking.at,
        episode_id=episode.id,
        client_token=values["client_token"],
        time=form.time,
        mode=values["mode"],
        outcome=values["outcome"],
        note=values["note"],
        next_contact=form.next_contact,
    )
    if not kept.was_new:
        return "This attempt was saved already."
    outcome = dict(ATTEMPT_OUTCOMES)[values["outcome"]].lower()
    again = values["next_on"]
    then = f" Next try {day(again, asking.door.today)}." if again else ""
    held = " Its minutes are held: they overlap another patient’s." if kept.entry and kept.entry.held else ""
    return f"Attempt saved: {outcome}.{then}{held}"


def _is_only_named(form: FollowUpForm) -> bool:
    """To say that it is done, nothing needs to be typed; only which one is meant must be readable."""
    form.is_valid()
    is_named = form.cleaned_data.get("planned") is not None
    if is_named:
        form.errors.clear()
    return not is_named


def _plan(asking: Asking, form: FollowUpForm) -> str:
    values, episode = form.cleaned_data, asking.door.episode
    assert episode is not None
    by, at = asking.by, asking.at
    if asking.request.POST.get("do") == DONE and values.get("planned"):
        close_follow_up(by=by, at=at, follow_up_id=values["planned"])
        return "Done: nothing more of it is due."
    purpose, due_on, to = values["purpose"].strip(), values["due_on"], form.assigned_to_id
    if values["planned"]:
        planned_id = values["planned"]
        change_follow_up(by=by, at=at, follow_up_id=planned_id, due_on=due_on, purpose=purpose, assigned_to_id=to)
    else:
        plan_follow_up(by=by, at=at, episode_id=episode.id, due_on=due_on, purpose=purpose, assigned_to_id=to)
    return f"Next contact planned for {day(values['due_on'], asking.door.today)}."


def _put_off(asking: Asking, form: SnoozeForm) -> str:
    values, episode = form.cleaned_data, asking.door.episode
    assert episode is not None
    snooze_task(by=asking.by, at=asking.at, episode_id=episode.id, **values)
    return f"Put off until {day(values['until_on'], asking.door.today)}."


def _initial(planned: NextDue | None) -> dict[str, Any]:
    if planned is None:
        return {}
    assigned = str(planned.assigned_to_id) if planned.assigned_to_id else ""
    return {"planned": planned.id, "due_on": planned.on, "purpose": planned.purpose, "assigned_to": assigned}


def _row(asking: Asking) -> tuple[WorkRow | None, bool]:
    """What is due for the patient now, whoever's it is; and whether there are several clinics to tell apart."""
    organization_id = asking.by.organization_id
    scope = Scope(asking.by.id, EVERYBODY)
    due = work_due(organization_id, scope, at=asking.at, patient_id=asking.door.patient.id)
    return next(iter(worklist(due, months_of(organization_id, due)).rows), None), len(due.clinics) > 1


def _done(asking: Asking, words: str) -> HttpResponse:
    """The row as it is now, with what was done; without htmx back to where one came from."""
    if asking.request.htmx and not _to(asking):  # type: ignore[attr-defined]
        return _row_swapped(asking, words)
    messages.success(asking.request, words)
    if _to(asking):
        return redirect("patient_chart", asking.organization, asking.door.patient.id)
    return redirect("today", asking.organization)


def _row_swapped(asking: Asking, words: str) -> HttpResponse:
    (row, names_clinics), people = _row(asking), people_of(asking.by.organization_id)
    shown = line_of(row, asking.organization, asking.by, people, names_clinics=names_clinics) if row else None
    context = {"line": shown, "done": words, "key": "" if shown else asking.door.patient.id, "name": asking.door.name}
    record("today.viewed", by=asking.by, at=asking.at, patient_id=asking.door.patient.id, count=1)
    return render(asking.request, "caseload/today.html#row", context)


def _attempt_page(asking: Asking, form: AttemptForm, *, status: int) -> HttpResponse:
    return _page(asking, "caseload/today_attempt.html", "contact.opened", {"form": form}, status=status)


def _plan_page(asking: Asking, form: FollowUpForm, planned: NextDue | None, *, status: int) -> HttpResponse:
    return _page(
        asking, "caseload/today_follow_up.html", "follow_up.opened", {"form": form, "planned": planned}, status=status
    )


def _snooze_page(asking: Asking, form: SnoozeForm, *, status: int) -> HttpResponse:
    latest = asking.door.today + timedelta(days=LONGEST_SNOOZE_DAYS)
    context = {"form": form, "tasks": form.fields["task"].choices, "latest": latest}  # type: ignore[attr-defined]
    return _page(asking, "caseload/today_snooze.html", "task.snooze_opened", context, status=status)


def _page(asking: Asking, template: str, action: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    """The whole page, or for a row of Today only its form."""
    patient_id = asking.door.patient.id
    record(action, by=asking.by, at=asking.at, patient_id=patient_id, object_id=patient_id)
    is_row = bool(asking.request.htmx) and not _to(asking) and not asking.request.htmx.boosted  # type: ignore[attr-defined]
    part = "#form" if is_row else ""
    context |= {"door": asking.door, "to": _to(asking), "is_row": is_row, "key": patient_id}
    answer = render(asking.request, f"{template}{part}", context, status=status)
    if is_row:
        answer["HX-Retarget"], answer["HX-Reswap"] = f"#act-{patient_id}", "innerHTML"
    return answer
