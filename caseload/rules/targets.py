"""Treat-to-target limits, and which of them hold on a day."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from caseload.rules.days import FOREVER, Days


class NoTargetsInForce(LookupError):
    """The day lies before the first edition of the limits."""


class TargetsMisdefined(ValueError):
    """An edition lacks a limit, names an unknown one, has no source for one, or is out of order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Whole days; months or totals where named so. Each limit's rule and source stand in targets.toml."""

    stalled_days: int
    stalled_watch_days: int
    week_8_days: int
    non_responder_days: int
    change_of_plan_days: int
    measure_days: int
    measure_early_days: int
    measure_early_until_day: int
    measure_relapse_prevention_days: int
    contact_days: int
    contact_lapsed_days: int
    first_follow_up_days: int
    inactive_days: int
    never_reviewed_days: int
    review_due_days: int
    review_overdue_days: int
    review_relapse_prevention_days: int
    long_episode_months: int
    eased_days: int
    early_response_from_day: int
    early_response_until_day: int
    early_response_drop: int
    long_course_days: int
    off_track_first_day: int
    off_track_first_total: int
    off_track_second_day: int
    off_track_second_total: int
    off_track_third_day: int
    off_track_third_total: int
    entry_days: int
    new_days: int


@dataclass(frozen=True, slots=True)
class OwnLimits:
    """What a clinic set itself; None is as usual. Days, and months where named so.

    T18: contact overdue, then lapsed. T17: score overdue. T20, T21: review. T19: first follow-up. T13: stalled, after
    a watch. T23: long episode.
    """

    contact_days: int | None = None
    contact_lapsed_days: int | None = None
    measure_days: int | None = None
    never_reviewed_days: int | None = None
    review_due_days: int | None = None
    first_follow_up_days: int | None = None
    stalled_watch_days: int | None = None
    stalled_days: int | None = None
    long_episode_months: int | None = None

    def over(self, usual: Limits) -> Limits:
        """The limits that hold at the clinic. A score that is due sooner is so in the first weeks too."""
        if self == USUAL:
            return usual
        own = {name: value for name in _OWN if (value := getattr(self, name)) is not None}
        limits = replace(usual, **own)
        return replace(
            limits,
            contact_lapsed_days=max(limits.contact_lapsed_days, limits.contact_days + 1),
            measure_early_days=min(usual.measure_early_days, limits.measure_days),
            stalled_days=max(limits.stalled_days, limits.stalled_watch_days + 1),
        )


USUAL = OwnLimits()
_OWN = tuple(own.name for own in fields(OwnLimits))


def fault_of_own(own: OwnLimits, usual: Limits) -> str:
    """Why a clinic's limits of contact cannot stand, as a sentence with the fix; empty when they can."""
    contact = usual.contact_days if own.contact_days is None else own.contact_days
    lapsed = usual.contact_lapsed_days if own.contact_lapsed_days is None else own.contact_lapsed_days
    if lapsed <= contact:
        return f"A contact lapses after it is overdue. Enter more than {contact} days."
    return ""


@dataclass(frozen=True, slots=True)
class LimitSource:
    """Where limits come from: their names, the rule (T1-T25), the publication, how sure we are."""

    of: tuple[str, ...]
    rule: str
    title: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Targets:
    """One edition of the limits and the days on which it holds."""

    name: str
    in_force: Days
    limits: Limits
    sources: tuple[LimitSource, ...]


def targets_in_force(on: date) -> Targets:
    """The edition that holds on `on`; raises NoTargetsInForce before the first, never a default."""
    for edition in EDITIONS:
        if on in edition.in_force:
            return edition
    raise NoTargetsInForce(f"No treat-to-target limits are known for {on.isoformat()}.")


def read_editions(data: Mapping[str, Any]) -> tuple[Targets, ...]:
    """The editions of a targets file, each ending where the next begins; raises TargetsMisdefined."""
    rows = data["edition"]
    starts: list[date] = [row["in_force_from"] for row in rows]
    if any(later <= earlier for earlier, later in pairwise(starts)):
        raise TargetsMisdefined("Editions must stand in the order of their dates.")
    return tuple(
        _edition(row, Days.between(start, end))
        for row, start, end in zip(rows, starts, [*starts[1:], FOREVER], strict=True)
    )


def _edition(row: Mapping[str, Any], in_force: Days) -> Targets:
    sources = tuple(LimitSource(**{**source, "of": tuple(source["of"])}) for source in row["source"])
    _check_names(row["name"], row["limits"], sources)
    return Targets(name=row["name"], in_force=in_force, limits=Limits(**row["limits"]), sources=sources)


def _check_names(name: str, limits: Mapping[str, int], sources: Sequence[LimitSource]) -> None:
    wanted = {field.name for field in fields(Limits)}
    sourced = {limit for source in sources for limit in source.of}
    for found, what in ((set(limits), "limits"), (sourced, "sources")):
        if odd := sorted(wanted ^ found):
            raise TargetsMisdefined(f"Edition {name}: {what} lack or do not know {', '.join(odd)}.")


EDITIONS = read_editions(tomllib.loads(Path(__file__).with_name("targets.toml").read_text(encoding="utf-8")))
