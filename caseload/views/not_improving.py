"""Everybody who is not improving, on one screen, on paper, and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_with
from bhi.audit.operations import record
from bhi.tenancy.models import Membership, Role
from bhi.web.templatetags.parts import score_cell, signal_chip
from caseload.forms.not_improving import asked_for, to_remember
from caseload.queries.caseload_list import ClinicToday, ScoreCell, clinics_today
from caseload.queries.not_improving import (
    MOST_ROWS,
    PAGE_ROWS,
    Narrowed,
    NotImproving,
    narrowed,
    not_improving,
    not_improving_part,
)
from caseload.rules.not_improving import ORDERS, Share, share_of, shares_by
from registry.queries.part_two import notice_of_file
from registry.rules.csv_text import Cell, csv_bytes
from registry.rules.instruments import INSTRUMENTS

HEADER = (
    *("Name", "Record number", "Clinic", "Care manager", "Program", "Weeks", "Signal", "Since"),
    *("PHQ-9 baseline", "PHQ-9 last", "PHQ-9 last on", "GAD-7 baseline", "GAD-7 last", "GAD-7 last on"),
    *("Treatment changed on", "Treatment changed", "Last review", "Reviewed this month"),
)


@dataclass(frozen=True)
class Line:
    """A row as the template lays it out."""

    row: NotImproving
    url: str
    about: str
    signal: SafeString
    scores: SafeString


@dataclass(frozen=True)
class Group:
    """A clinic or a care manager, and the totals there."""

    name: str
    share: Share


@dataclass(frozen=True)
class Screen:
    """Who asks for whom."""

    by: Membership
    at: datetime
    asked: Narrowed
    clinics: dict[UUID, ClinicToday]
    people: dict[UUID, str]
    today: date


@requires(Permission.JOIN_REVIEW)
@require_safe
def not_improving_page(request: HttpRequest, organization: str) -> HttpResponse:
    """The screen, narrowed as it was last in this session; `all`: on one page, for paper."""
    screen = _screen(request, organization)
    most = MOST_ROWS if "all" in request.GET else PAGE_ROWS
    first = first_row(request.GET.get("from", ""), most)
    page = not_improving_part(screen.by.organization_id, screen.clinics, screen.asked, first=first, most=most)
    record("not_improving.viewed", by=screen.by, at=screen.at, shown=[row.patient_id for row in page.rows])
    context: dict[str, Any] = {
        "slug": organization,
        "lines": list(_lines(page.rows, screen, organization)),
        "today": screen.today,
        "total": sum(one.patients for one in page.counted),
        "found": page.found,
        "share": share_of(page.counted),
        "by_clinic": _groups(shares_by(page.counted, "clinic_id"), _names(screen), ""),
        "by_manager": _groups(shares_by(page.counted, "care_manager_id"), screen.people, "Nobody"),
        "clinics": list(_names(screen).items()),
        "care_managers": list(screen.people.items()),
        "orders": ORDERS,
        "asked": screen.asked,
        "may_export": Permission.EXPORT_CASELOAD in permissions_of(screen.by.roles),
        **_places(first, len(page.rows), page.found, most),
    }
    return render(request, "caseload/not_improving.html", context)


@requires(Permission.JOIN_REVIEW)
@require_POST
def not_improving_narrow(request: HttpRequest, organization: str) -> HttpResponse:
    """Keep for the session what the screen is narrowed to, so that no address holds it."""
    request.session[_key(organization)] = to_remember(request.POST)
    return redirect("not_improving", organization)


@requires(Permission.EXPORT_CASELOAD)
@require_POST
def not_improving_file(request: HttpRequest, organization: str) -> HttpResponse:
    """Everybody whom the screen shows, as a file."""
    screen = _screen(request, organization)
    rows = narrowed(not_improving(screen.by.organization_id, screen.clinics), screen.asked)
    shown = [row.patient_id for row in rows]
    record("not_improving.exported", by=screen.by, at=screen.at, shown=shown)
    return HttpResponse(
        csv_bytes(HEADER, _file_lines(rows, screen), notice=notice_of_file(screen.by.organization_id, shown)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="not-improving-{screen.today:%Y-%m-%d}.csv"'},
    )


def _screen(request: HttpRequest, organization: str) -> Screen:
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    asked = asked_for(request.session.get(_key(organization), {}))
    clinics = clinics_today(by.organization_id, now)
    return Screen(
        by=by,
        at=now,
        asked=asked,
        clinics=clinics,
        people=dict(people_with(by.organization_id, Role.CARE_MANAGER)),
        today=max((clinic.today for clinic in clinics.values()), default=now.date()),
    )


def _names(screen: Screen) -> dict[UUID, str]:
    return {clinic.id: clinic.name for clinic in screen.clinics.values()}


def first_row(typed: str, most: int) -> int:
    """The place, from 0, at which a page of `most` begins; the first one for what is no place."""
    first = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 8 else 0
    return first - first % most


def _places(first: int, shown: int, found: int, most: int) -> dict[str, str]:
    """Which part of those asked for the page shows, and where the parts before and after it are."""
    last, of_all = first + shown, "all=1&" if most == MOST_ROWS else ""
    return {
        "shown": f"{first + 1} to {last}" if shown < found else "",
        "previous_url": f"?{of_all}from={max(first - most, 0)}" if first else "",
        "next_url": f"?{of_all}from={last}" if shown and last < found else "",
        "all_url": "?all=1" if shown < found and most < MOST_ROWS else "",
    }


def _key(organization: str) -> str:
    return f"not_improving:{organization}"


def _lines(rows: Iterable[NotImproving], screen: Screen, organization: str) -> Iterator[Line]:
    """The address of a summary is worked out once and completed for each row."""
    nobody = UUID(int=0)
    summary = reverse("case_summary", args=[organization, nobody])
    for row in rows:
        yield Line(
            row=row,
            url=summary.replace(str(nobody), str(row.patient_id)),
            about=_about(row, screen),
            signal=signal_chip(row.signal, row.today),
            scores=_scores(row),
        )


def _about(row: NotImproving, screen: Screen) -> str:
    """Record number, clinic and care manager, where they tell rows apart."""
    clinic = row.clinic if len(screen.clinics) > 1 else ""
    manager = (_name(row.care_manager_id, screen) or "no care manager") if len(screen.people) > 1 else ""
    return " · ".join(part for part in (row.mrn, clinic, manager) if part)


def _name(seat_id: UUID | None, screen: Screen) -> str:
    return screen.people.get(seat_id, "") if seat_id else ""


def _scores(row: NotImproving) -> SafeString:
    """The scale that was elevated at the baseline, the PHQ-9 before the GAD-7; both where neither tells more."""
    key, cell = next(
        ((key, cell) for key, cell in (("phq9", row.phq9), ("gad7", row.gad7)) if _is_elevated(key, cell)),
        ("phq9", row.phq9),
    )
    scale = INSTRUMENTS[key]
    return score_cell(
        scale.name,
        baseline=cell.baseline,
        last=cell.last,
        last_on=cell.last_on,
        series=cell.series,
        highest=scale.highest_total,
        today=row.today,
        state=f"{scale.name}, {cell.state.lower()}" if cell.state else scale.name,
        is_referral=cell.is_referral,
    )


def _is_elevated(key: str, cell: ScoreCell) -> bool:
    lowest: int = getattr(INSTRUMENTS[key], "elevated_from", 0)
    return cell.baseline is not None and cell.baseline >= lowest


def _groups(shares: dict[UUID | None, Share], names: dict[UUID, str], nobody: str) -> list[Group]:
    groups = [Group(names.get(key, nobody) if key else nobody, share) for key, share in shares.items()]
    return sorted(groups, key=lambda group: (-group.share.patients, group.name))


def _file_lines(rows: Iterable[NotImproving], screen: Screen) -> Iterator[list[Cell]]:
    for row in rows:
        reviewed = ("yes" if row.is_reviewed else "no") if row.is_cocm else ""
        yield [
            *(row.name, row.mrn, row.clinic, _name(row.care_manager_id, screen), row.program, row.weeks),
            *(row.signal.label, row.since),
            *(row.phq9.baseline, row.phq9.last, row.phq9.last_on, row.gad7.baseline, row.gad7.last, row.gad7.last_on),
            *(row.changed_on, row.changed, row.last_review_on, reviewed),
        ]
