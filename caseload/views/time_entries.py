"""Time without a contact, one patient's time of a month, and correcting an entry."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.queries.claims import claims_on
from caseload.forms.group_time import GroupForm
from caseload.forms.settling import TAKE_BACK, SettleForm
from caseload.forms.time_entries import TimeForm
from caseload.forms.worktime import span_initial
from caseload.operations import replace_time, void_time
from caseload.operations.group_time import record_group_time
from caseload.operations.timekeeping import Work, months_touched, record_time, time_of
from caseload.queries.doors import PatientDoor, PatientMerged, patient_door
from caseload.queries.group_time import group_choice
from caseload.queries.one_entry import EntryPage, one_entry
from caseload.queries.time_shown import Preview, month_of_time, time_preview
from caseload.rules.clock import month_index, month_named, month_of
from caseload.views.door import door_of
from caseload.views.late import written


@requires(Permission.VIEW_CHART)
@require_safe
def patient_time(
    request: HttpRequest, organization: str, patient_id: UUID, month: str | None = None
) -> HttpResponseBase:
    """Every entry of one month, with whether it counts and why not. Without a month, this one."""
    now, by = timezone.now(), seat(request)
    try:
        door = patient_door(patient_id, for_=by, at=now)
    except PatientMerged as merged:
        return redirect("patient_time", organization, merged.kept_id)
    except NotFound:
        raise Http404 from None
    month = month or month_of(door.today)
    try:
        index = month_index(month)
    except ValueError:
        raise Http404 from None
    people = people_of(by.organization_id)
    found = month_of_time(by.organization_id, patient_id, month=month, people=people)
    record("time.list_viewed", by=by, at=now, patient_id=patient_id, object_id=patient_id)
    context = {
        "door": door,
        "found": found,
        "before": month_named(index - 1),
        "after": month_named(index + 1) if month < month_of(door.today) else "",
        "may_log": Permission.LOG_CONTACT in permissions_of(by.roles),
        "sub": f"{door.patient.mrn} · {door.clinic_name}",
    }
    return render(request, "caseload/time_list.html", context)


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def time_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponseBase:
    """Minutes that were no contact."""
    now, by = timezone.now(), seat(request)
    door = door_of(patient_id, by, now)
    if request.method != "POST" or door.episode is None:
        status = 409 if request.method == "POST" else 200
        return _new_page(request, door, TimeForm(zone=door.zone, now=now), by=by, at=now, status=status)
    form = TimeForm(request.POST, zone=door.zone, now=now)
    words = _record(form, door, by=by, at=now) if form.is_valid() else ""
    if not words:
        return _new_page(request, door, form, by=by, at=now, status=422)
    messages.success(request, words)
    return redirect("patient_time_month", organization, patient_id, _month_typed(form))


@requires(Permission.LOG_CONTACT)
@require_POST
def time_preview_part(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """What the minutes typed so far would do."""
    now, by = timezone.now(), seat(request)
    door = door_of(patient_id, by, now)
    form = TimeForm(request.POST, zone=door.zone, now=now)
    return render(request, "caseload/time_new.html#preview", {"preview": _preview(form, door, by=by)})


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def time_entry(request: HttpRequest, organization: str, entry_id: UUID) -> HttpResponseBase:
    """One entry: what became of it; correct when it was, or take it back."""
    now, by = timezone.now(), seat(request)
    page = _entry(entry_id, by)
    claimed = _claimed(request, page)
    if request.method != "POST":
        return _entry_page(request, page, _fresh(page, now, claimed), by=by, at=now, status=200)
    form = SettleForm(request.POST, zone=page.zone, now=now, claimed=claimed)
    done = _correct(form, page, by=by, at=now) if form.is_valid() else ""
    if not done:
        return _entry_page(request, page, form, by=by, at=now, status=422)
    messages.success(request, f"{done} {claimed}: billing sees what changed." if claimed else done)
    return redirect("patient_time_month", organization, page.patient_id, page.month)


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def group_time(request: HttpRequest, organization: str) -> HttpResponseBase:
    """One call for several patients: whose minutes are how many."""
    now, by = timezone.now(), seat(request)
    choice = group_choice(by)
    if choice is None:
        return render(request, "caseload/time_group.html", {"choice": None}, status=_status(request))
    data = request.POST if request.method == "POST" else None
    form = GroupForm(data, zone=choice.zone, now=now, episodes=[one.episode_id for one in choice.patients])
    done = _share_out(form, by=by, at=now) if form.is_valid() else ""
    if done:
        messages.success(request, done)
        return redirect("group_time", organization)
    record("time.group_opened", by=by, at=now, shown=[one.patient_id for one in choice.patients])
    rows = [(one, form[f"share_{one.episode_id}"]) for one in choice.patients]
    context = {"choice": choice, "form": form, "rows": rows}
    return render(request, "caseload/time_group.html", context, status=_status(request))


def _status(request: HttpRequest) -> int:
    return 422 if request.method == "POST" else 200


def _share_out(form: GroupForm, *, by: Membership, at: datetime) -> str:
    """What was done, in words; empty when it was refused, with the reason at its field."""
    if form.time is None or form.time.span is None:
        form.add_error("starts", form.missing)
        return ""
    values = form.cleaned_data
    try:
        write = partial(
            record_group_time,
            by=by,
            at=at,
            span=form.time.span,
            shares=form.shares,
            client_token=values["client_token"],
            work=Work(activity=values["activity"]),
        )
        entries = written(form, write, by=by, at=at)
    except DomainError as fault:
        form.add_error(form.field_of_refusal(fault), str(fault))
        return ""
    held = sum(entry.held for entry in entries)
    words = f"Minutes saved for {len(entries)} patients, one after another." if len(entries) > 1 else "Minutes saved."
    return f"{words} {held} of them held: they overlap time with another patient." if held else words


def _entry(entry_id: UUID, by: Membership) -> EntryPage:
    try:
        return one_entry(entry_id, for_=by)
    except NotFound:
        raise Http404 from None


def _record(form: TimeForm, door: PatientDoor, *, by: Membership, at: datetime) -> str:
    """What was done, in words; empty when it was refused, with the reason at its field."""
    assert door.episode is not None
    assert form.time is not None
    try:
        write = partial(
            record_time,
            by=by,
            at=at,
            episode_id=door.episode.id,
            time=form.time,
            client_token=form.cleaned_data["client_token"],
            work=Work(activity=form.cleaned_data["activity"]),
        )
        entry = written(form, write, by=by, at=at)
    except DomainError as fault:
        form.add_error(form.field_of_refusal(fault), str(fault))
        return ""
    return "Time saved, and held: it overlaps another patient's." if entry.held else "Time saved."


def _month_typed(form: TimeForm) -> str:
    assert form.time is not None
    return month_of(form.time.day(form.zone))


def _preview(form: TimeForm, door: PatientDoor, *, by: Membership) -> Preview | None:
    """None while no time is typed, or nothing says what it was."""
    form.is_valid()
    if form.time is None or door.episode is None or "activity" in form.errors:
        return None
    return time_preview(door.episode, worked_by=by, time=form.time, activity=form.cleaned_data["activity"])


def _new_page(
    request: HttpRequest, door: PatientDoor, form: TimeForm, *, by: Membership, at: datetime, status: int
) -> HttpResponse:
    record("time.opened", by=by, at=at, patient_id=door.patient.id, object_id=door.patient.id)
    context: dict[str, Any] = {
        "door": door,
        "form": form,
        "preview": _preview(form, door, by=by) if form.is_bound else None,
        "sub": f"{door.patient.mrn} · {door.clinic_name}",
    }
    return render(request, "caseload/time_new.html", context, status=status)


def _claimed(request: HttpRequest, page: EntryPage) -> str:
    """In words, that a claim was made of a month that the entry lies in, or is moved to; empty where none was."""
    months = set(months_touched(time_of(page.entry), page.zone))
    typed = _day_typed(request)
    return claims_on(page.entry.organization_id, page.patient_id, months | ({month_of(typed)} if typed else set()))


def _day_typed(request: HttpRequest) -> date | None:
    try:
        return parse_date(request.POST.get("on", ""))
    except ValueError:
        return None


def _fresh(page: EntryPage, now: datetime, claimed: str) -> SettleForm:
    """The form with the entry's time as it is on record."""
    entry = page.entry
    typed: dict[str, Any] = {"on": entry.on, "minutes": (entry.seconds or 0) // 60}
    if entry.span is not None:
        typed = span_initial(entry.span.lower, entry.span.upper, page.zone)
    return SettleForm(zone=page.zone, now=now, initial=typed, claimed=claimed)


def _correct(form: SettleForm, page: EntryPage, *, by: Membership, at: datetime) -> str:
    """What was done, in words; empty when it was refused, with the reason at its field."""
    values = form.cleaned_data
    try:
        if values["how"] == TAKE_BACK:
            taken_back = partial(void_time, by=by, at=at, entry=page.entry, reason=values["reason"])
            written(form, taken_back, by=by, at=at)
            return "Taken back: its minutes count nowhere."
        if form.time is None:
            form.add_error("minutes", "Enter the start and the end, or only the minutes.")
            return ""
        token = values["client_token"]
        correct = partial(
            replace_time, by=by, at=at, entry=page.entry, time=form.time, client_token=token, reason=values["reason"]
        )
        corrected = written(form, correct, by=by, at=at)
    except DomainError as fault:
        form.add_error(form.field_of_refusal(fault), str(fault))
        return ""
    return "Corrected, and held: it overlaps another patient's." if corrected.held else "Corrected."


def _entry_page(
    request: HttpRequest, page: EntryPage, form: SettleForm, *, by: Membership, at: datetime, status: int
) -> HttpResponse:
    record("time.entry_viewed", by=by, at=at, patient_id=page.patient_id, object_id=page.entry.id)
    context = {"page": page, "form": form, "sub": f"{page.mrn} · time"}
    return render(request, "caseload/time_entry.html", context, status=status)
