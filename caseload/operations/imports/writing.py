"""Carrying out an import plan: what it names is made or fetched, then every fact is stored in bulk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from bhi.jobs.operations import announce
from caseload.operations.imports.contact_writing import close_follow_ups, draft_contacts, void_replaced
from caseload.operations.imports.drafts import Drafts, Progress
from caseload.operations.imports.naming import Named, everything_named
from caseload.operations.imports.patient_writing import draft_patient_row, move_on
from caseload.operations.standing import rebuild_standing
from caseload.rules.imports.plans import ImportPlan
from registry.models import Episode
from registry.operations.recording import Stamp
from registry.operations.referral_course import close_found_enrolled
from registry.rules.months import months_between


def carry_out(plan: ImportPlan, *, stamp: Stamp, progress: Progress) -> list[UUID]:
    """Write everything that the plan decided, in the transaction of the caller. Returns the episodes touched.

    Raises what Postgres refuses: IntegrityError, or MonthClosed for a contact in a closed month.
    """
    named = everything_named(plan, stamp)
    drafts = Drafts()
    for patient_plan in plan.patients:
        draft_patient_row(patient_plan, named, drafts, stamp)
    replaced = void_replaced(plan.contacts, stamp)
    draft_contacts(plan.contacts, named, drafts, stamp, replaced)
    drafts.record(progress)
    opened = {episode.patient_id: episode for episode in named.new_episodes.values() if episode.ended_on is None}
    close_found_enrolled(by=stamp.by, at=stamp.at, episodes=opened)
    for patient_plan in plan.patients:
        move_on(patient_plan, named, stamp)
    close_follow_ups(drafts.facts["next"])
    touched = [*named.new_episodes.values(), *(named.episodes[key] for key in _touched(plan))]
    return _tell(touched, plan, named, stamp)


def _touched(plan: ImportPlan) -> set[str]:
    """The episodes on record whose facts, state or contacts change."""
    of_patients = {each.writes.episode_key for each in plan.patients if not each.writes.is_empty}
    return (of_patients | {each.episode for each in plan.contacts}) - {""}


def _tell(episodes: Sequence[Episode], plan: ImportPlan, named: Named, stamp: Stamp) -> list[UUID]:
    first: dict[UUID, date] = {episode.id: episode.referred_on or episode.enrolled_on for episode in episodes}
    for each in plan.contacts:
        episode_id = named.episode_of(each).id
        first[episode_id] = min(first[episode_id], each.candidate.on)
    rebuild_standing(organization_id=stamp.by.organization_id, episode_ids=list(first), at=stamp.at)
    announce_rebuilt(first, stamp=stamp)
    return list(first)


def announce_rebuilt(episodes: Mapping[UUID, date], *, stamp: Stamp) -> None:
    """Tell that the months of these episodes from a day on may come out differently; standings are rebuilt already."""
    for episode_id, since in episodes.items():
        announce(
            "episode_changed",
            organization_id=stamp.by.organization_id,
            at=stamp.at,
            episode_id=episode_id,
            months=months_between(since, stamp.at.date()),
            standing="rebuilt",
        )
