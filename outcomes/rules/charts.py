"""Geometry of the charts of months, in whole units of a viewBox; templates draw it, on screen and on paper.

It decides where points, lines and labels lie, and nothing about what numbers mean. A month without a number is a gap:
the line breaks, nothing is drawn between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from itertools import groupby, pairwise
from typing import Final

SPARK_WIDTH: Final = 200
SPARK_HEIGHT: Final = 36
SPARK_EDGE: Final = 4
PERCENT: Final = Decimal(100)
GRID_STEPS: Final = 4
_NICE_STEPS: Final = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
LABEL_ABOVE: Final = 10
LABEL_BELOW: Final = 20


@dataclass(frozen=True, slots=True)
class Dot:
    """A place in a viewBox."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Spark:
    """A few months as lines from gap to gap; months that stand alone are dots; the last known one is marked."""

    width: int
    height: int
    lines: tuple[str, ...]
    alone: tuple[Dot, ...]
    last: Dot


def spark(values: Sequence[Decimal | None], *, highest: Decimal | None = None) -> Spark | None:
    """The line of a tile from 0 to `highest` (the greatest value, where none is given). None where nothing is known."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    top = max(highest or max(known), Decimal(1))
    steps = max(len(values) - 1, 1)
    room_x, room_y = SPARK_WIDTH - 2 * SPARK_EDGE, SPARK_HEIGHT - 2 * SPARK_EDGE
    dots = [
        None
        if value is None
        else Dot(SPARK_EDGE + room_x * place // steps, SPARK_HEIGHT - SPARK_EDGE - int(room_y * min(value, top) / top))
        for place, value in enumerate(values)
    ]
    runs = list(_runs(dots))
    return Spark(
        width=SPARK_WIDTH,
        height=SPARK_HEIGHT,
        lines=tuple(_points(run) for run in runs if len(run) > 1),
        alone=tuple(run[0] for run in runs if len(run) == 1),
        last=runs[-1][-1],
    )


@dataclass(frozen=True, slots=True)
class TrendSheet:
    """A size to draw on: the plot lies within left..right and top..bottom; the first and last month are inset."""

    name: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    inset: int
    most_ticks: int
    most_labels: int


# Text keeps its size on both, so a small screen gets a drawing of its own rather than a shrunken one.
WIDE: Final = TrendSheet("wide", 720, 260, 44, 708, 24, 226, 20, 12, 13)
NARROW: Final = TrendSheet("narrow", 360, 240, 40, 352, 24, 206, 16, 4, 4)


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One month: where it lies, its label (empty where there is no room), and where that does not cross the line."""

    month: date
    x: int
    y: int
    label: str
    label_y: int


@dataclass(frozen=True, slots=True)
class TrendTick:
    """A month below the chart; with its year where it is the first one or a January."""

    month: date
    x: int
    shows_year: bool


@dataclass(frozen=True, slots=True)
class TrendLine:
    """A line across with its number."""

    label: str
    y: int


@dataclass(frozen=True, slots=True)
class TrendDrawing:
    """The months on one sheet. `target_y` is None where there is no target."""

    sheet: TrendSheet
    points: tuple[TrendPoint, ...]
    lines: tuple[str, ...]
    grid: tuple[TrendLine, ...]
    ticks: tuple[TrendTick, ...]
    target_y: int | None


@dataclass(frozen=True, slots=True)
class Trend:
    """A measure over months: one drawing for wide screens and one for small ones."""

    drawings: tuple[TrendDrawing, TrendDrawing]


def trend(
    values: Sequence[tuple[date, Decimal | None]], *, target: Decimal | None = None, highest: Decimal | None = None
) -> Trend | None:
    """The chart of months in their order, from 0 to `highest` or a round number above all. None where nothing is known.

    100 is the highest of a share. A value above `highest` lies at the top.
    """
    known = [value for _, value in values if value is not None]
    if not known:
        return None
    step = highest / GRID_STEPS if highest else _step(max(*known, target or Decimal(0), Decimal(0)))
    top = highest or step * (max(*known, target or Decimal(0), step) / step).to_integral_value(ROUND_CEILING)
    axes = [_Axis(sheet, len(values), top) for sheet in (WIDE, NARROW)]
    wide, narrow = (_draw(axis, values, step, target) for axis in axes)
    return Trend((wide, narrow))


