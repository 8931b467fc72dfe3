"""One person's risk case: the protocol with its steps, and every act on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.errors import DomainError, NotFound
from registry.forms.risk import AnswerForm, AssessForm, CallForm, CloseForm, ConcernForm, RiskForm, StepForm
from registry.operations.risk import answer_lowering, assess_risk, close_risk_case, do_step, note_call, open_risk_case
from registry.operations.risk_errors import CaseMoved, RiskRefused
from registry.queries.plans import SafetyPart, safety_part
from registry.queries.risk import (
    CasePage,
    case_page,
    cases_of,
    earlier_cases,
    earlier_positive,
    last_case,
    safety_plan_row,
    seen_of,
)
from registry.queries.risk_protocols import risk_settings
from registry.views.door import Asked, asked


@dataclass(frozen=True)
class Act:
    """What a form of the page does: its form, the operation, and what is said afterwards."""

    form: Callable[..., RiskForm]
    run: Callable[..., Any]
    said: str


def _open(here: Asked, typed: Mapping[str, Any]) -> None:
    token, concern = typed["client_token"], typed["concern"]
    open_risk_case(by=here.by, at=here.at, patient_id=here.door.patient.id, concern=concern, client_token=token)


def _assess(here: Asked, typed: Mapping[str, Any]) -> None:
    assess_risk(by=here.by, at=here.at, case_id=_case_id(here), **typed)


def _step(here: Asked, typed: Mapping[str, Any]) -> None:
    do_step(by=here.by, at=here.at, case_id=_case_id(here), **typed)


def _call(here: Asked, typed: Mapping[str, Any]) -> None:
    note_call(by=here.by, at=here.at, case_id=_case_id(here), **typed)


def _lower(here: Asked, typed: Mapping[str, Any]) -> None:
    answer_lowering(
        by=here.by,
        at=here.at,
        case_id=_case_id(here),
        is_agreed=typed["answer"] == "agree",
        note=typed["note"],
        client_token=typed["client_token"],
    )


def _close(here: Asked, typed: Mapping[str, Any]) -> None:
    close_risk_case(by=here.by, at=here.at, case_id=_case_id(here), **typed)


ACTS: Mapping[str, Act] = {
    "open": Act(ConcernForm, _open, "The protocol is open. Assess the risk today."),
    "assess": Act(AssessForm, _assess, "The assessment is recorded."),
    "step": Act(StepForm, _step, "The step is done."),
    "call": Act(CallForm, _call, "Recorded."),
    "lower": Act(AnswerForm, _lower, "Your answer is recorded."),
    "close": Act(CloseForm, _close, "The case is closed. It stays on record."),
}


@requires(Permission.HANDLE_SAFETY)
@require_safe
def risk_case(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The open case with its protocol, else the last one and a form to open one."""
    return _page(asked(request, patient_id), {})


@requires(Permission.HANDLE_SAFETY)
@require_POST
def risk_act(request: HttpRequest, organization: str, patient_id: UUID, act: str) -> HttpResponse:
    """Something recorded of the case. Faulty input comes back with everything as typed."""
    if act not in ACTS:
        raise Http404
    here = asked(request, patient_id)
    form = ACTS[act].form(request.POST, name=_name(act, request.POST))
    if form.is_valid() and _done(here, act, form):
        messages.success(request, ACTS[act].said)
        return redirect("risk_case", organization, patient_id)
    return _page(here, {_name(act, request.POST): form}, status=422)


def _done(here: Asked, act: str, form: RiskForm) -> bool:
    try:
        ACTS[act].run(here, form.cleaned_data)
    except NotFound:
        raise Http404 from None
    except CaseMoved as fault:
        form.look_again(seen_of(_case_id(here)))
        form.add_error(None, str(fault))
    except RiskRefused as fault:
        form.add_error(fault.field if fault.field in form.fields else None, str(fault))
    except DomainError as fault:
        form.add_error(None, str(fault))
    else:
        return True
    return False


def _name(act: str, typed: QueryDict) -> str:
    return f"step_{typed.get('key', '')}" if act == "step" else act


def _case_id(here: Asked) -> UUID:
    """The case that is open, or the one that was closed meanwhile, which the operation says."""
    case_id: UUID = last_case(here.door.patient.id, here.by.organization_id).id
    return case_id


def _page(here: Asked, sent: Mapping[str, RiskForm], *, status: int = 200) -> HttpResponse:
    patient = here.door.patient
    cases = cases_of(patient.id)
    case = next(iter(cases), None)
    people = {key: str(seat) for key, seat in people_of(patient.organization_id).items()}
    page = case_page(case, for_id=here.by.id, roles=here.by.roles, people=people, at=here.at) if case else None
    context = {
        "page": page,
        "hours": [page.settings if page is not None else risk_settings(_clinic_id(here))],
        "zone": here.door.zone.key,
        "forms": _forms(page, sent, "" if page and page.is_open else earlier_positive(patient.id)),
        "steps": [(step, _of_step(step.step.key, sent)) for step in page.steps] if page is not None else [],
        "earlier": earlier_cases(cases[1:], people),
        "plan": _plan(patient.id),
        "may_score": here.may(Permission.LOG_CONTACT),
        "may_plan": here.may(Permission.EDIT_PLAN),
        "may_edit": here.may(Permission.EDIT_PATIENT),
        "is_refused": status != 200,
    }
    return here.page("risk_case.viewed", "registry/risk_case.html", context, status=status)


def _clinic_id(here: Asked) -> UUID:
    clinic_id: UUID = (here.door.episode or here.door.patient).clinic_id
    return clinic_id


def _plan(patient_id: UUID) -> SafetyPart | None:
    return safety_part(safety_plan_row(patient_id))


def _forms(page: CasePage | None, sent: Mapping[str, RiskForm], earlier: str) -> dict[str, RiskForm]:
    """Each form as it is, or as it was sent."""
    found: dict[str, RiskForm] = {"open": ConcernForm(name="open", concern=earlier), "call": CallForm(name="call")}
    if page is not None:
        tier = page.screener.tier if page.screener is not None else ""
        found["assess"] = AssessForm(name="assess", tier=tier, seen=page.seen)
        found["lower"], found["close"] = AnswerForm(name="lower"), CloseForm(name="close")
    return {**found, **sent}


def _of_step(key: str, sent: Mapping[str, RiskForm]) -> RiskForm:
    return sent.get(f"step_{key}") or StepForm(name=f"step_{key}", key=key)
