"""The referrals: board, list, waiting list and file, and referring somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from bhi.web.asked import own_clinics
from bhi.web.templatetags.bhi import day
from registry.forms.referrals import PlaceForm, ReferralChoices, ReferralFilterForm, ReferralForm
from registry.models import AttemptMode, AttemptOutcome, Patient, TreatingClinician, Urgency
from registry.operations.persons import ClinicianUnreadable, keep_clinician
from registry.operations.referrals import ReferralKept, make_referral
from registry.queries.choices import (
    care_manager_choices,
    clinic_choices,
    clinic_named_by,
    clinician_choices,
    clinician_named_by,
)
from registry.queries.duplicates import Alike, alike
from registry.queries.earlier import earlier_episodes
from registry.queries.part_two import notice_of_file
from registry.queries.protocols import protocols_of
from registry.queries.referral_page import (
    care_managers_in,
    open_referral_of,
    own_clinician,
    patient_to_refer,
    seat_named_by,
)
from registry.queries.referral_rows import People
from registry.queries.referrals import (
    ENDED_DAYS,
    MEASURED_DAYS,
    NOBODY,
    STATES,
    ReferralFilter,
    board,
    every_row,
    pace,
    referral_list,
    waiting_rows,
    was_referred,
)
from registry.rules.csv_text import csv_bytes
from registry.views.referral_words import FILE_HEADER, file_row

WAITING_PAGE = 50
ORDER_WORDS = {
    "due_on": "what is due first on top",
    "ended_on": "what ended last on top",
    "referred_on": "the newest first",
}


@dataclass(frozen=True)
class Memory:
    """What the session remembers of the referrals: how they are narrowed, and as what they are shown."""

    chosen: ReferralFilter
    view: str


@requires(Permission.REFER)
@require_safe
def referrals(request: HttpRequest, organization: str) -> HttpResponse:
    """The board or the list, as the address or the session says."""
    if {"view", "state"} & set(request.GET):
        _remember(request, organization, request.GET)
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    memory = _memory(request, organization, by)
    return _board(request, by, memory, now) if memory.view == "board" else _list(request, by, memory, now)


@requires(Permission.REFER)
@require_POST
def referrals_narrow(request: HttpRequest, organization: str) -> HttpResponse:
    """Keep a filter for the session, so that no address holds it."""
    _remember(request, organization, request.POST)
    to = "waiting_list" if request.POST.get("next") == "waiting_list" else "referrals"
    return redirect(to, organization)


@requires(Permission.MANAGE_REFERRALS)
@require_safe
def waiting_list(request: HttpRequest, organization: str) -> HttpResponse:
    """Who waits for a place: the worst and the oldest first."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    memory = _memory(request, organization, by)
    people = people_of(by.organization_id)
    rows = waiting_rows(by.organization_id, memory.chosen, people, at=now)
    first = _first(request.GET.get("from", ""), len(rows))
    shown = rows[first : first + WAITING_PAGE]
    record("referrals.viewed", by=by, at=now, shown=[row.patient_id for row in shown])
    context = {
        **_filters(by, memory, people),
        "lines": [(row, uuid7()) for row in shown],
        "modes": AttemptMode.choices,
        "outcomes": AttemptOutcome.choices,
        "count_words": f"{len(rows):,} waiting",
        "total": len(rows),
        "shown": f"{first + 1} to {first + len(shown)}",
        "previous_url": f"?from={max(first - WAITING_PAGE, 0)}" if first else "",
        "next_url": f"?from={first + WAITING_PAGE}" if first + WAITING_PAGE < len(rows) else "",
    }
    return render(request, "registry/referral_waiting.html", context)


