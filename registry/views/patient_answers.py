"""What a patient sees who follows a link: without an account, without scripts, one question a screen.

The address is the secret, and so does what a form's token does elsewhere: nobody who does not know it can send
anything to it. Whatever is wrong with a link (mistyped, another's, finished, expired, withdrawn), the page is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext, override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import public
from bhi.accounts.queries import system_membership
from bhi.tenancy.context import tenant
from bhi.web.limits import is_over_limit
from registry.forms.self_reports import BirthDateForm, CodeForm
from registry.operations.answers import finish_self_report, give_answer
from registry.operations.self_report_errors import AnswerImpossible, LinkOver, QuestionsOpen
from registry.operations.self_reports import choose_language, confirm_birth_date
from registry.queries.self_reports import Answering, answering, organizations_of
from registry.rules.self_reports import Gate, LinkState, Question, answer_to, first_open

COOKIE = "q"
THANKS_HOURS = 24
UNKNOWN_A_MINUTE = 30
SKIP = "skip"

Handler = Callable[..., HttpResponse]


def _page_of_link(handler: Handler) -> Handler:
    """A page below a link's address: finds it in its organization's tenant, and answers for every closed one."""

    @wraps(handler)
    def view(request: HttpRequest, token: str, **place: int) -> HttpResponse:
        at = timezone.now()
        address, organizations = organizations_of(token)
        for organization_id in organizations:
            assert address is not None
            with tenant(organization_id):
                link = answering(address, organization_id=organization_id, at=at)
                if link is not None:
                    return _private(_guarded(handler, request, token, link, place))
        return _private(_unknown(request))

    exempt = csrf_exempt(require_http_methods(["GET", "HEAD", "POST"])(view))
    marked: Handler = public(exempt)
    return marked


@csrf_exempt
@public
@require_http_methods(["GET", "HEAD", "POST"])
def answer_code(request: HttpRequest) -> HttpResponse:
    """Where a tablet of the clinic begins: the code from the care team's screen."""
    if request.method != "POST":
        return _private(render(request, "patient/code.html", {"form": CodeForm()}))
    form = CodeForm(request.POST)
    if form.is_valid():
        if is_over_limit(request, "answers", most=UNKNOWN_A_MINUTE):
            return _private(render(request, "patient/too_many.html", status=429))
        token = form.cleaned_data["code"]
        if _is_open(token):
            return _private(redirect("answers", token))
        form.add_error("code", "No questionnaire waits for this code. Check it with your care team.")
    return _private(render(request, "patient/code.html", {"form": form}, status=422))


@_page_of_link
def answers(request: HttpRequest, token: str, link: Answering) -> HttpResponse:
    """What this is, when answers are read, and what to do in danger; the language."""
    if request.method != "POST":
        return _page(request, token, link, "patient/intro.html")
    if "language" in request.POST:
        by = system_membership(link.organization_id)
        choose_language(by=by, at=link.at, report_id=link.id, language=request.POST["language"])
        return redirect("answers", token)
    return _onward(token, link) if _is_same_browser(request, link) else redirect("answers_confirm", token)


@_page_of_link
def confirm(request: HttpRequest, token: str, link: Answering) -> HttpResponse:
    """The birth date, which binds the link to this browser."""
    with override(link.language):
        form = BirthDateForm(request.POST if request.method == "POST" else None)
        if request.method != "POST" or not form.is_valid():
            status = 422 if form.is_bound else 200
            return _page(request, token, link, "patient/confirm.html", status=status, form=form)
        return _confirm(request, token, link, form)


@_page_of_link
def step(request: HttpRequest, token: str, link: Answering, number: int) -> HttpResponse:
    """One question. Each answer is kept when it is given, so that nothing is lost with the connection."""
    if not _is_same_browser(request, link):
        return redirect("answers_confirm", token)
    reached = first_open(link.questions, link.given)
    if not 1 <= number <= len(link.questions) or (reached is not None and number > reached):
        return _onward(token, link)
    question = link.questions[number - 1]
    if request.method != "POST":
        return _question_page(request, token, link, number)
    try:
        is_danger = _answer(request, link, question)
    except AnswerImpossible:
        return _question_page(request, token, link, number, status=422)
    if is_danger:
        return redirect("answers_help", token, number)
    return redirect("answers_step", token, number + 1) if number < len(link.questions) else _to_send(token)


@_page_of_link
def danger(request: HttpRequest, token: str, link: Answering, number: int) -> HttpResponse:
    """Right after an answer that means danger: where help is, now; and the way on."""
    if not _is_same_browser(request, link):
        return redirect("answers_confirm", token)
    onward = reverse("answers_step", args=[token, number + 1])
    if number >= len(link.questions):
        onward = reverse("answers_send", args=[token])
    back = reverse("answers_step", args=[token, min(number, len(link.questions))])
    return _page(request, token, link, "patient/danger.html", onward=onward, back=back)


@_page_of_link
def send(request: HttpRequest, token: str, link: Answering) -> HttpResponse:
    """All questions were gone through: send, or go back."""
    if not _is_same_browser(request, link):
        return redirect("answers_confirm", token)
    place = first_open(link.questions, link.given)
    if place is not None:
        return redirect("answers_step", token, place)
    if request.method != "POST":
        back = reverse("answers_step", args=[token, len(link.questions)])
        left_out = sum(answer_to(question, link.given) is None for question in link.questions)
        return _page(request, token, link, "patient/send.html", back=back, left_out=left_out)
    try:
        finish_self_report(by=system_membership(link.organization_id), at=link.at, report_id=link.id)
    except QuestionsOpen as fault:
        return redirect("answers_step", token, fault.place)
    return redirect("answers_done", token)


