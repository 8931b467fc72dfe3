"""The session itself: everybody in it sees the same patient, either types, and at the end the minutes are posted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, MonthClosed, NotFound
from bhi.tenancy.models import Membership, Role
from billing.operations.late import write_late
from caseload.forms.review_sessions import DeferForm, EndForm
from caseload.operations.live_sessions import (
    SessionEnded,
    begin_session,
    end_session,
    open_item,
    pause_session,
    set_present,
)
from caseload.operations.review_drafts import mark_read
from caseload.operations.review_sessions import defer_item
from caseload.operations.reviews import sign_read
from caseload.operations.session_errors import SessionRefused, SpellsToConfirm
from caseload.queries.case_summary import CaseSummary, case_summary
from caseload.queries.review_queue import QueueRow, queue_rows_of
from caseload.queries.review_sessions import ItemShown, SessionShown
from caseload.queries.session_tasks import SessionTask, session_tasks
from caseload.rules.clock import local_date
from caseload.rules.review_sessions import is_forgotten
from caseload.views.review_sessions import session_words, shown_or_404
from caseload.views.review_writing import review_form, write_review

METHODS = ["GET", "HEAD", "POST"]


@requires(Permission.JOIN_REVIEW)
@require_http_methods(METHODS)
def session_live(request: HttpRequest, organization: str, session_id: UUID) -> HttpResponse:
    """The agenda and the patient who lies open; POST writes or signs that patient's review, or puts them off."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    session = shown_or_404(by, session_id)
    if not session.is_live:
        return redirect("session_tasks" if session.is_ended else "review_session", organization, session_id)
    page = _Live(request, organization, by, session)
    if request.method != "POST":
        return page.shown()
    item = _item_posted(request, session)
    if item is None:
        messages.error(request, "This patient is not on the agenda any more. Nothing was saved.")
        return page.shown(status=422)
    return page.defer(item) if request.POST.get("do") == "defer" else page.write(item)


@requires(Permission.JOIN_REVIEW)
@require_POST
def session_act(request: HttpRequest, organization: str, session_id: UUID) -> HttpResponse:
    """Begin, open a patient, go to the next, pause, say who is there, or sign all read drafts, by the button `do`."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    session = shown_or_404(by, session_id)
    act = _acts(request, by, session).get(request.POST.get("do", ""))
    if act is None:
        messages.error(request, "Nothing was chosen.")
        return redirect("review_session", organization, session_id)
    try:
        said = act()
    except NotFound:
        raise Http404 from None
    except DomainError as fault:
        messages.error(request, str(fault))
    else:
        if said:
            messages.success(request, said)
    return redirect("session_live", organization, session_id)


@requires(Permission.JOIN_REVIEW)
@require_safe
def session_pulse(request: HttpRequest, organization: str, session_id: UUID) -> HttpResponse:
    """Asked every few seconds: 204 while nothing changed that those in the session see. Shows nobody's data."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    session = shown_or_404(by, session_id)
    if request.GET.get("seen") == session.version:
        return HttpResponse(status=204)
    return render(request, "caseload/session_pulse.html", {"session": session})


