"""Whom a row of charges means: table by table."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billing.rules.charge_people import (
    OTHER_PERSON,
    SEVERAL_BY_NAME,
    SEVERAL_BY_NUMBER,
    ChargePeople,
    KnownPerson,
    Meant,
)

BORN = date(1980, 5, 17)
ELSEWHEN = date(1991, 1, 2)


def person(number: int, family: str = "Abara", given: str = "Jo", *mrns: str, born: date = BORN) -> KnownPerson:
    return KnownPerson(UUID(int=number), family, given, born, frozenset(mrns))


PEOPLE = ChargePeople((
    person(1, "Abara", "Jo", "0042", "E-7"),
    person(2, "Berg", "Nía Maria", "100", born=ELSEWHEN),
    person(3, "Castro", "Lee", "7"),
    person(4, "Castro", "Lee", "8"),
    person(5, "Dogan", "Ada", "55"),
    person(6, "Dogan", "Bea", "55", born=ELSEWHEN),
    person(7, "Evans", "Ida", "009"),
    person(8, "Evans", "Ida", "09", born=ELSEWHEN),
    person(9, "Ito", "Rin", "", born=BORN),
))  # fmt: skip


@pytest.mark.parametrize(
    ("row", "meant"),
    [
        ({"mrn": "0042"}, Meant(UUID(int=1))),
        ({"mrn": "42"}, Meant(UUID(int=1))),
        ({"mrn": "E-7"}, Meant(UUID(int=1))),
        ({"mrn": "42", "family": "Abara", "given": "Jo"}, Meant(UUID(int=1))),
        ({"mrn": "42", "family": "Married", "given": "Jo", "birth_on": BORN}, Meant(UUID(int=1))),
        ({"mrn": "42", "family": "ABARA", "given": "JO ANN", "birth_on": ELSEWHEN}, Meant(UUID(int=1))),
        ({"mrn": "42", "family": "Zu", "given": "Al", "birth_on": ELSEWHEN}, Meant(doubt=OTHER_PERSON)),
        ({"mrn": "42", "family": "Zu", "given": "Al"}, Meant(doubt=OTHER_PERSON)),
        ({"mrn": "42", "family": "Berg", "given": "Nia", "birth_on": ELSEWHEN}, Meant(UUID(int=2))),
        ({"mrn": "55"}, Meant(doubt=SEVERAL_BY_NUMBER)),
        ({"mrn": "55", "birth_on": BORN}, Meant(UUID(int=5))),
        ({"mrn": "55", "family": "Dogan", "given": "Bea", "birth_on": BORN}, Meant(doubt=SEVERAL_BY_NUMBER)),
        ({"mrn": "09"}, Meant(UUID(int=8))),
        ({"mrn": "9"}, Meant(doubt=SEVERAL_BY_NUMBER)),
        ({"family": "Berg", "given": "Nia", "birth_on": ELSEWHEN}, Meant(UUID(int=2))),
        ({"family": "Castro", "given": "Lee", "birth_on": BORN}, Meant(doubt=SEVERAL_BY_NAME)),
        ({"mrn": "7", "family": "Castro", "given": "Lee", "birth_on": BORN}, Meant(UUID(int=3))),
        ({"mrn": "unknown here", "family": "Abara", "given": "Jo", "birth_on": BORN}, Meant(UUID(int=1))),
        ({"family": "Abara", "given": "Jo"}, Meant()),
        ({"family": "Abara", "given": "Jo", "birth_on": ELSEWHEN}, Meant()),
        ({"mrn": "1234"}, Meant()),
        ({"family": "Ito", "given": "Rin", "birth_on": BORN}, Meant(UUID(int=9))),
        ({}, Meant()),
    ],
)
def test_whom_a_row_means(row: dict[str, Any], meant: Meant):
    assert PEOPLE.find(**row) == meant


def test_both_name_and_birth_date_go_before_one_of_them():
    twins = ChargePeople((person(1, "Dogan", "Ada", "5"), person(2, "Dogan", "Bea", "5")))
    assert twins.find(mrn="5", family="Dogan", given="Bea", birth_on=BORN) == Meant(UUID(int=2))
