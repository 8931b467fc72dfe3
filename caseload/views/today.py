"""Today: what is due, the most harmful to miss first, and whose work is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from caseload.forms.today import scope_asked, to_remember
from caseload.queries.caseload_list import ClinicToday
from caseload.queries.monthly_check import CheckDue, checks_due
from caseload.queries.today import COVERED, EVERYBODY, MINE, OURS, Due, Scope, Worklist, usual_scope, work_due, worklist
from caseload.queries.today_everywhere import todays_of
from caseload.rules.clock import first_day, last_day, month_of
from caseload.rules.worklist import MonthSoFar
from caseload.views.month_cells import MonthCell, month_cells
from caseload.views.today_lines import line_of, waiting_lines

PAGE_ROWS = 50
# Months are judged for as many patients as one person could have; of a whole organization they are not asked.
MOST_MONTHS = 250


@requires(Permission.LOG_CONTACT)
@require_safe
def today(request: HttpRequest, organization: str) -> HttpResponse:
    """The worklist, with what is due in the person's other organizations."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    scope, due = _due(request, organization, by, now)
    clinics = due.clinics
    shown = worklist(due, months_due(by.organization_id, due))
    people = people_of(by.organization_id)
    first = first_place(request.GET.get("from", ""), len(shown.rows))
    rows = shown.rows[first : first + PAGE_ROWS]
    beside = {one.patient.patient_id for one in shown.waiting} | {one.patient_id for one in due.handed}
    seen = {row.patient.patient_id for row in rows} | beside
    record("today.viewed", by=by, at=now, shown=seen)
    context = {
        "lines": [line_of(row, organization, by, people, names_clinics=len(clinics) > 1) for row in rows],
        "waiting": waiting_lines(shown.waiting, organization, people),
        "sub": _sub(shown, clinics, now),
        "next_words": _next_words(due, clinics, now),
        "covers": [(people[seat].name, until) for seat, until in due.covers if seat in people],
        "today": _latest(clinics, now),
        "handed": [(one, people.get(one.given_by_id) if one.given_by_id else None) for one in due.handed],
        "elsewhere": todays_of(by.user_id, at=now, months=months_due, besides=organization) if by.user_id else (),
        "checks": [(one, f"{first_day(one.month):%B}") for one in _checks(by, now)],
        **_filters(scope, due, by, clinics),
        **places(first, len(shown.rows)),
    }
    return render(request, "caseload/today.html", context)


def _checks(by: Membership, at: datetime) -> tuple[CheckDue, ...]:
    """Months that wait for the signature of a lead."""
    return checks_due(by.organization_id, at=at) if Permission.CHECK_PROGRAM in permissions_of(by.roles) else ()


@requires(Permission.LOG_CONTACT)
@require_POST
def today_narrow(request: HttpRequest, organization: str) -> HttpResponse:
    """Keep whose work is shown for the session, so that no address holds it."""
    request.session[_key(organization)] = to_remember(request.POST)
    return redirect("today", organization)


def months_of(organization_id: UUID, due: Due) -> dict[UUID, MonthSoFar]:
    """This month of everybody who has minutes in it, by episode."""
    days = {one.episode_id: one.today for one in due.with_minutes}
    cells = month_cells(organization_id, due.with_minutes)
    return {episode_id: _so_far(cell, days[episode_id]) for episode_id, cell in cells.items()}


def months_due(organization_id: UUID, due: Due) -> dict[UUID, MonthSoFar]:
    """The months of those in the list, unless they are more than one person could have."""
    return months_of(organization_id, due) if len(due.with_minutes) <= MOST_MONTHS else {}


def _so_far(cell: MonthCell, today: date) -> MonthSoFar:
    """A month cut down to what care can do about it. What nobody pays for is near nothing."""
    return MonthSoFar(
        minutes=cell.minutes,
        goal=cell.goal,
        is_reached=bool(cell.code_now or cell.refusal),
        missing=cell.still_to_do(last_day(month_of(today))),
    )


def _due(request: HttpRequest, organization: str, by: Membership, at: datetime) -> tuple[Scope, Due]:
    """What may be due in the scope that the session remembers; a clinic that is not ours is as good as none."""
    kept = request.session.get(_key(organization), {})
    scope = scope_asked(kept, seat_id=by.id, usual=usual_scope(by.roles))
    due = work_due(by.organization_id, scope, at=at)
    if scope.clinic_id is None or scope.clinic_id in due.clinics:
        return scope, due
    scope = Scope(by.id, scope.whose)
    return scope, work_due(by.organization_id, scope, at=at)


def _key(organization: str) -> str:
    return f"today:{organization}"


def _filters(scope: Scope, due: Due, by: Membership, clinics: Mapping[UUID, ClinicToday]) -> dict[str, Any]:
    """What can be chosen above the list; covering is offered while there is somebody to stand in for."""
    covered = [(OURS, "Mine and those I cover"), (MINE, "Mine only"), (COVERED, "Those I cover")]
    own = covered if due.covers or scope.whose == COVERED else [(OURS, "Mine")]
    whose = OURS if scope.whose == MINE and not due.covers else scope.whose
    return {
        "whose_choices": [*own, (EVERYBODY, "Everybody’s")],
        "whose": whose,
        "clinic_choices": [(clinic.id, clinic.name) for clinic in clinics.values()],
        "clinic": scope.clinic_id,
        "is_narrowed": scope.clinic_id is not None or scope.whose != usual_scope(by.roles),
        "has_months": len(due.with_minutes) <= MOST_MONTHS,
    }


def places(first: int, total: int) -> dict[str, Any]:
    """Which part of the list the page shows, and where the parts before and after it are."""
    last = min(first + PAGE_ROWS, total)
    return {
        "total": total,
        "shown": f"{first + 1} to {last}",
        "previous_url": f"?from={max(first - PAGE_ROWS, 0)}" if first else "",
        "next_url": f"?from={last}" if last < total else "",
    }


def first_place(typed: str, total: int) -> int:
    """Where the page begins; the first one for what is no place in the list."""
    first = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 8 else 0
    return first - first % PAGE_ROWS if first < total else 0


def _latest(clinics: Mapping[UUID, ClinicToday], at: datetime) -> date:
    return max((clinic.today for clinic in clinics.values()), default=at.date())


def _sub(shown: Worklist, clinics: Mapping[UUID, ClinicToday], at: datetime) -> str:
    """`Monday, Mar 2 · 12 patients, 2 of them for safety`."""
    day = _latest(clinics, at)
    count = len(shown.rows)
    return f"{day:%A, %b} {day.day}" + (f" · {patients_words(count, shown.safety)}" if count else "")


def patients_words(count: int, safety: int) -> str:
    """`12 patients, 2 of them for safety`."""
    patients = "1 patient" if count == 1 else f"{count:,} patients"
    return patients + (f", {safety} of them for safety" if safety else "")


def _next_words(due: Due, clinics: Mapping[UUID, ClinicToday], at: datetime) -> str:
    """What comes next where nothing is due today."""
    if due.next_on is None:
        return "Nothing is planned either. Plan the next contact on a patient’s chart, or enrol somebody."
    day = due.next_on
    patients = "1 patient is" if due.next_patients == 1 else f"{due.next_patients} patients are"
    return f"Next: {patients} planned for {day:%A, %b} {day.day}."
