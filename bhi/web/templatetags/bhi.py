"""How dates, ages, minutes and changes are said on screen, and the parts that take inner markup.

Nothing here reads a clock: what "today" is comes from the page, in its clinic's zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from bhi.accounts.narrowing import permissions_here
from bhi.accounts.permissions import Permission
from bhi.web.charts import Sparkline
from bhi.web.charts import sparkline as sparkline_of

register = template.Library()

MINUS = "\N{MINUS SIGN}"
DAYS_WITHOUT_YEAR = 90
WEEKS_FROM_DAYS = 56


class InstantAsDay(TypeError):
    """An instant was given where a date is needed: which day it is depends on the clinic's zone."""

    def __init__(self) -> None:
        super().__init__("a date is needed here; turn the instant into one with local_day and the clinic's zone")


@register.filter
def day(on: date | None, today: date | None = None) -> str:
    """`Oct 12`; with its year unless `today` is given and in the same year or at most 90 days away."""
    if on is None:
        return ""
    _refuse_instant(on)
    plain = f"{on:%b} {on.day}"
    is_plain_enough = today is not None and (on.year == today.year or abs((today - on).days) <= DAYS_WITHOUT_YEAR)
    return plain if is_plain_enough else f"{plain}, {on.year}"


@register.filter
def ago_days(on: date | None, today: date) -> str:
    """How far a day is from today, in words: `today`, `yesterday`, `12 days ago`, `in 3 days`."""
    if on is None:
        return ""
    _refuse_instant(on)
    days = (today - on).days
    near = {0: "today", 1: "yesterday", -1: "tomorrow"}
    return near.get(days) or (f"{days} days ago" if days > 0 else f"in {-days} days")


@register.filter
def age(on: date | None, today: date) -> str:
    """How long ago, for dense cells: `34 d`, from eight weeks on `12 wk`. A coming day is `in 3 d`."""
    if on is None:
        return ""
    _refuse_instant(on)
    days = (today - on).days
    if days < 0:
        return f"in {-days} d"
    return f"{days} d" if days < WEEKS_FROM_DAYS else f"{days // 7} wk"


@register.filter
def minutes(seconds: int | None) -> str:
    """Whole minutes of seconds; what is begun does not count."""
    return "" if seconds is None else str(seconds // 60)


@register.filter
def change_from(last: int | None, baseline: int | None) -> str:
    """The change of a score with its sign, `−9`; empty when there is nothing to compare."""
    if last is None or baseline is None:
        return ""
    change = last - baseline
    return f"{MINUS}{-change}" if change < 0 else f"+{change}" if change else "0"


@register.filter
def to_go(goal: int, reached: int) -> int:
    """How much is missing to a goal; nothing once it is reached."""
    return max(goal - reached, 0)


@register.filter
def clock(at: datetime | None, zone: str) -> str:
    """The time of day in a zone: `2:05 pm`."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


@register.filter
def local_day(at: datetime | None, zone: str) -> date | None:
    """The day that an instant falls on in a zone."""
    return None if at is None else at.astimezone(ZoneInfo(zone)).date()


@register.filter
def spaced(name: str) -> str:
    """A field's name as words: `gave care manager`."""
    return name.replace("_", " ")


@register.simple_tag
def instant(at: datetime | None, form: str = "") -> str:
    """An instant on the reader's own clock, or with `"day"` its day there; without script in UTC, and so said."""
    if at is None:
        return ""
    utc = at.astimezone(ZoneInfo("UTC"))
    words = day(utc.date()) if form == "day" else f"{day(utc.date())}, {clock(utc, 'UTC')} UTC"
    return format_html('<time datetime="{}" data-local-time="{}">{}</time>', utc.isoformat(), form, words)


@register.simple_tag(takes_context=True)
def may(context: template.Context, permission: str) -> bool:
    """Whether the seat has a permission, in parts included by `only` too: `{% may "set_payers" as may_set %}`."""
    membership = getattr(getattr(context, "request", None), "membership", None)
    return membership is not None and Permission(permission) in permissions_here(membership)


@register.simple_tag
def sparkline(values: Sequence[int] | None, highest: int) -> Sparkline | None:
    """The geometry of a row's sparkline: `{% sparkline series 27 as line %}`."""
    return sparkline_of(values or (), highest=highest)


@register.simple_block_tag
def page_header(content: str, title: str, sub: str = "") -> SafeString:
    """The page's heading with its actions beside it."""
    context = {"title": title, "sub": sub, "actions": _rendered(content)}
    return render_to_string("components/_page_header.html", context)


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> SafeString:  # noqa: A002 - the attribute's own name
    """A dialog that a `data-dialog-open` button opens."""
    return render_to_string("components/_dialog.html", {"id": id, "title": title, "body": _rendered(content)})


def _rendered(content: str) -> SafeString:
    """A block tag's inner markup: a template made it, which escaped what it was given."""
    return mark_safe(content)  # noqa: S308


def _refuse_instant(on: date) -> None:
    if isinstance(on, datetime):
        raise InstantAsDay
