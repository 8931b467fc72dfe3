"""Records that may be one person: suggested, told apart, put together by somebody, and taken apart again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Membership
from billing.operations.merging import merge_patients, undo_merge
from billing.queries.merging import HOME, Comparison, comparison, merge_of
from registry.forms.patients_merge import MergeForm, value_words
from registry.operations.persons import tell_apart
from registry.queries.duplicates import alike, alike_pairs
from registry.views.patient_pages import found, visit


@requires(Permission.MERGE_PATIENTS)
@require_safe
def duplicates(request: HttpRequest, organization: str) -> HttpResponse:
    """Pairs that nobody has told apart, the most alike first."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    pairs = alike_pairs(by.organization_id)
    seen = [known.id for pair in pairs.rows for known in (pair.one, pair.other)]
    record("duplicates.viewed", by=by, at=timezone.now(), shown=seen)
    return render(request, "registry/duplicates.html", {"pairs": pairs})


@requires(Permission.MERGE_PATIENTS)
@require_safe
def patient_alike(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Who else on record may be this patient."""
    seen = visit(request, organization, patient_id)
    patient = seen.door.patient
    people = alike(
        seen.by.organization_id,
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        phone=patient.phone,
        mrn=patient.mrn,
        exclude=patient.id,
    )
    beside = [one.person.id for one in people]
    record("patient.alike_viewed", by=seen.by, at=seen.at, patient_id=patient.id, object_id=patient.id, shown=beside)
    return render(request, "registry/patient_alike.html", {"door": seen.door, "people": people})


@requires(Permission.MERGE_PATIENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def patient_merge(request: HttpRequest, organization: str, patient_id: UUID, other_id: UUID) -> HttpResponse:
    """Two records side by side: which one stays, and which value wins where they differ."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    both = found(lambda: comparison(by.organization_id, patient_id, other_id))
    form = _form(both, request)
    if form.is_bound and form.is_valid():
        kept_id = UUID(form.cleaned_data["keep"])
        merged_id = other_id if kept_id == patient_id else patient_id
        try:
            taken = form.taken(str(merged_id))
            merge_patients(by=by, at=now, kept_id=kept_id, merged_id=merged_id, take=taken)
        except DomainError as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, "Merged. It can be taken apart again at the bottom of this page.")
            return redirect("patient_details", organization, kept_id)
    for person_id in (patient_id, other_id):
        record("patient.merge_viewed", by=by, at=now, patient_id=person_id, object_id=person_id)
    context = {"both": both, "form": form}
    return render(request, "registry/patient_merge.html", context, status=422 if form.is_bound else 200)


@requires(Permission.MERGE_PATIENTS)
@require_POST
def not_the_same(request: HttpRequest, organization: str, patient_id: UUID, other_id: UUID) -> HttpResponse:
    """Somebody looked: these are two people."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    both = found(lambda: comparison(by.organization_id, patient_id, other_id))
    tell_apart(by=by, at=timezone.now(), patient=both.one.patient, other=both.other.patient)
    messages.success(request, "Noted: these are two people. They are not suggested again.")
    return redirect("duplicates", organization)


@requires(Permission.MERGE_PATIENTS)
@require_POST
def merge_undo(request: HttpRequest, organization: str, patient_id: UUID, merge_id: UUID) -> HttpResponse:
    """Take a merge apart, or say why it stands."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    merge = found(lambda: merge_of(by.organization_id, patient_id, merge_id))
    try:
        undo_merge(by=by, at=timezone.now(), merge_id=merge.id)
    except DomainError as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, "Taken apart: both records are as they were before.")
    return redirect("patient_details", organization, patient_id)


def _form(both: Comparison, request: HttpRequest) -> MergeForm:
    one, other = both.one, both.other
    values = {
        name: (_words(one.patient, one.clinic, name), _words(other.patient, other.clinic, name))
        for name in both.differing
    }
    ids = (str(one.patient.id), str(other.patient.id))
    return MergeForm(request.POST if request.method == "POST" else None, ids=ids, values=values)


def _words(patient: object, clinic: str, name: str) -> str:
    if name == HOME:
        return f"{clinic}, {value_words(patient, 'mrn') or 'no number'}"
    return value_words(patient, name)
