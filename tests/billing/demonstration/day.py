"""When the demonstration is loaded."""

from datetime import UTC, datetime

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
