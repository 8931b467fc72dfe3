"""How an episode has stood: its changes of status, hand-offs and closing note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bhi.errors import NotFound
from registry.models import (
    Assessment,
    ClosingNote,
    EndReason,
    Episode,
    EpisodeStatus,
    HandOff,
    RelapsePlan,
    StatusChange,
)
from registry.rules.content import from_json
from registry.rules.relapse_plans import RelapsePrevention
from registry.rules.risk import SCREENERS


@dataclass(frozen=True)
class StatusSince:
    """From which day an episode stood how, why, and by whose decision (None: brought by an import)."""

    on: date
    label: str
    reason: str = ""
    by_id: UUID | None = None


@dataclass(frozen=True)
class WrittenPlan:
    """What a plan against relapse says, and of which day it is."""

    on: date
    content: RelapsePrevention


@dataclass(frozen=True)
class StatusPapers:
    """What the registry keeps of an episode's way from status to status; `plan` is the one against relapse in force."""

    changes: tuple[StatusChange, ...]
    hand_offs: tuple[HandOff, ...]
    plan: WrittenPlan | None
    last_tier: str

    @property
    def changed_on(self) -> date | None:
        return max((change.on for change in self.changes), default=None)

    @property
    def plan_on(self) -> date | None:
        return self.plan.on if self.plan is not None else None

    @property
    def seen_on(self) -> date | None:
        """The first day on which other care confirmed to have seen the patient."""
        return min((one.seen_on for one in self.hand_offs if one.seen_on), default=None)

    @property
    def is_hand_off_open(self) -> bool:
        return any(one.seen_on is None for one in self.hand_offs)


# The choices of a discharge, as forms show them.
REASON_CHOICES = tuple(EndReason.choices)
STATUS_LABELS: dict[str, str] = {status.value: str(status.label) for status in EpisodeStatus}


def status_papers(episode: Episode) -> StatusPapers:
    """Four statements. `last_tier` is the last suicide screener's."""
    of = {"organization_id": episode.organization_id, "episode_id": episode.id}
    screened = Assessment.objects.live().filter(
        organization_id=episode.organization_id,
        patient_id=episode.patient_id,
        instrument__in=SCREENERS,
        detail__has_key="tier",
    )
    plan = RelapsePlan.objects.live().filter(**of).order_by("-number").first()
    return StatusPapers(
        changes=tuple(StatusChange.objects.live().filter(**of).order_by("on", "recorded_at", "id")),
        hand_offs=tuple(HandOff.objects.live().filter(**of).order_by("sent_on", "id")),
        plan=None if plan is None else WrittenPlan(plan.on, from_json(RelapsePrevention, plan.content)),
        last_tier=screened.order_by("-on", "-recorded_at").values_list("detail__tier", flat=True).first() or "",
    )


def status_history(episode: Episode, changes: tuple[StatusChange, ...]) -> tuple[StatusSince, ...]:
    """From enrolment to discharge, the earliest first. What an import brought has no change of its own."""
    found = [StatusSince(episode.enrolled_on, "Enrolled", by_id=episode.recorded_by_id)]
    begun = episode.relapse_prevention_from
    prevention = EpisodeStatus.RELAPSE_PREVENTION
    if begun and not any(change.status == prevention for change in changes):
        found.append(StatusSince(begun, str(prevention.label)))
    found += [
        StatusSince(change.on, STATUS_LABELS[change.status], change.reason, change.recorded_by_id) for change in changes
    ]
    if episode.ended_on:
        found.append(StatusSince(episode.ended_on, f"Discharged: {episode.get_end_reason_display().lower()}"))
    return tuple(sorted(found, key=lambda one: one.on))


def hand_off_of(hand_off_id: UUID, *, patient_id: UUID, organization_id: UUID) -> HandOff:
    """A live hand-off of a patient. Raises NotFound."""
    found = HandOff.objects.live().filter(
        organization_id=organization_id, id=hand_off_id, episode__patient_id=patient_id
    )
    hand_off: HandOff | None = found.select_related("episode").first()
    if hand_off is None:
        raise NotFound
    return hand_off


def closing_note_of(episode: Episode) -> ClosingNote | None:
    """The live closing note of a discharged episode."""
    notes = ClosingNote.objects.live().filter(organization_id=episode.organization_id, episode_id=episode.id)
    note: ClosingNote | None = notes.first()
    return note


def has_newer_episode(episode: Episode) -> bool:
    """Whether the patient was enrolled again after this episode."""
    others = Episode.objects.live().filter(
        organization_id=episode.organization_id, patient_id=episode.patient_id, enrolled_on__gte=episode.enrolled_on
    )
    return bool(others.exclude(id=episode.id).exists())
