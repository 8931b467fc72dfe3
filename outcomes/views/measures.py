"""One measure: what it says, how it went, its parts, and the patients behind it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bhi.accounts.narrowing import may_here
from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.web.asked import cut, page_number, seat
from outcomes.forms.asked import id_of
from outcomes.queries.behind import behind_edition
from outcomes.queries.numbers import numbers_of
from outcomes.queries.targets import targets_of
from outcomes.queries.trends import FEW, GroupShown, course, parts
from outcomes.rules.experience import ANSWERS
from outcomes.rules.groups import GROUPINGS, groupings_of
from outcomes.rules.measure import Kind, Measure
from outcomes.rules.numbers import reaches
from outcomes.rules.words import of_all_programs, target_text
from outcomes.views.page import Page, measure_of, page_of

ROWS: Final = 100
# By what a page can be narrowed, and so the patients of a group be opened; the others are counted only.
ASKED_BY: Final = {
    "clinic": "clinic",
    "care_manager": "manager",
    "payer": "payer",
    "payer_class": "kind",
    "program": "program",
    "cohort": "cohort",
}
PART_WORDS: Final = {"met": "Met", "not_met": "Not met", "excluded": "Left out"}
_ASKED_OF_ONE: Final = ("payer", "payer_class", "program", "cohort")


@dataclass(frozen=True)
class PartShown:
    """A row of the breakdown, and the patients behind it where they may be opened."""

    group: GroupShown
    url: str


@requires(Permission.VIEW_OUTCOMES)
@require_safe
def measure_page(request: HttpRequest, organization: str, key: str) -> HttpResponse:
    """A measure of everybody: formula, two years, and by clinic, care manager and the rest."""
    return _measure_page(request, page_of(request), key, groupings=GROUPINGS, name="measure")


@requires(Permission.VIEW_OWN_OUTCOMES)
@require_safe
def own_measure(request: HttpRequest, organization: str, key: str) -> HttpResponse:
    """The same of the patients whom one carries."""
    return _measure_page(request, page_of(request, is_own=True), key, groupings=_ASKED_OF_ONE, name="own_measure")


def _measure_page(request: HttpRequest, page: Page, key: str, *, groupings: Collection[str], name: str) -> HttpResponse:
    one = measure_of(page, key)
    if key in ANSWERS:
        return _said_page(request, page, one)
    titles = {each: words for each, words in groupings_of(one.subject).items() if each in groupings}
    by = request.GET.get("by", "")
    # Posts are set for care managers: by anything else there is nothing to see.
    usual = "care_manager" if one.kind is Kind.PER_POST and "care_manager" in titles else next(iter(titles))
    by = by if by in titles else usual
    context = {
        **page.context("own_outcomes" if page.own else "measures"),
        "measure": one,
        "few": FEW,
        "by": by,
        "by_words": titles[by],
        "tabs": [(words, page.url(name, key, by=each), each == by) for each, words in titles.items()],
        "back_url": page.url("own_outcomes" if page.own else "outcomes"),
        **(_numbers(request, page, one, by) if page.edition else {}),
    }
    record("outcomes.measure_viewed", by=page.by, at=page.at)
    return render(request, "outcomes/measure.html", context)


def _said_page(request: HttpRequest, page: Page, one: Measure) -> HttpResponse:
    """What a question to patients asks, and where its answers are told: no month and no group of them is shown."""
    record("outcomes.measure_viewed", by=page.by, at=page.at)
    return render(request, "outcomes/measure_said.html", {**page.context("measures"), "measure": one})


def _numbers(request: HttpRequest, page: Page, one: Measure, by: str) -> dict[str, Any]:
    """What there is of a measured month."""
    month, edition, organization_id = page.month, page.edition, page.by.organization_id
    assert month is not None
    assert edition is not None
    target = targets_of(organization_id, [month]).get((month, one.key))
    found = course(organization_id, one, month, page.editions, target=target, only=page.only)
    number = dict(found.months)[month]
    rows = parts(organization_id, one, edition, by, page.names, only=page.only)
    shown = cut(rows, page_number(request), ROWS)
    more = {"by": by}
    return {
        "course": found,
        "number": number,
        "target": target_text(one, target),
        "is_met": reaches(number, target) if number else None,
        "parts": [PartShown(row, _group_url(page, one, by, row)) for row in shown.rows],
        "parts_cut": shown,
        "previous_url": _paged(page, one, shown.number - 1, **more) if shown.previous_url else "",
        "next_url": _paged(page, one, shown.number + 1, **more) if shown.next_url else "",
        "has_few": any(row.is_few for row in rows),
        "patients_url": page.url("measure_patients", one.key) if _may_name(page, one) else "",
    }


def _paged(page: Page, one: Measure, number: int, **more: object) -> str:
    return page.url("own_measure" if page.own else "measure", one.key, page=number, **more)


def _may_name(page: Page, one: Measure) -> bool:
    """Not who said what of the program: patients are told that their names do not show with their answers."""
    return Permission.NAME_OUTCOMES in page.may and one.family != "experience"


def _group_url(page: Page, one: Measure, by: str, row: GroupShown) -> str:
    """The patients of one group; none for a group that no address names."""
    if not _may_name(page, one) or by not in ASKED_BY or row.id in (None, ""):
        return ""
    group = f"{row.id:%Y-%m}" if by == "cohort" else str(row.id)
    return page.url("measure_patients", one.key, **{ASKED_BY[by]: group})


@requires(Permission.NAME_OUTCOMES)
@require_safe
def measure_patients(request: HttpRequest, organization: str, key: str) -> HttpResponse:
    """Who is behind a number: fifty a page by name, with what the measure says of each.

    A seat that does not see the whole program's outcomes sees its own patients here.
    """
    page = page_of(request, is_own=not _sees_whole(request))
    one = measure_of(page, key)
    if page.edition is None or page.month is None or not _may_name(page, one):
        raise Http404
    part = _part(request, one)
    after = id_of(request.GET.get("after", ""))
    try:
        found = behind_edition(page.by.organization_id, page.edition, key, part=part, only=page.only, after=after)
    except NotFound:
        raise Http404 from None
    numbers = numbers_of(page.by.organization_id, [page.edition], keys=[key], only=page.only)
    record("outcomes.patients_viewed", by=page.by, at=page.at, shown=[row.patient_id for row in found.rows])
    context = {
        **page.context("own_outcomes" if page.own else "measures"),
        "measure": one,
        "number": numbers.get((page.month, None, key)),
        "found": found,
        "part": part,
        "tabs": _part_tabs(page, one, part),
        "next_url": page.url("measure_patients", key, which=part, after=found.next) if found.next else "",
        "first_url": page.url("measure_patients", key, which=part) if after else "",
        "back_url": page.url("own_measure" if page.own else "measure", key),
        "narrowed": _narrowed(page, one),
    }
    return render(request, "outcomes/patients.html", context)


def _sees_whole(request: HttpRequest) -> bool:
    return may_here(seat(request), Permission.VIEW_OUTCOMES)


def _part(request: HttpRequest, one: Measure) -> str:
    part = request.GET.get("which", "")
    return part if part in _parts_of(one) else "met"


def _parts_of(one: Measure) -> list[str]:
    """Only a share says of each whether they meet it."""
    return list(PART_WORDS) if one.kind is Kind.SHARE else ["met", "excluded"]


def _part_tabs(page: Page, one: Measure, part: str) -> list[tuple[str, str, bool]]:
    words = PART_WORDS if one.kind is Kind.SHARE else {**PART_WORDS, "met": "Counted"}
    return [(words[each], page.url("measure_patients", one.key, which=each), each == part) for each in _parts_of(one)]


def _narrowed(page: Page, one: Measure) -> str:
    """To whom the list is narrowed, in words."""
    asked, names = page.asked, page.names
    told = [
        names.name_of(by, group)
        for by, group in (
            ("clinic", asked.clinic),
            ("care_manager", asked.manager if page.own is None else None),
            ("payer", asked.payer),
            ("payer_class", asked.kind),
            ("program", "" if of_all_programs(one, asked.program) else asked.program),
        )
        if group
    ]
    cohort = [f"enrolled or referred in {asked.cohort:%B %Y}"] if asked.cohort else []
    return ", ".join([*told, *cohort])
