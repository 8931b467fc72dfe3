"""How much each care manager carries, giving patients to a colleague, and standing in for one."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.accounts.queries.findings import people_findings
from bhi.accounts.queries.people import away_on
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from billing.queries.closes import months_open_again
from caseload.forms.hand_overs import CoverForm, HandOverForm
from caseload.operations.hand_overs import (
    CoverRefused,
    end_cover,
    hand_over,
    may_give,
    read_hand_over,
    set_cover,
)
from caseload.queries.hand_overs import covers_from, episodes_to_give, organization_today
from caseload.queries.sweeps import last_sweep
from caseload.queries.team import team_rows
from registry.queries.choices import care_manager_choices
from registry.queries.panels import open_episodes_by_care_manager

METHODS = ["GET", "HEAD", "POST"]
NOBODY = "nobody"


@requires(Permission.VIEW_TEAM)
@require_safe
def team(request: HttpRequest, organization: str) -> HttpResponse:
    """Caseload sizes against the limit, and overdue work, per care manager."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    context = {
        "rows": team_rows(by.organization_id, now),
        "sweep": last_sweep(by.organization_id),
        "open_again": months_open_again(by.organization_id),
        "findings": people_findings(by.organization_id, now),
        "today": now.date(),
    }
    return render(request, "caseload/team.html", context)


@requires(Permission.LOG_CONTACT)
@require_http_methods(METHODS)
def hand_over_patients(request: HttpRequest, organization: str) -> HttpResponse:
    """Give a caseload or some of it to a colleague."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now, owner_id = timezone.now(), _owner(request, by)
    offered = episodes_to_give(by.organization_id, owner_id)
    form = HandOverForm(
        request.POST if request.method == "POST" else None, people=_receivers(by, owner_id), offered=offered
    )
    if form.is_bound and form.is_valid():
        chosen: dict[str, Any] = {"episode_ids": form.chosen, "to_id": form.to_id}
        try:
            count = hand_over(by=by, at=now, note=form.cleaned_data["note"], notes=form.notes, **chosen)
        except DomainError as fault:
            form.add_error(None, str(fault))
        else:
            name = people_of(by.organization_id)[form.to_id].name
            messages.success(request, f"{count} patient{'' if count == 1 else 's'} went to {name}.")
            return redirect(request.get_full_path())
    record("hand_over.opened", by=by, at=now, shown=[one.patient_id for one in offered])
    context = {"form": form, "owner": _owner_name(by, owner_id), "owners": _owners(by), "owner_key": owner_id or NOBODY}
    return render(request, "caseload/hand_over.html", context, status=422 if form.is_bound else 200)


@requires(Permission.LOG_CONTACT)
@require_POST
def hand_over_read(request: HttpRequest, organization: str, hand_over_id: UUID) -> HttpResponse:
    """The receiver read the note of a hand-over."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    try:
        patient_id = read_hand_over(by=by, at=timezone.now(), hand_over_id=hand_over_id)
    except NotFound:
        raise Http404 from None
    return redirect("patient_chart", organization, patient_id)


@requires(Permission.LOG_CONTACT)
@require_http_methods(METHODS)
def covers(request: HttpRequest, organization: str) -> HttpResponse:
    """Who stands in for whom, and one more."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    today, people = organization_today(by.organization_id, now), care_manager_choices(by.organization_id)
    away = [one for one in people if may_give(by, UUID(one[0]))]
    initial = {"away": str(by.id), "from_on": today}
    form = CoverForm(request.POST if request.method == "POST" else None, away=away, people=people, initial=initial)
    if form.is_bound and form.is_valid() and _set(form, by, today=today):
        messages.success(request, "Saved. The patients stay whose they are, and show under Today of who stands in.")
        return redirect("covers", organization)
    context: dict[str, Any] = {"form": form, "today": today, "may_set": bool(away)}
    context["covers"] = [
        (one, may_give(by, one.away_id) or one.by_id == by.id) for one in covers_from(by.organization_id, today)
    ]
    return render(request, "caseload/covers.html", context, status=422 if form.is_bound else 200)


@requires(Permission.LOG_CONTACT)
@require_POST
def cover_end(request: HttpRequest, organization: str, cover_id: UUID) -> HttpResponse:
    """From today on nobody stands in any more."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    try:
        end_cover(by=by, at=now, cover_id=cover_id, today=organization_today(by.organization_id, now))
    except NotFound:
        raise Http404 from None
    except DomainError as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, "Ended.")
    return redirect("covers", organization)


def _set(form: CoverForm, by: Membership, *, today: date) -> bool:
    values = form.cleaned_data
    days: dict[str, Any] = {"from_on": values["from_on"], "until_on": values["until_on"], "today": today}
    who: dict[str, Any] = {"away_id": UUID(values["away"]), "covered_by_id": UUID(values["covered_by"])}
    try:
        set_cover(by=by, at=timezone.now(), note=values["note"], **who, **days)
    except CoverRefused as refused:
        form.add_error(refused.field, str(refused))
    except DomainError as fault:
        form.add_error(None, str(fault))
    return form.is_valid()


def _owner(request: HttpRequest, by: Membership) -> UUID | None:
    """Whose patients: the seat's own, unless a lead names another, or nobody."""
    named = request.GET.get("from", "")
    if named == NOBODY and may_give(by, None):
        return None
    try:
        seat_id = UUID(named) if named else by.id
    except ValueError:
        raise Http404 from None
    if not may_give(by, seat_id) or seat_id not in people_of(by.organization_id):
        raise Http404
    return seat_id


def _owner_name(by: Membership, owner_id: UUID | None) -> str:
    return people_of(by.organization_id)[owner_id].name if owner_id else "nobody"


def _owners(by: Membership) -> list[tuple[str, str]]:
    """Whose patients a lead may choose from."""
    if not may_give(by, None):
        return []
    return [(NOBODY, "Nobody’s"), (str(by.id), "Mine"), *_without(care_manager_choices(by.organization_id), by.id)]


def _receivers(by: Membership, owner_id: UUID | None) -> list[tuple[str, str]]:
    """Everybody else who manages care, with how many patients they have."""
    counts = open_episodes_by_care_manager(by.organization_id)
    others = _without(care_manager_choices(by.organization_id), owner_id)
    away = away_on(by.organization_id, organization_today(by.organization_id, timezone.now()))
    return [
        (key, f"{name} ({counts.get(UUID(key), 0)} open{', on leave' if UUID(key) in away else ''})")
        for key, name in others
    ]


def _without(choices: list[tuple[str, str]], seat_id: UUID | None) -> list[tuple[str, str]]:
    return [one for one in choices if one[0] != str(seat_id)]
