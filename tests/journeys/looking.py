"""What every page must keep, asked of the page itself in the browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

PHONE, DESK = 390, 1280
RULES = Path(__file__).with_name("looking.js").read_text(encoding="utf-8")


def faults_of(page: Page) -> list[str]:
    """What this page breaks at its present width: names, labels, headings, landmarks, targets, sticking out."""
    page.wait_for_load_state()  # before its stylesheet came, everything is too small
    found: list[str] = page.evaluate(RULES)
    return found


def faults_at_both_widths(page: Page) -> list[str]:
    """What a page breaks on a phone, and what besides on a desk; it is left as wide as it was."""
    before = page.viewport_size
    page.set_viewport_size({"width": PHONE, "height": 844})
    narrow = faults_of(page)
    page.set_viewport_size({"width": DESK, "height": 900})
    wide = [fault for fault in faults_of(page) if fault not in narrow]
    if before is not None:
        page.set_viewport_size(before)
    return [*(f"{PHONE}: {fault}" for fault in narrow), *(f"{DESK}: {fault}" for fault in wide)]
