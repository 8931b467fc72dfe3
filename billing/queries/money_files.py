"""The tables of the money pages as they stand in files: the same figures, a number in each cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from billing.queries.money import DeniedShare, Money
from billing.queries.money_left import Left
from billing.rules.money import MoneySum
from registry.rules.csv_text import Cell

Table = tuple[tuple[str, ...], list[tuple[Cell, ...]]]

MONEY_HEADER = (
    *("Claims", "Claims answered", "Expected", "Unknown amounts", "Has estimates", "Paid", "Patients owe"),
    *("Not answered yet", "Difference"),
)
DENIED_HEADER = ("Code", "Reason", "Lines denied", "Lines answered", "Percent of answered", "Taken off")
LEFT_HEADER = ("Month", "Why", "Patients' months", "Would have brought, estimate", "Unknown amounts", "What is counted")
ALL = "All"


def money_table(found: Money, table: str) -> Table:
    """One of the tables of the money page: `month`, `payer` or `code` with the sum of all last, or `denied`.

    What is not known is an empty cell beside the number of unknown amounts, never 0. Raises KeyError for another name.
    """
    return _TABLES[table](found)


def left_table(month: str, found: Iterable[Left]) -> Table:
    """What a month left on the table, by reason. Its amounts are estimates."""
    return LEFT_HEADER, [
        (
            *(month, one.label, one.months),
            *(_known(one.expected.known, one.expected.unknown) if one.months else None, one.expected.unknown),
            one.rule,
        )
        for one in found
    ]


def _sums(heading: str, rows: Iterable[MoneySum], everything: MoneySum) -> Table:
    listed = [_sum_cells(row.name, row) for row in rows]
    return (heading, *MONEY_HEADER), [*listed, _sum_cells(ALL, everything)]


def _sum_cells(name: str, row: MoneySum) -> tuple[Cell, ...]:
    return (
        *(name, row.claims, row.answered, _known(row.expected, row.unknown), row.unknown, row.is_estimate),
        *(row.paid, row.owed, row.open, row.difference),
    )


def _denied(found: Money) -> Table:
    return DENIED_HEADER, [*(_denied_cells(one) for one in found.denied), _all_denied(found)]


def _denied_cells(one: DeniedShare) -> tuple[Cell, ...]:
    return one.reason.code, one.reason.meaning, one.count, one.of, one.percent, one.amount


def _all_denied(found: Money) -> tuple[Cell, ...]:
    taken_off = sum((one.amount for one in found.denied), Decimal("0.00"))
    return "", ALL, found.lines_denied, found.lines_answered, found.denied_percent, taken_off


def _known(amount: Decimal, unknown: int) -> Decimal | None:
    return None if unknown and not amount else amount


_TABLES: Mapping[str, Callable[[Money], Table]] = {
    "month": lambda found: _sums("Month", found.by_month, found.all),
    "payer": lambda found: _sums("Payer", found.by_payer, found.all),
    "code": lambda found: _sums("Code", found.by_code, found.all),
    "denied": _denied,
}
