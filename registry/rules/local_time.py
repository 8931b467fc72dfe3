"""Local clock times of a clinic as instants."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def instant_of(local: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant of a local clock time, in UTC; None for one that the clocks skipped.

    A time that occurred twice, on the night the clocks go back, is the earlier one. Raises ValueError for a
    datetime that already has an offset.
    """
    if local.tzinfo is not None:
        raise ValueError("a local clock time has no offset")
    at = local.replace(tzinfo=zone).astimezone(UTC)
    return at if at.astimezone(zone).replace(tzinfo=None) == local else None
