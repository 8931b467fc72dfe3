"""A file of claims with everything in order, for tests that break it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from billing.rules.x12.claim import (
    Address,
    Biller,
    ClaimFile,
    Clinician,
    FiledClaim,
    FiledLine,
    FileHead,
    Ids,
    Insured,
    Person,
    Support,
    Taker,
)

STREET = Address("22 Elm St", "Denver", "CO", "80202")
JANE = Person("Doe", "Jane", date(1956, 2, 14), "F", STREET)
BILLER = Biller(
    "Maple Grove Family Medicine",
    "1234567893",
    "841234567",
    Address("100 Main St", "Denver", "CO", "802021234"),
    "Maple Grove Family Medicine",
    "COCMSUB01",
    "Billing Office",
    "3035550100",
    "207Q00000X",
)
TAKER = Taker("Novitas Medicare Co", "MEDICARE0411", "MEDICARE0411", "COCMSUB01")
HEAD = FileHead(date(2026, 11, 5), "1200", 7, 42, BILLER, TAKER)
MEDICARE = Insured("Medicare Part B Co", "04112", "MB", "1EG4TE5MK73")
HOLDER = Person("Doe", "John", date(1950, 1, 1), "M", STREET)
AETNA = Insured("Aetna", "60054", "CI", "W123", "GRP9", "child", HOLDER)


def lines(number: str) -> tuple[FiledLine, ...]:
    return (
        FiledLine("99492", 1, Decimal("170.00"), f"{number}-1", (1, 2)),
        FiledLine("99494", 2, Decimal("120.50"), f"{number}-2", (1, 2)),
    )


def claim(number: str = "00007-00001-K7QX4M", **fields: Any) -> FiledClaim:
    made = FiledClaim(
        control_number=number,
        month="2026-10",
        service_on=date(2026, 10, 31),
        patient=JANE,
        insured=MEDICARE,
        place_of_service="11",
        diagnoses=("F33.1", "F41.1"),
        clinician=Clinician("Rivera", "Ana", "1245319599"),
        lines=lines(number),
        support=Support((("99492", 1), ("99494", 2)), date(2026, 10, 1)),
        ids=Ids("patient-1", "episode-1", "payer-1", "clinician-1", "clinic-1"),
    )
    return replace(made, **fields)


def file(*claims: FiledClaim, head: FileHead = HEAD) -> ClaimFile:
    return ClaimFile(head, claims or (claim(),))
