"""What would this bill? A month's facts typed, and what comes of them. Nothing is stored."""

from __future__ import annotations

import json
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, permissions_of, requires
from billing.forms.trial import Trial, check_fits, nothing_typed, typed_of
from billing.queries.trial import months_shown
from billing.rules.documents import DocumentInvalid
from billing.rules.story import load_story
from billing.rules.story_faults import check_recordable
from billing.rules.story_library import Example, examples
from billing.rules.story_months import told_months
from billing.rules.story_outcome import Outcome
from billing.rules.story_outcome import document as outcome_document
from billing.rules.story_parts import Story

LARGEST_FILE: Final = 200_000
MORE: Final = "more-"


@requires(Permission.TRY_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest, organization: str) -> HttpResponse:
    """The form: empty, or with a worked example in it; sent, with what comes of it."""
    if request.method != "POST":
        example = _example(request.GET.get("example"))
        return _page(request, Trial(typed_of(example.document) if example else nothing_typed(), is_read=bool(example)))
    act = request.POST.get("act", "")
    if act.startswith(MORE):
        return _page(request, Trial(request.POST, is_read=False, more=act.removeprefix(MORE)))
    typed = Trial(request.POST, is_read=True)
    story = typed.story() if act == "save" else None
    return _file(typed, story) if story is not None else _page(request, typed)


@requires(Permission.TRY_RULES)
@require_POST
def trial_open(request: HttpRequest, organization: str) -> HttpResponse:
    """A story file: read, and shown in the form with what comes of it."""
    try:
        document = _document(request)
    except DocumentInvalid as fault:
        empty = Trial(nothing_typed(), is_read=False)
        return _page(request, empty, file_fault=_said(fault), status=422)
    return _page(request, Trial(typed_of(document), is_read=True))


def _document(request: HttpRequest) -> dict[str, Any]:
    """The story that was sent, as its file has it. Raises DocumentInvalid."""
    sent = request.FILES.get("story")
    if sent is None:
        raise DocumentInvalid("", "Choose a story file.")
    if (sent.size or 0) > LARGEST_FILE:
        raise DocumentInvalid("", "This file is larger than 200 kB, too large for a story.")
    try:
        text = sent.read().decode("utf-8")
    except UnicodeDecodeError as fault:
        raise DocumentInvalid("", "This file is not text. A story is a JSON file.") from fault
    check_recordable(load_story(text))
    document: dict[str, Any] = json.loads(text)
    check_fits(document)
    return document


def _said(fault: DocumentInvalid) -> str:
    return f"{fault.path}: {fault.fault}" if fault.path else fault.fault


def _example(key: str | None) -> Example | None:
    """The worked example that is asked for; None where none is. Raises Http404."""
    if not key:
        return None
    if key not in examples():
        raise Http404
    return examples()[key]


def _page(request: HttpRequest, typed: Trial, *, file_fault: str = "", status: int | None = None) -> HttpResponse:
    """The form as typed; where it was read and is right, with its months."""
    story = typed.story() if typed.form.is_bound else None
    is_faulty = typed.form.is_bound and story is None
    context = {
        "trial": typed,
        "months": months_shown(story) if story is not None else (),
        "is_told": story is not None,
        "is_faulty": is_faulty,
        "file_fault": file_fault,
        "may_see_money": may_see_money(request),
    }
    return render(request, "billing/trial.html", context, status=status or (422 if is_faulty else 200))


def _file(typed: Trial, story: Story) -> HttpResponse:
    """The story as a file, with what came of it as what must come out; neither holds a name."""
    told = told_months(story)
    outcome = Outcome(
        {one.facts.month: one.facts for one in told}, {one.facts.month: one.verdict for one in told}, {}, {}
    )
    document = {**typed.document(), "expect": {"months": outcome_document(story, outcome)["months"]}}
    text = json.dumps(document, indent=2) + "\n"
    answer = HttpResponse(text, content_type="application/json")
    answer["Content-Disposition"] = 'attachment; filename="story.json"'
    return answer


def may_see_money(request: HttpRequest) -> bool:
    """Whether this seat is shown amounts."""
    return Permission.VIEW_MONEY in permissions_of(request.membership.roles)  # type: ignore[attr-defined]
