"""How the findings of a look-back are said, on pages and in its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from billing.queries.look_back import PatientMonth, Result, Stranger
from billing.queries.month_page import words_of
from billing.rules.look_back import Finding
from registry.rules.csv_text import Cell

HEADER = (
    *("Finding", "Patient", "Record number", "Month", "Billed", "Records support", "Paid", "Difference, estimate"),
    *("Can be filed until", "Why", "What would change it", "Rows of the file"),
)
NOBODY = "Not on record here"


@dataclass(frozen=True, slots=True)
class Said:
    """A finding in words: its name, what it means, and whether money that was paid may have to go back."""

    finding: Finding
    name: str
    meaning: str
    is_money_back: bool = False
    tone: str = ""

    @property
    def is_billed(self) -> bool:
        """Whether something was billed, and so perhaps paid."""
        return self.finding not in (Finding.MISSED, Finding.MISSED_PAST)

    @property
    def differs(self) -> bool:
        """Whether both sides have lines, or the missing side's worth matters; of what is not supported all is paid."""
        return self.finding not in (Finding.UNSUPPORTED, Finding.NO_RULES, Finding.TAKEN_BACK)


def _said(
    finding: Finding, name: str, meaning: str, *, is_money_back: bool = False, tone: str = ""
) -> tuple[Finding, Said]:
    return finding, Said(finding, name, meaning, is_money_back, tone)


SAID: Mapping[Finding, Said] = dict((
    _said(
        Finding.UNSUPPORTED,
        "Billed, not supported here",
        "The records here support no code for the month. Papers may exist elsewhere: enter them and look again.",
        is_money_back=True,
        tone="danger",
    ),
    _said(
        Finding.TWO_FAMILIES,
        "Both kinds billed",
        "Collaborative care and general BHI for one month.",
        is_money_back=True,
        tone="danger",
    ),
    _said(
        Finding.TWICE,
        "Billed more than once",
        "More base codes than a month has.",
        is_money_back=True,
        tone="danger",
    ),
    _said(
        Finding.NOT_IN_FORCE,
        "Code not payable then",
        "The payer had no such code on the day of service.",
        is_money_back=True,
        tone="danger",
    ),
    _said(
        Finding.HIGHER,
        "Billed higher than supported",
        "The records here support less than was billed.",
        is_money_back=True,
        tone="warning",
    ),
    _said(
        Finding.OTHER_CODE,
        "Another code of the same amount",
        "The records here describe the month by another code.",
        is_money_back=True,
        tone="warning",
    ),
    _said(
        Finding.LOWER,
        "Billed lower than supported",
        "The records support more than was billed; a corrected claim may be possible.",
        tone="info",
    ),
    _said(
        Finding.MISSED,
        "Missed, can still be filed",
        "The records support a claim, nothing was billed, and the time to file is not over.",
        tone="info",
    ),
    _said(
        Finding.MISSED_PAST,
        "Missed, too late to file",
        "The records support a claim, nothing was billed, and the time to file is over.",
    ),
    _said(
        Finding.NO_RULES,
        "Payer’s rules not on record",
        "What was billed cannot be compared until the payer’s rules for the month are known.",
    ),
    _said(Finding.TAKEN_BACK, "Billed and taken back", "Nothing stands of what was billed."),
    _said(Finding.AS_BILLED, "Supported as billed", "The records support just what was billed.", tone="good"),
))  # fmt: skip


def file_lines(shown: Result) -> Iterator[tuple[Cell, ...]]:
    """The file: every month that shows something, then the lines of people who are not on record."""
    for one in shown.months:
        yield _month_line(one)
    for stranger in shown.strangers:
        yield _stranger_line(stranger)


def _month_line(one: PatientMonth) -> tuple[Cell, ...]:
    compared = one.compared
    return (
        SAID[one.finding].name,
        one.patient_name,
        one.mrn,
        one.month,
        words_of(compared.billed),
        words_of(compared.supported),
        _money(compared.paid) if compared.billed else "",
        _money(compared.difference) if SAID[one.finding].differs else "",
        compared.until,
        " ".join(one.why),
        "; ".join(one.would_change),
        "",
    )


def _stranger_line(one: Stranger) -> tuple[Cell, ...]:
    paid = "not known" if one.paid.unknown else one.paid.known
    rows = ", ".join(map(str, one.rows))
    return (NOBODY, one.label, "", "", words_of(one.lines), "", paid, "", None, one.doubt, "", rows)


def _money(amount: Decimal | None) -> Decimal | str:
    return "not known" if amount is None else amount