def short_label(value: Decimal) -> str:
    """A number as a chart writes it: `87.5`, `80`, `1,200`."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class _Axis:
    sheet: TrendSheet
    count: int
    top: Decimal

    def x(self, place: int) -> int:
        begin, end = self.sheet.left + self.sheet.inset, self.sheet.right - self.sheet.inset
        # A single month lies at the right end, where the last one always is.
        return end if self.count == 1 else begin + (end - begin) * place // (self.count - 1)

    def y(self, value: Decimal) -> int:
        held = min(max(value, Decimal(0)), self.top)
        return self.sheet.bottom - int((self.sheet.bottom - self.sheet.top) * held / self.top)


def _step(highest: Decimal) -> Decimal:
    """Between grid lines: a round number, at least 1, so that the axis ends at or above the highest value."""
    least = max(highest / GRID_STEPS, Decimal(1))
    magnitude = Decimal(10) ** least.adjusted()
    nice = next(one * magnitude for one in _NICE_STEPS if one * magnitude >= least)
    return nice if nice == nice.to_integral_value() else nice.to_integral_value(ROUND_CEILING)


def _draw(
    axis: _Axis, values: Sequence[tuple[date, Decimal | None]], step: Decimal, target: Decimal | None
) -> TrendDrawing:
    dots = [None if value is None else Dot(axis.x(place), axis.y(value)) for place, (_, value) in enumerate(values)]
    return TrendDrawing(
        sheet=axis.sheet,
        points=tuple(_trend_points(axis, values, dots)),
        lines=tuple(_points(run) for run in _runs(dots) if len(run) > 1),
        grid=tuple(_grid(axis, step)),
        ticks=_ticks(axis, [month for month, _ in values]),
        target_y=None if target is None else axis.y(target),
    )


def _trend_points(
    axis: _Axis, values: Sequence[tuple[date, Decimal | None]], dots: Sequence[Dot | None]
) -> Iterator[TrendPoint]:
    every = -(-len(values) // axis.sheet.most_labels)
    last = max(place for place, dot in enumerate(dots) if dot)
    for place, ((month, value), dot) in enumerate(zip(values, dots, strict=True)):
        if dot is None or value is None:
            continue
        # Counted back from the last one, which is the number of the page.
        is_labelled = place <= last and (last - place) % every == 0
        label = short_label(value) if is_labelled else ""
        yield TrendPoint(month, dot.x, dot.y, label, _label_y(axis.sheet, dots, place))


def _label_y(sheet: TrendSheet, dots: Sequence[Dot | None], place: int) -> int:
    """Above its point, but below a valley, where the line would cross it, and where there is no room above."""
    dot = dots[place]
    assert dot is not None
    around = [dots[other] for other in (place - 1, place + 1) if 0 <= other < len(dots)]
    beside = [other.y for other in around if other]
    is_valley = bool(beside) and dot.y > max(beside)
    has_room_below = dot.y + LABEL_BELOW < sheet.bottom
    return dot.y + LABEL_BELOW if is_valley and has_room_below else dot.y - LABEL_ABOVE


def _grid(axis: _Axis, step: Decimal) -> Iterator[TrendLine]:
    for count in range(int(axis.top / step) + 1):
        yield TrendLine(short_label(step * count), axis.y(step * count))


def _ticks(axis: _Axis, months: Sequence[date]) -> tuple[TrendTick, ...]:
    """Months on the axis, thinned evenly where there are many, the last one always among them."""
    every = -(-len(months) // axis.sheet.most_ticks)
    kept = [place for place in range(len(months)) if (len(months) - 1 - place) % every == 0]
    years = {kept[0]} | {after for before, after in pairwise(kept) if months[before].year != months[after].year}
    return tuple(TrendTick(months[place], axis.x(place), place in years) for place in kept)


def _runs(dots: Iterable[Dot | None]) -> Iterator[list[Dot]]:
    """Dots that follow one another without a gap."""
    for is_there, run in groupby(dots, key=lambda dot: dot is not None):
        if is_there:
            yield [dot for dot in run if dot is not None]


def _points(dots: Iterable[Dot]) -> str:
    return " ".join(f"{dot.x},{dot.y}" for dot in dots)
