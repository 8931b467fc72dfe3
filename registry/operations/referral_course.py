"""A referral on its way: tried, decided on, waiting for a place, ended, opened again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from registry.models import Episode, Referral, ReferralAttempt
from registry.operations.errors import FormReused
from registry.operations.recording import Stamp, record_facts, refusing, stamped, void_facts
from registry.operations.referral_errors import (
    AlreadySo,
    DayImpossible,
    EndingIncomplete,
    ReferralEnded,
    ReferralNotEnded,
    ReferralOpen,
    StayedEnrolled,
)
from registry.operations.referrals import audit_referral, check_eligibility, free_to_refer
from registry.queries.attempts import tries_of
from registry.queries.protocols import Protocol, protocol_of
from registry.rules import referrals as rules

MOST_DAYS_AHEAD = 180
_DECISION = ("state", "due_on")
_END = ("outcome", "outcome_reason", "ended_on", "episode")


@dataclass(frozen=True)
class AttemptKept:
    """`was_new` is false when the same form had been sent before."""

    attempt: ReferralAttempt
    was_new: bool


@transaction.atomic
def record_attempt(
    *,
    by: Membership,
    at: datetime,
    referral_id: UUID,
    client_token: UUID,
    tried_at: datetime,
    mode: str,
    outcome: str,
    note: str = "",
    next_try_on: date | None = None,
) -> AttemptKept:
    """One try to reach the patient, or an interim contact while they wait; what is due next follows from it.

    A second submit of the same form returns what the first one kept. Raises DayImpossible (before the referral,
    in the future, a next try that cannot be), ReferralEnded, FormReused, NotFound.
    """
    referral = _locked(referral_id, by)
    sent = ReferralAttempt.objects.filter(organization_id=by.organization_id, client_token=client_token).first()
    if sent is not None:
        if sent.referral_id != referral.id:
            raise FormReused
        return AttemptKept(sent, was_new=False)
    _must_be_open(referral)
    protocol = protocol_of(referral.clinic_id)
    _check_attempt(referral, protocol, tried_at=tried_at, next_try_on=next_try_on, at=at)
    stamp = Stamp(by, at)
    attempt = stamped(
        ReferralAttempt,
        stamp,
        referral=referral,
        at=tried_at,
        mode=mode,
        outcome=outcome,
        note=note,
        next_try_on=next_try_on,
        client_token=client_token,
    )
    with refusing({"registry_referralattempt_once": FormReused}):
        record_facts([attempt])
    _settle(referral, protocol)
    audit_referral("referral.attempted", referral, stamp, fields=["at", "mode", "outcome"])
    return AttemptKept(attempt, was_new=True)


@transaction.atomic
def void_attempt(*, by: Membership, at: datetime, attempt_id: UUID, reason: str) -> Referral:
    """Take back an attempt that was logged in error; what is due follows from the others.

    Raises ReasonMissing, AlreadyVoided, ReferralEnded, NotFound.
    """
    attempt = ReferralAttempt.objects.filter(organization_id=by.organization_id, id=attempt_id).first()
    if attempt is None:
        raise NotFound
    referral = _locked(attempt.referral_id, by)
    _must_be_open(referral)
    stamp = Stamp(by, at)
    void_facts([attempt], stamp=stamp, reason=reason)
    _settle(referral, protocol_of(referral.clinic_id))
    audit_referral("referral.attempt_voided", referral, stamp, fields=["voided_at", "void_reason"])
    return referral


@transaction.atomic
def set_eligibility(
    *, by: Membership, at: datetime, referral_id: UUID, is_eligible: bool | None, reason: str = ""
) -> Referral:
    """Whether the patient fits the program; None takes the decision back. Raises ReasonNeeded, ReferralEnded."""
    referral = _locked(referral_id, by)
    _must_be_open(referral)
    check_eligibility(is_eligible, reason)
    referral.is_eligible, referral.eligibility_reason = is_eligible, reason.strip()
    referral.save(update_fields=["is_eligible", "eligibility_reason"])
    audit_referral("referral.eligibility_set", referral, Stamp(by, at), fields=["is_eligible", "eligibility_reason"])
    return referral


@transaction.atomic
def assign_referral(*, by: Membership, at: datetime, referral_id: UUID, to: Membership | None) -> Referral:
    """Whose it is; None: nobody's yet. Nothing is written when it is so already. Raises ReferralEnded."""
    referral = _locked(referral_id, by)
    _must_be_open(referral)
    if referral.assigned_to_id == (to.id if to else None):
        return referral
    referral.assigned_to = to
    referral.save(update_fields=["assigned_to"])
    audit_referral("referral.assigned", referral, Stamp(by, at), fields=["assigned_to"])
    return referral