@requires(Permission.JOIN_REVIEW)
@require_http_methods(METHODS)
def session_end(request: HttpRequest, organization: str, session_id: UUID) -> HttpResponse:
    """Whose minutes are how many; posting them ends the session."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    session = shown_or_404(by, session_id)
    if not session.is_live:
        return redirect("session_tasks" if session.is_ended else "review_session", organization, session_id)
    form = EndForm(request.POST if request.method == "POST" else None, session=session, now=now)
    if form.is_bound and form.is_valid():
        try:
            ended = _ended(form, by=by, at=now, session_id=session_id)
        except SpellsToConfirm as asked:
            form.refuse(asked.faults)
        except DomainError as fault:
            form.add_error("late_because" if isinstance(fault, MonthClosed) else None, str(fault))
        else:
            held = f" {ended.held} overlap other work and wait under Held time." if ended.held else ""
            recorded = f"{ended.entries} times were recorded." if ended.entries else "No minutes were recorded."
            messages.success(request, f"Ended. {recorded}{held}")
            return redirect("session_tasks", organization, session_id)
    record("review_session.end_opened", by=by, at=now, object_id=session.id, shown=session.patient_ids)
    people = people_of(by.organization_id)
    context = {
        "session": session,
        "form": form,
        "seats": _seats(session, people),
        "is_forgotten": _is_forgotten(session, now),
        "now": now,
    }
    return render(request, "caseload/session_end.html", context, status=422 if form.is_bound else 200)


def _ended(form: EndForm, *, by: Membership, at: datetime, session_id: UUID) -> SessionEnded:
    """End it; as something that comes late where the form says why."""

    def end() -> SessionEnded:
        return end_session(by=by, at=at, session_id=session_id, minutes=form.minutes)

    return write_late(by=by, at=at, because=form.because_late, write=end) if form.because_late else end()


@requires(Permission.JOIN_REVIEW)
@require_safe
def session_tasks_page(request: HttpRequest, organization: str, session_id: UUID) -> HttpResponse:
    """What each person has to do, for the screen and for paper."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    session = shown_or_404(by, session_id)
    people = people_of(by.organization_id)
    tasks = session_tasks(by.organization_id, session)
    record("review_session.tasks_viewed", by=by, at=now, object_id=session.id, shown=session.patient_ids)
    context = {
        "session": session,
        "sub": session_words(session),
        "people": _by_person(tasks, people),
        "today": local_date(now, session.zone),
    }
    return render(request, "caseload/session_tasks.html", context)


class _Live:
    """The page of a running session, and what can be posted to it."""

    def __init__(self, request: HttpRequest, organization: str, by: Membership, session: SessionShown) -> None:
        self.request, self.organization, self.by, self.session = request, organization, by, session
        self.now = timezone.now()

    def write(self, item: ItemShown) -> HttpResponse:
        written = write_review(self.request, item.episode_id, session_id=self.session.id)
        if not (written.is_signed or written.is_saved):
            return self.shown(item, form=written.form, status=written.status)
        messages.success(self.request, written.said)
        return self._next(item) if self.request.POST.get("do") == "sign_next" else self.again()

    def defer(self, item: ItemShown) -> HttpResponse:
        form = DeferForm(self.request.POST, today=local_date(self.now, self.session.zone))
        if form.is_valid():
            values = {"because": form.cleaned_data["because"], "until_on": form.cleaned_data["until_on"]}
            try:
                defer_item(by=self.by, at=self.now, item_id=item.id, **values)
            except DomainError as fault:
                form.add_error(fault.field if isinstance(fault, SessionRefused) else None, str(fault))
            else:
                messages.success(self.request, "Put off, with your reason.")
                return self._next(item)
        return self.shown(item, defer=form, status=422)

    def shown(
        self, item: ItemShown | None = None, *, form: Any = None, defer: Any = None, status: int = 200
    ) -> HttpResponse:
        """The patient who lies open, or the one whose form was refused."""
        session, people = self.session, people_of(self.by.organization_id)
        rows = queue_rows_of(self.by.organization_id, [item.episode_id for item in session.items], at=self.now)
        may_sign = Permission.SIGN_REVIEW in permissions_of(self.by.roles)
        item = item or session.open_item
        context: dict[str, Any] = {
            "session": session,
            "sub": f"{session.done} of {len(session.items)} done",
            "lines": [(one, rows.get(one.episode_id)) for one in session.items],
            "item": item,
            "after": session.next_after(item),
            "seats": _seats(session, people),
            "is_there": self.by.id in session.present_ids,
            "read": sum(one.is_waiting and one.is_read for one in session.items) if may_sign else 0,
            "may_sign": may_sign,
            "is_forgotten": _is_forgotten(session, self.now),
            "now": self.now,
            "today": local_date(self.now, session.zone),
            "slug": self.organization,
            "defer": defer or DeferForm(today=local_date(self.now, session.zone)),
        }
        if item is not None:
            context |= self._right(item, rows.get(item.episode_id), form, may_sign=may_sign)
        record(
            "review_session.viewed", by=self.by, at=self.now, object_id=session.id, shown=session.patient_ids,
            patient_id=item.patient_id if item else None,
        )  # fmt: skip
        return render(self.request, "caseload/session_live.html", context, status=status)

    def again(self) -> HttpResponse:
        return redirect("session_live", self.organization, self.session.id)

    def _right(self, item: ItemShown, row: QueueRow | None, form: Any, *, may_sign: bool) -> dict[str, Any]:
        today = row.today if row else local_date(self.now, self.session.zone)
        summary: CaseSummary = case_summary(self.by.organization_id, item.episode_id, on=today)
        form = form or (review_form(self.by.organization_id, item.episode_id) if not item.review_id else None)
        if may_sign and form is not None and form.initial.get("based_on") and not item.is_read:
            mark_read(by=self.by, at=self.now, episode_id=item.episode_id, number=form.initial["based_on"])
        url = reverse("session_live", args=[self.organization, self.session.id])
        return {"summary": summary, "form": form, "form_url": f"{url}?item={item.id}"}

    def _next(self, item: ItemShown) -> HttpResponse:
        """Lay the next one open for everybody, unless somebody did meanwhile."""
        after = self.session.next_after(item)
        opened = self.session.open_item
        if after is not None and opened is not None and opened.id == item.id:
            open_item(by=self.by, at=self.now, session_id=self.session.id, item_id=after.id)
        return self.again()


