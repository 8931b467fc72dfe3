"""Parts that a list shows by the hundred, as functions that are tags too.

As templates they would take most of a page's time: a caseload of fifty patients shows three hundred of them. What
is text goes through `escape`; icons, numbers, ages and days of our own making cannot hold markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from typing import Any, Protocol

from django import template
from django.utils.safestring import SafeString, mark_safe

from bhi.web.charts import Course, CourseChart, course_chart, sparkline
from bhi.web.icons import heroicon_micro
from bhi.web.templatetags.bhi import age, change_from, day, to_go

register = template.Library()

# By a signal's family: its tone, where it has none of its own, and the icon that it always has.
TONES = {"safety": "danger", "course": "danger", "length": "info"}
ICONS = {
    "safety": "shield-exclamation",
    "course": "chart-bar",
    "review": "chat-bubble-left-right",
    "contact": "phone-x-mark",
    "measure": "clipboard-document-list",
}

NO_CHIP = '<span class="muted">None</span>'


class ShownSignal(Protocol):
    """What a chip says and opens: evidence in sentences, and what would clear it."""

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
    def clears(self) -> str: ...


@register.simple_tag
def signal_chip(signal: ShownSignal, today: date) -> SafeString:
    """A signal with its age; opens to its rule and evidence."""
    label, clears = escape(signal.label), escape(signal.clears)
    tone = TONES.get(signal.family, "warning")
    icon = heroicon_micro(ICONS.get(signal.family, "clock"))
    clears_with = f"<p>Clears with {clears}</p>" if clears else ""
    return _markup(
        f'<details class="chip-details" name="signal" data-light-dismiss><summary class="chip chip-{tone}">{icon}'
        f'<span>{label}</span> <span class="chip-age">{age(signal.since, today)}</span></summary>'
        f'<div class="popover"><p><strong>{label}</strong> since {day(signal.since, today)}</p>'
        f'{_sentences(signal.evidence)}{clears_with}<p class="muted small">Rule {escape(signal.rule)}</p></div>'
        "</details>"
    )


@register.simple_tag
def signal_chips(signals: Iterable[ShownSignal], today: date, more: int = 0) -> SafeString:
    """Chips side by side, and how many more there are; in words where there is none."""
    chips = "\n".join([signal_chip(signal, today) for signal in signals])
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
