"""The three questions as a patient sees them: without an account, without scripts, on one page.

The address is the secret, as that of a questionnaire is. Nothing about the patient shows. Whatever is wrong with a link
(mistyped, another's, expired), the page is the same; only that it was answered is said.
"""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import public
from bhi.accounts.queries import system_membership
from bhi.tenancy.context import tenant
from bhi.web.limits import is_over_limit
from outcomes.forms.experience import AnswersForm
from outcomes.operations.experience import LinkClosed, answer_experience
from outcomes.queries.experience import Link, asked_by, is_link_open
from outcomes.rules.asking import WORDS
from registry.queries.self_reports import organizations_of

# As many as of questionnaires.
UNKNOWN_A_MINUTE = 30


@csrf_exempt
@public
@require_http_methods(["GET", "HEAD", "POST"])
def experience_link(request: HttpRequest, token: str) -> HttpResponse:
    """Three questions; once they are answered, thanks."""
    address, organizations = organizations_of(token)
    if address is not None and address.organization_id is not None:
        with tenant(organizations[0]):
            asked = asked_by(address, organizations[0])
            if asked is not None:
                return _private(_answering(request, token, asked))
    return _private(_unknown(request))


def _answering(request: HttpRequest, token: str, asked: Link) -> HttpResponse:
    at = timezone.now()
    language = request.GET.get("language", "")
    language = language if language in WORDS else asked.language
    context = {"words": WORDS[language], "languages": [(key, one.name, key == language) for key, one in WORDS.items()]}
    if asked.answered_at is not None and at < asked.expires_at:
        return _page(request, "patient/experience_done.html", language, context)
    if not is_link_open(asked, at):
        return render(request, "patient/closed.html", status=404)
    form = AnswersForm(request.POST if request.method == "POST" else None, words=WORDS[language])
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return _page(request, "patient/experience.html", language, {**context, "form": form}, status=status)
    with suppress(LinkClosed):  # in the moment between: by another tab
        answer_experience(by=system_membership(asked.organization_id), at=at, asked_id=asked.id, **form.given())
    return redirect("experience_link", token)


def _page(
    request: HttpRequest, template: str, language: str, context: dict[str, object], *, status: int = 200
) -> HttpResponse:
    with override(language):
        return render(request, template, context, status=status)


def _unknown(request: HttpRequest) -> HttpResponse:
    if is_over_limit(request, "answers", most=UNKNOWN_A_MINUTE):
        return render(request, "patient/too_many.html", status=429)
    return render(request, "patient/closed.html", status=404)


def _private(answer: HttpResponse) -> HttpResponse:
    """The address is a secret: no other page is told it, nobody lists it."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
