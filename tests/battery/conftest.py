"""What the battery tried, how often, and what was broken: printed as one table at its end."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FIGURES = "BHI_FIGURES"
Figure = Callable[..., None]


def pytest_configure(config: pytest.Config) -> None:
    """Before other processes are started, which all write there. One that was started without keeps none."""
    if FIGURES not in os.environ and not hasattr(config, "workerinput"):
        handle, name = tempfile.mkstemp(prefix="bhi-figures-", suffix=".jsonl")
        os.close(handle)
        os.environ[FIGURES] = name


@pytest.fixture
def figure() -> Figure:
    """`figure("worker killed", 30, 0, 2.1)`: what was tried, how often, how many violations, the longest wait."""

    def note(what: str, tried: int, violations: int, seconds: float | None = None) -> None:
        if FIGURES not in os.environ:
            return
        line = json.dumps({"what": what, "tried": tried, "violations": violations, "seconds": seconds})
        with Path(os.environ[FIGURES]).open("a") as file:
            file.write(line + "\n")

    return note


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    file = Path(os.environ.pop(FIGURES))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.unlink()
    if not lines:
        return
    terminalreporter.section("figures")
    terminalreporter.write_line(f"{'what':<78}{'tried':>9}{'violations':>12}{'longest':>10}")
    for line in sorted(lines, key=lambda one: one["what"]):
        seconds = "" if line["seconds"] is None else f"{line['seconds']:.1f} s"
        terminalreporter.write_line(f"{line['what']:<78}{line['tried']:>9,}{line['violations']:>12}{seconds:>10}")
