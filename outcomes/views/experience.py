"""What patients say of the program, without names; and asking one of them, or everybody who is due."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.narrowing import may_here
from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.web.asked import own_clinics, seat
from caseload.queries.doors import patient_door
from outcomes.forms.asked import month_of
from outcomes.forms.experience import AskForm
from outcomes.operations.experience import ExperienceRefused, ask_due_later, ask_experience
from outcomes.queries.choices import choices
from outcomes.queries.experience import experience, last_asked, patients_due
from outcomes.queries.settings import settings_shown
from outcomes.rules.asking import TITLES, WORDS, end_of_quarter, language_of, quarter_words, quarters_until

QUARTERS = 8


@requires(Permission.VIEW_OUTCOMES)
@require_safe
def experience_page(request: HttpRequest, organization: str) -> HttpResponse:
    """A quarter's answers, by clinic; counts alone while it runs, and where too few answered."""
    by, at, own = seat(request), timezone.now(), own_clinics(request)
    names = choices(by.organization_id, own_clinics=own)
    today = names.today(at)
    quarters = quarters_until(today, QUARTERS)
    chosen = month_of(request.GET.get("from", ""))
    quarter = chosen if chosen in quarters else quarters[0]
    under = settings_shown(by.organization_id).mask_under
    found = experience(by.organization_id, quarter=quarter, on=today, under=under, clinics=own)
    may_ask = may_here(by, Permission.ASK_EXPERIENCE)
    record("experience.viewed", by=by, at=at)
    context = {
        "slug": organization,
        "current": "experience",
        "quarters": [(f"{one:%Y-%m}", quarter_words(one), one == quarter) for one in quarters],
        "words": quarter_words(quarter),
        "under": under,
        "shows_from": end_of_quarter(quarter),
        "before": f"{quarters[1]:%Y-%m}",
        "found": found,
        "answers": [(TITLES[key], WORDS["en"].questions[key], said) for key, said in found.whole.answers],
        "titles": list(TITLES.values()),
        "clinics": [(name, found.clinics[key]) for key, name in names.clinics.items() if key in found.clinics],
        "may_ask": may_ask,
        # Who looks after the tenant only reads nothing that patients wrote.
        "remarks": found.remarks if may_here(by, Permission.NAME_OUTCOMES) else (),
        "due": len(patients_due(by.organization_id, at=at, on=today)) if may_ask else 0,
    }
    return render(request, "outcomes/experience.html", context)


@requires(Permission.ASK_EXPERIENCE)
@require_POST
def experience_ask_due(request: HttpRequest, organization: str) -> HttpResponse:
    """Ask everybody who is due, by e-mail."""
    by = seat(request)
    ask_due_later(by=by, at=timezone.now())
    messages.success(request, "The links go out by e-mail in the next minutes.")
    sees_results = may_here(by, Permission.VIEW_OUTCOMES)
    return redirect("experience" if sees_results else "enter", organization)


@requires(Permission.ASK_EXPERIENCE)
@require_http_methods(["GET", "HEAD", "POST"])
def patient_experience(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The link of one patient: make one, copy it, see whether it was answered; never what was said."""
    by, at = seat(request), timezone.now()
    try:
        door = patient_door(patient_id, for_=by, at=at)
    except NotFound:
        raise Http404 from None
    patient = door.patient
    form = AskForm(
        request.POST if request.method == "POST" else None,
        may_email=bool(patient.email and patient.may_email),
        language=language_of(patient.language),
    )
    if request.method == "POST" and form.is_valid():
        try:
            ask_experience(by=by, at=at, patient_id=patient.id, **form.cleaned_data)
        except ExperienceRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            is_sent = form.cleaned_data["sent_by"] == "email"
            messages.success(request, "The link is on its way by e-mail." if is_sent else "Here is the link.")
            return redirect("patient_experience", organization, patient.id)
    record("experience.link_viewed", by=by, at=at, patient_id=patient.id)
    last = last_asked(patient.id, by.organization_id, at=at)
    context = {
        "door": door,
        "last": last,
        "form": form,
        "may_ask": door.episode is not None
        and patient.died_on is None
        and (last is None or _is_past(last.again_from, at.date())),
        "zone": door.zone.key,
        "questions": WORDS["en"].questions.values(),
        "here": reverse("patient_experience", args=[organization, patient.id]),
    }
    return render(request, "outcomes/patient_experience.html", context, status=422 if form.errors else 200)


def _is_past(day: date, today: date) -> bool:
    return today >= day
