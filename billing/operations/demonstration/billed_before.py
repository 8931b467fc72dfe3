"""What the invented practice billed before it had the product: some of it too high, too low, twice or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from billing.models import LookBack
from billing.operations.look_back import start_look_back, take_look_back
from billing.queries.facts import month_facts
from billing.queries.judging import MonthVerdict, judged_in_order
from caseload.rules.clock import first_day, last_day, month_index, month_named, month_of

FILE_NAME: Final = "charges-of-the-last-months.csv"
MONTHS: Final = 6
_HEADER = ("MRN", "Patient Name", "DOB", "Date of Service", "CPT", "Units", "Insurance Paid", "Rendering Provider")
_PAID: Final = Decimal("0.8")
_USUAL: Final = Decimal("110.00")

Row = tuple[str, ...]
Told = tuple[str, int, Decimal]


def tell_billed_before(*, by: Membership, at: datetime, today: date) -> None:
    """Upload and compare a list of the charges of the last whole months, once."""
    if LookBack.objects.filter(organization_id=by.organization_id).exists():
        return
    last = month_named(month_index(month_of(today)) - 1)
    first = month_named(month_index(last) - MONTHS + 1)
    months = [one for one in _judged(by.organization_id, last) if one.facts.month >= first]
    rows = [row for number, one in enumerate(months) for row in _rows(number, one)]
    content = _csv([*rows, *_others(first_day(last))])
    found = start_look_back(by=by, at=at, name=FILE_NAME, content=content, client_token=uuid7())
    take_look_back(by=by, at=at, look_back_id=found.id)


def _judged(organization_id: UUID, last: str) -> Iterator[MonthVerdict]:
    found = month_facts(organization_id, until=last).values()
    everybody = sorted(found, key=lambda months: (months[0].episode.enrolled_on, months[0].episode.patient_sort_name))
    return (judged for months in everybody for judged in judged_in_order(months))


def _rows(number: int, judged: MonthVerdict) -> Iterator[Row]:
    episode, day = judged.month.episode, last_day(judged.facts.month)
    for code, units, paid in _charged(number, judged):
        name = (episode.mrn, episode.patient_name, "")
        yield (*name, f"{day:%m/%d/%Y}", code, str(units), f"{paid:.2f}", "Ana Whitfield MD")


def _charged(number: int, judged: MonthVerdict) -> list[Told]:
    """What went out for the month: mostly what it supports, and now and then something else."""
    lines = judged.verdict.lines if judged.bills and judged.verdict else ()
    if not lines:
        return [("99493", 1, _USUAL)] if number % 9 == 1 and judged.facts.time.logged_seconds else []
    told = [(line.code, line.units, (line.amount * _PAID) if line.amount is not None else _USUAL) for line in lines]
    base = told[0]
    changed: dict[int, list[Told]] = {
        2: [],
        4: [base],
        9: [("G2214", 1, Decimal("48.63"))],
        6: [("99492", 1, Decimal("128.26"))],
        8: [*told, base],
        11: [*told, ("99484", 1, Decimal("45.96"))],
        13: [base, (base[0], -base[1], -base[2])],
    }
    return changed.get(number % 17, told)


def _others(on: date) -> Iterable[Row]:
    """Rows of other work, and of somebody who is on record nowhere here."""
    day = f"{on + timedelta(days=8):%m/%d/%Y}"
    yield ("Z90011", "Halvorsen, Mette", "04/02/1961", day, "99493", "1", "115.97", "Claude Baptiste DO")
    for number in range(12):
        yield (f"Z9{number:04d}", "Other, Person", "02/03/1970", day, "99214", "1", "96.40", "Claude Baptiste DO")
    yield ("D4100", "", "", "", "99493", "1", "115.97", "Claude Baptiste DO")


def _csv(rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADER)
    writer.writerows(rows)
    return text.getvalue().encode()
