"""The loop of a recommendation, step by step, until the patient was told or somebody said why not.

Each step is a row with who and when; the recommendation's state and the day on which its next step is due follow
them. A step recorded in error is voided, and the one before it holds again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.models import Contact, MedicationAct, Recommendation, RecommendationStep, TreatmentChange
from caseload.operations.standing import rebuild_standing
from caseload.queries.advice import limits_of, steps_of
from caseload.rules.advice import (
    CARRIED_OUT,
    CLOSED,
    DECISIONS,
    PROPOSED,
    SENT,
    TOLD,
    due_on,
    next_states,
    states_after_voiding,
)
from caseload.rules.clock import local_date
from registry.models import ClinicianChannel, Episode, TreatingClinician
from registry.operations.disclosures import disclose
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.queries.part_two import is_part_two
from registry.rules.part_two import Use

_MARKED = frozenset({"medication", "psychosocial"})
_LONGEST_CHANGE = 300


class AdviceMoved(DomainError):
    """The order of the loop does not allow this step now: somebody recorded another one meanwhile."""

    def __init__(self) -> None:
        super().__init__("This recommendation has moved on meanwhile. Look at where it stands, then try again.")


class WordsMissing(DomainError):
    """A change, a refusal or an early end without its reason."""

    def __init__(self) -> None:
        super().__init__("Say what is changed, or why. The consultant reads it at the next review.")


class NoClinician(DomainError):
    """Nobody is recorded as the treating clinician."""

    def __init__(self) -> None:
        super().__init__("No treating clinician is recorded. Choose one under the care team first.")


class NotYours(NotFound):
    """A recommendation for another clinician's patient: for whoever asks it is not there."""


class DayImpossible(DomainError):
    """A step in the future, or before the one that it follows."""

    def __init__(self) -> None:
        super().__init__("This is in the future, or before the step that it follows. Correct the day and the time.")


@dataclass(frozen=True)
class Said:
    """What is told of a step: its words, through which channel, and whether it was only spoken."""

    text: str = ""
    channel: str = ""
    is_verbal: bool = False


NOTHING_SAID = Said()


@dataclass(frozen=True)
class Answered:
    """When an answer was given: at an instant, or on a day whose time nobody noted; now where neither is given."""

    at: datetime | None = None
    on: date | None = None


JUST_NOW = Answered()


@transaction.atomic
def send_advice(
    *, by: Membership, at: datetime, recommendation_id: UUID, channel: str, client_token: UUID
) -> Recommendation:
    """The recommendation went to the treating clinician. A second submit changes nothing.

    Of a record under 42 CFR part 2 it is kept as a disclosure; their inbox here is none (2.12(c)(3)). Raises
    AdviceMoved, NoClinician, PartTwoRefused, NotFound.
    """
    found = _locked(recommendation_id, by)
    if found.known(client_token):
        return found.row
    found.tell_outside(found.clinician_or_refuse(), by=by, at=at, channel=channel)
    found.step(SENT, by=by, at=at, said=Said(channel=channel), token=client_token)
    return found.finish("advice.sent", by=by, at=at, fields=["state", "channel"])


@transaction.atomic
def record_decision(
    *,
    by: Membership,
    at: datetime,
    recommendation_id: UUID,
    decision: str,
    said: Said = NOTHING_SAID,
    answered: Answered = JUST_NOW,
    is_done: bool = False,
    client_token: UUID,
) -> Recommendation:
    """What the clinician answered, as somebody heard or read it: accepted, modified or declined, with the words.

    What was answered before its sending was recorded is recorded as sent then too. `is_done`: it was carried out by
    then as well. Raises AdviceMoved, WordsMissing, NoClinician, DayImpossible, NotFound.
    """
    found = _locked(recommendation_id, by)
    if found.known(client_token):
        return found.row
    found.decide(decision, by=by, at=at, said=said, answered=answered, token=client_token)
    if is_done:
        found.carry_out(by=by, at=at, on=found.steps[-1].on, text=said.text, token=uuid5(client_token, CARRIED_OUT))
    return found.finish("advice.decided", by=by, at=at, fields=["state"])


