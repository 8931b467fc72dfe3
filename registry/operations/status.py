"""Changing how an episode stands: holds, relapse prevention and back, hand-offs, discharge, and its being taken back.

The caller reads the ground (what is known of the episode) and passes it in like the clock; the rules judge it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import (
    ClosingNote,
    Consent,
    ConsentService,
    EndReason,
    Episode,
    EpisodeStatus,
    HandOff,
    Patient,
    SelfReport,
    StatusChange,
)
from registry.operations.consents import revoke_consent
from registry.operations.episodes import ended, tell_of_episode, under_way
from registry.operations.errors import (
    DateOutOfOrder,
    EpisodeNotEnded,
    NewerEpisode,
    NothingChanges,
    ReasonMissing,
    StatusMoved,
    StatusRefused,
)
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.queries.status import has_newer_episode
from registry.rules.status import (
    LONGEST_REASON,
    Closing,
    Ground,
    Refusal,
    refusals_of_change,
    refusals_of_discharge,
)


@transaction.atomic
def change_status(
    *, by: Membership, at: datetime, episode: Episode, to: str, on: date, ground: Ground, reason: str = ""
) -> Episode:
    """An open episode stands so from `on`. Returning to active ends relapse prevention, also for the signals.

    Raises NothingChanges, EpisodeEnded, StatusMoved when somebody else was faster, and StatusRefused with every
    sentence of the rules.
    """
    episode = _as_judged(episode, ground, to=to)
    _refuse(refusals_of_change(to, on, reason, ground))
    episode.status = to
    episode.relapse_prevention_from = on if to == EpisodeStatus.RELAPSE_PREVENTION else None
    episode.save(update_fields=["status", "relapse_prevention_from"])
    stamp = Stamp(by, at)
    record_facts([_change(stamp, episode, to, on=on, reason=reason)])
    tell_of_episode("episode.status_changed", episode, stamp=stamp, since=on, fields=["status"])
    return episode


@transaction.atomic
def discharge(
    *,
    by: Membership,
    at: datetime,
    episode: Episode,
    closing: Closing,
    ground: Ground,
    revoked_on: date | None = None,
) -> Episode:
    """End an episode with its closing note. `revoked_on` takes the patient's consent back from that day on too.

    After a death the links that the patient was sent are closed. Raises EpisodeEnded, StatusMoved, StatusRefused.
    """
    episode = _as_judged(episode, ground)
    _refuse(refusals_of_discharge(closing, ground))
    stamp = Stamp(by, at)
    if revoked_on is not None:
        _revoke(episode, revoked_on, stamp=stamp)
    if closing.reason == EndReason.DIED:
        open_links = SelfReport.objects.live().filter(patient_id=episode.patient_id, finished_at__isnull=True)
        void_facts(list(open_links), stamp=stamp, reason="The patient died")
    ended(episode, on=closing.on, reason=closing.reason)
    record_facts([_note(stamp, episode, closing)])
    tell_of_episode("episode.ended", episode, stamp=stamp, since=closing.on, fields=["ended_on", "end_reason"])
    return episode


@transaction.atomic
def reopen_episode(*, by: Membership, at: datetime, episode: Episode, on: date, reason: str) -> Episode:
    """Take a discharge back that was made in error: the episode goes on as it stood before.

    A date of death that came with it goes too. Raises ReasonMissing, EpisodeNotEnded, NewerEpisode when the patient
    was enrolled again.
    """
    if not reason.strip():
        raise ReasonMissing
    present: Episode = Episode.objects.live().select_for_update().get(id=episode.id)
    if present.ended_on is None:
        raise EpisodeNotEnded
    if has_newer_episode(present):
        raise NewerEpisode
    stamp, ended_on = Stamp(by, at), present.ended_on
    if present.end_reason == EndReason.DIED:
        Patient.objects.filter(id=present.patient_id, died_on=ended_on).update(died_on=None)
    void_facts(ClosingNote.objects.live().filter(episode=present), stamp=stamp, reason=reason)
    present.ended_on, present.end_reason, present.status = None, "", _status_before(present)
    present.save(update_fields=["ended_on", "end_reason", "status"])
    record_facts([_change(stamp, present, present.status, on=on, reason=f"Discharge taken back: {reason}")])
    tell_of_episode("episode.reopened", present, stamp=stamp, since=ended_on, fields=["ended_on", "end_reason"])
    return present


@transaction.atomic
def hand_off(*, by: Membership, at: datetime, episode: Episode, to: str, sent_on: date) -> HandOff:
    """The patient was handed to other care on a day. Raises EpisodeEnded, NothingChanges, DateOutOfOrder."""
    episode = under_way(episode)
    if sent_on < episode.enrolled_on:
        raise DateOutOfOrder("This day is before the enrolment. Correct it.")
    if HandOff.objects.live().filter(episode=episode, to=to.strip(), seen_on__isnull=True).exists():
        raise NothingChanges("This hand-off is on record already, and waits to be confirmed.")
    stamp = Stamp(by, at)
    made = stamped(HandOff, stamp, episode=episode, to=to.strip(), sent_on=sent_on)
    record_facts([made])
    _audit_hand_off("hand_off.recorded", made, episode, stamp=stamp, fields=["to", "sent_on"])
    return made


@transaction.atomic
def confirm_hand_off(*, by: Membership, at: datetime, hand_off: HandOff, seen_on: date, confirmed_by: str) -> HandOff:
    """Somebody there said that the patient was seen. Raises DateOutOfOrder, NothingChanges when that is on record."""
    if seen_on < hand_off.sent_on:
        raise DateOutOfOrder("The patient was handed over after this day. Correct it.")
    waiting = HandOff.objects.live().filter(id=hand_off.id, seen_on__isnull=True)
    if not waiting.update(seen_on=seen_on, confirmed_by=confirmed_by.strip()):
        raise NothingChanges("It is on record already that the patient was seen there.")
    stamp = Stamp(by, at)
    _audit_hand_off("hand_off.confirmed", hand_off, hand_off.episode, stamp=stamp, fields=["seen_on", "confirmed_by"])
    hand_off.seen_on, hand_off.confirmed_by = seen_on, confirmed_by.strip()
    return hand_off


def _as_judged(episode: Episode, ground: Ground, *, to: str = "") -> Episode:
    """The episode, locked, if it still stands as it did when the ground was read."""
    present = under_way(episode)
    if present.status == to:
        raise NothingChanges("The patient has this status already.")
    if present.status != ground.status:
        raise StatusMoved
    return present


def _refuse(refusals: Sequence[Refusal]) -> None:
    if refusals:
        raise StatusRefused(refusals)


def _revoke(episode: Episode, on: date, *, stamp: Stamp) -> None:
    held = Consent.objects.live().filter(
        patient_id=episode.patient_id, service=ConsentService.BHI, revoked_on__isnull=True
    )
    for consent in held.select_related("patient__clinic"):
        revoke_consent(by=stamp.by, at=stamp.at, consent=consent, on=on)


def _status_before(episode: Episode) -> str:
    """As the episode stood before its discharge; imports leave no change of status behind."""
    changes = StatusChange.objects.live().filter(episode=episode).order_by("-on", "-recorded_at", "-id")
    last: str | None = changes.values_list("status", flat=True).first()
    prevention = EpisodeStatus.RELAPSE_PREVENTION if episode.relapse_prevention_from else EpisodeStatus.ACTIVE
    return last or str(prevention)


def _change(stamp: Stamp, episode: Episode, status: str, *, on: date, reason: str) -> StatusChange:
    return stamped(StatusChange, stamp, episode=episode, on=on, status=status, reason=reason.strip()[:LONGEST_REASON])


def _note(stamp: Stamp, episode: Episode, closing: Closing) -> ClosingNote:
    return stamped(
        ClosingNote,
        stamp,
        episode=episode,
        on=closing.on,
        summary=closing.summary.strip(),
        way_back=closing.way_back.strip(),
        in_spite_of=closing.in_spite_of.strip()[:LONGEST_REASON],
        risk_accepted=closing.risk_accepted.strip()[:LONGEST_REASON],
    )


def _audit_hand_off(action: str, made: HandOff, episode: Episode, *, stamp: Stamp, fields: list[str]) -> None:
    record(action, by=stamp.by, at=stamp.at, patient_id=episode.patient_id, object_id=made.id, fields=fields)