def _acts(request: HttpRequest, by: Membership, session: SessionShown) -> dict[str, Callable[[], str]]:
    who: dict[str, Any] = {"by": by, "at": timezone.now(), "session_id": session.id}
    present = {one for one in map(_uuid, request.POST.getlist("present")) if one is not None}

    def begin() -> str:
        begin_session(**who, present_ids=present)
        return ""

    def open_one() -> str:
        item_id = _uuid(request.POST.get("item", ""))
        if item_id is None:
            raise NotFound
        open_item(**who, item_id=item_id)
        return ""

    def pause() -> str:
        pause_session(**who)
        return "Paused: nobody’s minutes run."

    def seat() -> str:
        set_present(**who, present_ids=present)
        return "Saved who is here."

    def join() -> str:
        set_present(**who, present_ids=session.present_ids | {by.id})
        return "You are here: your minutes are posted at the end."

    def sign_all() -> str:
        signed = sign_read(**who)
        left = f" {len(signed.left)} could not be signed: open them to see why." if signed.left else ""
        return f"{len(signed.signed)} signed.{left}"

    return {"begin": begin, "open": open_one, "pause": pause, "seat": seat, "join": join, "sign_read": sign_all}


def _item_posted(request: HttpRequest, session: SessionShown) -> ItemShown | None:
    """The patient whose form was posted: by then somebody may have opened another one."""
    item_id = _uuid(request.GET.get("item", ""))
    return next((item for item in session.items if item.id == item_id), None)


def _seats(session: SessionShown, people: dict[UUID, Membership]) -> list[tuple[Membership, bool, str]]:
    """Everybody of the session, whether they are there, and whose minutes count."""
    return [
        (people[seat], is_present, _counts(people[seat], is_consultant=seat == session.consultant_id))
        for seat, is_present in session.seats
    ]


def _counts(person: Membership, *, is_consultant: bool) -> str:
    """What becomes of a person's minutes, in words."""
    if Role.CARE_MANAGER in person.roles and not is_consultant:
        return "counted"
    return "recorded, not counted" if Role.PSYCHIATRIC_CONSULTANT in person.roles else "no minutes"


def _by_person(tasks: tuple[SessionTask, ...], people: dict[UUID, Membership]) -> list[tuple[str, list[SessionTask]]]:
    found: dict[str, list[SessionTask]] = {}
    for task in tasks:
        name = people[task.owner_id].name if task.owner_id else "Nobody’s patients yet"
        found.setdefault(name, []).append(task)
    return sorted(found.items())


def _is_forgotten(session: SessionShown, now: datetime) -> bool:
    return session.began_at is not None and is_forgotten(session.began_at, session.planned_minutes, now)


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None
