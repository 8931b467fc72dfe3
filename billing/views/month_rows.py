"""One patient's month with everything behind it, and what a coder decides about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from billing.forms.release import CoverageCheckForm, DecisionForm, WhyForm
from billing.queries.calendar import month_title
from billing.queries.coverage_checks import paying_coverage
from billing.queries.month_detail import MonthDetail, month_detail
from billing.rules.decisions import BILL_LOWER, DO_NOT_BILL, HOLD, RELEASE
from caseload.rules.clock import last_day, local_date
from registry.queries.authorizations import Authorization, authorizations_of, in_force


@requires(Permission.VIEW_MONTHS)
@require_safe
def month_row(request: HttpRequest, organization: str, month: str, episode_id: UUID) -> HttpResponse:
    by: Membership = request.membership  # type: ignore[attr-defined]
    return row_page(request, detail_of(by, month, episode_id), month, at=timezone.now())


def detail_of(by: Membership, month: str, episode_id: UUID) -> MonthDetail:
    """The patient's month, or not found."""
    try:
        return month_detail(by.organization_id, month, episode_id)
    except NotFound:
        raise Http404 from None


def _authorization(organization_id: UUID, detail: MonthDetail, month: str) -> Authorization | None:
    """The payer's number that covers the month to its last day; looked for where the payer may want one."""
    of, rules = detail.judged.month, detail.judged.month.rules
    if of.payer is None or not (rules.authorization or rules.authorization_after_months is not None):
        return None
    patient_id = detail.episode.patient_id
    known = authorizations_of(organization_id, [patient_id]).get(patient_id, ())
    return in_force(known, of.payer.id, last_day(month))


def decision_form(detail: MonthDetail, data: Mapping[str, Any] | None = None) -> DecisionForm:
    """What a coder can decide of this month as it stands."""
    release = detail.release
    kinds = [DO_NOT_BILL] if detail.claimed else [HOLD, DO_NOT_BILL]
    if release is not None and (release.is_held or release.is_not_billed):
        kinds.append(RELEASE)
    if detail.lower:
        kinds.append(BILL_LOWER)
    checks = [check.word for check in release.checks] if release is not None else []
    return DecisionForm(data, kinds=kinds, lower=detail.lower, checks=checks)


def row_page(
    request: HttpRequest,
    detail: MonthDetail,
    month: str,
    *,
    at: datetime,
    decision: DecisionForm | None = None,
    back: WhyForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of one patient's month, with forms as they were sent."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    record(
        "month.patient_viewed",
        by=by,
        at=at,
        patient_id=detail.episode.patient_id,
        object_id=detail.episode.id,
    )
    may, today = permissions_of(by.roles), local_date(at, ZoneInfo(detail.zone))
    coverage_id, answer = paying_coverage(by.organization_id, detail.judged)
    insurance = reverse("patient_insurance", args=[by.organization.slug, detail.episode.patient_id])
    context = {
        "detail": detail,
        "month": month,
        "sub": f"{month_title(month)} · {detail.episode.mrn} · {detail.episode.clinic_name}",
        "today": today,
        "may_decide": Permission.DECIDE_MONTH in may and detail.release is not None and not detail.closed_since,
        "may_close": Permission.CLOSE_MONTH in may,
        "may_check": Permission.RECORD_SERVICES in may,
        "decision_form": decision or decision_form(detail),
        "back_form": back or WhyForm(auto_id="back_%s"),
        "coverage_id": coverage_id,
        "insurance_url": f"{insurance}?{urlencode({'back': request.path})}",
        "authorization": _authorization(by.organization_id, detail, month),
        "answer": answer,
        "coverage_form": CoverageCheckForm(unasked=0, initial={"on": today}),
        "is_overdue": detail.release is not None and detail.release.is_overdue(today),
    }
    return render(request, "billing/month_row.html", context, status=status)
