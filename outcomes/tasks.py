"""What workers do for outcomes. Each handler makes one call and can run twice."""

from __future__ import annotations


def register() -> None:
    """Called once, when Django starts."""
