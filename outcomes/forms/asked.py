"""What pages of outcomes are narrowed to. What makes no sense is as if not given: a filter never refuses a page."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from outcomes.queries.choices import PAYER_CLASSES, PROGRAMS, Choices
from outcomes.queries.numbers import Only

_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose numbers a page shows: everybody's but for what is given. `cohort` is a month of enrolment or referral."""

    clinic: UUID | None = None
    manager: UUID | None = None
    payer: UUID | None = None
    kind: str = ""
    program: str = ""
    cohort: date | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return self != Asked()

    def only(self, own: UUID | None = None) -> Only:
        """As numbers are asked for. `own`: of this care manager's patients, whatever was asked."""
        return Only(
            clinic_id=self.clinic,
            care_manager_id=own or self.manager,
            payer_id=self.payer,
            payer_class=self.kind,
            program=self.program,
            cohort=self.cohort,
        )

    def query(self, month: date | None, **more: object) -> str:
        """The same again as the end of an address, with a month and `more`; what is empty is left out."""
        said = {
            "month": month and f"{month:%Y-%m}",
            **{name: getattr(self, name) for name in ("clinic", "manager", "payer", "kind", "program")},
            "cohort": self.cohort and f"{self.cohort:%Y-%m}",
            **more,
        }
        return urlencode({name: value for name, value in said.items() if value})


def asked_of(query: QueryDict, names: Choices) -> Asked:
    """What an address asks for, of what can be chosen."""
    return Asked(
        clinic=_one_of(query.get("clinic", ""), names.clinics),
        manager=_one_of(query.get("manager", ""), names.care_managers),
        payer=_one_of(query.get("payer", ""), names.payers),
        kind=query.get("kind", "") if query.get("kind") in PAYER_CLASSES else "",
        program=query.get("program", "") if query.get("program") in PROGRAMS else "",
        cohort=month_of(query.get("cohort", "")),
    )


def month_of(text: str) -> date | None:
    """The first day of a month as an address names it, `2026-10`; None for what is none."""
    found = _MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found else None


def id_of(text: str) -> UUID | None:
    """An id in an address; None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _one_of(text: str, known: Collection[UUID]) -> UUID | None:
    found = id_of(text)
    return found if found in known else None
