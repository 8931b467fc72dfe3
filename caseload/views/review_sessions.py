"""Sessions of the psychiatric review: the list, and one with its agenda, changed by hand and printed beforehand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership, Role
from bhi.web.templatetags.bhi import clock, day
from caseload.forms.review_sessions import CancelForm, DeferForm
from caseload.operations.review_sessions import (
    add_to_agenda,
    cancel_session,
    defer_item,
    draw_agenda,
    move_on_agenda,
    put_back,
    take_off_agenda,
)
from caseload.operations.session_errors import SessionRefused
from caseload.queries.review_queue import Population, QueueRow, queue_rows_of, review_queue
from caseload.queries.review_sessions import ItemShown, SessionShown, session_shown, sessions_of, slots_of
from caseload.rules.clock import local_date

METHODS = ["GET", "HEAD", "POST"]
MOST_WAITING = 30


@requires(Permission.JOIN_REVIEW)
@require_safe
def review_sessions(request: HttpRequest, organization: str) -> HttpResponse:
    """What is planned, what is under way, and what is over."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    people = people_of(by.organization_id)
    coming, past = (sessions_of(by.organization_id, is_open=is_open) for is_open in (True, False))
    context = {
        "coming": [(one, people[one.consultant_id].name) for one in coming],
        "past": [(one, people[one.consultant_id].name) for one in past],
        "has_slots": bool(slots_of(by.organization_id)),
        "may_set_slots": Permission.SET_SLOTS in permissions_of(by.roles),
    }
    return render(request, "caseload/review_sessions.html", context)


@requires(Permission.JOIN_REVIEW)
@require_http_methods(METHODS)
def review_session(request: HttpRequest, organization: str, session_id: UUID) -> HttpResponse:
    """The agenda with each patient's reason and question, for the screen and for paper; POST cancels the session."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    session = shown_or_404(by, session_id)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            cancel_session(by=by, at=timezone.now(), session_id=session_id, because=form.cleaned_data["because"])
        except DomainError as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, "Cancelled. Its patients come first next time.")
            return redirect("review_session", organization, session_id)
    return _agenda_page(request, by, session, cancel=form)


@requires(Permission.JOIN_REVIEW)
@require_POST
def session_agenda(request: HttpRequest, organization: str, session_id: UUID) -> HttpResponse:
    """Draw the agenda up again, add a patient, take one off, move one, or put a deferred one back."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    shown_or_404(by, session_id)
    chosen = _chosen(request.POST.get("which", ""))
    act = _acts(by, session_id, chosen).get(request.POST.get("do", ""))
    if act is None:
        messages.error(request, "Nothing was chosen.")
        return redirect("review_session", organization, session_id)
    try:
        act()
    except NotFound:
        raise Http404 from None
    except DomainError as fault:
        messages.error(request, str(fault))
    return redirect("review_session", organization, session_id)


@requires(Permission.JOIN_REVIEW)
@require_http_methods(METHODS)
def agenda_defer(request: HttpRequest, organization: str, session_id: UUID, item_id: UUID) -> HttpResponse:
    """Put a patient of an agenda off, with the reason and until when."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    session = shown_or_404(by, session_id)
    item = next((one for one in session.items if one.id == item_id), None)
    if item is None:
        raise Http404
    form = DeferForm(request.POST if request.method == "POST" else None, today=_today(session, now))
    if form.is_bound and form.is_valid():
        values = {"because": form.cleaned_data["because"], "until_on": form.cleaned_data["until_on"]}
        try:
            defer_item(by=by, at=now, item_id=item_id, **values)
        except DomainError as fault:
            form.add_error(fault.field if isinstance(fault, SessionRefused) else None, str(fault))
        else:
            messages.success(request, "Put off, with your reason.")
            return redirect("review_session", organization, session_id)
    record("agenda.defer_opened", by=by, at=now, patient_id=item.patient_id, object_id=item.id)
    context = {"form": form, "session": session, "item": item}
    return render(request, "caseload/agenda_defer.html", context, status=422 if form.is_bound else 200)


def shown_or_404(by: Membership, session_id: UUID) -> SessionShown:
    """The session. Raises Http404 for absent and foreign ones."""
    try:
        return session_shown(by.organization_id, session_id)
    except NotFound:
        raise Http404 from None


def session_words(session: SessionShown) -> str:
    """`Tuesday, Mar 3, 2:00 pm`."""
    return f"{session.on:%A}, {day(session.on)}, {clock(session.planned_at, session.zone_name)}"


def with_reasons(by: Membership, session: SessionShown, at: datetime) -> list[tuple[ItemShown, QueueRow | None]]:
    """Each patient of the agenda with why they are in the queue now. One statement."""
    rows = queue_rows_of(by.organization_id, [item.episode_id for item in session.items], at=at)
    return [(item, rows.get(item.episode_id)) for item in session.items]


def _agenda_page(request: HttpRequest, by: Membership, session: SessionShown, *, cancel: CancelForm) -> HttpResponse:
    now = timezone.now()
    people = people_of(by.organization_id)
    lines = with_reasons(by, session, now)
    waiting = _not_on_it(by, session, people, now) if session.is_planned or session.is_live else ()
    seen = [*session.patient_ids, *(row.patient_id for row in waiting)]
    record("review_session.viewed", by=by, at=now, object_id=session.id, shown=seen)
    context = {
        "session": session,
        "sub": session_words(session),
        "lines": [
            (item, row, people.get(item.care_manager_id) if item.care_manager_id else None) for item, row in lines
        ],
        "seats": [(people[seat], is_present) for seat, is_present in session.seats],
        "consultant": people[session.consultant_id],
        "waiting": waiting,
        "in_danger": sum(row.worst in ("safety", "worsening") for row in waiting),
        "cancel": cancel,
        "today": _today(session, now),
        "kept": sum(item.is_kept for item in session.items),
    }
    return render(request, "caseload/review_session.html", context, status=422 if cancel.is_bound else 200)


def _not_on_it(
    by: Membership, session: SessionShown, people: dict[UUID, Membership], at: datetime
) -> tuple[QueueRow, ...]:
    """Who else is in the queue of those who come, the worst first."""
    coming = frozenset(seat for seat, _ in session.seats if Role.CARE_MANAGER in people[seat].roles)
    on_it = {item.episode_id for item in session.items}
    most = MOST_WAITING + len(on_it)
    queue = review_queue(by.organization_id, Population(coming or None), at=at, most=most)
    return tuple(row for row in queue.rows if row.episode_id not in on_it)[:MOST_WAITING]


def _acts(by: Membership, session_id: UUID, chosen: UUID | None) -> dict[str, Callable[[], Any]]:
    now = timezone.now()
    acts: dict[str, Callable[[], Any]] = {"draw": lambda: draw_agenda(by=by, at=now, session_id=session_id)}
    if chosen is not None:
        item: dict[str, Any] = {"by": by, "at": now, "item_id": chosen}
        acts |= {
            "add": lambda: add_to_agenda(by=by, at=now, session_id=session_id, episode_id=chosen),
            "off": lambda: take_off_agenda(**item),
            "up": lambda: move_on_agenda(**item, is_up=True),
            "down": lambda: move_on_agenda(**item, is_up=False),
            "back": lambda: put_back(**item),
        }
    return acts


def _chosen(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _today(session: SessionShown, at: datetime) -> date:
    return local_date(at, session.zone)
