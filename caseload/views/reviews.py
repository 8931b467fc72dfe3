"""The page of a case, writing its review there, and a signed review: read, added to, taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.narrowing import permissions_here
from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.forms.reviews import ReviewAddendumForm, ReviewForm, ReviewVoidForm
from caseload.operations.review_drafts import mark_read
from caseload.operations.reviews import add_review_addendum, void_review
from caseload.queries.case_summary import case_summary as summary_of
from caseload.queries.reviews import ReviewShown, review_shown
from caseload.views.door import Asking, asking_of
from caseload.views.review_writing import review_form, write_review


@requires(Permission.VIEW_CHART)
@require_safe
def case_summary(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """One page of a case; whoever joins reviews writes the next one below it."""
    asking = asking_of(request, organization, patient_id)
    return _summary_page(asking, _form(asking))


@requires(Permission.JOIN_REVIEW)
@require_POST
def review_write(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The form of a review that was sent: one row more, a draft, or signed."""
    asking = asking_of(request, organization, patient_id)
    episode = asking.door.episode
    if episode is None or not asking.door.is_open:
        return _summary_page(asking, None, status=409)
    written = write_review(request, episode.id)
    if written.said:
        messages.success(request, written.said)
    if written.is_signed:
        return redirect("review", organization, patient_id, written.review_id)
    if written.is_saved:
        return redirect("case_summary", organization, patient_id)
    return _summary_page(asking, written.form, status=written.status)


@requires(Permission.VIEW_CHART)
@require_safe
def review(request: HttpRequest, organization: str, patient_id: UUID, review_id: UUID) -> HttpResponse:
    """A review as it was signed."""
    return _review_page(asking_of(request, organization, patient_id), review_id)


@requires(Permission.SIGN_REVIEW)
@require_POST
def review_addendum(request: HttpRequest, organization: str, patient_id: UUID, review_id: UUID) -> HttpResponse:
    """Add to a signed review."""

    def add(form: Form, by: Membership, at: datetime) -> None:
        add_review_addendum(by=by, at=at, review_id=review_id, **form.cleaned_data)

    asking = asking_of(request, organization, patient_id)
    return _do(asking, review_id, "addendum", ReviewAddendumForm(request.POST), add, said="Addendum signed.")


@requires(Permission.SIGN_REVIEW)
@require_POST
def review_void(request: HttpRequest, organization: str, patient_id: UUID, review_id: UUID) -> HttpResponse:
    """Take a review back, as long as nobody acted on it."""

    def take_back(form: Form, by: Membership, at: datetime) -> None:
        void_review(by=by, at=at, review_id=review_id, reason=form.cleaned_data["reason"])

    asking = asking_of(request, organization, patient_id)
    said = "Review taken back, with its recommendations. Its questions are open again."
    return _do(asking, review_id, "taking_back", ReviewVoidForm(request.POST), take_back, said=said)


def _form(asking: Asking) -> ReviewForm | None:
    """The form with the draft, for whoever joins reviews; the consultant has read it then."""
    may = permissions_here(asking.by)
    if asking.door.episode is None or not asking.door.is_open or Permission.JOIN_REVIEW not in may:
        return None
    form = review_form(asking.by.organization_id, asking.door.episode.id)
    number = form.initial["based_on"]
    if number and Permission.SIGN_REVIEW in may:
        mark_read(by=asking.by, at=asking.at, episode_id=asking.door.episode.id, number=number)
    return form


def _summary_page(asking: Asking, form: ReviewForm | None, *, status: int = 200) -> HttpResponse:
    door = asking.door
    record("summary.viewed", by=asking.by, at=asking.at, patient_id=door.patient.id, object_id=door.patient.id)
    episode = door.episode
    summary = summary_of(asking.by.organization_id, episode.id, on=door.today) if episode is not None else None
    may = permissions_here(asking.by)
    context: dict[str, Any] = {
        "door": door,
        "summary": summary,
        "form": form,
        "sub": f"{summary.about} · {summary.mrn or 'No record number'} · {door.clinic_name}" if summary else "",
        "slug": asking.organization,
        "may_sign": Permission.SIGN_REVIEW in may,
        "is_page": True,
        "session": None,
    }
    return render(asking.request, "caseload/case_summary.html", context, status=status)


def _do(
    asking: Asking,
    review_id: UUID,
    name: str,
    form: Form,
    act: Callable[[Form, Membership, datetime], None],
    *,
    said: str,
) -> HttpResponse:
    """One act on a review; what is refused comes back on its page, as typed."""
    _review(asking, review_id)
    if form.is_valid():
        try:
            act(form, asking.by, asking.at)
        except NotFound:
            raise Http404 from None
        except DomainError as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(asking.request, said)
            return redirect("review", asking.organization, asking.door.patient.id, review_id)
    return _review_page(asking, review_id, forms={name: form}, status=422)


def _review(asking: Asking, review_id: UUID) -> ReviewShown:
    """The patient's own review: that of another patient is 404."""
    try:
        return review_shown(review_id, patient_id=asking.door.patient.id, for_=asking.by, zone=asking.door.zone)
    except NotFound:
        raise Http404 from None


def _review_page(
    asking: Asking, review_id: UUID, *, forms: dict[str, Form] | None = None, status: int = 200
) -> HttpResponse:
    shown = _review(asking, review_id)
    door = asking.door
    record("review.viewed", by=asking.by, at=asking.at, patient_id=door.patient.id, object_id=review_id)
    may = permissions_here(asking.by)
    signs = Permission.SIGN_REVIEW in may
    context = {
        "door": door,
        "review": shown,
        "may_join": Permission.JOIN_REVIEW in may,
        "sub": f"{door.patient.mrn or 'No record number'} · {door.clinic_name}",
        "slug": asking.organization,
        "may_add": signs and shown.taken_back is None,
        "may_take_back": signs and shown.may_take_back,
        "addendum": ReviewAddendumForm(),
        "taking_back": ReviewVoidForm(),
        "refused": [said for form in (forms or {}).values() for said in form.non_field_errors()],
        **(forms or {}),
    }
    return render(asking.request, "caseload/review.html", context, status=status)
