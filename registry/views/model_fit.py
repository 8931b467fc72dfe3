"""Which model fits us: asked, advised and kept; the advice prints."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.errors import NotFound
from bhi.web.asked import seat
from billing.queries.model_rates import NAMED, model_rates, plans_of, rates_source
from registry.forms.model_fit import ModelFitForm, fresh, typed_from
from registry.operations.model_fit import keep_model_fit
from registry.queries.model_fit import FitShown, model_fit_shown, model_fits
from registry.rules.model_fit import PAYER_WORDS, advise

PROGRAM_WORDS = {"cocm": "Collaborative care", "bhi": "General BHI"}


@requires(Permission.SET_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def model_fit(request: HttpRequest, organization: str) -> HttpResponse:
    """The questions, beginning with what was answered last, and earlier advice."""
    by, at = seat(request), timezone.now()
    earlier = model_fits(by.organization_id)
    if request.method != "POST":
        last = model_fit_shown(by.organization_id, earlier[0].id) if earlier else None
        form = ModelFitForm(initial=dict(typed_from(last.answers))) if last is not None else fresh()
        return render(request, "registry/model_fit.html", {"form": form, "earlier": earlier})
    form = ModelFitForm(request.POST)
    if not form.is_valid():
        return render(request, "registry/model_fit.html", {"form": form, "earlier": earlier}, status=422)
    on = at.date()
    answers = form.answers
    advice = advise(answers, model_rates(on, answers.plans))
    source = rates_source(on, answers.plans)
    fit = keep_model_fit(by=by, at=at, answers=answers, advice=advice, source=source)
    messages.success(request, "Your answers are kept with the advice.")
    return redirect("model_fit_advice", organization, fit.id)


@requires(Permission.SET_UP)
@require_safe
def model_fit_advice(request: HttpRequest, organization: str, fit_id: UUID) -> HttpResponse:
    """The advice as it was given: why, what is missing, what it takes and what it brings."""
    try:
        shown = model_fit_shown(seat(request).organization_id, fit_id)
    except NotFound:
        raise Http404 from None
    return render(request, "registry/model_fit_advice.html", _context(shown))


def _context(shown: FitShown) -> dict[str, Any]:
    plans = {key: words for payer in NAMED for key, words in plans_of(payer)}
    asked = shown.answers.plans
    payers = {payer: plans.get(asked.get(payer, ""), words) for payer, words in PAYER_WORDS.items()}
    revenues = [
        (
            PROGRAM_WORDS[one.model],
            one,
            [(payers[part.payer], part) for part in one.parts],
        )
        for one in shown.advice.revenues
    ]
    return {"shown": shown, "advice": shown.advice, "staffing": shown.advice.staffing, "revenues": revenues}
