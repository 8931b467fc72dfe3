"""Geometry of the charts, in whole units of a viewBox; templates draw it, on screen and in print.

Decides where points, marks and grid lines lie, and nothing about what scores mean: bands, targets and marks
are given. Integers only, so that the same record always draws the same picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 288, 80, 12


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
class Sheet:
    """A size to draw on: the plot lies within left..right and top..bottom; first and last days are inset."""

    name: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    inset: int
    most_ticks: int


# Text keeps its size on both, so a small screen gets a drawing of its own rather than a shrunken one.
WIDE = Sheet("wide", 720, 260, 30, 596, 34, 226, 16, 8)
NARROW = Sheet("narrow", 360, 260, 24, 352, 34, 226, 12, 4)

MARK_ROOM = 18
MARK_LOW, MARK_HIGH = 10, 28
LABEL_ABOVE, LABEL_BELOW = 10, 20


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
    """One numbered event, a treatment change for instance. `y` steps aside for a close neighbour."""

    number: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A grid line across: the score at which a band begins, and the band's name."""

    value: int
    name: str
    y: int
    is_target: bool


@dataclass(frozen=True, slots=True)
class ChartTick:
    """The first day of a month below the chart; with its year where it is the first tick or a January."""

    on: date
    x: int
    shows_year: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """The chart on one sheet, as its template draws it."""

    sheet: Sheet
    points: tuple[ChartPoint, ...]
    line: str
    marks: tuple[ChartMark, ...]
    lines: tuple[ChartLine, ...]
    ticks: tuple[ChartTick, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """What a mark stands for, in the chart's key."""

    number: int
    on: date
    text: str


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """One scale over time: its drawings, the key of its marks, and the numbers behind it, oldest first."""

    name: str
    scores: tuple[tuple[date, int], ...]
    events: tuple[Event, ...]
    target: int | None
    drawings: tuple[Drawing, Drawing]


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
    """The chart of one scale, from its first score or mark to `until` or the last of either. None without scores.

    `bands` are (lowest total, name); `target` is the total below which the goal is met; `marks` are
    (day, text) and are numbered in order of their days.
    """
    in_order = tuple(sorted(scores, key=lambda score: score[0]))
    if not in_order:
        return None
    in_time = sorted(marks, key=lambda mark: mark[0])
    events = tuple(Event(number, on, text) for number, (on, text) in enumerate(in_time, start=1))
    days = [on for on, _ in (*in_order, *in_time)]
    lines = _band_lines(bands, target, highest)
    wide, narrow = (
        _draw(_Axis(sheet, min(days), max(*days, until), highest), in_order, events, lines, target)
        for sheet in (WIDE, NARROW)
    )
    return ScoreChart(name, in_order, events, target, (wide, narrow))


@dataclass(frozen=True, slots=True)
class _Axis:
    """From days and totals to places on a sheet. A chart of one day has its points at the left."""

    sheet: Sheet
    first: date
    last: date
    highest: int

    def x(self, on: date) -> int:
        begin, end = self.sheet.left + self.sheet.inset, self.sheet.right - self.sheet.inset
        return begin + (end - begin) * (on - self.first).days // max((self.last - self.first).days, 1)

    def y(self, value: int) -> int:
        return self.sheet.bottom - (self.sheet.bottom - self.sheet.top) * min(value, self.highest) // self.highest


def _draw(
    axis: _Axis,
    scores: Sequence[tuple[date, int]],
    events: Sequence[Event],
    lines: Sequence[tuple[int, str]],
    target: int | None,
) -> Drawing:
    points = tuple(_point(axis, scores, place) for place in range(len(scores)))
    return Drawing(
        sheet=axis.sheet,
        points=points,
        line=_points(points),
        marks=_marks(axis, events),
        lines=tuple(ChartLine(value, name, axis.y(value), value == target) for value, name in lines),
        ticks=_ticks(axis),
    )


def _point(axis: _Axis, scores: Sequence[tuple[date, int]], place: int) -> ChartPoint:
    """A label lies above its point, but below a valley, where the line would cross it."""
    on, value = scores[place]
    neighbours = [scores[other][1] for other in (place - 1, place + 1) if 0 <= other < len(scores)]
    y = axis.y(value)
    has_room_below = y + LABEL_BELOW < axis.sheet.bottom
    is_valley = bool(neighbours) and value < min(neighbours) and has_room_below
    return ChartPoint(on, value, axis.x(on), y, y + LABEL_BELOW if is_valley else y - LABEL_ABOVE)


def _marks(axis: _Axis, events: Sequence[Event]) -> tuple[ChartMark, ...]:
    placed: list[ChartMark] = []
    for event in events:
        x = axis.x(event.on)
        is_close = bool(placed) and x - placed[-1].x < MARK_ROOM and placed[-1].y == MARK_LOW
        placed.append(ChartMark(event.number, x, MARK_HIGH if is_close else MARK_LOW))
    return tuple(placed)


def _band_lines(bands: Iterable[tuple[int, str]], target: int | None, highest: int) -> tuple[tuple[int, str], ...]:
    """The grid, lowest first: where bands begin, and the target; nothing at 0, which is the axis itself."""
    named = {value: band for value, band in bands if 0 < value <= highest}
    if target is not None:
        named.setdefault(target, "")
    return tuple(sorted(named.items()))


def _ticks(axis: _Axis) -> tuple[ChartTick, ...]:
    """Firsts of months on the axis, thinned evenly where there are many."""
    firsts = _firsts_of_months(axis.first, axis.last) or [axis.first]
    kept = firsts[:: -(-len(firsts) // axis.sheet.most_ticks)]
    return tuple(ChartTick(on, axis.x(on), on == kept[0] or on.month == 1) for on in kept)


def _firsts_of_months(first: date, last: date) -> list[date]:
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    starts = [date(month // 12, month % 12 + 1, 1) for month in months]
    return [on for on in starts if on >= first]


def _points(dots: Iterable[Dot | ChartPoint]) -> str:
    return " ".join(f"{dot.x},{dot.y}" for dot in dots)


# Several scales over one time


@dataclass(frozen=True, slots=True)
class Course:
    """A scale on a chart of several: its greatest total, its scores, and the total below which its goal is met."""

    name: str
    highest: int
    scores: tuple[tuple[date, int], ...]
    target: int | None = None


@dataclass(frozen=True, slots=True)
class CourseLine:
    """One scale as it is drawn. `style` 0, 1, 2 tells lines and points apart without colour."""

    name: str
    style: int
    points: tuple[ChartPoint, ...]
    line: str


@dataclass(frozen=True, slots=True)
class CourseDrawing:
    """The chart of several scales on one sheet."""

    sheet: Sheet
    courses: tuple[CourseLine, ...]
    marks: tuple[ChartMark, ...]
    lines: tuple[ChartLine, ...]
    ticks: tuple[ChartTick, ...]


@dataclass(frozen=True, slots=True)
class CourseKey:
    """A line's name beside a piece of it; `own_axis` is the greatest total of a scale drawn to its own height."""

    name: str
    style: int
    own_axis: int | None


@dataclass(frozen=True, slots=True)
class CourseChart:
    """Several scales over time: drawings, the key of lines and of marks, and the table behind, the last day first."""

    keys: tuple[CourseKey, ...]
    events: tuple[Event, ...]
    target: int | None
    rows: tuple[tuple[date, tuple[int | None, ...]], ...]
    drawings: tuple[CourseDrawing, CourseDrawing]


# The PHQ-9 and what is shorter share its axis, so that equal totals lie at equal heights.
SHARED_HIGHEST = 27
GRID = (5, 10, 15, 20)
STYLES = 3
FLAT = Sheet("wide", 720, 196, 30, 708, 34, 166, 16, 10)
FLAT_NARROW = Sheet("narrow", 360, 196, 24, 352, 34, 166, 12, 4)


def course_chart(
    courses: Iterable[Course], *, until: date, marks: Iterable[tuple[date, str]] = ()
) -> CourseChart | None:
    """Up to three scales with scores over one time, and numbered marks (day, text). None without any score."""
    scored = [replace(one, scores=tuple(sorted(one.scores))) for one in courses if one.scores][:STYLES]
    if not scored:
        return None
    in_time = sorted(marks)
    events = tuple(Event(number, on, text) for number, (on, text) in enumerate(in_time, start=1))
    days = [on for one in scored for on, _ in one.scores] + [on for on, _ in in_time]
    span = min(days), max(*days, until)
    target = next((one.target for one in scored if one.highest <= SHARED_HIGHEST), None)
    wide, narrow = (_draw_courses(sheet, span, scored, events, target) for sheet in (FLAT, FLAT_NARROW))
    return CourseChart(
        keys=tuple(
            CourseKey(one.name, style, None if one.highest <= SHARED_HIGHEST else one.highest)
            for style, one in enumerate(scored)
        ),
        events=events,
        target=target,
        rows=_rows_of(scored),
        drawings=(wide, narrow),
    )


def _draw_courses(
    sheet: Sheet, span: tuple[date, date], courses: Sequence[Course], events: Sequence[Event], target: int | None
) -> CourseDrawing:
    axis = _Axis(sheet, *span, SHARED_HIGHEST)
    shares = any(one.highest <= SHARED_HIGHEST for one in courses)
    return CourseDrawing(
        sheet=sheet,
        courses=tuple(_course_line(sheet, span, one, style) for style, one in enumerate(courses)),
        marks=_marks(axis, events),
        lines=tuple(ChartLine(value, "", axis.y(value), value == target) for value in GRID) if shares else (),
        ticks=_ticks(axis),
    )


def _course_line(sheet: Sheet, span: tuple[date, date], course: Course, style: int) -> CourseLine:
    """The first scale's labels lie above its points, those of the others below."""
    axis = _Axis(sheet, *span, max(course.highest, SHARED_HIGHEST))
    points = []
    for place, (on, value) in enumerate(course.scores):
        above = _point(axis, course.scores, place)
        below = above.y + LABEL_BELOW if above.y + LABEL_BELOW < sheet.bottom else above.y - LABEL_ABOVE
        points.append(ChartPoint(on, value, above.x, above.y, above.y - LABEL_ABOVE if style == 0 else below))
    return CourseLine(course.name, style, tuple(points), _points(points))


def _rows_of(courses: Sequence[Course]) -> tuple[tuple[date, tuple[int | None, ...]], ...]:
    """A line a day with each scale's last total of it."""
    totals = [dict(one.scores) for one in courses]
    days = sorted({on for found in totals for on in found}, reverse=True)
    return tuple((on, tuple(found.get(on) for found in totals)) for on in days)