@transaction.atomic
def decide_advice(
    *, by: Membership, at: datetime, recommendation_id: UUID, decision: str, text: str = "", client_token: UUID
) -> Recommendation:
    """The treating clinician's own decision, under their own seat.

    Raises AdviceMoved, WordsMissing, and NotYours, which is a NotFound, for another clinician's patient.
    """
    found = _locked(recommendation_id, by)
    if found.clinician is None or found.clinician.membership_id != by.id:
        raise NotYours
    if found.known(client_token):
        return found.row
    said = Said(text, ClinicianChannel.INBOX)
    found.decide(decision, by=by, at=at, said=said, answered=JUST_NOW, token=client_token)
    return found.finish("advice.decided", by=by, at=at, fields=["state"])


@transaction.atomic
def decide_by_link(
    *, by: Membership, at: datetime, recommendation_id: UUID, clinician_id: UUID, decision: str, text: str,
    client_token: UUID,
) -> Recommendation:  # fmt: skip
    """The decision of a clinician who confirmed a link with a code; `by` is the organization's own seat.

    Raises AdviceMoved, WordsMissing, and NotYours, which is a NotFound, when somebody else treats the patient by now.
    """
    found = _locked(recommendation_id, by)
    if found.clinician is None or found.clinician.id != clinician_id:
        raise NotYours
    if found.known(client_token):
        return found.row
    said = Said(text, ClinicianChannel.LINK)
    found.decide(decision, by=by, at=at, said=said, answered=JUST_NOW, token=client_token)
    return found.finish("advice.decided", by=by, at=at, fields=["state"])


@transaction.atomic
def carry_out(
    *, by: Membership, at: datetime, recommendation_id: UUID, done_on: date, text: str = "", client_token: UUID
) -> Recommendation:
    """It was done on a day. Of medication and psychosocial care this marks a change of treatment on the chart.

    Raises AdviceMoved, DayImpossible, NotFound.
    """
    found = _locked(recommendation_id, by)
    if found.known(client_token):
        return found.row
    found.carry_out(by=by, at=at, on=done_on, text=text, token=client_token)
    return found.finish("advice.carried_out", by=by, at=at, fields=["state", "state_on"])


@transaction.atomic
def tell_patient(
    *,
    by: Membership,
    at: datetime,
    recommendation_ids: Sequence[UUID],
    told_on: date,
    text: str = "",
    contact: Contact | None = None,
    client_token: UUID,
) -> tuple[Recommendation, ...]:
    """The patient was told on a day, by a contact where one is given. That ends the loop.

    All of them are of one episode. Raises AdviceMoved, DayImpossible, NotFound; nothing is kept then.
    """
    found = [_locked(one, by) for one in sorted(set(recommendation_ids))]
    if contact is not None and any(one.episode.id != contact.episode_id for one in found):
        raise NotFound
    for one in found:
        if one.known(client_token):
            continue
        one.step(TOLD, by=by, at=at, on=told_on, said=Said(text), contact=contact, token=client_token)
        one.step(CLOSED, by=by, at=at, on=told_on, token=uuid5(client_token, CLOSED))
        one.finish("advice.patient_told", by=by, at=at, fields=["state", "state_on"])
    return tuple(one.row for one in found)


@transaction.atomic
def close_advice(
    *, by: Membership, at: datetime, recommendation_id: UUID, reason: str, client_token: UUID
) -> Recommendation:
    """It goes no further, and why: declined and discussed, overtaken by another. Raises AdviceMoved, WordsMissing."""
    found = _locked(recommendation_id, by)
    if found.known(client_token):
        return found.row
    if not reason.strip():
        raise WordsMissing
    found.step(CLOSED, by=by, at=at, said=Said(reason), token=client_token)
    return found.finish("advice.closed", by=by, at=at, fields=["state"])


