"""The worked examples: billing stories as documentation, month by month."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, requires
from billing.queries.trial import months_shown
from billing.rules.story_library import examples, examples_of, neighbours_of, topic_of, topics, without_amounts
from billing.rules.words import FLAGS, GAPS
from billing.views.trial import may_see_money


@requires(Permission.TRY_RULES)
@require_safe
def example_list(request: HttpRequest, organization: str) -> HttpResponse:
    """All by topic, or those in which one thing is missing or to be looked at."""
    about = request.GET.get("about", "")
    found = examples_of(about) if about in GAPS or about in FLAGS else ()
    context = {
        "topics": topics(),
        "count": len(examples()),
        "about": about if found else "",
        "is_gap": about in GAPS,
        "found": found,
    }
    return render(request, "billing/examples.html", context)


@requires(Permission.TRY_RULES)
@require_safe
def example(request: HttpRequest, organization: str, key: str) -> HttpResponse:
    """One worked example: what happened, what comes of it and why."""
    if key not in examples():
        raise Http404
    chosen = examples()[key]
    before, following = neighbours_of(key)
    reason, is_for_money = chosen.story.reason or "", may_see_money(request)
    context = {
        "example": chosen,
        "reason": reason if is_for_money else without_amounts(reason),
        "topic": topic_of(key),
        "months": months_shown(chosen.story),
        "before": before,
        "following": following,
        "may_see_money": is_for_money,
    }
    return render(request, "billing/example.html", context)
