"""A report as lines for a spreadsheet: one a number, each with all that it needs to be read alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from billing.rules.canonical import sha256
from outcomes.rules.figures import Figure
from outcomes.rules.measures import measure
from outcomes.rules.reports import FAMILIES, Heading, Line, ReportContent
from registry.rules.csv_text import Cell, csv_bytes

HEADER: Final = (
    *(
        "report",
        "organization",
        "of",
        "month",
        "edition",
        "facts",
        "definitions",
        "section",
        "group",
        "measure",
        "title",
    ),
    *("numerator", "denominator", "value", "unit", "shown_as", "is_hidden", "target", "formula", "left_out", "source"),
)
EVERYBODY: Final = "all"


def fingerprint_of_content(content: ReportContent) -> str:
    """SHA-256 of all that a report says, as hex: made again from the same months it is the same."""
    return sha256(content)


def report_csv(content: ReportContent) -> bytes:
    """The lines, the present month's first, then those of earlier months, then clinic by clinic. The same bytes for the
    same content.
    """
    return csv_bytes(HEADER, _rows(content))


def _rows(content: ReportContent) -> Iterator[tuple[Cell, ...]]:
    heading, lines = content.heading, {line.key: line for line in content.lines}
    for section in content.sections:
        for line in section.lines:
            yield _row(heading, section.title, line, line.now, f"{heading.month:%Y-%m}", heading.edition, EVERYBODY)
    for place, read in enumerate(content.past):
        for line in content.lines:
            figure = line.past[place] if line.past else None
            if read is not None and figure is not None:
                yield _row(heading, _section(line), line, figure, f"{read.month:%Y-%m}", read.edition, EVERYBODY)
    for row in content.table.rows if content.table else ():
        for key, figure in zip(content.table.keys if content.table else (), row.figures, strict=True):
            of = _section(lines[key])
            yield _row(heading, of, lines[key], figure, f"{heading.month:%Y-%m}", heading.edition, row.name)


def _section(line: Line) -> str:
    return FAMILIES[measure(line.key).family]


def _row(
    heading: Heading, section: str, line: Line, figure: Figure, month: str, edition: int, group: str
) -> tuple[Cell, ...]:
    is_now = month == f"{heading.month:%Y-%m}"
    return (
        *(heading.title, heading.organization, heading.scope or "everybody", month, edition),
        *(heading.facts if is_now else "", heading.definitions if is_now else "", section),
        *(group, line.key, line.title, figure.numerator, figure.denominator, figure.value, line.unit, figure.text),
        *(figure.is_hidden, line.target, line.formula, "; ".join(line.exclusions), line.source),
    )
