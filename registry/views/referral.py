"""One referral: what is known, what was tried, and every step that it can take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from registry.forms.referral_steps import (
    AssignForm,
    AttemptForm,
    EligibilityForm,
    EndForm,
    PlainForm,
    StepForm,
    TakeBackForm,
)
from registry.models import AttemptOutcome
from registry.operations.referral_course import (
    assign_referral,
    end_referral,
    put_on_waiting_list,
    record_attempt,
    reopen_referral,
    set_eligibility,
    take_from_waiting_list,
    void_attempt,
)
from registry.operations.referral_errors import AlreadySo, ReferralEnded, ReferralNotEnded
from registry.queries.referral_page import ReferralPage, referral_page, seat_named_by
from registry.rules.referrals import ATTEMPT_DAYS


@dataclass(frozen=True)
class Doing:
    """Who does a step to which referral, when."""

    by: Membership
    at: datetime
    page: ReferralPage

    @property
    def who(self) -> dict[str, Any]:
        return {"by": self.by, "at": self.at, "referral_id": self.page.referral.id}


@dataclass(frozen=True)
class Step:
    """A form of the page and what it does: the operation's words when it is done."""

    form: Callable[[Any, Doing], StepForm]
    do: Callable[[Any, Doing], str]


@requires(Permission.REFER)
@require_safe
def referral(request: HttpRequest, organization: str, referral_id: UUID) -> HttpResponse:
    """Everything about one referral; who only refers sees their own, without the forms."""
    doing = _doing(request, referral_id)
    return _shown(request, doing, status=200)


@requires(Permission.MANAGE_REFERRALS)
@require_POST
def referral_step(request: HttpRequest, organization: str, referral_id: UUID) -> HttpResponse:
    """One step. What cannot be done comes back with everything as typed; what is so already is only said."""
    doing = _doing(request, referral_id)
    name = request.POST.get("step", "")
    step = STEPS.get(name)
    if step is None:
        return _shown(request, doing, status=422)
    form = step.form(request.POST, doing)
    words = _done(step, form, doing, request) if form.is_valid() else ""
    if not words:
        return _shown(request, doing, status=422, refused={name: form})
    messages.success(request, words)
    if request.POST.get("next") == "waiting_list":
        return redirect("waiting_list", organization)
    return redirect("referral", organization, referral_id)


def _doing(request: HttpRequest, referral_id: UUID) -> Doing:
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    may_manage = Permission.MANAGE_REFERRALS in permissions_of(by.roles)
    try:
        return Doing(by, now, referral_page(referral_id, for_=by, at=now, only_own=not may_manage))
    except NotFound:
        raise Http404 from None


def _done(step: Step, form: StepForm, doing: Doing, request: HttpRequest) -> str:
    """What was done, in words; empty with the refusal said at its field."""
    try:
        return step.do(form, doing)
    except (AlreadySo, ReferralNotEnded) as fault:
        return str(fault)
    except ReferralEnded as fault:
        if isinstance(form, EndForm) and doing.page.referral.outcome == form.cleaned_data["outcome"]:
            return "This referral had ended so already."
        form.add_error(None, str(fault))
    except DomainError as fault:
        form.add_error(form.field_of_refusal(fault), str(fault))
    return ""


def _attempt(form: AttemptForm, doing: Doing) -> str:
    values = form.cleaned_data
    kept = record_attempt(
        **doing.who,
        client_token=values["client_token"],
        tried_at=form.tried_at,
        mode=values["mode"],
        outcome=values["outcome"],
        note=values["note"],
        next_try_on=values["next_try_on"],
    )
    return "Attempt logged." if kept.was_new else "This attempt was logged already."


def _eligibility(form: EligibilityForm, doing: Doing) -> str:
    values = form.cleaned_data
    set_eligibility(**doing.who, is_eligible=values["is_eligible"], reason=values["eligibility_reason"])
    return "Saved."


def _assign(form: AssignForm, doing: Doing) -> str:
    to = seat_named_by(doing.by.organization_id, form.cleaned_data["assigned_to"])
    assign_referral(**doing.who, to=to)
    return f"Given to {to.name}." if to else "Nobody's for now."


