"""Invented lists of patients seen in the practice, so that the demonstration's screening can be looked at."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from outcomes.operations.screening import start_screening_file, take_screening_file
from outcomes.rules.months import month_before

HEADER: Final = ("MRN", "Date of visit", "Screening date", "Screening tool", "Total score", "First PHQ-9",
                 "Follow-up date", "Follow-up type")  # fmt: skip
SEEN: Final = 64
MONTHS: Final = 4
POSITIVE: Final = (14, 11, 18, 10, 12)
HOW: Final = ("Referral", "Visit", "Medication")


def tell_seen(*, by: Membership, at: datetime, today: date, clinic_id: UUID, mrns: Sequence[str]) -> None:
    """Lists of one clinic for the last whole months, read and taken over. `mrns` are of patients in the program."""
    for back in range(MONTHS, 0, -1):
        month = month_before(today.replace(day=1), back)
        file = start_screening_file(
            by=by,
            at=at,
            clinic_id=clinic_id,
            month=month,
            name=f"seen-{month:%Y-%m}.csv",
            content=_csv([HEADER, *_rows(month, today, back, mrns)]),
            client_token=uuid7(),
            in_background=False,
        )
        take_screening_file(by=by, at=at, file_id=file.id, in_background=False)


def _rows(month: date, today: date, back: int, mrns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for number in range(SEEN):
        seen_on = month + timedelta(days=number % 27)
        mrn = mrns[number % len(mrns)] if number % 16 == 5 and mrns else f"P{7000 + number * 3}"
        if (number + back) % 5 == 0:
            yield (mrn, seen_on.isoformat(), *[""] * 6)
            continue
        is_positive = number % 6 == 1
        score = POSITIVE[number % 5] if is_positive else number % 9
        followed = seen_on + timedelta(days=3 + number % 20)
        is_followed = is_positive and number % 4 != 3 and followed <= today
        yield (
            mrn, seen_on.isoformat(), seen_on.isoformat(), "PHQ-9", str(score), "yes" if number % 3 == 1 else "",
            followed.isoformat() if is_followed else "", HOW[number % 3] if is_followed else "",
        )  # fmt: skip


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
