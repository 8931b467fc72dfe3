"""What is charged, what payers allow, and at which share clinicians are paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.forms.fees import ChargeForm, FeeForm, PayerFeeFileForm, PayerFeeForm, ShareForm
from billing.forms.payers import PayerFilter, WithdrawForm
from billing.operations.fees import (
    FeeLine,
    FeeWrong,
    set_charge,
    set_clinician_share,
    set_payer_fees,
    take_back_charge,
    take_back_payer_fee,
    take_back_share,
)
from billing.queries.calendar import page_zone
from billing.queries.fee_pages import (
    PAGE,
    charge_of,
    charges_shown,
    clinician_choices,
    fee_payer_choices,
    payer_fee_of,
    payer_fees_shown,
    share_of,
    shares_shown,
)
from billing.queries.payer_pages import payer_list, payer_row
from billing.rules.fee_files import read_fee_file
from caseload.operations.read_workbook import WorkbookUnreadable, read_workbook
from caseload.rules.clock import local_date
from registry.queries.choices import clinic_choices

METHODS = ["GET", "HEAD", "POST"]
FAULTS_SHOWN = 20


@requires(Permission.SET_FILING)
@require_http_methods(METHODS)
def fees(request: HttpRequest, organization: str) -> HttpResponse:
    """What the organization charges for each code, and since when."""
    by, now = seat(request), timezone.now()
    form = ChargeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _kept(form, lambda: set_charge(by=by, at=now, **form.cleaned_data)):
        messages.success(request, f"Saved: {form.cleaned_data['code']} from {form.cleaned_data['from_on']:%b %-d, %Y}.")
        return redirect("fees", organization)
    day = _day(by)
    context = {
        **day,
        "form": form,
        "charges": charges_shown(by.organization_id, on=day["today"]),
        "payers": [payer for payer in payer_list(by.organization_id, on=day["today"]).rows if not payer.is_self_pay],
    }
    return render(request, "billing/fees.html", context, status=422 if form.errors else 200)


@requires(Permission.SET_FILING)
@require_http_methods(METHODS)
def fee_back(request: HttpRequest, organization: str, fee_id: UUID) -> HttpResponse:
    """A charge that was wrong is taken back."""
    by = seat(request)
    fee = _there(charge_of(by.organization_id, fee_id))
    what = f"{fee.code}: ${fee.amount} from {fee.from_on:%b %-d, %Y}"
    return _taken_back(
        request,
        what,
        reverse("fees", args=[organization]),
        lambda why: take_back_charge(by=by, at=timezone.now(), fee_id=fee.id, reason=why),
    )


@requires(Permission.SET_FILING)
@require_safe
def payer_fees(request: HttpRequest, organization: str, payer_id: UUID) -> HttpResponse:
    """What a payer allows for each code."""
    return _payer_page(request, payer_id)


@requires(Permission.SET_FILING)
@require_POST
def payer_fee_new(request: HttpRequest, organization: str, payer_id: UUID) -> HttpResponse:
    """What a payer allows for one more code, typed."""
    by = seat(request)
    _payer(by, payer_id)
    form = PayerFeeForm(request.POST, clinics=clinic_choices(by.organization_id))
    if form.is_valid() and _kept(form, lambda: _keep_lines(by, payer_id, form, [form.line])):
        messages.success(request, "Saved.")
        return redirect("payer_fees", organization, payer_id)
    return _payer_page(request, payer_id, form=form, status=422)


@requires(Permission.SET_FILING)
@require_POST
def payer_fee_file(request: HttpRequest, organization: str, payer_id: UUID) -> HttpResponse:
    """A payer's table from a file; all of it or nothing."""
    by = seat(request)
    _payer(by, payer_id)
    form = PayerFeeFileForm(
        request.POST, request.FILES, clinics=clinic_choices(by.organization_id), auto_id="id_file_%s"
    )
    if form.is_valid():
        lines, left_out = _lines(form)
        if not form.errors and _kept(form, lambda: _keep_lines(by, payer_id, form, lines)):
            others = f" {left_out:,} rows with codes that are never asked for here were left out." if left_out else ""
            messages.success(request, f"Saved: amounts for {len(lines)} codes.{others}")
            return redirect("payer_fees", organization, payer_id)
    return _payer_page(request, payer_id, file_form=form, status=422)


@requires(Permission.SET_FILING)
@require_http_methods(METHODS)
def payer_fee_back(request: HttpRequest, organization: str, payer_id: UUID, fee_id: UUID) -> HttpResponse:
    """A payer's fee that was wrong is taken back."""
    by = seat(request)
    fee = _there(payer_fee_of(by.organization_id, payer_id, fee_id))
    return _taken_back(
        request,
        f"{fee.code} from {fee.from_on:%b %-d, %Y}",
        reverse("payer_fees", args=[organization, payer_id]),
        lambda why: take_back_payer_fee(by=by, at=timezone.now(), fee_id=fee.id, reason=why),
    )