@transaction.atomic
def put_on_waiting_list(*, by: Membership, at: datetime, referral_id: UUID) -> Referral:
    """From today the patient waits for a place, and is called in between. Raises AlreadySo, ReferralEnded."""
    referral = _locked(referral_id, by)
    _must_be_open(referral)
    if referral.waiting_from is not None:
        raise AlreadySo("The patient is on the waiting list already.")
    protocol = protocol_of(referral.clinic_id)
    referral.waiting_from = at.astimezone(protocol.zone).date()
    _settle(referral, protocol, "waiting_from")
    audit_referral("referral.waiting", referral, Stamp(by, at), fields=["waiting_from"])
    return referral


@transaction.atomic
def take_from_waiting_list(*, by: Membership, at: datetime, referral_id: UUID) -> Referral:
    """There is a place: the referral goes on where it stood. Raises AlreadySo, ReferralEnded."""
    referral = _locked(referral_id, by)
    _must_be_open(referral)
    if referral.waiting_from is None:
        raise AlreadySo("The patient is not on the waiting list.")
    referral.waiting_from = None
    _settle(referral, protocol_of(referral.clinic_id), "waiting_from")
    audit_referral("referral.waiting_ended", referral, Stamp(by, at), fields=["waiting_from"])
    return referral


@transaction.atomic
def end_referral(
    *, by: Membership, at: datetime, referral_id: UUID, outcome: str, on: date | None = None, reason: str = ""
) -> Referral:
    """It comes to nothing: declined, unreachable, ineligible, duplicate. `on` is today unless said.

    Raises EndingIncomplete when the outcome demands more, DayImpossible, ReferralEnded when somebody was faster.
    """
    referral = _locked(referral_id, by)
    _must_be_open(referral)
    zone = protocol_of(referral.clinic_id).zone
    today = at.astimezone(zone).date()
    on = on or today
    if not referral.referred_on <= on <= today:
        raise DayImpossible("The end lies between the day of the referral and today. Correct the day.", "on")
    if fault := rules.fault_of_ending(outcome, reason=reason, tries=tries_of(referral.id, zone)):
        raise EndingIncomplete(fault)
    return _end(referral, Stamp(by, at), outcome=outcome, on=on, reason=reason.strip())


@transaction.atomic
def close_as_enrolled(*, by: Membership, at: datetime, referral: Referral, episode: Episode) -> Referral:
    """The referral led to this enrolment. Called by whoever enrols, in the same transaction.

    Raises ReferralEnded when it has ended otherwise, DayImpossible when the enrolment is before the referral,
    ValueError when the episode is another patient's.
    """
    referral = _locked(referral.id, by)
    if referral.patient_id != episode.patient_id:
        raise ValueError("the episode is another patient's")
    if referral.episode_id == episode.id:
        return referral
    _must_be_open(referral)
    if episode.enrolled_on < referral.referred_on:
        raise DayImpossible("The enrolment is before the referral. Correct one of the days.", "enrolled_on")
    return _end(referral, Stamp(by, at), outcome=rules.ENROLLED, on=episode.enrolled_on, episode=episode)


@transaction.atomic
def close_found_enrolled(*, by: Membership, at: datetime, episodes: Mapping[UUID, Episode]) -> int:
    """End the open referrals of patients whom a file shows enrolled, by patient. Returns how many.

    Who was enrolled before the referral was asked for twice: that referral ends as a duplicate.
    """
    open_ones = Referral.objects.live().filter(patient_id__in=list(episodes), ended_on__isnull=True)
    found = list(open_ones.filter(organization_id=by.organization_id).select_for_update(no_key=True).order_by("id"))
    for referral in found:
        episode = episodes[referral.patient_id]
        if episode.enrolled_on >= referral.referred_on:
            _end(referral, Stamp(by, at), outcome=rules.ENROLLED, on=episode.enrolled_on, episode=episode)
        else:
            reason = "Was enrolled already when the referral was made."
            _end(referral, Stamp(by, at), outcome=rules.DUPLICATE, on=referral.referred_on, reason=reason)
    return len(found)


