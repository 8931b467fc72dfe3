"""Parts that a list shows by the hundred, as functions that are tags too.

As templates they would take most of a page's time: a caseload of fifty patients shows three hundred of them. What
is text goes through `escape`; icons, numbers, ages and days of our own making cannot hold markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from typing import Any, Protocol
from uuid import UUID

from django import template
from django.utils.safestring import SafeString, mark_safe

from bhi.web.charts import Course, CourseChart, course_chart, sparkline
from bhi.web.icons import heroicon_micro
from bhi.web.templatetags.bhi import age, change_from, day, to_go

register = template.Library()

# Stands in an address for the id that is put in its place.
NO_ID = str(UUID(int=0))
# By a signal's family.
ICONS = {
    "safety": "shield-exclamation",
    "course": "chart-bar",
    "review": "chat-bubble-left-right",
    "contact": "phone-x-mark",
    "measure": "clipboard-document-list",
}

NO_CHIP = '<span class="muted">None</span>'


class ShownSignal(Protocol):
    """What a chip says and opens: evidence in sentences with the ids behind them, and what would clear it."""

    @property
    def label(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def since(self) -> date: ...
    @property
    def evidence(self) -> Sequence[str]: ...
    @property
    def refs(self) -> Sequence[str]: ...
    @property
    def clears(self) -> str: ...
    @property
    def tone(self) -> str: ...
    @property
    def aside(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def put_off_until(self) -> date | None: ...
    @property
    def is_new(self) -> bool: ...
    @property
    def may_wait(self) -> bool: ...


@register.simple_tag
def signal_chip(signal: ShownSignal, today: date, put_off_url: str = "", score_url: str = "") -> SafeString:
    """A signal with its age; opens to its rule and evidence, each score a link.

    `put_off_url` leads to putting it off; `score_url` is a score's address with NO_ID in the place of its id.
    """
    label = escape(signal.label)
    icon = heroicon_micro(ICONS.get(signal.family, "clock"))
    quiet = " is-put-off" if signal.put_off_until else ""
    return _markup(
        f'<details class="chip-details" name="signal" data-light-dismiss>'
        f'<summary class="chip chip-{signal.tone}{quiet}">{icon}<span>{label}</span> {_beside(signal, today)}</summary>'
        f'<div class="popover"><p><strong>{label}</strong> since {day(signal.since, today)}</p>'
        f"{_evidence(signal, score_url)}{_what_then(signal, today, put_off_url)}</div></details>"
    )


def _beside(signal: ShownSignal, today: date) -> str:
    """What stands on the chip beside its name: its age, that it is new, what was done, until when it was put off."""
    new = ' <span class="chip-new">new</span>' if signal.is_new else ""
    aside = f' <span class="chip-aside">{escape(signal.aside)}</span>' if signal.aside else ""
    until = signal.put_off_until
    put_off = f' <span class="chip-aside">put off until {day(until, today)}</span>' if until else ""
    return f'<span class="chip-age">{age(signal.since, today)}</span>{new}{aside}{put_off}'


def _evidence(signal: ShownSignal, score_url: str) -> str:
    if not score_url:
        return _sentences(signal.evidence)
    refs = [*signal.refs, *([""] * len(signal.evidence))]
    said = [
        f'<a href="{score_url.replace(NO_ID, ref)}">{escape(one)}</a>' if ref else escape(one)
        for one, ref in zip(signal.evidence, refs, strict=False)
    ]
    return f'<ul class="sentence-list">{"".join(f"<li>{one}</li>" for one in said)}</ul>' if said else ""


def _what_then(signal: ShownSignal, today: date, put_off_url: str) -> str:
    """What would clear it, what its rule cannot know, and where it is put off."""
    clears = f"<p>Clears with {escape(signal.clears)}</p>" if signal.clears else ""
    note = f"<p>{escape(signal.note)}</p>" if signal.note else ""
    rule = f'<p class="muted small">Rule {escape(signal.rule)}</p>'
    if not (put_off_url and signal.may_wait):
        return f"{clears}{note}{rule}"
    said = "Ask again now" if signal.put_off_until else "Put off"
    link = f'<p><a href="{put_off_url}">{said}<span class="visually-hidden">: {escape(signal.label)}</span></a></p>'
    return f"{clears}{note}{link}{rule}"


@register.simple_tag
def signal_chips(
    signals: Iterable[ShownSignal], today: date, more: int = 0, put_off_url: str = "", score_url: str = ""
) -> SafeString:
    """Chips side by side, and how many more there are; in words where there is none."""
    chips = "\n".join([signal_chip(signal, today, put_off_url, score_url) for signal in signals])
    others = f'<span class="muted small">+{more}</span>' if more else ""
    return _markup(f'<div class="row chips">{chips or NO_CHIP}{others}</div>')


@register.simple_tag
def score_cell(
    name: str,
    *,
    baseline: int | None,
    last: int | None,
    last_on: date | None,
    series: Sequence[int],
    highest: int,
    today: date,
    state: str = "",
    is_referral: bool = False,
) -> SafeString:
    """A scale from its baseline to the last score, its line, its age and where that leaves the patient."""
    if last is None:
        return _markup('<span class="muted">No score yet</span>')
    is_course = len(series) > 1
    before = _before(baseline) if is_course or (baseline is not None and baseline != last) else ""
    change = change_from(last, baseline) if is_course else ""
    line = _line(name, series, highest) if is_course else ""
    words = "referral" if is_referral else "First score" if len(series) == 1 else escape(state)
    stated = f' <span class="score-state">{words}</span>' if words else ""
    return _markup(
        f'<div class="score{" score-referral" if is_referral else ""}"><span class="score-values">{before}'
        f'<strong>{last}</strong></span> <span class="score-change">{change}</span> {line}'
        f'<span class="score-age">{age(last_on, today)}</span>{stated}</div>'
    )


class DrawnCourse(Protocol):
    """A course to draw: scales (.name .highest .target .scores), marks (day, text), and the day to draw up to."""

    @property
    def scales(self) -> Sequence[Any]: ...
    @property
    def marks(self) -> Sequence[tuple[date, str]]: ...
    @property
    def today(self) -> date: ...


@register.simple_tag
def course_chart_of(course: DrawnCourse) -> CourseChart | None:
    """The chart of several scales over one time, for `_course_chart.html`."""
    courses = [Course(scale.name, scale.highest, scale.scores, scale.target) for scale in course.scales]
    return course_chart(courses, until=course.today, marks=course.marks)


@register.simple_tag
def minutes_bar(
    minutes: int, goal: int | None, next_code: str = "", code_now: str = "", missing: str = ""
) -> SafeString:
    """Minutes on the way to those of the next code (None: no further one), the code that they reach, and what else is
    missing. No amounts.
    """
    if goal:
        bar = f'<progress class="minutes-bar" max="{goal}" value="{minutes}">{minutes} of {goal} minutes</progress>'
        said = f"<strong>{minutes}</strong> of {goal} minutes"
    else:
        bar = f'<progress class="minutes-bar is-full" max="1" value="1">{minutes} minutes</progress>'
        said = f"<strong>{minutes}</strong> minutes"
    reached = f'<span class="minutes-code">{heroicon_micro("check")}{escape(code_now)}</span>' if code_now else ""
    to_next = f'<span class="muted">{to_go(goal, minutes)} to {escape(next_code)}</span>' if goal and next_code else ""
    codes = f' <span class="minutes-next">{reached}{" " if reached and to_next else ""}{to_next}</span>'
    said = f' <span class="minutes-words">{said}</span>{codes if reached or to_next else ""}'
    return _markup(f'<div class="minutes">{bar}{said}</div>{_quiet(missing)}')


@register.simple_tag
def due_day(on: date | None, today: date, purpose: str = "") -> SafeString:
    """When something is due and what for; that it is overdue is said in words too."""
    if on is None:
        return _markup("")
    is_overdue = on < today
    marked, said = (" attention", ", overdue") if is_overdue else ("", "")
    return _markup(f'<span class="nowrap{marked}">{day(on, today)}{said}</span> {_quiet(purpose)}')


@register.simple_tag
def options(choices: Iterable[tuple[object, str]], chosen: object) -> SafeString:
    """The options of a select, values with their names; what is chosen is selected."""
    return _markup(
        "".join(
            f'<option value="{escape(str(value))}"{" selected" if value == chosen else ""}>{escape(name)}</option>'
            for value, name in choices
        )
    )


def _before(baseline: int | None) -> str:
    """What the last score is compared with, and the arrow between them, in words for those who do not see it."""
    known = "" if baseline is None else baseline
    return (
        f'<span class="muted">{known}</span> <span class="muted" aria-hidden="true">→</span>'
        '<span class="visually-hidden"> to </span> '
    )


def _line(name: str, series: Sequence[int], highest: int) -> str:
    line = sparkline(series, highest=highest)
    assert line is not None, "a course has scores"
    return (
        f'<svg class="sparkline" viewBox="0 0 {line.width} {line.height}" width="72" height="20" role="img"'
        f' aria-label="{escape(name)} in order: {line.words}"><polyline class="sparkline-line" points="{line.points}"'
        f' vector-effect="non-scaling-stroke" /><circle class="sparkline-last" cx="{line.last.x}" cy="{line.last.y}"'
        ' r="10" /></svg> '
    )


def _sentences(sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    return f'<ul class="sentence-list">{"".join(f"<li>{escape(one)}</li>" for one in sentences)}</ul>'


def _quiet(text: str) -> str:
    return f'<span class="muted small">{escape(text)}</span>' if text else ""


def _markup(text: str) -> SafeString:
    return mark_safe(text)  # noqa: S308 - made above, of escaped parts
