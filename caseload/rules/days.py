"""Sets of days, and the arithmetic on them that signals are written in.

A rule answers with the days on which it holds. Then "since when" and "from which day in the future" are read
off, and a day passing needs no recomputation.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

FOREVER = date.max
Span = tuple[date, date]


def after(day: date, count: int) -> date:
    """The day `count` days after `day`; FOREVER stays FOREVER."""
    return day if day == FOREVER else day + timedelta(days=count)


def months_after(day: date, count: int) -> date:
    """The same day of the month `count` months later, or that month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + count, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Days:
    """Days as spans [start, end), in order, disjoint and not touching."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def between(cls, start: date, end: date) -> "Days":
        """From `start` to the day before `end`; none where that is empty."""
        return cls(((start, end),)) if start < end else NO_DAYS

    @classmethod
    def from_on(cls, start: date) -> "Days":
        """`start` and every day after it."""
        return cls.between(start, FOREVER)

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "Days":
        """Any spans in any order, joined where they touch or overlap."""
        joined: list[Span] = []
        for start, end in sorted(span for span in spans if span[0] < span[1]):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], end))
            else:
                joined.append((start, end))
        return cls(tuple(joined))

    @classmethod
    def union(cls, parts: "Iterable[Days]") -> "Days":
        return cls.of(span for part in parts for span in part.spans)

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __or__(self, other: "Days") -> "Days":
        return Days.of(self.spans + other.spans)

    def __and__(self, other: "Days") -> "Days":
        # In order and apart already, since both are.
        return Days(
            tuple(
                (max(start, other_start), min(end, other_end))
                for start, end in self.spans
                for other_start, other_end in other.spans
                if start < other_end and other_start < end
            )
        )

    def __invert__(self) -> "Days":
        edges = [date.min, *(edge for span in self.spans for edge in span), FOREVER]
        return Days(tuple(gap for gap in zip(edges[::2], edges[1::2], strict=True) if gap[0] < gap[1]))

    def __sub__(self, other: "Days") -> "Days":
        return self & ~other if self.spans and other.spans else self

    def __contains__(self, day: date) -> bool:
        return any(start <= day < end for start, end in self.spans)

    def lasting(self, after_day: date) -> "Days":
        """With the first run that ends after a day never ending."""
        kept = [(start, end if end <= after_day else FOREVER) for start, end in self.spans]
        return Days.of(kept)

    def since(self, day: date) -> date | None:
        """The first of the unbroken run of days that `day` belongs to; None where it belongs to none."""
        return next((start for start, end in self.spans if start <= day < end), None)


NO_DAYS = Days()
EVERY_DAY = Days.from_on(date.min)
