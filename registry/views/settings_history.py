"""Who changed which setting, when, from what to what, and what it affects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.web.asked import page_number, seat
from billing.queries.calendar import page_zone
from billing.queries.settings_history import TABLES as BILLING
from caseload.queries.settings_history import TABLES as WORK
from outcomes.queries.settings_history import TABLES as OUTCOMES
from registry.queries.settings_history import TABLES as REGISTRY
from registry.queries.settings_history import Narrowed, Version, names_of, setting_versions
from registry.rules.settings_history import Became, affected, changes_between

PAGE = 50
MOST_PAGES = 200
ALL: Final = (REGISTRY, WORK, BILLING, OUTCOMES)


@dataclass(frozen=True)
class ChangeShown:
    """A change as the page tells of it."""

    at: datetime
    by: str
    setting: str
    about: str
    clinic: str
    is_first: bool
    is_taken_back: bool
    changes: tuple[Became, ...]
    affects: tuple[str, ...]


@requires(Permission.VIEW_SETTINGS_HISTORY)
@require_safe
def settings_history(request: HttpRequest, organization: str) -> HttpResponse:
    """Fifty changes, the latest first, narrowed to a clinic, a setting or a person."""
    organization_id = seat(request).organization_id
    asked = {name: request.GET.get(name, "") for name in ("clinic", "setting", "person")}
    page = min(page_number(request), MOST_PAGES)
    narrowed = Narrowed(_uuid(asked["clinic"]), _uuid(asked["person"]), asked["setting"], page * PAGE)
    found = [setting_versions(organization_id, tables, narrowed) for tables in ALL]
    names = names_of(organization_id)
    rows = sorted((row for one in found for row in one.rows), key=lambda row: row.at, reverse=True)
    shown = [_shown(row, names) for row in rows[(page - 1) * PAGE : page * PAGE]]
    total = sum(one.total for one in found)
    context: dict[str, Any] = {
        "rows": shown,
        "zone": page_zone(organization_id).key,
        "total": total,
        "shown": len(shown),
        "asked": asked,
        "settings": [(table.key, table.words) for tables in ALL for table in tables],
        "people": _people(rows, names, asked["person"]),
        "clinics": _clinics(rows, names, asked["clinic"]),
        "previous_url": _url(asked, page - 1) if page > 1 else "",
        "next_url": _url(asked, page + 1) if page * PAGE < total else "",
    }
    return render(request, "registry/settings_history.html", context)


def _shown(row: Version, names: dict[str, str]) -> ChangeShown:
    changes = changes_between(row.table, row.before, row.after, names)
    return ChangeShown(
        at=row.at,
        by=names.get(str(row.by_id), "") if row.by_id else "",
        setting=row.table.words,
        about=names.get(row.about, row.about),
        clinic=names.get(str(row.clinic_id), "") if row.clinic_id else "",
        is_first=row.before is None,
        is_taken_back=row.after is None,
        changes=changes,
        affects=affected(row.table, changes),
    )


def _people(rows: list[Version], names: dict[str, str], asked: str) -> list[tuple[str, str]]:
    """Who changed anything of what is shown, by name, and who was asked for."""
    found = {str(row.by_id) for row in rows if row.by_id} | ({asked} & names.keys())
    return sorted(((key, names[key]) for key in found if key in names), key=lambda pair: pair[1])


def _clinics(rows: list[Version], names: dict[str, str], asked: str) -> list[tuple[str, str]]:
    found = {str(row.clinic_id) for row in rows if row.clinic_id} | ({asked} & names.keys())
    return sorted(((key, names[key]) for key in found if key in names), key=lambda pair: pair[1])


def _url(asked: dict[str, str], page: int) -> str:
    return "?" + urlencode({**{name: value for name, value in asked.items() if value}, "page": str(page)})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Http404 from None
