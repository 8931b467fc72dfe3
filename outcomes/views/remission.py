"""The yearly measures of depression: what they come to, and who is due, failing or left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.narrowing import permissions_here
from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import seeing_everything, sees_all
from bhi.web.asked import Cut, cut, own_clinics, page_number, seat
from outcomes.forms.asked import id_of
from outcomes.queries.choices import Choices, choices
from outcomes.queries.remission import Person, courses, people
from outcomes.queries.settings import settings_shown
from outcomes.rules.masking import hidden_among, is_small
from outcomes.rules.remission import FAILED, HIT, Course, Judged, Standing, Yearly
from outcomes.rules.remission_measures import (
    YEARLY,
    Tally,
    due_now,
    population,
    reach,
    tally,
    usual_year,
    yearly,
    years_now,
)
from registry.rules.csv_text import Cell, csv_bytes

ROWS: Final = 50
LISTS: Final[dict[str, tuple[str, frozenset[Standing]]]] = {
    "due": ("Due now", frozenset({Standing.DUE})),
    "again": ("Not there yet", frozenset({Standing.AGAIN})),
    "soon": ("Due in 60 days", frozenset({Standing.SOON})),
    "later": ("Due later", frozenset({Standing.LATER})),
    "failed": ("Failed", FAILED),
    "met": ("Met", HIT),
    "unconfirmed": ("Not confirmed", frozenset({Standing.UNCONFIRMED})),
    "left_out": ("Left out", frozenset({Standing.LEFT_OUT})),
}
HEADER: Final = ("Measure", "Year", "As of", "Clinic", "Patients counted", "Met", "Failed", "Still open", "Share met")


@dataclass(frozen=True)
class Asked:
    """Which measure of which year, narrowed to whom. `own`: the care manager whose caseload it is."""

    by: Membership
    at: datetime
    names: Choices
    one: Yearly
    year: int
    which: str
    clinic: UUID | None
    manager: UUID | None
    own: UUID | None

    @property
    def today(self) -> date:
        return self.names.today(self.at)

    @property
    def years(self) -> list[int]:
        """Last year's, this year's and the next one's, whose windows open already."""
        return sorted({self.today.year - 1, *years_now(self.today)})

    @property
    def name(self) -> str:
        """Of the page itself, as addresses name it."""
        return "own_remission" if self.own else "remission"

    def url(self, name: str = "", **more: object) -> str:
        """The same page, or another of these, narrowed as this one is."""
        path = reverse(name or self.name, args=[self.by.organization.slug])
        said = {
            "measure": self.one.key,
            "year": self.year,
            "list": self.which,
            "clinic": self.clinic,
            "manager": self.manager,
            **more,
        }
        return f"{path}?{urlencode({key: value for key, value in said.items() if value})}"

    def courses(self) -> list[Course]:
        """Of everybody who can be in it, or whose window is open now in another. Three statements."""
        return courses(
            self.by.organization_id,
            reach([self.year, *years_now(self.today)]),
            clinic_id=self.clinic,
            care_manager_id=self.own or self.manager,
        )

    def population(self, known: Iterable[Course]) -> list[Judged]:
        """Everybody in it."""
        return population(self.one, known, self.year, self.today)


@dataclass(frozen=True)
class Row:
    """A patient of a list."""

    judged: Judged
    person: Person
    care_manager: str
    days_left: int
    said: str


@requires(Permission.VIEW_OUTCOMES)
@require_safe
def remission(request: HttpRequest, organization: str) -> HttpResponse:
    """Everybody's. Names are there for who may know them."""
    return _page(request, _asked(request))


@requires(Permission.VIEW_OWN_OUTCOMES)
@require_safe
def own_remission(request: HttpRequest, organization: str) -> HttpResponse:
    """One's own caseload's."""
    return _page(request, _asked(request, is_own=True))


