"""Whom a caseload list shows: what a person chose, as conditions of the statement and the values that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from caseload.queries.caseload_order import DEFAULT_ORDER
from caseload.rules.signals import KINDS
from registry.models import EpisodeStatus, Program
from registry.rules.dates import DateUnreadable, read_date
from registry.rules.identifiers import bare_mrn, normal_mrn
from registry.rules.names import sort_name

FIRST_BIRTH = date(1900, 1, 1)
OPEN = tuple(status.value for status in EpisodeStatus if status != EpisodeStatus.DISCHARGED)
STATUSES: Mapping[str, tuple[str, ...]] = {
    "open": OPEN,
    **{status.value: (status.value,) for status in EpisodeStatus},
    "all": tuple(EpisodeStatus.values),
}
PROGRAMS = tuple((program.value, str(program.label)) for program in Program)
FAMILIES = tuple(dict.fromkeys(kind.family for kind in KINDS))

# Of one row of the standing `s` and its clinic's day `t.today`; each is only there where something was chosen.
_CONDITIONS = {
    "clinic_id": "s.clinic_id = %(clinic_id)s",
    "care_manager_id": "s.care_manager_id = %(care_manager_id)s",
    "response": "s.response_state = %(response)s",
    "program": """EXISTS (SELECT FROM registry_episode e
         WHERE e.organization_id = s.organization_id AND e.id = s.episode_id AND e.program = %(program)s)""",
    "ended_from": """EXISTS (SELECT FROM registry_episode e
         WHERE e.organization_id = s.organization_id AND e.id = s.episode_id AND e.ended_on >= %(ended_from)s)""",
    "ended_until": """EXISTS (SELECT FROM registry_episode e
         WHERE e.organization_id = s.organization_id AND e.id = s.episode_id AND e.ended_on <= %(ended_until)s)""",
    "payer_id": """EXISTS (SELECT FROM registry_coverage k
         WHERE k.organization_id = s.organization_id AND k.patient_id = s.patient_id AND k.voided_at IS NULL
           AND k.payer_id = %(payer_id)s AND (k.until_on IS NULL OR k.until_on >= t.today))""",
    "family": """EXISTS (SELECT FROM jsonb_array_elements(s.signals) AS x
         WHERE x ->> 'word' = ANY(%(words)s) AND x ->> 'since' <= to_char(t.today, 'YYYY-MM-DD')
           AND coalesce(to_char(t.today, 'YYYY-MM-DD') < x ->> 'until', true))""",
    "search": """s.patient_id IN (SELECT p.id FROM registry_patient p
         WHERE p.organization_id = %(organization)s
           AND (NOT EXISTS (SELECT FROM unnest(%(names)s::text[]) AS word WHERE strpos(p.sort_name, word) = 0)
                OR ltrim(p.mrn, '0') = %(mrn)s OR p.birth_date = %(born)s::date))""",
}
# These are looked up row by row, so their answer is kept for all the times that the statement asks.
_SLOW = frozenset({"program", "ended_from", "ended_until", "payer_id", "family", "search"})


@dataclass(frozen=True)
class CaseloadFilter:
    """Which episodes to show and in which order. `search` is a name, a record number or a birth date; `response` a
    response state, `family` a family of signals that stands; `ended_from` and `ended_until` days of discharge.
    """

    status: str = "open"
    clinic_id: UUID | None = None
    care_manager_id: UUID | None = None
    program: str = ""
    payer_id: UUID | None = None
    response: str = ""
    family: str = ""
    ended_from: date | None = None
    ended_until: date | None = None
    search: str = ""
    order: str = DEFAULT_ORDER

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the status was chosen."""
        return any(getattr(self, name) for name in _CONDITIONS)

    @property
    def quick(self) -> str:
        """Conditions on the row itself, to be asked wherever rows are read."""
        return _said(name for name in _CONDITIONS if getattr(self, name) and name not in _SLOW)

    @property
    def slow(self) -> str:
        """Conditions that look elsewhere, to be asked once; empty where none is chosen."""
        return _said(name for name in _CONDITIONS if getattr(self, name) and name in _SLOW)

    def values(self, today: date | None) -> dict[str, Any]:
        """The values that the conditions name, on the latest of the clinics' days."""
        text = self.search.strip()
        return {
            "statuses": list(STATUSES[self.status]),
            **{name: getattr(self, name) for name in _CONDITIONS},
            "words": [kind.word for kind in KINDS if kind.family == self.family],
            "names": sort_name("", text).replace(",", " ").split(),
            "mrn": bare_mrn(normal_mrn(text)),
            "born": _birth_date(text, today),
        }


def _said(names: Iterable[str]) -> str:
    return " AND ".join(_CONDITIONS[name] for name in names)


def _birth_date(text: str, today: date | None) -> date | None:
    if today is None or not any(letter.isdigit() for letter in text):
        return None
    try:
        return read_date(text, latest=today, earliest=FIRST_BIRTH)
    except DateUnreadable:
        return None
