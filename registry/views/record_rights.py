"""What a patient may ask of their record, on one page: copies, disclosures, 42 CFR part 2, amendments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.errors import DomainError, NotFound
from billing.operations.record_exports import ask_for_copy
from billing.operations.withholdings import void_withholding, withhold
from billing.queries.record_exports import exports_of
from billing.queries.withholdings import GROUNDS, withholdings_of
from billing.rules.withholding import PARTS, said_of
from registry.forms.rights import (
    AmendForm,
    CopyForm,
    DisclosureForm,
    MarkForm,
    NoticeForm,
    PartTwoConsentForm,
    ReasonForm,
    RevokeForm,
    WithholdForm,
)
from registry.operations.amendments import ask_to_amend, void_amendment
from registry.operations.disclosures import record_disclosure, void_disclosure
from registry.operations.part_two import (
    end_mark,
    mark_part_two,
    record_part_two_consent,
    revoke_part_two_consent,
    void_part_two_consent,
)
from registry.operations.part_two_programs import give_notice, void_notice
from registry.operations.rights_errors import RightsRefused
from registry.queries.amendments import amendments_of
from registry.queries.disclosures import PAGE_ROWS, disclosures_of
from registry.queries.part_two import PartTwo, notices_given, part_two_of
from registry.rules.part_two import NOTICE
from registry.views.door import Asked, asked

Save = Callable[..., Any]
TEMPLATE = "registry/record_rights.html"
_WITHHOLDABLE: Final[dict[str, Any]] = {"parts": tuple(PARTS.items()), "grounds": GROUNDS}


@requires(Permission.EXPORT_RECORD)
@require_safe
def record_rights(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """What was asked, told and allowed so far, with a form for each that is next."""
    return _page(asked(request, patient_id))


@requires(Permission.EXPORT_RECORD)
@require_POST
def record_copy_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """A copy is asked for; its page shows it being made."""
    here, form = asked(request, patient_id), CopyForm(request.POST)
    made = _saved(form, lambda **typed: ask_for_copy(**_who(here), **typed, today=here.door.today))
    if made is None:
        return _page(here, {"new_copy": form})
    return redirect("record_copy", organization, patient_id, made.id)


@requires(Permission.EXPORT_RECORD)
@require_POST
def withhold_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Copies leave something out from now on."""
    here = asked(request, patient_id)
    form = WithholdForm(request.POST, **_WITHHOLDABLE)
    return _answer(here, "withhold", form, _with_today(here, withhold), "Left out of copies from now on.")


@requires(Permission.EXPORT_RECORD)
@require_POST
def withhold_void(request: HttpRequest, organization: str, patient_id: UUID, withholding_id: UUID) -> HttpResponse:
    """Copies have it again."""
    return _take_back(request, patient_id, void_withholding, withholding_id=withholding_id)


@requires(Permission.RECORD_DISCLOSURE)
@require_POST
def disclosure_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Something was told outside."""
    here = asked(request, patient_id)
    form = DisclosureForm(request.POST, consents=_consents(part_two_of(here.by.organization_id, patient_id)))

    def save(consent: str, **typed: Any) -> Any:
        return record_disclosure(
            **_who(here), **typed, consent_id=UUID(consent) if consent else None, today=here.door.today
        )

    return _answer(here, "disclosure", form, save, "Recorded.")


@requires(Permission.RECORD_DISCLOSURE)
@require_POST
def disclosure_void(request: HttpRequest, organization: str, patient_id: UUID, disclosure_id: UUID) -> HttpResponse:
    """A disclosure that was recorded in error."""
    return _take_back(request, patient_id, void_disclosure, disclosure_id=disclosure_id)


@requires(Permission.MARK_PART_TWO)
@require_POST
def part_two_mark(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Records of a substance use disorder program are in it."""
    here = asked(request, patient_id)
    save = _with_today(here, mark_part_two)
    return _answer(here, "mark", MarkForm(request.POST), save, "Marked. The notice goes with the record from now on.")