@transaction.atomic
def take_back_enrolled(*, by: Membership, at: datetime, episode_ids: Iterable[UUID]) -> None:
    """Open the referrals again that ended with these episodes, which are about to be taken back."""
    ended = Referral.objects.live().filter(organization_id=by.organization_id, episode_id__in=list(episode_ids))
    for referral in ended.select_for_update(no_key=True).order_by("id"):
        referral.outcome, referral.outcome_reason, referral.ended_on, referral.episode = "", "", None, None
        _settle(referral, protocol_of(referral.clinic_id), *_END)
        audit_referral("referral.reopened", referral, Stamp(by, at), fields=["state", "outcome"])


@transaction.atomic
def reopen_referral(*, by: Membership, at: datetime, referral_id: UUID) -> Referral:
    """It ended in error: it goes on where it stood, the old end stays in its history.

    Raises ReferralNotEnded, StayedEnrolled, AlreadyEnrolled, ReferralOpen when there is another one.
    """
    referral = _locked(referral_id, by)
    if referral.state != rules.ENDED:
        raise ReferralNotEnded
    if referral.episode_id is not None and Episode.objects.live().filter(id=referral.episode_id).exists():
        raise StayedEnrolled
    free_to_refer(referral.patient, by)
    referral.outcome, referral.outcome_reason, referral.ended_on, referral.episode = "", "", None, None
    with refusing({"registry_referral_one_open": ReferralOpen}):
        _settle(referral, protocol_of(referral.clinic_id), *_END)
    audit_referral("referral.reopened", referral, Stamp(by, at), fields=["state", "outcome"])
    return referral


def _end(
    referral: Referral, stamp: Stamp, *, outcome: str, on: date, reason: str = "", episode: Episode | None = None
) -> Referral:
    referral.outcome, referral.outcome_reason, referral.ended_on, referral.episode = outcome, reason, on, episode
    referral.state, referral.due_on = rules.ENDED, None
    referral.save(update_fields=[*_DECISION, *_END])
    audit_referral("referral.ended", referral, stamp, fields=["outcome", "outcome_reason", "ended_on"])
    return referral


def _settle(referral: Referral, protocol: Protocol, *changed: str) -> None:
    """State and what is due next, by the attempts as they are now."""
    tries = tries_of(referral.id, protocol.zone)
    referral.state = rules.state_after(tries, referral.waiting_from)
    referral.due_on = rules.due_on(
        first_attempt_due_on=referral.first_attempt_due_on,
        tries=tries,
        waiting_from=referral.waiting_from,
        interim_contact_days=protocol.interim_contact_days,
    )
    referral.save(update_fields=[*_DECISION, *changed])


def _locked(referral_id: UUID, by: Membership) -> Referral:
    """The referral as it is now, locked, so that two people do not end it twice."""
    found = Referral.objects.live().filter(organization_id=by.organization_id, id=referral_id)
    referral: Referral | None = found.select_for_update(of=("self",)).select_related("patient").first()
    if referral is None:
        raise NotFound
    return referral


def _must_be_open(referral: Referral) -> None:
    if referral.state == rules.ENDED:
        raise ReferralEnded


def _check_attempt(
    referral: Referral, protocol: Protocol, *, tried_at: datetime, next_try_on: date | None, at: datetime
) -> None:
    on, today = tried_at.astimezone(protocol.zone).date(), at.astimezone(protocol.zone).date()
    if tried_at > at:
        raise DayImpossible("This attempt is in the future. Correct its day or time.", "on" if on > today else "time")
    if on < referral.referred_on:
        raise DayImpossible("This attempt is before the referral. Correct its day.", "on")
    if next_try_on is not None and not today <= next_try_on <= today + timedelta(days=MOST_DAYS_AHEAD):
        raise DayImpossible(f"The next try is today or within {MOST_DAYS_AHEAD} days. Correct its day.", "next_try_on")
