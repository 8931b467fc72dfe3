"""The review queue in two panes: who is to be discussed and why on the left, one patient's page on the right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Membership, Role
from caseload.forms.review_sessions import DeferForm
from caseload.forms.worktime import WorkTimeForm
from caseload.operations.review_drafts import mark_read
from caseload.operations.review_sessions import defer_patient
from caseload.operations.session_errors import SessionRefused
from caseload.operations.timekeeping import Work, record_time
from caseload.queries.case_summary import CaseSummary, case_summary
from caseload.queries.review_queue import EVERYBODY, Population, QueueRow, ReviewQueue, queue_rows_of, review_queue
from caseload.queries.review_sessions import SlotShown, sessions_of, slots_of
from caseload.queries.work import role_worked_in
from caseload.views.late import written as written_late
from caseload.views.review_writing import review_form, write_review

MOST_ROWS = 50
MINE, OWN, ALL = "mine", "own", "all"
METHODS = ["GET", "HEAD", "POST"]


@dataclass(frozen=True)
class Left:
    """The left pane: the queue of a population, cut to what one person can go through."""

    queue: ReviewQueue
    slots: tuple[SlotShown, ...]
    whose: str
    choices: tuple[tuple[str, str], ...]

    @property
    def rows(self) -> tuple[QueueRow, ...]:
        return self.queue.rows

    @property
    def patient_ids(self) -> list[UUID]:
        """Whom the pane shows."""
        return [row.patient_id for row in (*self.queue.rows, *self.queue.beside, *self.queue.deferred)]

    def row_of(self, episode_id: UUID) -> QueueRow | None:
        """The patient's row as far as it was read; None for who is not in the queue."""
        rows = (*self.queue.rows, *self.queue.beside, *self.queue.deferred)
        return next((row for row in rows if row.episode_id == episode_id), None)

    def after(self, row: QueueRow) -> QueueRow | None:
        """Who comes next; after the last, and after who is not in the queue, the first."""
        rows = (*self.queue.rows, *self.queue.beside)
        following = next((one for one in rows if row.number and one.number == row.number + 1), None)
        return following or next((one for one in rows if one.episode_id != row.episode_id), None)


@requires(Permission.JOIN_REVIEW)
@require_safe
def queue_page(request: HttpRequest, organization: str) -> HttpResponse:
    """Who is to be discussed, the worst first. `patient` goes to one of them: how a narrow page chooses."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    chosen = _uuid(request.GET.get("patient", ""))
    if chosen is not None:
        return redirect("review_patient", organization, chosen)
    left = left_pane(request, organization, by, now)
    record("review_queue.viewed", by=by, at=now, shown=left.patient_ids)
    sessions = sessions_of(by.organization_id, is_open=True)
    context = {
        "left": left,
        "live": [one for one in sessions if one.is_live],
        "planned": next((one for one in sessions if not one.is_live), None),
        "may_set_slots": Permission.SET_SLOTS in permissions_of(by.roles),
    }
    return render(request, "caseload/review_queue.html", context)


@requires(Permission.JOIN_REVIEW)
@require_POST
def queue_narrow(request: HttpRequest, organization: str) -> HttpResponse:
    """Keep whose patients are shown for the session, so that no address holds it."""
    request.session[_key(organization)] = request.POST.get("whose", "")[:40]
    return redirect("review_queue", organization)


@requires(Permission.JOIN_REVIEW)
@require_http_methods(METHODS)
def review_patient(request: HttpRequest, organization: str, episode_id: UUID) -> HttpResponse:
    """One patient of the queue: read, write the review, sign it and go on, or put the patient off."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    left = left_pane(request, organization, by, now, beside=episode_id)
    page = _Page(request, organization, by, now, left, _row(left, episode_id, by, now))
    if request.method != "POST":
        return page.shown()
    posted = {"defer": page.defer, "time": page.log_time}.get(request.POST.get("do", ""), page.write)
    return posted()


