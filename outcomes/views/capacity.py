"""The capacity calculator: the organization's own work, what if, and when somebody has to be hired."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from outcomes.forms.capacity import CapacityForm
from outcomes.queries.capacity import Average, OwnWork, own_work
from outcomes.queries.settings import settings_shown
from outcomes.rules.capacity import (
    ATTEMPT_MINUTES,
    CONTACT_MINUTES,
    ENOUGH,
    INITIAL_MINUTES,
    REVIEW_HOURS_A_WEEK,
    Capacity,
    Plan,
    a_month,
    capacity,
    hire_in,
    hours_of,
    months_ahead,
    over_in,
    shared,
)
from outcomes.rules.case_mix import BANDS, load_words, percent
from outcomes.rules.months import month_before
from outcomes.views.page import Page, page_of

AHEAD: Final = 12
LEAD: Final = 3
CONTACTS: Final = Decimal("1.5")


@requires(Permission.VIEW_OUTCOMES)
@require_safe
def capacity_page(request: HttpRequest, organization: str) -> HttpResponse:
    """What the work takes, what there is, and how that goes on. What-if numbers stand in the address: nothing of a
    patient is in them.
    """
    page = page_of(request)
    work = own_work(page.by.organization_id, page.editions, page.today)
    share = settings_shown(page.by.organization_id).productive_percent
    record("outcomes.capacity_viewed", by=page.by, at=page.at)
    typed = request.GET if "posts" in request.GET else None
    form = CapacityForm(typed, initial=_proposed(work, share), said=_sources(work))
    context = {**page.context("capacity"), "form": form, "work": work, "is_what_if": typed is not None}
    if form.is_bound and not form.is_valid():
        return render(request, "outcomes/capacity.html", context, status=422)
    return render(request, "outcomes/capacity.html", {**context, **_found(page, work, form)})


def _found(page: Page, work: OwnWork, form: CapacityForm) -> dict[str, Any]:
    plan, lead = form.plan()
    found = capacity(plan)
    each = shared(plan.active * 100, int(plan.posts * 100)) if plan.posts else None
    medicaid = percent(work.on_medicaid, work.active)
    return {
        "plan": plan,
        "found": found,
        **_tiles(found),
        "ahead": [(_month(page.today, one.months), one) for one in months_ahead(plan, AHEAD)],
        "hire_words": _hire_words(plan, lead, page.today),
        "hire_tone": "warning" if hire_in(plan, lead) == 0 else "info",
        "each": each,
        "medicaid": medicaid,
        "load": load_words(each, medicaid),
        "bands": BANDS,
    }


def _tiles(found: Capacity) -> dict[str, Any]:
    share = "" if found.percent is None else f", {found.percent} % of what is there"
    posts = "" if found.posts_needed is None else f"It is the work of {found.posts_needed} posts"
    fits = "n/a" if found.fits is None else f"{abs(found.fits):,}"
    return {
        "is_over": found.left < 0,
        "need_detail": f"{hours_of(found.needed):,} hours{share}",
        "there_detail": f"{hours_of(found.there):,} hours, after the weekly review",
        "left_words": f"{abs(found.left):,} minutes",
        "posts_detail": posts,
        "fits_label": "Too many" if (found.fits or 0) < 0 else "More that fit",
        "fits_words": fits,
    }


def _hire_words(plan: Plan, lead: int, today: date) -> str:
    over, begin = over_in(plan), hire_in(plan, lead)
    if over is None or begin is None:
        return "The work fits for two years at this pace: nobody has to be hired for it."
    takes = f"{lead} month{'' if lead == 1 else 's'}"
    if over == 0:
        return f"The work does not fit now. Hiring takes {takes}: hold new patients back, or move some, until then."
    when = "now" if begin == 0 else f"in {_month(today, begin):%B %Y}"
    return f"The work no longer fits from {_month(today, over):%B %Y} on. Hiring takes {takes}: begin {when}."


def _month(today: date, ahead: int) -> date:
    return month_before(today, -ahead)


def _proposed(work: OwnWork, share: int) -> dict[str, Any]:
    """The organization's own numbers where there are enough; else published ones."""
    months = len(work.months)
    return {
        "posts": work.posts if work.posts is not None else Decimal("1.00"),
        "productive": share,
        "review_hours": REVIEW_HOURS_A_WEEK,
        "active": work.active,
        "new": a_month(work.new, months),
        "leaving": a_month(work.left, months),
        "contacts": shared(work.contacts, work.carried, places=2) or CONTACTS,
        "attempts": a_month(work.attempts, months, places=0),
        "initial_minutes": work.initial.minutes or INITIAL_MINUTES,
        "contact_minutes": work.contact.minutes or CONTACT_MINUTES,
        "attempt_minutes": work.attempt.minutes or ATTEMPT_MINUTES,
        "lead": LEAD,
    }


def _sources(work: OwnWork) -> dict[str, str]:
    span = _span(work.months)
    own = f"Average of {span}" if work.months else "No month is measured yet"
    return {
        "posts": _posts_words(work),
        "productive": "Of paid hours, as set in settings",
        "active": f"Open on the last day of {work.months[-1]:%B %Y}" if work.months else own,
        "new": own,
        "leaving": own,
        "contacts": _contact_words(work, own),
        "attempts": own,
        "initial_minutes": _minutes_words(work.initial, "new patient", span, "75 to 95"),
        "contact_minutes": _minutes_words(work.contact, "follow-up contact", span, "51 to 60"),
        "attempt_minutes": _minutes_words(work.attempt, "attempt", span, "9 to 11"),
    }


def _contact_words(work: OwnWork, own: str) -> str:
    said = f"A month after the first, {own[0].lower()}{own[1:]}"
    return said if work.contacts else "A month after the first; 1.5 is assumed"


def _posts_words(work: OwnWork) -> str:
    if work.posts is None:
        return "Not set yet: one post is assumed"
    return f"As set for {work.seats} care manager{'' if work.seats == 1 else 's'}"


def _minutes_words(average: Average, noun: str, span: str, published: str) -> str:
    things = f"{average.count:,} {noun}{'' if average.count == 1 else 's'}"
    if average.minutes is not None:
        return f"Yours, of {things}, {span}. Published: {published}"
    if not average.count:
        return f"Published: {published}. Yours are not known yet"
    return f"Published: {published}. Yours rest on {things}; {ENOUGH} are needed"


def _span(months: tuple[date, ...]) -> str:
    if not months:
        return ""
    first, last = months[0], months[-1]
    if first == last:
        return f"{last:%B %Y}"
    return f"{first:%b} to {last:%b %Y}" if first.year == last.year else f"{first:%b %Y} to {last:%b %Y}"
