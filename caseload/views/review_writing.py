"""Writing a review, wherever its form stands: on the summary's page, in the queue, in a live session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone

from bhi.accounts.queries import people_of
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.forms.reviews import ReviewForm, fresh_form
from caseload.operations.review_drafts import save_review_draft
from caseload.operations.reviews import sign_review
from caseload.queries.review_drafts import DraftOfReview, EpisodeOfReview, episode_of_review, review_draft
from caseload.rules.clock import local_date
from caseload.rules.reviews import PARTS
from registry.forms.content import Differing
from registry.operations.plan_errors import EditedMeanwhile
from registry.rules.versions import Change, Merged, compared, merged

SIGNING = frozenset({"sign", "sign_next"})


@dataclass(frozen=True)
class Written:
    """What became of a posted form. What was refused is in the form, with all that was typed."""

    form: ReviewForm
    is_signed: bool = False
    is_saved: bool = False
    review_id: UUID | None = None
    said: str = ""

    @property
    def status(self) -> int:
        """Of the answer when the form is shown again: 200 for a row more, else 422."""
        return 200 if self.form.add_row_to else 422


@dataclass(frozen=True)
class Meanwhile:
    """Somebody saved while the form was open: who, when, and where the two differ."""

    who: str
    at: str
    differing: tuple[Differing, ...]


def review_form(organization_id: UUID, episode_id: UUID) -> ReviewForm:
    """The form of an episode's next review, with its draft. Two statements. Raises NotFound."""
    episode = episode_of_review(organization_id, episode_id)
    draft = review_draft(organization_id, episode_id)
    return fresh_form(draft.content, number=draft.number, today=_today(episode), born_on=episode.born_on)


def write_review(request: HttpRequest, episode_id: UUID, *, session_id: UUID | None = None) -> Written:
    """A posted form: a row more, saved as a draft, or signed, by its button `do`. Raises NotFound."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    episode = episode_of_review(by.organization_id, episode_id)
    days: dict[str, Any] = {"today": _today(episode), "born_on": episode.born_on}
    if "add_row" in request.POST:
        typed = {key: request.POST[key] for key in request.POST if key not in {"add_row", "do", "csrfmiddlewaretoken"}}
        return Written(ReviewForm(typed=typed, add_row_to=request.POST["add_row"], **days))
    signs = request.POST.get("do") in SIGNING
    form = ReviewForm(request.POST, is_signing=signs, **days)
    if not form.is_valid():
        return Written(form)
    try:
        return _sign(form, by, episode_id, session_id) if signs else _save(form, by, episode_id)
    except NotFound:
        raise
    except EditedMeanwhile:
        return Written(_both(form, by, episode, episode_id))
    except DomainError as fault:
        form.add_error(None, str(fault))
        return Written(form)


def _today(episode: EpisodeOfReview) -> date:
    return local_date(timezone.now(), episode.zone)


def _sign(form: ReviewForm, by: Membership, episode_id: UUID, session_id: UUID | None) -> Written:
    values = form.cleaned_data
    signed = sign_review(
        by=by,
        at=timezone.now(),
        episode_id=episode_id,
        based_on=values["based_on"],
        content=form.content,
        on=values["on"],
        client_token=values["client_token"],
        session_id=session_id,
    )
    said = "Review signed." if signed.was_new else "This review was signed already."
    return Written(form, is_signed=True, review_id=signed.review.id, said=said)


def _save(form: ReviewForm, by: Membership, episode_id: UUID) -> Written:
    based_on = form.cleaned_data["based_on"]
    kept = save_review_draft(by=by, at=timezone.now(), episode_id=episode_id, based_on=based_on, content=form.content)
    said = (
        "Draft saved. Nothing counts until the consultant signs it." if kept.was_new else "The draft was saved already."
    )
    return Written(form, is_saved=True, said=said)


def _both(form: ReviewForm, by: Membership, episode: EpisodeOfReview, episode_id: UUID) -> ReviewForm:
    """The form with both edits put together, on the draft that was saved meanwhile, and what differs (ADR 12)."""
    theirs, mine = review_draft(by.organization_id, episode_id), form.content
    union = merged(theirs.based_on(form.cleaned_data["based_on"]), theirs.content, mine)
    again = fresh_form(union.content, number=theirs.number, today=form.today, born_on=form.born_on)
    again.initial.update({name: form.cleaned_data[name] for name in ("on", "client_token")})
    again.is_dirty = True
    again.differing = [
        Differing(part.key, one, _fate(one.name, union))
        for part in compared(theirs.content, mine, PARTS)
        for one in part.fields
        if one.change is not Change.SAME
    ]
    again.meanwhile = _meanwhile(theirs, by, episode.zone, tuple(again.differing))
    return again


def _meanwhile(theirs: DraftOfReview, by: Membership, zone: ZoneInfo, differing: tuple[Differing, ...]) -> Meanwhile:
    people = people_of(by.organization_id)
    who = (
        "You" if theirs.saved_by_id == by.id else str(people[theirs.saved_by_id]) if theirs.saved_by_id else "Somebody"
    )
    local = theirs.saved_at.astimezone(zone) if theirs.saved_at else None
    return Meanwhile(who, f"{local:%H:%M}" if local else "", differing)


def _fate(name: str, union: Merged[object]) -> str:
    """What the form does with a field in which two drafts differ."""
    if name in union.taken:
        return "You left this as it was, so the form takes over theirs."
    if name not in union.both:
        return "Only you changed this. The form keeps yours."
    if name == "recommendations":
        return "Both of you changed this. The form has the rows of both; clear those that should go."
    return "Both of you changed this. The form keeps yours; take over from theirs what is missing."
