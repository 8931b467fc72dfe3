"""An organization's months by both paths, and where they differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from outcomes.models import MeasuredAdvice, MeasuredEpisode, MeasuredReferral, WorkShare
from outcomes.operations.measuring import measure_month
from outcomes.queries.numbers import numbers
from outcomes.rules.facts import AdviceFacts, EpisodeFacts, Facts, ReferralFacts
from outcomes.rules.groups import GROUPINGS, age_band
from outcomes.rules.measure import Kind, Measure
from outcomes.rules.measures import MEASURES
from outcomes.rules.numbers import NO_OWN_SHARE, NOBODYS, NOT_EVERY_SHARE, OF_ALL_ONLY, Number, number_of, per_full_time
from tests.factories.registry import system_seat
from tests.outcomes.population import LATER
from tests.outcomes.second_path import Month, Records

TABLES = {
    "episode": (MeasuredEpisode, EpisodeFacts, "episode_id", "enrolled_on"),
    "referral": (MeasuredReferral, ReferralFacts, "referral_id", "referred_on"),
    "advice": (MeasuredAdvice, AdviceFacts, "recommendation_id", "proposed_on"),
}


@dataclass
class Compared:
    """How much was compared and what differed."""

    rows: Counter[str] = field(default_factory=Counter)
    numbers: int = 0
    differences: list[Any] = field(default_factory=list)
    counted: set[str] = field(default_factory=set)

    @property
    def uncounted(self) -> set[str]:
        """Measures that counted nobody."""
        return {one.key for one in MEASURES} - self.counted


def compared(organization: Any, months: Sequence[date]) -> Compared:
    """Measure the months and hold each row and number against the second path."""
    found = Compared()
    records = Records(organization)
    by_month = {month: _facts(records, month) for month in months}
    for month, facts in by_month.items():
        measure_month(organization_id=organization.id, month=month, by=system_seat(organization), at=LATER)
        for table, expected in facts.items():
            _compare_rows(found, organization, month, table, expected)
    everything = {table: [one for facts in by_month.values() for one in facts[table].values()] for table in TABLES}
    for by in ("", *GROUPINGS):
        _compare_numbers(found, organization, months, by, everything)
    return found


def _facts(records: Records, month: date) -> dict[str, dict[Any, Any]]:
    of = Month(records, month)
    return {"episode": of.episodes(), "referral": of.referrals(), "advice": of.advice()}


def _compare_rows(found: Compared, organization: Any, month: date, table: str, expected: dict[Any, Any]) -> None:
    model, kind, subject, _ = TABLES[table]
    rows = model.objects.filter(organization=organization, measured__month=month)
    stored = {getattr(row, subject): row for row in rows}
    found.rows[table] += len(stored)
    found.differences += [(table, month, "only stored", key) for key in stored.keys() - expected.keys()]
    found.differences += [(table, month, "not stored", key) for key in expected.keys() - stored.keys()]
    names = [one.name for one in fields(kind) if one.name != "month"]
    for key in stored.keys() & expected.keys():
        for name in names:
            is_, should = getattr(stored[key], name), getattr(expected[key], name)
            if (tuple(is_) if name == "lacks" else is_) != should:
                found.differences.append((table, month, name, is_, should, key))


def _compare_numbers(
    found: Compared, organization: Any, months: Sequence[date], by: str, everything: dict[str, list[Facts]]
) -> None:
    counted = numbers(organization.id, months, by=by)
    expected: dict[Any, Number] = {}
    for one in MEASURES:
        if by == "program" and one.subject == "referral":
            continue
        for (month, group), facts in _grouped(everything[one.subject], months, one, by).items():
            number = number_of(one, map(one.judge, facts))
            if one.kind is Kind.PER_POST:
                number = _per_post(number, facts, _shares(organization, month), group, by)
            expected[month, group, one.key] = number
            if number.subjects:
                found.counted.add(one.key)
    found.numbers += len(expected)
    for place in counted.keys() | expected.keys():
        if counted.get(place) != expected.get(place):
            found.differences.append((by, place, counted.get(place), expected.get(place)))


def _grouped(
    all_facts: Iterable[Facts], months: Sequence[date], one: Measure, by: str
) -> dict[tuple[date, Any], list[Facts]]:
    found: dict[tuple[date, Any], list[Facts]] = defaultdict(list)
    if not by:
        found |= {(month, None): [] for month in months}
    began = TABLES[one.subject][3]
    groups: dict[str, Callable[[Any], Any]] = {
        "": lambda _: None,
        "age_band": lambda facts: age_band(facts.age),
        "cohort": lambda facts: getattr(facts, began).replace(day=1),
        **{name: lambda facts, name=name: getattr(facts, f"{name}_id") for name in ("clinic", "care_manager", "payer")},
    }
    for facts in all_facts:
        group = groups[by](facts) if by in groups else getattr(facts, by)
        found[facts.month, group].append(facts)
    return found


def _shares(organization: Any, month: date) -> dict[Any, Decimal]:
    """What each care manager who is still there works at the month's end."""
    end = Month(None, month).last  # type: ignore[arg-type]
    said = sorted(WorkShare.objects.filter(organization=organization), key=lambda row: row.from_on)
    shares = {row.membership_id: row.fte for row in said if row.voided_at is None and row.from_on <= end}
    left = {row.membership_id for row in said if (ended_at := row.membership.ended_at) and ended_at.date() < end}
    return {seat: fte for seat, fte in shares.items() if seat not in left}


def _per_post(number: Number, facts: list[Any], shares: dict[Any, Decimal], group: Any, by: str) -> Number:
    """For each post: of a care manager, or of everybody if each who carries somebody has a share."""
    if by not in {"", "care_manager"}:
        return per_full_time(number, None, OF_ALL_ONLY)
    if by:
        return per_full_time(number, shares.get(group), NO_OWN_SHARE if group else NOBODYS)
    carrying = {row.care_manager_id for row in facts if row.is_in_month and row.care_manager_id}
    if shares and not carrying <= set(shares):
        number = replace(number, why=NOT_EVERY_SHARE)
    return per_full_time(number, sum(shares.values(), Decimal(0)))