class _Page:
    """A patient's page, and what can be posted to it. What is refused comes back as it was typed."""

    def __init__(
        self, request: HttpRequest, organization: str, by: Membership, now: datetime, left: Left, row: QueueRow
    ) -> None:
        self.request, self.organization, self.by, self.now = request, organization, by, now
        self.left, self.row = left, row

    @property
    def summary(self) -> CaseSummary:
        return case_summary(self.by.organization_id, self.row.episode_id, on=self.row.today)

    def write(self) -> HttpResponse:
        written = write_review(self.request, self.row.episode_id)
        if written.is_signed or written.is_saved:
            messages.success(self.request, written.said)
            return self._next() if self.request.POST.get("do") == "sign_next" else self._again()
        return self.shown(form=written.form, status=written.status)

    def defer(self) -> HttpResponse:
        form = DeferForm(self.request.POST, today=self.row.today)
        if form.is_valid():
            values = {"because": form.cleaned_data["because"], "until_on": form.cleaned_data["until_on"]}
            try:
                defer_patient(by=self.by, at=self.now, episode_id=self.row.episode_id, **values)
            except DomainError as fault:
                form.add_error(fault.field if isinstance(fault, SessionRefused) else None, str(fault))
            else:
                messages.success(self.request, "Put off, with your reason.")
                return self._next()
        return self.shown(defer=form, status=422)

    def log_time(self) -> HttpResponse:
        """The minutes of a review outside a session: the person's own."""
        summary = self.summary
        form = _time_form(summary.zone, self.now, self.request.POST)
        if form.is_valid() and form.time is not None:
            work = Work(activity="case_review", role=role_worked_in(self.by.roles))
            token = form.cleaned_data["client_token"]
            write = partial(
                record_time, by=self.by, at=self.now, episode_id=self.row.episode_id, time=form.time,
                client_token=token, work=work,
            )  # fmt: skip
            try:
                written_late(form, write, by=self.by, at=self.now)
            except DomainError as fault:
                form.add_error(form.field_of_refusal(fault), str(fault))
            else:
                messages.success(self.request, "Time recorded.")
                return self._again()
        return self.shown(time=form, summary=summary, status=422)

    def shown(
        self, *, form: Any = None, defer: Any = None, time: Any = None, summary: CaseSummary | None = None,
        status: int = 200,
    ) -> HttpResponse:  # fmt: skip
        summary = summary or self.summary
        may_sign = Permission.SIGN_REVIEW in permissions_of(self.by.roles)
        form = form or review_form(self.by.organization_id, self.row.episode_id)
        if may_sign and form.initial.get("based_on"):
            read = {"episode_id": self.row.episode_id, "number": form.initial["based_on"]}
            mark_read(by=self.by, at=self.now, **read)
        record(
            "review_queue.opened", by=self.by, at=self.now, patient_id=self.row.patient_id,
            object_id=self.row.episode_id, shown=self.left.patient_ids,
        )  # fmt: skip
        after, number = self.left.after(self.row), self.row.number
        context = {
            "left": self.left,
            "row": self.row,
            "number": number,
            "place_words": f"{number} of {self.left.queue.total}",
            "after": after,
            "summary": summary,
            "form": form,
            "form_url": reverse("review_patient", args=[self.organization, self.row.episode_id]),
            "may_sign": may_sign,
            "session": None,
            "slug": self.organization,
            "defer": defer or DeferForm(today=self.row.today),
            "time": time or _time_form(summary.zone, self.now),
        }
        return render(self.request, "caseload/review_patient.html", context, status=status)

    def _again(self) -> HttpResponse:
        return redirect("review_patient", self.organization, self.row.episode_id)

    def _next(self) -> HttpResponse:
        after = self.left.after(self.row)
        if after is None:
            return redirect("review_queue", self.organization)
        return redirect("review_patient", self.organization, after.episode_id)


def left_pane(
    request: HttpRequest, organization: str, by: Membership, at: datetime, *, beside: UUID | None = None
) -> Left:
    """The queue of whom the person chose, at first of those whom it is about: a consultant's slots, a care manager's
    own patients, else everybody's; with the patient `beside` it and who comes after. Three statements.
    """
    slots = slots_of(by.organization_id)
    whose, population = population_asked(request.session.get(_key(organization), ""), slots, by)
    own = [(MINE, "My patients")] if Role.CARE_MANAGER in by.roles else []
    together = [(OWN, "All my slots")] if len(_own(slots, by)) > 1 else []
    choices = (*own, *together, *((str(slot.id), slot.name) for slot in slots), (ALL, "Everybody’s"))
    queue = review_queue(by.organization_id, population, at=at, most=MOST_ROWS, beside=beside)
    return Left(queue, slots, whose, choices)


def population_asked(kept: str, slots: tuple[SlotShown, ...], by: Membership) -> tuple[str, Population]:
    """What was chosen, or what is usual for the person where nothing that still exists was."""
    slot = next((one for one in slots if str(one.id) == kept), None)
    if slot is not None:
        return kept, slot.population
    if kept == ALL:
        return ALL, EVERYBODY
    if Role.CARE_MANAGER in by.roles:
        return MINE, Population(frozenset({by.id}))
    own = _own(slots, by)
    if not own:
        return ALL, EVERYBODY
    people = frozenset(seat for slot in own for seat in slot.care_manager_ids)
    return (str(own[0].id) if len(own) == 1 else OWN), Population(people)


def _own(slots: tuple[SlotShown, ...], by: Membership) -> list[SlotShown]:
    """The slots in which the person is the consultant."""
    return [slot for slot in slots if slot.consultant_id == by.id]


def _time_form(zone: ZoneInfo, now: datetime, data: QueryDict | None = None) -> WorkTimeForm:
    """The form of minutes beside that of the review, which has a day too."""
    form = WorkTimeForm(data, zone=zone, now=now)
    form.auto_id = "time_%s"
    return form


def _row(left: Left, episode_id: UUID, by: Membership, at: datetime) -> QueueRow:
    """The patient's row, also of an open episode that is in no queue. Raises Http404."""
    row = left.row_of(episode_id) or queue_rows_of(by.organization_id, [episode_id], at=at).get(episode_id)
    if row is None:
        raise Http404
    return row


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _key(organization: str) -> str:
    return f"review_queue:{organization}"
