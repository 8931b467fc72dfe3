"""What every page must keep, asked of the page itself in the browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

RULES = Path(__file__).with_name("looking.js").read_text(encoding="utf-8")


def faults_of(page: Page) -> list[str]:
    """What this page breaks at its present width: names, labels, headings, landmarks, targets, sticking out."""
    found: list[str] = page.evaluate(RULES)
    return found
