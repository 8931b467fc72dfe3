"""The front door, and how the machine is."""

from __future__ import annotations

import sys

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe
from psycopg_pool import PoolTimeout

from bhi.accounts.narrowing import permissions_here
from bhi.accounts.permissions import Permission, permissions_of, public, requires, signed_in
from bhi.accounts.queries import seats_of, seats_to_sign_on
from bhi.tenancy.startup import role_faults
from bhi.web.frame import NAVIGATION

log = structlog.get_logger(__name__)
# Whoever has one of these in several organizations is offered their outcomes side by side.
OUTCOMES = frozenset({Permission.VIEW_OUTCOMES, Permission.VIEW_OWN_OUTCOMES, Permission.SIGN_REVIEW})


@signed_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Straight into the only organization, else a choice."""
    seats = seats_of(request.user.pk)
    is_staff = getattr(request.user, "is_platform_staff", False)
    elsewhere = seats_to_sign_on(request.user.pk)
    if len(seats) == 1 and not is_staff and not elsewhere:
        return redirect("enter", seats[0].slug)
    works_at = sum(Permission.LOG_CONTACT in permissions_of(seat.roles) for seat in seats)
    measured_at = sum(bool(OUTCOMES & permissions_of(seat.roles)) for seat in seats)
    context = {"seats": seats, "has_one_today": works_at > 1, "is_staff": is_staff, "elsewhere": elsewhere}
    context["has_outcomes"] = measured_at > 1
    return render(request, "home.html", context)


@requires(Permission.ENTER)
@require_safe
def enter(request: HttpRequest, organization: str) -> HttpResponse:
    """The first page of work that the seat may see; the safety list is first in sight, and mostly empty.

    Whoever sets up and sees no patients begins with what is left to set up, not with the import.
    """
    may = permissions_here(request.membership)  # type: ignore[attr-defined]
    for _, name, _, permission in NAVIGATION:
        if permission in may and name != "safety_notices":
            is_for_set_up = name == "imports" and Permission.SET_UP in may
            return redirect("set_up" if is_for_set_up else name, organization)
    return render(request, "home.html", {"seats": seats_of(request.user.pk)})


@public
@transaction.non_atomic_requests
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"ok": True})


@public
@transaction.non_atomic_requests
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Postgres answers, the role is walled in, the tables are this version's.

    Redis is not asked: without it work is late, not lost.
    """
    try:
        faults = role_faults()
        waiting = migrations_waiting()
    except DatabaseError:
        return JsonResponse({"ok": False, "database": "unreachable"}, status=503)
    is_ready = not faults and not waiting
    state = {"ok": is_ready, "database": "ready", "faults": faults, "migrations_waiting": waiting}
    return JsonResponse(state, status=200 if is_ready else 503)


def migrations_waiting() -> int:
    """How many migrations of this version the database has not had. Raises DatabaseError."""
    plan = MigrationExecutor(connection)
    return len(plan.migration_plan(plan.loader.graph.leaf_nodes()))


def server_error(request: HttpRequest) -> HttpResponse:
    """Postgres unreachable: say so and what to do. Anything else: our fault, said plainly. No queries here."""
    fault = sys.exc_info()[1]
    if isinstance(fault, OperationalError | InterfaceError | PoolTimeout):
        log.error("database.unreachable", error=type(fault).__name__)
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "10"})
    return HttpResponse(render_to_string("500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)