@requires(Permission.NAME_OUTCOMES)
@require_safe
def remission_calls(request: HttpRequest, organization: str) -> HttpResponse:
    """Whom to call for a score, on paper: who is due now, and who is to be asked again."""
    by = seat(request)
    asked = _asked(request, is_own=Permission.VIEW_OUTCOMES not in permissions_here(by))
    open_ = LISTS["due"][1] | LISTS["again"][1]
    rows = [row for row in asked.population(asked.courses()) if row.standing in open_]
    shown = cut(_sorted(rows, "due"), page_number(request), ROWS * 2)
    listed = _rows(asked, shown.rows)
    record("outcomes.remission_listed", by=by, at=asked.at, shown=_shown(listed))
    context = {
        **_context(asked),
        **_ways(asked, shown, "remission_calls"),
        "rows": listed,
        "narrowed": _narrowed(asked),
        "back_url": asked.url(),
    }
    return render(request, "outcomes/remission_calls.html", context)


@requires(Permission.REPORT_OUTCOMES)
@require_POST
def remission_csv(request: HttpRequest, organization: str) -> HttpResponse:
    """A year's numbers by clinic, without names and with small ones hidden, for who is outside."""
    by, at = seat(request), timezone.now()
    names = choices(by.organization_id, own_clinics=own_clinics(request))
    one, year = yearly(request.POST.get("measure", "")), request.POST.get("year", "")
    today = names.today(at)
    if one is None or year not in {str(known) for known in (today.year - 1, *years_now(today))}:
        raise Http404
    # Counted whole whoever asks, so that what is hidden of a clinic is the same for all; only what is theirs leaves.
    with seeing_everything():
        rows = population(one, courses(by.organization_id, reach([int(year)])), int(year), today)
    under = settings_shown(by.organization_id).mask_under
    record("outcomes.remission_exported", by=by, at=at)
    lines = ((one.title, int(year), today, *line) for line in _masked(rows, names, under, own_clinics(request)))
    return HttpResponse(
        csv_bytes(HEADER, lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{one.key}-{year}.csv"'},
    )


def _page(request: HttpRequest, asked: Asked) -> HttpResponse:
    known = asked.courses()
    rows = asked.population(known)
    may = permissions_here(asked.by)
    sees_names = Permission.NAME_OUTCOMES in may
    words, standings = LISTS[asked.which]
    chosen = _sorted([row for row in rows if row.standing in standings], asked.which)
    shown = cut(chosen if sees_names else [], page_number(request), ROWS)
    listed = _rows(asked, shown.rows)
    record("outcomes.remission_viewed", by=asked.by, at=asked.at, shown=_shown(listed))
    context = {
        **_context(asked),
        **_ways(asked, shown),
        "tally": tally(rows),
        "tabs": _tabs(asked, rows),
        "due": [
            due for due in due_now(known, asked.today) if (due.one.window, due.year) != (asked.one.window, asked.year)
        ],
        "due_url": reverse(asked.name, args=[asked.by.organization.slug]),
        "rows": listed,
        "asks_now": asked.which in {"due", "again"},
        "list_words": words,
        "sees_names": sees_names,
        "may_report": asked.own is None and Permission.REPORT_OUTCOMES in may,
        "calls_url": asked.url("remission_calls") if sees_names else "",
        "sees_all": sees_all(),
    }
    return render(request, "outcomes/remission.html", context)


def _asked(request: HttpRequest, *, is_own: bool = False) -> Asked:
    """What an address asks for; what makes no sense is as if not given. Two statements."""
    by, at, query = seat(request), timezone.now(), request.GET
    names = choices(by.organization_id, own_clinics=own_clinics(request))
    today = names.today(at)
    one = yearly(query.get("measure", "")) or YEARLY[0]
    year = query.get("year", "")
    known = {str(each): each for each in (today.year - 1, *years_now(today))}
    clinic, manager = id_of(query.get("clinic", "")), id_of(query.get("manager", ""))
    which = query.get("list", "")
    return Asked(
        by=by,
        at=at,
        names=names,
        one=one,
        year=known.get(year, usual_year(one, today)),
        which=which if which in LISTS else "due",
        clinic=clinic if clinic in names.clinics else None,
        manager=manager if manager in names.care_managers and not is_own else None,
        own=by.id if is_own else None,
    )


def _context(asked: Asked) -> dict[str, Any]:
    return {
        "slug": asked.by.organization.slug,
        "current": asked.name,
        "asked": asked,
        "today": asked.today,
        "measures": YEARLY,
        "identified": asked.one.identified(asked.year),
    }


def _ways(asked: Asked, shown: Cut[Judged], name: str = "") -> dict[str, Any]:
    return {
        "shown": shown,
        "previous_url": asked.url(name, page=shown.number - 1) if shown.previous_url else "",
        "next_url": asked.url(name, page=shown.number + 1) if shown.next_url else "",
    }


def _tabs(asked: Asked, rows: list[Judged]) -> list[tuple[str, int, str, bool]]:
    return [
        (words, sum(row.standing in standings for row in rows), asked.url(list=key), key == asked.which)
        for key, (words, standings) in LISTS.items()
    ]


def _sorted(rows: list[Judged], which: str) -> list[Judged]:
    """What closes first, first; of what is over, what closed last."""
    is_over = which in {"failed", "met"}
    return sorted(
        rows,
        key=lambda row: (-row.closes_on.toordinal() if is_over else row.closes_on.toordinal(), row.course.patient_id),
    )


def _rows(asked: Asked, rows: Iterable[Judged]) -> list[Row]:
    listed = list(rows)
    found = people(asked.by.organization_id, [row.course.patient_id for row in listed])
    return [
        Row(
            judged=row,
            person=found[row.course.patient_id],
            care_manager=asked.names.name_of("care_manager", row.course.care_manager_id),
            days_left=row.days_left(asked.today),
            said=_said(asked.one, row),
        )
        for row in listed
        if row.course.patient_id in found
    ]


def _shown(rows: Iterable[Row]) -> list[UUID]:
    return [row.judged.course.patient_id for row in rows]


def _said(one: Yearly, row: Judged) -> str:
    """What the measure says of a patient."""
    match row.standing:
        case Standing.LEFT_OUT:
            return row.why
        case Standing.UNCONFIRMED:
            return "Counts once the treating clinician confirms the diagnosis"
        case Standing.NO_SCORE:
            return "No score in the window"
        case Standing.TOO_HIGH | Standing.AGAIN:
            return f"Last score {row.last.total}; asked: {one.asks}" if row.last else ""
        case Standing.MET:
            return f"Last score {row.last.total}" if row.last else ""
        case Standing.MET_SO_FAR:
            return f"Last score {row.last.total}; a later one in the window would count instead" if row.last else ""
        case _:
            return "No score in the window yet" if row.standing is Standing.DUE else "The window has not opened"


def _narrowed(asked: Asked) -> str:
    told = [asked.names.name_of("clinic", asked.clinic) if asked.clinic else ""]
    told.append(asked.names.name_of("care_manager", asked.manager) if asked.manager else "")
    return ", ".join(filter(None, told))


def _masked(rows: list[Judged], names: Choices, under: int, own: Collection[UUID] | None) -> Iterator[tuple[Cell, ...]]:
    """The whole and each clinic; of a seat of some clinics, these. Small counts are hidden, and others so that no
    subtraction tells them.
    """
    by_clinic: dict[UUID | None, list[Judged]] = {}
    for row in rows:
        by_clinic.setdefault(row.course.clinic_id, []).append(row)
    told = {clinic: tally(each) for clinic, each in by_clinic.items()}
    hidden = hidden_among({clinic: _counts(each) for clinic, each in told.items()}, under)
    if own is None:
        whole = tally(rows)
        yield ("All clinics", *_cells(whole, under, is_hidden=is_small(_counts(whole), under)))
    shown = {clinic: each for clinic, each in told.items() if own is None or clinic in own}
    for clinic, each in sorted(shown.items(), key=lambda pair: names.name_of("clinic", pair[0])):
        yield (names.name_of("clinic", clinic), *_cells(each, under, is_hidden=clinic in hidden))


def _counts(one: Tally) -> tuple[int, ...]:
    return one.counted, one.met, one.failed, one.open, one.counted - one.met


def _cells(one: Tally, under: int, *, is_hidden: bool) -> tuple[Cell, ...]:
    if is_hidden:
        return (f"fewer than {under}, or would tell it", "", "", "", "")
    return one.counted, one.met, one.failed, one.open, one.figure