@requires(Permission.EXPORT_CASELOAD)
@require_safe
def referrals_file(request: HttpRequest, organization: str) -> HttpResponse:
    """Everything that the list pages through, as a file."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    chosen = _memory(request, organization, by).chosen
    rows = every_row(by.organization_id, chosen, people_of(by.organization_id), at=now)
    shown = [row.patient_id for row in rows]
    record("referrals.exported", by=by, at=now, shown=shown)
    return HttpResponse(
        csv_bytes(FILE_HEADER, map(file_row, rows), notice=notice_of_file(by.organization_id, shown)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="referrals.csv"'},
    )


@requires(Permission.REFER)
@require_http_methods(["GET", "HEAD", "POST"])
def referral_new(request: HttpRequest, organization: str) -> HttpResponse:
    """Refer somebody who is on no record, or is found to be."""
    return _new(request, organization, None)


@requires(Permission.REFER)
@require_http_methods(["GET", "HEAD", "POST"])
def patient_refer(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Refer a patient on record: for the first time, or again after a discharge."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    try:
        patient = patient_to_refer(patient_id, for_=by)
    except NotFound:
        raise Http404 from None
    return _new(request, organization, patient)


def _board(request: HttpRequest, by: Membership, memory: Memory, now: datetime) -> HttpResponse:
    people = people_of(by.organization_id)
    columns = board(by.organization_id, memory.chosen, people, at=now)
    record("referrals.viewed", by=by, at=now, shown=[row.patient_id for column in columns for row in column.rows])
    total = sum(column.total for column in columns)
    context = {
        **_filters(by, memory, people),
        "columns": columns,
        "total": total,
        "pace": pace(by.organization_id, memory.chosen, at=now),
        "ended_days": ENDED_DAYS,
        "measured_days": MEASURED_DAYS,
    }
    return render(request, "registry/referral_board.html", context)


def _list(request: HttpRequest, by: Membership, memory: Memory, now: datetime) -> HttpResponse:
    people = people_of(by.organization_id)
    page = referral_list(by.organization_id, memory.chosen, people, at=now, **PlaceForm(request.GET).place)
    record("referrals.viewed", by=by, at=now, shown=[row.patient_id for row in page.rows])
    context = {
        **_filters(by, memory, people),
        "page": page,
        "total": page.total,
        "count_words": "1 referral" if page.total == 1 else f"{page.total:,} referrals",
        "order_field": page.order,
        "order_words": ORDER_WORDS[page.order],
        "sub": "" if memory.chosen.seen_by is None else "Those that you made, or that name you as treating clinician",
        "previous_url": f"?before={page.previous_before}" if page.previous_before else "",
        "next_url": f"?after={page.next_after}" if page.next_after else "",
    }
    return render(request, "registry/referral_list.html", context)


def _filters(by: Membership, memory: Memory, people: People) -> dict[str, Any]:
    may = permissions_of(by.roles)
    may_manage = Permission.MANAGE_REFERRALS in may
    return {
        "chosen": memory.chosen,
        "chosen_clinic": str(memory.chosen.clinic_id or ""),
        "view": memory.view,
        "states": STATES,
        "urgencies": Urgency.choices,
        "clinics": clinic_choices(by.organization_id),
        "care_managers": care_managers_in(people.values()) if may_manage else [],
        "nobody": NOBODY,
        "may_manage": may_manage,
        "may_export": Permission.EXPORT_CASELOAD in may,
        "is_narrowed": memory.chosen != ReferralFilter(state=memory.chosen.state, seen_by=memory.chosen.seen_by),
    }


def _key(organization: str) -> str:
    return f"referrals:{organization}"


def _remember(request: HttpRequest, organization: str, sent: QueryDict) -> None:
    """What is sent takes the place of what is remembered; what is not sent stays. Written only when it is new."""
    before = request.session.get(_key(organization), {})
    kept = {name: value for name, value in before.items() if name not in sent}
    after = {**kept, **ReferralFilterForm(sent).chosen}
    if after != before:
        request.session[_key(organization)] = after


def _memory(request: HttpRequest, organization: str, by: Membership) -> Memory:
    known = ReferralFilterForm(request.session.get(_key(organization), {})).chosen
    may_manage = Permission.MANAGE_REFERRALS in permissions_of(by.roles)
    plain = ReferralFilter()
    chosen = ReferralFilter(
        state=known.get("state", plain.state if may_manage else "all"),
        clinic_id=UUID(known["clinic"]) if "clinic" in known else None,
        assigned_to=known.get("assigned_to", "") if may_manage else "",
        urgency=known.get("urgency", ""),
        seen_by=None if may_manage else by.id,
    )
    return Memory(chosen, known.get("view", "board") if may_manage else "list")


def _first(text: str, total: int) -> int:
    """Where a page of the waiting list begins; nonsense is the front."""
    typed = int(text) if text.isdecimal() and len(text) < 7 else 0
    return typed if typed < total else 0


def _new(request: HttpRequest, organization: str, patient: Patient | None) -> HttpResponse:
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    may_manage = Permission.MANAGE_REFERRALS in permissions_of(by.roles)
    clinics = protocols_of(by.organization_id)
    # Somebody on record stays in view wherever they are referred; a new person is in view at one's own clinics only.
    own = own_clinics(request) if patient is None else None
    choices = ReferralChoices(
        [(str(key), clinic.clinic_name) for key, clinic in clinics.items() if own is None or key in own],
        clinician_choices(by.organization_id),
        care_manager_choices(by.organization_id) if may_manage else [],
    )
    given: dict[str, Any] = {"treating_clinician": own_clinician(by)}
    if patient is not None:
        given["clinic"] = str(patient.clinic_id)
    form = ReferralForm(
        request.POST if request.method == "POST" else None,
        today=min((now.astimezone(clinic.zone).date() for clinic in clinics.values()), default=now.date()),
        choices=choices,
        is_new=patient is None,
        may_manage=may_manage,
        initial=given,
    )
    if request.method != "POST":
        return _new_page(request, form, patient, by=by, at=now, status=200)
    found = _alike(form, by) if patient is None and form.is_valid() else ()
    if found and not form.is_answered(found):
        form.ask_who(found)
        return _new_page(request, form, patient, by=by, at=now, status=422, found=found)
    kept = _save(form, patient, by=by, at=now) if form.is_valid() else None
    if kept is None:
        return _new_page(request, form, patient, by=by, at=now, status=422, found=found)
    _tell(request, kept, form)
    return redirect("referral", organization, kept.referral.id)


def _alike(form: ReferralForm, by: Membership) -> tuple[Alike, ...]:
    if was_referred(by.organization_id, form.cleaned_data["client_token"]):
        return ()  # whom the first of two presses put on record is no other person
    person = form.person
    return alike(
        by.organization_id,
        family_name=person.family_name,
        given_name=person.given_name,
        birth_date=person.birth_date,
        phone=person.phone,
        mrn=person.mrn,
    )


def _save(form: ReferralForm, patient: Patient | None, *, by: Membership, at: datetime) -> ReferralKept | None:
    """The referral, or None with the refusal said at its field."""
    values = form.cleaned_data
    try:
        chosen = patient_to_refer(form.chosen_person, for_=by) if form.chosen_person else patient
        clinic = clinic_named_by(by.organization_id, values["clinic"])
        assert clinic is not None
        return make_referral(
            by=by,
            at=at,
            patient=chosen or form.person,
            clinic=clinic,
            referred_on=values["referred_on"],
            source=values["source"],
            client_token=values["client_token"],
            reason=values["reason"],
            urgency=values["urgency"],
            is_warm_hand_off=values["is_warm_hand_off"],
            treating_clinician=_clinician(form, by, at),
            is_eligible=values.get("is_eligible"),
            eligibility_reason=values.get("eligibility_reason", ""),
            assigned_to=seat_named_by(by.organization_id, values.get("assigned_to", "")),
            scores=form.scores,
            scored_on=values["scored_on"],
        )
    except ClinicianUnreadable as fault:
        form.add_error("new_clinician", str(fault))
    except NotFound:
        form.add_error(None, "This person is not on record any more. Look the patient up again.")
    except DomainError as fault:
        form.add_error(form.field_of_refusal(fault), str(fault))
    return None


def _clinician(form: ReferralForm, by: Membership, at: datetime) -> TreatingClinician | None:
    if form.cleaned_data["new_clinician"]:
        return keep_clinician(by=by, at=at, name=form.cleaned_data["new_clinician"])
    return clinician_named_by(by.organization_id, form.cleaned_data["treating_clinician"])


def _tell(request: HttpRequest, kept: ReferralKept, form: ReferralForm) -> None:
    if not kept.was_new:
        messages.info(request, "This referral was saved already.")
        return
    due = day(kept.referral.first_attempt_due_on, form.today)
    messages.success(request, f"Referred. The first attempt to reach the patient is due by {due}.")
    if form.cleaned_data.get("phq9_item9"):
        messages.warning(request, "Item 9 is above 0. Assess safety today, and say so to the treating clinician.")


def _new_page(
    request: HttpRequest,
    form: ReferralForm,
    patient: Patient | None,
    *,
    by: Membership,
    at: datetime,
    status: int,
    found: tuple[Alike, ...] = (),
) -> HttpResponse:
    """The form, with what is on record of a person who comes back, or of those who resemble a new one."""
    context: dict[str, Any] = {"form": form, "patient": patient, "alike": found, "today": form.today}
    if patient is not None:
        record("referral.opened", by=by, at=at, patient_id=patient.id, object_id=patient.id)
        context |= {"earlier": earlier_episodes(patient.id), "open_referral": open_referral_of(patient.id)}
    elif found:
        record("referral.opened", by=by, at=at, shown=[one.person.id for one in found])
    return render(request, "registry/referral_new.html", context, status=status)
