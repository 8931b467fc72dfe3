"""What waits for a person to say which claim or batch it means, and setting aside what answers somebody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.sight import sees_all
from bhi.web.asked import page_number, seat
from bhi.web.whole_sight import needs_every_clinic, needs_whole_sight
from billing.forms.answers import FileAsideForm, UndoAsideForm
from billing.operations.answer_aside import set_file_aside, undo_file_aside
from billing.queries.answers import ROWS_PER_PAGE, unmatched
from billing.queries.answers_waiting import (
    FILES_SHOWN,
    AsideAtOnce,
    WaitingFile,
    aside_of_file,
    waiting_file,
    waiting_files,
)
from billing.queries.calendar import page_zone
from billing.queries.whom_shown import patients_meant
from billing.views.answers import WITHOUT_CLAIM
from caseload.rules.clock import local_date

_LIKELY, _OTHERS = "likely", "others"


@requires(Permission.TAKE_ANSWERS)
@needs_every_clinic(WITHOUT_CLAIM)
@require_safe
def answers_unmatched(request: HttpRequest, organization: str) -> HttpResponse:
    """What waits for a person to say which claim or batch it means: what is likely ours first, the rest by file."""
    by, now, number = seat(request), timezone.now(), page_number(request)
    files = waiting_files(by.organization_id)
    file = next((one for one in files if str(one.id) == request.GET.get("file")), None)
    which = _which(request, [file] if file else files)
    total = _count([file] if file else files, which)
    is_likely = which == _LIKELY
    claims, said = unmatched(by.organization_id, is_likely=is_likely, file_id=file.id if file else None, page=number)
    record("answers.viewed", by=by, at=now, count=len(claims) + len(said), shown=patients_meant([*said, *claims]))
    zone = page_zone(by.organization_id)
    first = (number - 1) * ROWS_PER_PAGE
    shown = len(claims) + len(said)
    context = {
        "claims": claims,
        "said": said,
        "total": total,
        "waiting": _count(files, _LIKELY) + _count(files, _OTHERS),
        "is_likely": is_likely,
        "file": file,
        "tabs": _tabs(organization, [file] if file else files, which, file),
        "files": [] if is_likely or file else [one for one in files if one.others][:FILES_SHOWN],
        "file_count": sum(1 for one in files if one.others),
        "may_set_aside": sees_all(),
        "zone": zone.key,
        "today": local_date(now, zone),
        "shown": f"{first + 1} to {first + shown}" if shown else "",
        "previous_url": _url(organization, which, file, number - 1) if number > 1 else "",
        "next_url": _url(organization, which, file, number + 1) if first + shown < total else "",
    }
    return render(request, "billing/answers_unmatched.html", context)


@requires(Permission.TAKE_ANSWERS)
@needs_whole_sight("Setting answers aside at once may touch")
@require_http_methods(["GET", "HEAD", "POST"])
def answer_aside(request: HttpRequest, organization: str, file_id: UUID) -> HttpResponse:
    """All of a file that is none of ours, set aside in one act; and such acts taken back."""
    by = seat(request)
    try:
        file, acts = waiting_file(by.organization_id, file_id), aside_of_file(by.organization_id, file_id)
    except NotFound:
        raise Http404 from None
    aside, undo = FileAsideForm(initial={"count": file.others}), UndoAsideForm(acts=_acts(request, acts))
    who: dict[str, Any] = {"by": by, "at": timezone.now(), "file_id": file_id}
    if request.POST.get("act") == "undo":
        undo = UndoAsideForm(request.POST, acts=_acts(request, acts))
        if undo.is_valid():
            given = undo.cleaned_data
            which = {"because": given["because"], "set_aside_at": datetime.fromisoformat(given["at_once"])}
            return _done(request, file_id, lambda: undo_file_aside(**who, **which), "wait again.")
    elif request.method == "POST":
        aside = FileAsideForm(request.POST)
        if aside.is_valid():
            given = aside.cleaned_data
            return _done(request, file_id, lambda: set_file_aside(**who, **given), "set aside.")
    return _aside_page(request, file, acts, {"aside": aside, "undo": undo})


def _which(request: HttpRequest, files: list[WaitingFile]) -> str:
    """The part of the list that was asked for; else what is likely ours, as long as there is any."""
    asked = request.GET.get("which", "")
    if asked in (_LIKELY, _OTHERS):
        return asked
    return _LIKELY if _count(files, _LIKELY) or not _count(files, _OTHERS) else _OTHERS


def _count(files: list[WaitingFile], which: str) -> int:
    return sum(one.likely if which == _LIKELY else one.others for one in files)


def _tabs(
    organization: str, files: list[WaitingFile], current: str, file: WaitingFile | None
) -> list[tuple[str, int, str, bool]]:
    words = {_LIKELY: "May be yours", _OTHERS: "Likely not yours"}
    return [
        (said, _count(files, which), _url(organization, which, file, 1), which == current)
        for which, said in words.items()
    ]


def _url(organization: str, which: str, file: WaitingFile | None, page: int) -> str:
    asked = {"which": which, **({"file": str(file.id)} if file else {}), **({"page": page} if page > 1 else {})}
    return f"{reverse('answers_unmatched', args=[organization])}?{urlencode(asked)}"


def _acts(request: HttpRequest, acts: list[AsideAtOnce]) -> list[tuple[str, str]]:
    """Each act in which something was set aside, to choose from."""
    if not acts:
        return []
    zone = page_zone(seat(request).organization_id)
    return [
        (one.at.isoformat(), f"{one.count} on {local_date(one.at, zone):%b %-d, %Y}: {one.because}") for one in acts
    ]


def _done(request: HttpRequest, file_id: UUID, act: Callable[[], int], said: str) -> HttpResponse:
    """Do it and go on with what waits; a refusal is said on the page, which counts anew."""
    organization = seat(request).organization.slug
    try:
        count = act()
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("answer_aside", organization, file_id)
    messages.success(request, f"{count} answer{'' if count == 1 else 's'} {said}")
    return redirect("answers_unmatched", organization)


def _aside_page(
    request: HttpRequest, file: WaitingFile, acts: list[AsideAtOnce], forms: dict[str, Any]
) -> HttpResponse:
    by = seat(request)
    zone = page_zone(by.organization_id)
    people = people_of(by.organization_id) if acts else {}
    context = {
        "file": file,
        "acts": [(one, str(people.get(one.by_id, ""))) for one in acts],
        "zone": zone.key,
        "today": local_date(timezone.now(), zone),
        **forms,
    }
    is_wrong = any(form.errors for form in forms.values())
    return render(request, "billing/answer_aside.html", context, status=422 if is_wrong else 200)
