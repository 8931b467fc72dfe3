"""Going live: what is left to set up and for whom, a new clinic, and what somebody said of a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, declared, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.accounts.queries.people import open_invitations
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership, Role
from bhi.web.asked import seat
from billing.queries.calendar import page_zone
from billing.queries.setting_up import filing_found
from caseload.queries.setting_up import work_facts
from caseload.rules.clock import local_date
from registry.forms.setting_up import ClinicForm, SayForm
from registry.operations.clinic_sites import NpiWrong
from registry.operations.setting_up import ClinicNameTaken, SetupRefused, make_clinic, say_of_point, unsay_point
from registry.queries.setting_up import ClinicFacts, clinic_facts, organization_facts, said_of
from registry.rules.setting_up import Found, Point, Progress, Said, points, progress

# Points that somebody's coming settles; until then the list says who was asked.
_COMING = {
    "care_manager": Role.CARE_MANAGER,
    "lead": Role.CLINIC_LEAD,
    "billing": Role.BILLING,
    "consultant": Role.PSYCHIATRIC_CONSULTANT,
}


@dataclass(frozen=True)
class PointShown:
    """A point with the page where it is done; `url` is empty where whoever looks may not open that page."""

    point: Point
    url: str
    clinic_id: UUID | None
    form: SayForm

    @property
    def may_say(self) -> bool:
        item = self.point.item
        return (item.may_be_said or item.may_be_dropped) and not self.point.is_settled


@dataclass(frozen=True)
class Group:
    """The points of the organization, or of one clinic."""

    title: str
    program: str
    clinic_id: UUID | None
    rows: tuple[PointShown, ...]

    @property
    def progress(self) -> Progress:
        return progress(row.point for row in self.rows)

    @property
    def open(self) -> tuple[PointShown, ...]:
        return tuple(row for row in self.rows if not row.point.is_settled)

    @property
    def settled(self) -> tuple[PointShown, ...]:
        return tuple(row for row in self.rows if row.point.is_settled)


@requires(Permission.SET_UP)
@require_safe
def set_up(request: HttpRequest, organization: str) -> HttpResponse:
    """What is left before and after the first patients, for whom, and where it is done."""
    return _page(request, status=200)


@requires(Permission.SET_UP)
@require_POST
def set_up_say(request: HttpRequest, organization: str) -> HttpResponse:
    """Say that a point is settled, or not for this clinic; or take that back."""
    by, at = seat(request), timezone.now()
    key, clinic_id = request.POST.get("item", ""), _uuid(request.POST.get("clinic", ""))
    if request.POST.get("what") == "unsay":
        return _unsaid(request, by, at, key, clinic_id)
    form = SayForm(request.POST, auto_id=_auto_id(key, clinic_id))
    if form.is_valid():
        is_needed = form.cleaned_data["is_needed"] == "yes"
        note = form.cleaned_data["note"]
        on = local_date(at, page_zone(by.organization_id))
        try:
            say_of_point(by=by, at=at, key=key, clinic_id=clinic_id, is_needed=is_needed, note=note, on=on)
        except NotFound:
            raise Http404 from None
        except SetupRefused as fault:
            form.add_error(fault.field, str(fault))
        else:
            messages.success(request, "Noted.")
            return redirect("set_up", organization)
    return _page(request, status=422, said=(key, clinic_id, form))


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def clinic_new(request: HttpRequest, organization: str) -> HttpResponse:
    """A new clinic."""
    form = ClinicForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _made(request, form):
        return redirect("set_up", organization)
    return render(request, "registry/clinic_new.html", {"form": form}, status=422 if form.is_bound else 200)


def _made(request: HttpRequest, form: ClinicForm) -> bool:
    try:
        clinic = make_clinic(by=seat(request), at=timezone.now(), values=form.values)
    except (ClinicNameTaken, NpiWrong, SetupRefused) as fault:
        form.add_error(_field_of(fault), str(fault))
        return False
    messages.success(request, f"{clinic.name} is made. What it still needs is below.")
    return True


def _field_of(fault: DomainError) -> str:
    if isinstance(fault, SetupRefused):
        return fault.field
    return "npi" if isinstance(fault, NpiWrong) else "name"


def _unsaid(request: HttpRequest, by: Membership, at: datetime, key: str, clinic_id: UUID | None) -> HttpResponse:
    try:
        unsay_point(by=by, at=at, key=key, clinic_id=clinic_id)
    except NotFound:
        raise Http404 from None
    messages.success(request, "Taken back.")
    return redirect("set_up", by.organization.slug)


def _page(request: HttpRequest, *, status: int, said: tuple[str, UUID | None, SayForm] | None = None) -> HttpResponse:
    by, at = seat(request), timezone.now()
    groups = _groups(by, at, said)
    rows = [row.point for group in groups for row in group.rows]
    context: dict[str, Any] = {
        "groups": groups,
        "progress": progress(rows),
        "may_make_clinic": Permission.MANAGE_PEOPLE in permissions_of(by.roles),
    }
    return render(request, "registry/set_up.html", context, status=status)


def _groups(by: Membership, at: datetime, said: tuple[str, UUID | None, SayForm] | None) -> tuple[Group, ...]:
    people = people_of(by.organization_id)
    clinics = clinic_facts(by.organization_id, people, at=at)
    work, slots = work_facts(by.organization_id)
    attested = said_of(by.organization_id, people)
    programs = {one.program for one in clinics} or {"cocm"}
    # The organization's day is that of its first clinic by name, as on its other pages.
    today = clinics[0].today(at) if clinics else at.date()
    facts = organization_facts(by.organization_id, people, today=today, programs=programs)
    own: Mapping[str, Found] = {
        **facts,
        **_coming(by.organization_id, facts, at),
        **work,
        "filing": filing_found(by.organization_id),
        "clinic": Found(bool(clinics), ", ".join(one.name for one in clinics[:3])),
    }
    asked = points(own, attested.get(None, {}), of_clinic=False, programs=programs)
    first = Group("The organization", "", None, tuple(_shown(point, None, by, said) for point in asked))
    return (first, *(_of_clinic(one, slots, attested.get(one.id, {}), by, said) for one in clinics))


def _coming(organization_id: UUID, facts: Mapping[str, Found], at: datetime) -> Mapping[str, Found]:
    """For the seats that nobody has yet: who is invited to them."""
    invited = [one for one in open_invitations(organization_id, at=at) if not one.is_expired]
    asked = {key: [one.name for one in invited if role.label in one.roles] for key, role in _COMING.items()}
    return {
        key: Found(is_done=False, detail=f"{', '.join(names[:3])} invited, not here yet")
        for key, names in asked.items()
        if names and not facts[key].is_done
    }


def _of_clinic(
    clinic: ClinicFacts,
    slots: Mapping[UUID, Found],
    attested: Mapping[str, Said],
    by: Membership,
    said: tuple[str, UUID | None, SayForm] | None,
) -> Group:
    found = {**clinic.found, **({"slot": slots[clinic.id]} if clinic.id in slots else {})}
    asked = points(found, attested, of_clinic=True, programs=[clinic.program])
    return Group(
        clinic.name, clinic.program_name, clinic.id, tuple(_shown(point, clinic.id, by, said) for point in asked)
    )


def _shown(
    point: Point, clinic_id: UUID | None, by: Membership, said: tuple[str, UUID | None, SayForm] | None
) -> PointShown:
    is_this = said is not None and said[:2] == (point.item.key, clinic_id)
    form = said[2] if said is not None and is_this else SayForm(auto_id=_auto_id(point.item.key, clinic_id))
    return PointShown(point, _url(point.item.where, clinic_id, by), clinic_id, form)


def _auto_id(key: str, clinic_id: UUID | None) -> str:
    return f"{key}-{clinic_id or 'all'}-%s"


def _url(name: str, clinic_id: UUID | None, by: Membership) -> str:
    """The page of a point, if whoever looks may open it."""
    for args in ([by.organization.slug], [by.organization.slug, clinic_id]):
        try:
            url = reverse(name, args=args)
        except NoReverseMatch:
            continue
        return url if declared(resolve(url).func, name) in permissions_of(by.roles) else ""
    return ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Http404 from None