def _wait(form: PlainForm, doing: Doing) -> str:
    put_on_waiting_list(**doing.who)
    return "On the waiting list."


def _place(form: PlainForm, doing: Doing) -> str:
    take_from_waiting_list(**doing.who)
    return "Off the waiting list."


def _end(form: EndForm, doing: Doing) -> str:
    values = form.cleaned_data
    end_referral(**doing.who, outcome=values["outcome"], on=values["on"], reason=values["reason"])
    return "The referral has ended."


def _reopen(form: PlainForm, doing: Doing) -> str:
    reopen_referral(**doing.who)
    return "Open again."


def _take_back(form: TakeBackForm, doing: Doing) -> str:
    values = form.cleaned_data
    if values["attempt"] not in {attempt.id for attempt in doing.page.attempts}:
        return "This attempt was taken back already."
    void_attempt(by=doing.by, at=doing.at, attempt_id=values["attempt"], reason=values["reason"])
    return "The attempt is taken back."


def _attempt_form(data: Any, doing: Doing) -> AttemptForm:
    return AttemptForm(data, zone=doing.page.row.zone, now=doing.at)


def _assign_form(data: Any, doing: Doing) -> AssignForm:
    return AssignForm(
        data,
        care_managers=doing.page.care_managers,
        initial={"assigned_to": str(doing.page.referral.assigned_to_id or "")},
    )


def _eligibility_form(data: Any, doing: Doing) -> EligibilityForm:
    decided = {True: "yes", False: "no", None: ""}[doing.page.referral.is_eligible]
    return EligibilityForm(
        data, initial={"is_eligible": decided, "eligibility_reason": doing.page.referral.eligibility_reason}
    )


STEPS: dict[str, Step] = {
    "attempt": Step(_attempt_form, _attempt),
    "eligibility": Step(_eligibility_form, _eligibility),
    "assign": Step(_assign_form, _assign),
    "wait": Step(lambda data, doing: PlainForm(data), _wait),
    "place": Step(lambda data, doing: PlainForm(data), _place),
    "end": Step(lambda data, doing: EndForm(data), _end),
    "reopen": Step(lambda data, doing: PlainForm(data), _reopen),
    "take_back": Step(lambda data, doing: TakeBackForm(data), _take_back),
}


def _shown(
    request: HttpRequest, doing: Doing, *, status: int, refused: dict[str, StepForm] | None = None
) -> HttpResponse:
    page = doing.page
    record("referral.viewed", by=doing.by, at=doing.at, patient_id=page.patient.id, object_id=page.referral.id)
    may = permissions_of(doing.by.roles)
    forms = {name: step.form(None, doing) for name, step in STEPS.items()}
    context = {
        "page": page,
        "row": page.row,
        "zone": str(page.row.zone),
        "today": page.row.today,
        "forms": {**forms, **(refused or {})},
        "refused": next(iter(refused.values()), None) if refused else None,
        "refused_step": next(iter(refused), "") if refused else "",
        "is_unknown_step": status != 200 and not refused,
        "outcomes": AttemptOutcome.choices,
        "may_manage": Permission.MANAGE_REFERRALS in may,
        "may_enrol": Permission.ENROL in may,
        "needed_days": ATTEMPT_DAYS,
        "panel_words": _panel_words(page),
        "took_words": _took_words(page),
        "sub": f"{page.patient.mrn or 'No record number'} · {page.row.clinic}",
    }
    return render(request, "registry/referral.html", context, status=status)


def _panel_words(page: ReferralPage) -> str:
    if page.panel is None:
        return ""
    return (
        f"{page.row.assigned} has {page.panel.words}. Put the patient on the waiting list, or give the referral to "
        "somebody else. You can enrol all the same."
    )


def _took_words(page: ReferralPage) -> str:
    """How long each step took: `first attempt after 1 day, reached the same day`."""
    times = page.row.times
    steps = (("first attempt", times.to_first_attempt), ("reached", times.to_reached), ("enrolled", times.to_enrolled))
    return ", ".join(f"{step} {_after(days)}" for step, days in steps if days is not None)


def _after(days: int) -> str:
    return {0: "the same day", 1: "after 1 day"}.get(days, f"after {days} days")