@_page_of_link
def done(request: HttpRequest, token: str, link: Answering) -> HttpResponse:
    """Nothing to see before the end; afterwards every page of the link leads here, for the browser that sent."""
    return redirect("answers", token)


def _guarded(handler: Handler, request: HttpRequest, token: str, link: Answering, place: Any) -> HttpResponse:
    """A page of an open link, or what is shown instead of it."""
    if request.user.is_authenticated and link.is_open:
        return _hand_over(request, token, link)
    if _is_just_finished(request, link):
        here = request.resolver_match.url_name if request.resolver_match else ""
        return _page(request, token, link, "patient/done.html") if here == "answers_done" else _to_done(token)
    if not link.is_open:
        return _closed(request)
    if link.gate is Gate.WAITS:
        return _page(request, token, link, "patient/waits.html")
    try:
        return handler(request, token, link, **place)
    except LinkOver:  # in the moment between: by another tab
        return redirect("answers", token)


def _hand_over(request: HttpRequest, token: str, link: Answering) -> HttpResponse:
    """A browser in which somebody is signed in is not for a patient: sign out first, here."""
    if request.method == "POST" and "sign_out" in request.POST:
        logout(request)
        answer = redirect("answers", token)
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer
    return _page(request, token, link, "patient/hand_over.html")


def _confirm(request: HttpRequest, token: str, link: Answering, form: BirthDateForm) -> HttpResponse:
    session = token_urlsafe(32)
    is_right = confirm_birth_date(
        by=system_membership(link.organization_id),
        at=link.at,
        report_id=link.id,
        birth_date=form.cleaned_data["birth_date"],
        session_sha256=_hash(session),
    )
    if not is_right:
        left = link.tries_left - 1
        if left <= 0:
            return _closed(request)
        form.add_error(None, gettext("This is not the date of birth that your care team has. Check it and try again."))
        return _page(request, token, link, "patient/confirm.html", status=422, form=form, tries_left=left)
    answer = redirect("answers_step", token, 1)
    answer.set_cookie(
        COOKIE,
        session,
        path=reverse("answers", args=[token]),
        secure=not settings.DEVELOPMENT,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _answer(request: HttpRequest, link: Answering, question: Question) -> bool:
    """Keep what was pressed. Raises AnswerImpossible."""
    typed = request.POST.get("answer", "")
    if typed != SKIP and not (typed.isascii() and typed.isdigit() and len(typed) <= 3):
        raise AnswerImpossible
    return give_answer(
        by=system_membership(link.organization_id),
        at=link.at,
        report_id=link.id,
        tool=question.instrument.key,
        number=question.number,
        points=None if typed == SKIP else int(typed),
    )


def _question_page(
    request: HttpRequest, token: str, link: Answering, number: int, *, status: int = 200
) -> HttpResponse:
    question = link.questions[number - 1]
    wording = question.instrument.wordings[link.language]
    item = wording.items[question.number - 1]
    points = question.instrument.points[question.number - 1]
    context = {
        "number": number,
        "of": len(link.questions),
        "instructions": wording.instructions,
        "lead": item.lead,
        "text": item.text,
        "options": list(zip(points, item.answers, strict=True)),
        "given": answer_to(question, link.given),
        "was_skipped": question.number in _reached(link, question) and answer_to(question, link.given) is None,
        "back": reverse("answers_step", args=[token, number - 1]) if number > 1 else reverse("answers", args=[token]),
    }
    return _page(request, token, link, "patient/question.html", status=status, is_wrong=status != 200, **context)


def _reached(link: Answering, question: Question) -> frozenset[int]:
    given = link.given.get(question.instrument.key)
    return frozenset(given.items) if given else frozenset()


def _page(
    request: HttpRequest, token: str, link: Answering, template: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    """In the patient's language and the clinic's zone."""
    with override(link.language), timezone.override(link.protocol.zone):
        return render(request, template, {"token": token, "link": link, **context}, status=status)


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "patient/closed.html", status=404)


def _unknown(request: HttpRequest) -> HttpResponse:
    if is_over_limit(request, "answers", most=UNKNOWN_A_MINUTE):
        return render(request, "patient/too_many.html", status=429)
    return _closed(request)


def _private(answer: HttpResponse) -> HttpResponse:
    """The address is a secret: no other page is told it, nobody lists it."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def _onward(token: str, link: Answering) -> HttpResponse:
    place = first_open(link.questions, link.given)
    return _to_send(token) if place is None else redirect("answers_step", token, place)


def _to_send(token: str) -> HttpResponse:
    return redirect("answers_send", token)


def _to_done(token: str) -> HttpResponse:
    return redirect("answers_done", token)


def _is_same_browser(request: HttpRequest, link: Answering) -> bool:
    """Whether the birth date was confirmed here."""
    return bool(link.session_sha256) and constant_time_compare(
        _hash(request.COOKIES.get(COOKIE, "")), link.session_sha256
    )


def _is_just_finished(request: HttpRequest, link: Answering) -> bool:
    if link.state is not LinkState.FINISHED or link.finished_at is None:
        return False
    return link.at - link.finished_at < timedelta(hours=THANKS_HOURS) and _is_same_browser(request, link)


def _is_open(token: str) -> bool:
    """Whether a code that was typed opens a link."""
    at: datetime = timezone.now()
    address, organizations = organizations_of(token)
    for organization_id in organizations:
        assert address is not None
        with tenant(organization_id):
            link = answering(address, organization_id=organization_id, at=at)
            if link is not None:
                return link.is_open
    return False


def _hash(session: str) -> bytes:
    return sha256(session.encode()).digest()