@requires(Permission.MARK_PART_TWO)
@require_POST
def part_two_end(request: HttpRequest, organization: str, patient_id: UUID, mark_id: UUID) -> HttpResponse:
    """A mark that was wrong."""
    return _take_back(request, patient_id, end_mark, mark_id=mark_id)


@requires(Permission.MARK_PART_TWO)
@require_POST
def part_two_consent(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """A consent was signed."""
    here = asked(request, patient_id)
    keep = _with_today(here, record_part_two_consent)

    def save(says_rights: bool, **typed: Any) -> Any:
        return keep(**typed)

    return _answer(here, "consent", PartTwoConsentForm(request.POST), save, "Consent recorded.")


@requires(Permission.MARK_PART_TWO)
@require_POST
def part_two_revoke(request: HttpRequest, organization: str, patient_id: UUID, consent_id: UUID) -> HttpResponse:
    """The patient takes a consent back."""
    here = asked(request, patient_id)
    keep = _with_today(here, revoke_part_two_consent)

    def save(**typed: Any) -> Any:
        keep(consent_id=consent_id, **typed)
        return True

    return _answer(here, f"revoke-{consent_id}", RevokeForm(request.POST), save, "Revoked. Nothing leaves under it.")


@requires(Permission.MARK_PART_TWO)
@require_POST
def part_two_void(request: HttpRequest, organization: str, patient_id: UUID, consent_id: UUID) -> HttpResponse:
    """A consent that was recorded in error."""
    return _take_back(request, patient_id, void_part_two_consent, consent_id=consent_id)


@requires(Permission.MARK_PART_TWO)
@require_POST
def part_two_notice_given(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The patient got the notice of the program."""
    here = asked(request, patient_id)
    save = _with_today(here, give_notice)
    return _answer(here, "notice", NoticeForm(request.POST), save, "Recorded that the patient got the notice.")


@requires(Permission.MARK_PART_TWO)
@require_POST
def part_two_notice_void(request: HttpRequest, organization: str, patient_id: UUID, given_id: UUID) -> HttpResponse:
    """It was recorded in error."""
    return _take_back(request, patient_id, void_notice, notice_id=given_id)


@requires(Permission.EXPORT_RECORD)
@require_POST
def amendment_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The patient asks that the record be amended."""
    here = asked(request, patient_id)
    save = _with_today(here, ask_to_amend)
    return _answer(here, "amend", AmendForm(request.POST), save, "Recorded. The answer is due in 60 days.")


@requires(Permission.EXPORT_RECORD)
@require_POST
def amendment_void(request: HttpRequest, organization: str, patient_id: UUID, request_id: UUID) -> HttpResponse:
    """A request that was recorded in error."""
    return _take_back(request, patient_id, void_amendment, request_id=request_id)


def _who(here: Asked) -> dict[str, Any]:
    return {"by": here.by, "at": here.at, "patient_id": here.door.patient.id}


def _with_today(here: Asked, operation: Save) -> Save:
    def save(**typed: Any) -> Any:
        return operation(**_who(here), **typed, today=here.door.today)

    return save


def _saved(form: forms.Form, save: Save) -> Any:
    """What was made; None where the form now says what is wrong with it. Raises Http404."""
    if not form.is_valid():
        return None
    try:
        return save(**form.cleaned_data)
    except NotFound:
        raise Http404 from None
    except RightsRefused as refused:
        for name, fault in refused.faults.items():
            form.add_error(name if name in form.fields else None, fault)
    except DomainError as refused:
        form.add_error(None, str(refused))
    return None


def _answer(here: Asked, key: str, form: forms.Form, save: Save, said: str) -> HttpResponse:
    if _saved(form, save) is None:
        return _page(here, {key: form})
    messages.success(here.request, said)
    return redirect("record_rights", here.by.organization.slug, here.door.patient.id)


def _take_back(request: HttpRequest, patient_id: UUID, operation: Save, **of: UUID) -> HttpResponse:
    here = asked(request, patient_id)
    (object_id,) = of.values()

    def save(**typed: Any) -> Any:
        operation(**_who(here), **of, **typed)
        return True

    return _answer(here, f"void-{object_id}", ReasonForm(request.POST), save, "Taken back. It and the reason are kept.")


def _page(here: Asked, typed: Mapping[str, forms.Form] | None = None) -> HttpResponse:
    """The page, with the form that was refused in its place."""
    typed, door = dict(typed or {}), here.door
    organization_id, patient_id, today = here.by.organization_id, door.patient.id, door.today
    part_two = part_two_of(organization_id, patient_id)
    told = disclosures_of(organization_id, patient_id)
    context = {
        "today": today,
        "copies": exports_of(organization_id, patient_id, at=here.at, today=today),
        "withheld": [
            (withheld_id, list(said_of(one)), *_back(typed, withheld_id))
            for withheld_id, one in withholdings_of(organization_id, patient_id)
        ],
        "disclosures": [(one, *_back(typed, one.id)) for one in told[:PAGE_ROWS]],
        "has_more_disclosures": len(told) > PAGE_ROWS,
        "marks": [(one, *_back(typed, one.id)) for one in part_two.marks],
        "consents": [
            (one, *_back(typed, one.id), *_revoking(typed, one.id, today), _state(one, today))
            for one in part_two.consents
        ],
        "amendments": [
            (one, *_back(typed, one.id), one.is_accepted is None and one.due_on < today)
            for one in amendments_of(organization_id, patient_id)
        ],
        "forms": _forms(here, part_two, typed),
        "open": dict.fromkeys(typed, True),
        "programs": part_two.programs,
        "notices": [(one, *_back(typed, one.id)) for one in notices_given(organization_id, patient_id)],
        "notice": NOTICE,
        "is_faulty": bool(typed),
    }
    return here.page("record_rights.viewed", TEMPLATE, context, status=422 if typed else 200)


def _forms(here: Asked, part_two: PartTwo, typed: Mapping[str, forms.Form]) -> dict[str, forms.Form]:
    today = here.door.today
    made: dict[str, Callable[[], forms.Form]] = {
        "new_copy": lambda: CopyForm(initial={"asked_on": today}, auto_id="copy_%s"),
        "withhold": lambda: WithholdForm(initial={"decided_on": today}, auto_id="withhold_%s", **_WITHHOLDABLE),
        "disclosure": lambda: DisclosureForm(
            initial={"on": today}, consents=_consents(part_two), auto_id="disclosure_%s"
        ),
        "mark": lambda: MarkForm(auto_id="mark_%s"),
        "consent": lambda: PartTwoConsentForm(auto_id="consent_%s"),
        "notice": lambda: NoticeForm(initial={"given_on": today}, auto_id="notice_%s"),
        "amend": lambda: AmendForm(initial={"asked_on": today}, auto_id="amend_%s"),
    }
    return {key: typed.get(key) or make() for key, make in made.items()}


def _back(typed: Mapping[str, forms.Form], object_id: UUID) -> tuple[forms.Form, bool]:
    """The form that takes a row back, and whether it is open."""
    key = f"void-{object_id}"
    return typed.get(key) or ReasonForm(auto_id=f"{key}_%s"), key in typed


def _revoking(typed: Mapping[str, forms.Form], consent_id: UUID, today: date) -> tuple[forms.Form, bool]:
    key = f"revoke-{consent_id}"
    return typed.get(key) or RevokeForm(initial={"revoked_on": today}, auto_id=f"{key}_%s"), key in typed


def _consents(part_two: PartTwo) -> list[tuple[str, str]]:
    """Every consent with its days: one that is over by now may have held when something was disclosed."""
    return [
        (
            str(one.id),
            f"{one.get_purpose_display()}, signed {_day(one.signed_on)}"
            + (f", ends {_day(one.until_on)}" if one.until_on else "")
            + (f", revoked {_day(one.revoked_on)}" if one.revoked_on else ""),
        )
        for one in part_two.consents
    ]


def _day(on: date) -> str:
    return f"{on:%b} {on.day}, {on.year}"


def _state(one: Any, today: date) -> tuple[str, str]:
    """How a consent stands, and the tone of it."""
    if one.revoked_at is not None:
        return "Revoked", "danger"
    if one.until_on is not None and one.until_on < today:
        return "Ended", "warning"
    return "In force", "good"