@transaction.atomic
def void_step(*, by: Membership, at: datetime, step_id: UUID, reason: str) -> Recommendation:
    """The last step was recorded in error; what it did besides is taken back too. Raises AdviceMoved for an earlier
    one, ReasonMissing, NotFound.
    """
    steps = RecommendationStep.objects.live().filter(organization_id=by.organization_id, id=step_id)
    recommendation_id = steps.values_list("recommendation_id", flat=True).first()
    if recommendation_id is None:
        raise NotFound
    found = _locked(recommendation_id, by)
    gone = states_after_voiding([step.state for step in found.steps], found.steps_state(step_id))
    if not gone:
        raise AdviceMoved
    stamp = Stamp(by, at)
    void_facts([step for step in found.steps if step.state in gone], stamp=stamp, reason=reason)
    if CARRIED_OUT in gone:
        changes = TreatmentChange.objects.live().filter(from_recommendation=found.row)
        void_facts(list(changes), stamp=stamp, reason=reason)
    found.steps = [step for step in found.steps if step.state not in gone]
    found.row.state = found.steps[-1].state if found.steps else PROPOSED
    found.row.state_on = found.steps[-1].on if found.steps else found.row.review.on
    return found.finish("advice.step_voided", by=by, at=at, fields=["state", "void_reason"])


@dataclass
class _Loop:
    """A recommendation under its lock, with its steps so far."""

    row: Recommendation
    episode: Episode
    steps: list[RecommendationStep]

    @property
    def clinician(self) -> TreatingClinician | None:
        clinician: TreatingClinician | None = self.episode.treating_clinician
        return clinician

    def clinician_or_refuse(self) -> TreatingClinician:
        if self.clinician is None:
            raise NoClinician
        return self.clinician

    def known(self, token: UUID) -> bool:
        """Whether this form was submitted before; voided steps count."""
        return bool(RecommendationStep.objects.filter(recommendation=self.row, client_token=token).exists())

    def steps_state(self, step_id: UUID) -> str:
        return next((step.state for step in self.steps if step.id == step_id), "")

    def decide(
        self, decision: str, *, by: Membership, at: datetime, said: Said, answered: Answered, token: UUID
    ) -> None:
        if decision not in DECISIONS:
            raise AdviceMoved
        if decision != "accepted" and not said.text.strip():
            raise WordsMissing
        clinician = self.clinician_or_refuse()
        when: dict[str, Any] = {"by": by, "at": answered.at or at, "on": answered.on, "now": at}
        if decision in next_states(PROPOSED, self.row.kind) and self.row.state == PROPOSED:
            self.step(SENT, **when, said=Said(channel=said.channel), token=uuid5(token, SENT))
        self.step(decision, **when, said=said, clinician=clinician, token=token)

    def tell_outside(self, clinician: TreatingClinician, *, by: Membership, at: datetime, channel: str) -> None:
        """Let it leave to the clinician, or not, where the record is covered. Raises PartTwoRefused."""
        patient_id = self.episode.patient_id
        if channel == ClinicianChannel.INBOX or not is_part_two(by.organization_id, patient_id):
            return
        on = local_date(at, ZoneInfo(self.episode.clinic.time_zone))
        told: dict[str, Any] = {"recipient": str(clinician), "what": "Recommendation of a psychiatric review"}
        disclose(by=by, at=at, patient_id=patient_id, on=on, use=Use.TREATMENT, object_id=self.row.id, **told)

    def carry_out(self, *, by: Membership, at: datetime, on: date, text: str, token: UUID) -> None:
        self.step(CARRIED_OUT, by=by, at=at, on=on, said=Said(text), token=token)
        _mark_change(self.row, by=by, at=at, on=on, text=text, token=token)

    def step(
        self,
        state: str,
        *,
        by: Membership,
        at: datetime,
        token: UUID,
        said: Said = NOTHING_SAID,
        on: date | None = None,
        now: datetime | None = None,
        clinician: TreatingClinician | None = None,
        contact: Contact | None = None,
    ) -> None:
        """Add a step as of `at`, on the clinic's day of that instant where none is given. `now` records it."""
        zone = ZoneInfo(self.episode.clinic.time_zone)
        on = on or local_date(at, zone)
        recorded_at = now or at
        if state not in next_states(self.row.state, self.row.kind):
            raise AdviceMoved
        since = self.steps[-1].on if self.steps else self.row.review.on
        if not since <= on <= local_date(recorded_at, zone) or at > recorded_at:
            raise DayImpossible
        values = {"state": state, "at": at, "on": on, "clinician": clinician, "contact": contact}
        told = {"text": said.text.strip(), "channel": said.channel, "is_verbal": said.is_verbal}
        of = {"recommendation": self.row, "by": by, "client_token": token}
        row = stamped(RecommendationStep, Stamp(by, recorded_at), **of, **values, **told)
        record_facts([row])
        self.steps.append(row)
        self.row.state, self.row.state_on = state, on

    def finish(self, action: str, *, by: Membership, at: datetime, fields: list[str]) -> Recommendation:
        """Store where it stands now, audit it, and work the patient's standing out again."""
        row, episode = self.row, self.episode
        assert row.state_on is not None
        limits = limits_of(by.organization_id, episode.clinic_id)
        row.due_on = due_on(row.kind, row.state, row.state_on, limits, proposed_on=row.review.on)
        row.save(update_fields=["state", "state_on", "due_on"])
        record(action, by=by, at=at, patient_id=episode.patient_id, object_id=row.id, fields=fields)
        rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=at)
        return row


