"""Calendar months as words, for telling others which of them a change touches."""

from datetime import date


def months_between(first: date, last: date) -> list[str]:
    """The months from that of `first` to that of `last`, as `2026-10`; that of `first` alone when it is later."""
    start = first.year * 12 + first.month - 1
    end = max(start, last.year * 12 + last.month - 1)
    return [f"{index // 12:04d}-{index % 12 + 1:02d}" for index in range(start, end + 1)]
