"""Geometry of the charts, in whole units of a viewBox; templates draw it, on screen and in print.

Decides where points, marks and grid lines lie, and nothing about what scores mean: bands, targets and marks
are given. Integers only, so that the same record always draws the same picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 288, 80, 12

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 34, 706, 34, 226
LABEL_ROOM = 44
MARK_ROOM = 20
MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Dot:
    """A place in a viewBox."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A row of totals as one line; only its last point is marked."""

    width: int
    height: int
    points: str
    last: Dot
    words: str


def sparkline(values: Sequence[int], *, highest: int) -> Sparkline | None:
    """The line through totals of 0 to `highest`, evenly spaced, higher scores higher. None without values."""
    if not values:
        return None
    steps = max(len(values) - 1, 1)
    room_x, room_y = SPARK_WIDTH - 2 * SPARK_EDGE, SPARK_HEIGHT - 2 * SPARK_EDGE
    # A single score sits at the right end, where the last one always is.
    first = 1 if len(values) == 1 else 0
    dots = [
        Dot(
            SPARK_EDGE + room_x * (place + first) // steps,
            SPARK_HEIGHT - SPARK_EDGE - room_y * min(value, highest) // highest,
        )
        for place, value in enumerate(values)
    ]
    return Sparkline(SPARK_WIDTH, SPARK_HEIGHT, _points(dots), dots[-1], ", ".join(map(str, values)))


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One score: where it lies, and where its label does not run into the line."""

    on: date
    value: int
    x: int
    y: int
    label_y: int


@dataclass(frozen=True, slots=True)
class ChartMark:
    """One numbered event, a treatment change for instance. `label_y` steps aside for a close neighbour."""

    number: int
    on: date
    text: str
    x: int
    label_y: int


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A grid line across: the score at which a band begins, and the band's name."""

    value: int
    name: str
    y: int
    is_target: bool


@dataclass(frozen=True, slots=True)
class ChartTick:
    """The first day of a month below the chart; the year where it is the first tick or a January."""

    on: date
    x: int
    shows_year: bool


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """Everything that the chart's template draws."""

    name: str
    highest: int
    points: tuple[ChartPoint, ...]
    line: str
    marks: tuple[ChartMark, ...]
    lines: tuple[ChartLine, ...]
    ticks: tuple[ChartTick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM


def score_chart(
    *,
    name: str,
    highest: int,
    scores: Iterable[tuple[date, int]],
    until: date,
    bands: Iterable[tuple[int, str]] = (),
    target: int | None = None,
    marks: Iterable[tuple[date, str]] = (),
) -> ScoreChart | None:
    """The chart of one scale from its first score to `until` or the last thing on it. None without scores.

    `bands` are (lowest total, name); `target` is the total below which the goal is met; `marks` are
    (day, text) and are numbered in order of their days. The chart begins with the first of either.
    """
    in_order = sorted(scores, key=lambda score: score[0])
    if not in_order:
        return None
    events = sorted(marks, key=lambda mark: mark[0])
    days = [on for on, _ in (*in_order, *events)]
    axis = _Axis(min(days), max(*days, until), highest)
    points = tuple(_point(axis, in_order, place) for place in range(len(in_order)))
    return ScoreChart(
        name=name,
        highest=highest,
        points=points,
        line=_points(points),
        marks=_marks(axis, events),
        lines=_lines(axis, bands, target),
        ticks=_ticks(axis),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """From days and totals to places. A chart of one day has its points at the left."""

    first: date
    last: date
    highest: int

    def x(self, on: date) -> int:
        span = max((self.last - self.first).days, 1)
        return LEFT + (RIGHT - LEFT) * (on - self.first).days // span

    def y(self, value: int) -> int:
        return BOTTOM - (BOTTOM - TOP) * min(value, self.highest) // self.highest


def _point(axis: _Axis, scores: Sequence[tuple[date, int]], place: int) -> ChartPoint:
    """A label lies above its point, but below a valley, where the line would cross it."""
    on, value = scores[place]
    neighbours = [scores[other][1] for other in (place - 1, place + 1) if 0 <= other < len(scores)]
    is_valley = bool(neighbours) and value < min(neighbours) and axis.y(value) < BOTTOM - LABEL_ROOM // 2
    y = axis.y(value)
    return ChartPoint(on, value, axis.x(on), y, y + 20 if is_valley else y - 10)


def _marks(axis: _Axis, events: Sequence[tuple[date, str]]) -> tuple[ChartMark, ...]:
    placed: list[ChartMark] = []
    for number, (on, text) in enumerate(events, start=1):
        x = axis.x(on)
        is_close = bool(placed) and x - placed[-1].x < MARK_ROOM and placed[-1].label_y == TOP - 20
        placed.append(ChartMark(number, on, text, x, TOP - 4 if is_close else TOP - 20))
    return tuple(placed)


def _lines(axis: _Axis, bands: Iterable[tuple[int, str]], target: int | None) -> tuple[ChartLine, ...]:
    named = {value: band for value, band in bands if 0 < value <= axis.highest}
    if target is not None:
        named.setdefault(target, "")
    return tuple(ChartLine(value, named[value], axis.y(value), value == target) for value in sorted(named))


def _ticks(axis: _Axis) -> tuple[ChartTick, ...]:
    """Firsts of months on the axis, thinned evenly where there are many."""
    firsts = _firsts_of_months(axis.first, axis.last) or [axis.first]
    step = -(-len(firsts) // MOST_TICKS)
    kept = [on for on in firsts[::step] if axis.x(on) <= RIGHT - LABEL_ROOM // 2] or firsts[:1]
    return tuple(ChartTick(on, axis.x(on), on == kept[0] or on.month == 1) for on in kept)


def _firsts_of_months(first: date, last: date) -> list[date]:
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    starts = [date(month // 12, month % 12 + 1, 1) for month in months]
    return [on for on in starts if on >= first]


def _points(dots: Iterable[Dot | ChartPoint]) -> str:
    return " ".join(f"{dot.x},{dot.y}" for dot in dots)