def _locked(recommendation_id: UUID, by: Membership) -> _Loop:
    """Two people at one recommendation take turns. The episode is locked first, as everywhere (ADR 7)."""
    of = {"organization_id": by.organization_id, "voided_at__isnull": True}
    rows = Recommendation.objects.filter(**of, id=recommendation_id, review__voided_at=None).select_related("review")
    episodes = Episode.objects.filter(**of, id__in=rows.values("review__episode_id"))
    related = episodes.select_related("clinic", "treating_clinician")
    episode: Episode | None = related.select_for_update(of=("self",), no_key=True).first()
    row: Recommendation | None = rows.select_for_update(of=("self",), no_key=True).first()
    if episode is None or row is None:
        raise NotFound
    return _Loop(row, episode, list(steps_of(row)))


def _mark_change(row: Recommendation, *, by: Membership, at: datetime, on: date, text: str, token: UUID) -> None:
    if row.kind not in _MARKED or row.act == MedicationAct.LAB:
        return
    words = text.strip() or ": ".join(filter(None, (row.text.strip(), row.dose.strip())))
    change = stamped(
        TreatmentChange,
        Stamp(by, at),
        episode_id=row.review.episode_id,
        on=on,
        of=row.kind,
        text=_shortened(words or str(row.get_kind_display())),
        from_recommendation=row,
        client_token=uuid5(token, str(row.id)),
    )
    record_facts([change])


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_CHANGE else f"{text[: _LONGEST_CHANGE - 1]}…"


def send_all(found: Iterable[UUID], *, by: Membership, at: datetime, channel: str, token: UUID) -> int:
    """Several of one review went out together, each once; those that went before stay as they are. Returns how many."""
    sent = 0
    for recommendation_id in sorted(found):
        loop = _locked(recommendation_id, by)
        if loop.row.state != PROPOSED:
            continue
        loop.step(SENT, by=by, at=at, said=Said(channel=channel), token=uuid5(token, str(recommendation_id)))
        loop.finish("advice.sent", by=by, at=at, fields=["state", "channel"])
        sent += 1
    return sent