@requires(Permission.SET_FILING)
@require_http_methods(METHODS)
def clinician_shares(request: HttpRequest, organization: str) -> HttpResponse:
    """At which share of Medicare's fee schedule, or of a payer's own fees, each clinician is paid under their NPI."""
    by = seat(request)
    form = ShareForm(
        request.POST if request.method == "POST" else None,
        clinicians=clinician_choices(by.organization_id),
        payers=fee_payer_choices(by.organization_id),
    )
    if form.is_bound and form.is_valid() and _kept(form, lambda: _keep_share(by, form)):
        messages.success(request, "Saved.")
        return redirect("clinician_shares", organization)
    day = _day(by)
    page = shares_shown(by.organization_id, on=day["today"], page=PayerFilter(request.GET).values()["page"])
    context = {**day, **_pages(page), "form": form, "page": page}
    return render(request, "billing/clinician_shares.html", context, status=422 if form.errors else 200)


@requires(Permission.SET_FILING)
@require_http_methods(METHODS)
def share_back(request: HttpRequest, organization: str, rate_id: UUID) -> HttpResponse:
    """A share that was wrong is taken back."""
    by = seat(request)
    rate = _there(share_of(by.organization_id, rate_id))
    of = f" of what {rate.payer.name} allows" if rate.payer else ""
    return _taken_back(
        request,
        f"{rate.clinician}: {rate.percent.normalize():f} %{of} from {rate.from_on:%b %-d, %Y}",
        reverse("clinician_shares", args=[organization]),
        lambda why: take_back_share(by=by, at=timezone.now(), rate_id=rate.id, reason=why),
    )


def _keep_lines(by: Membership, payer_id: UUID, form: PayerFeeForm | PayerFeeFileForm, lines: list[FeeLine]) -> object:
    typed = form.cleaned_data
    return set_payer_fees(
        by=by,
        at=timezone.now(),
        payer_id=payer_id,
        clinic_id=typed["clinic"],
        from_on=typed["from_on"],
        source=typed["source"],
        lines=lines,
    )


def _keep_share(by: Membership, form: ShareForm) -> object:
    typed = form.cleaned_data
    return set_clinician_share(
        by=by,
        at=timezone.now(),
        clinician_id=typed["clinician"],
        from_on=typed["from_on"],
        percent=typed["percent"],
        payer_id=typed["payer"],
    )


def _lines(form: PayerFeeFileForm) -> tuple[list[FeeLine], int]:
    """The amounts of the uploaded file; what is wrong with it is said at its field."""
    file = form.cleaned_data["file"]
    try:
        found = read_fee_file(read_workbook(file.name or "file", file.read()))
    except WorkbookUnreadable as fault:
        form.add_error("file", str(fault))
        return [], 0
    for sentence in found.faults[:FAULTS_SHOWN]:
        form.add_error("file", sentence)
    if len(found.faults) > FAULTS_SHOWN:
        form.add_error("file", f"And {len(found.faults) - FAULTS_SHOWN:,} more rows.")
    return [FeeLine(row.code, row.nonfacility, row.facility) for row in found.rows], found.left_out


def _kept(form: FeeForm, keep: Callable[[], object]) -> bool:
    """Whether the operation took what the form says; what it refused is said in the form."""
    try:
        keep()
    except FeeWrong as fault:
        form.take(fault)
        return False
    except NotFound:
        raise Http404 from None
    return True


def _taken_back(request: HttpRequest, what: str, back: str, take: Callable[[str], None]) -> HttpResponse:
    """Asks why, and takes back."""
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            take(form.cleaned_data["because"])
        except DomainError as fault:
            messages.info(request, str(fault))
        else:
            messages.success(request, "Taken back. It stays on record with the reason.")
        return redirect(back)
    context = {"what": what, "back": back, "form": form}
    return render(request, "billing/fee_back.html", context, status=422 if form.is_bound else 200)


def _payer_page(
    request: HttpRequest,
    payer_id: UUID,
    *,
    form: PayerFeeForm | None = None,
    file_form: PayerFeeFileForm | None = None,
    status: int = 200,
) -> HttpResponse:
    by = seat(request)
    payer, day, clinics = _payer(by, payer_id), _day(by), clinic_choices(by.organization_id)
    page = payer_fees_shown(
        by.organization_id, payer_id, on=day["today"], page=PayerFilter(request.GET).values()["page"]
    )
    context = {
        **day,
        **_pages(page),
        "payer": payer,
        "page": page,
        "form": form or PayerFeeForm(clinics=clinics),
        "file_form": file_form or PayerFeeFileForm(clinics=clinics, auto_id="id_file_%s"),
    }
    return render(request, "billing/payer_fees.html", context, status=status)


def _pages(page: Any) -> dict[str, Any]:
    return {
        "is_cut": page.total > PAGE,
        "shown": f"{page.first_row} to {page.first_row + len(page.rows) - 1}",
        "previous_url": f"?page={page.page - 1}" if page.page > 1 else "",
        "next_url": f"?page={page.page + 1}" if page.page < page.pages else "",
    }


def _payer(by: Membership, payer_id: UUID) -> Any:
    try:
        payer = payer_row(by.organization_id, payer_id)
    except NotFound:
        raise Http404 from None
    return _there(None if payer.is_self_pay else payer)


def _there(found: Any) -> Any:
    if found is None:
        raise Http404
    return found


def _day(by: Membership) -> dict[str, Any]:
    zone = page_zone(by.organization_id)
    return {"zone": zone.key, "today": local_date(timezone.now(), zone)}
