"""The facts of a month gathered a second time: whole tables read as they are, and everything else in plain Python.

Nothing here is the product's SQL of measuring or its conditions. Where another part of the product already says what
something is, its rule is asked: the course of an episode, what an improvement is, what kind a payer is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from bhi.tenancy.models import Clinic
from billing.models import Claim, FrozenMonth, MonthClose, RemittanceClaim
from billing.queries.payers import payers
from caseload.models import CaseReview, Contact, FollowUp, Recommendation, RecommendationStep, TimeEntry
from caseload.rules.course import EpisodeCourse, ProgramFrom, Score, Track, primary_track
from caseload.rules.states import improvement_at, response_at
from outcomes.models import ExperienceAsked, PayerClassed
from outcomes.rules.facts import AdviceFacts, EpisodeFacts, ReferralFacts
from outcomes.rules.payer_classes import class_of
from registry.models import (
    Assessment,
    CarePlan,
    Consent,
    Coverage,
    Diagnosis,
    Episode,
    Patient,
    ProgramPeriod,
    Referral,
    ReferralAttempt,
    RiskCase,
    RiskStep,
    Stay,
)
from registry.rules.instruments import TARGET_SCALES

FAR = date(9999, 1, 1)
DECISIONS = {"accepted", "modified", "declined"}
LIVE = (
    *(Patient, Episode, ProgramPeriod, Coverage, Consent, Diagnosis, CarePlan, Assessment, Stay, RiskCase, RiskStep),
    *(Referral, ReferralAttempt, Contact, TimeEntry, FollowUp, CaseReview, Recommendation, RecommendationStep),
    ExperienceAsked,
)


def first_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def years_between(born: date, on: date) -> int:
    """Birthdays up to a day; somebody born on February 29 has theirs on March 1 of other years."""
    return max(0, on.year - born.year - ((on.month, on.day) < (born.month, born.day)))


class Records:
    """An organization's live rows by table, and by what they belong to."""

    def __init__(self, organization: Any) -> None:
        self.organization = organization
        # Voided rows are read too, and left out here.
        self.rows = {
            model: [row for row in model.objects.filter(organization=organization) if row.voided_at is None]
            for model in LIVE
        }
        self.zones = {row.id: ZoneInfo(row.time_zone) for row in Clinic.objects.filter(organization=organization)}
        self.patients = {row.id: row for row in self.rows[Patient]}
        self.episodes = {row.id: row for row in self.rows[Episode] if row.patient_id in self.patients}

    def episode(self, episode_id: Any) -> Any:
        """An episode that was not voided, whoever's; None where there is none."""
        return next(iter(self.of(Episode, "id", episode_id)), None)

    def of(self, model: Any, column: str, value: Any) -> list[Any]:
        key = (model, column)
        if key not in self._by:
            found: dict[Any, list[Any]] = defaultdict(list)
            for row in self.rows[model]:
                found[getattr(row, column)].append(row)
            self._by[key] = found
        return self._by[key].get(value, [])

    @cached_property
    def _by(self) -> dict[Any, dict[Any, list[Any]]]:
        return {}

    @cached_property
    def answered(self) -> set[Any]:
        """Assessments that are answers, not the tier of a screener; also those voided since."""
        rows = Assessment.objects.filter(organization=self.organization)
        return {row.id for row in rows if not row.detail.get("tier")}

    @cached_property
    def stays_of_clinics(self) -> dict[Any, list[date]]:
        """The first days of everybody's stays, by the clinic of the record."""
        clinics = {row.id: row.clinic_id for row in Patient.objects.filter(organization=self.organization)}
        found: dict[Any, list[date]] = defaultdict(list)
        for row in self.rows[Stay]:
            found[clinics[row.patient_id]].append(row.from_on)
        return found

    @cached_property
    def closes(self) -> list[Any]:
        return [row for row in MonthClose.objects.filter(organization=self.organization) if row.reopened_at is None]

    @cached_property
    def frozen(self) -> list[Any]:
        return list(FrozenMonth.objects.filter(organization=self.organization))

    @cached_property
    def payments(self) -> list[tuple[Any, date, Decimal]]:
        """Episode, month and amount of each answer to a claim that was really asked."""
        claims = {
            row.id: row
            for row in Claim.objects.filter(organization=self.organization).select_related("batch")
            if not row.batch.is_test
        }
        answers = RemittanceClaim.objects.filter(organization=self.organization)
        return [
            (claims[row.claim_id].episode_id, claims[row.claim_id].month, row.paid)
            for row in answers
            if row.claim_id in claims and row.set_aside_because == ""
        ]

    def payer_class(self, payer_id: Any, on: date) -> str:
        if payer_id in self._said:
            return str(self._said[payer_id])
        payer = self._payers[payer_id]
        return class_of(payer.name, payer.rules_on(on).family, is_self_pay=payer.is_self_pay)

    @cached_property
    def _said(self) -> dict[Any, str]:
        return {row.payer_id: row.payer_class for row in PayerClassed.objects.filter(organization=self.organization)}

    @cached_property
    def _payers(self) -> dict[Any, Any]:
        return payers(self.organization.id)


@dataclass(frozen=True)
class Month:
    """A month of an organization's records."""

    records: Records
    month: date

    @property
    def last(self) -> date:
        return first_after(self.month) - timedelta(1)

    def has(self, day: date | None) -> bool:
        return day is not None and self.month <= day <= self.last

    # By what rows are grouped.

    def groups(self, patient: Any, clinic_id: Any, care_manager_id: Any, first_day: date) -> dict[str, Any]:
        """`first_day` is the row's first day; in a later month the month's first day counts."""
        on = max(self.month, first_day)
        covers = [
            row
            for row in self.records.of(Coverage, "patient_id", patient.id)
            if (row.from_on or date.min) <= on <= (row.until_on or FAR)
        ]
        first_payers = sorted(
            (row for row in covers if row.rank == 1), key=lambda row: (row.from_on or date.min, row.id)
        )
        payer_id = first_payers[-1].payer_id if first_payers else None
        classes = {
            self.records.payer_class(row.payer_id, self.month)
            for row in self.records.of(Coverage, "patient_id", patient.id)
            if (row.from_on or date.min) <= self.month <= (row.until_on or FAR)
        }
        return {
            "month": self.month,
            "patient_id": patient.id,
            "clinic_id": clinic_id,
            "care_manager_id": care_manager_id,
            "payer_id": payer_id,
            "payer_class": self.records.payer_class(payer_id, self.month) if payer_id else "none",
            "is_medicaid": "medicaid" in classes,
            "language": patient.language,
            "sex": patient.sex,
            "age": years_between(patient.birth_date, self.month),
        }

    def program(self, episode: Any, on: date) -> str:
        periods = [row for row in self.records.of(ProgramPeriod, "episode_id", episode.id) if row.from_on <= on]
        return str(max(periods, key=lambda row: row.from_on).program if periods else episode.program)

    # Referrals and recommendations.

    def referrals(self) -> dict[Any, ReferralFacts]:
        before = (self.month - timedelta(1)).replace(day=1)
        cohort = (before - timedelta(1)).replace(day=1)
        return {
            row.id: self._referral(row)
            for row in self.records.rows[Referral]
            if row.patient_id in self.records.patients and row.referred_on.replace(day=1) == cohort
        }

    def _referral(self, row: Any) -> ReferralFacts:
        patient = self.records.patients[row.patient_id]
        day_60 = row.referred_on + timedelta(60)
        until = max(self.last, day_60)
        tries = [
            (one.at.astimezone(self.records.zones[row.clinic_id]).date(), one.outcome)
            for one in self.records.of(ReferralAttempt, "referral_id", row.id)
        ]
        tries = [one for one in tries if one[0] <= until]
        episode = self.records.episode(row.episode_id)
        if episode is not None and episode.enrolled_on > until:
            episode = None
        enrolled = [] if episode is None else [episode.enrolled_on]
        excluded = ""
        if row.outcome in {"duplicate", "ineligible"} and row.ended_on <= until:
            excluded = row.outcome
        elif episode is None and patient.died_on is not None and patient.died_on <= day_60:
            excluded = "died"
        return ReferralFacts(
            **self.groups(patient, row.clinic_id, row.assigned_to_id, row.referred_on),
            program="" if episode is None else self.program(episode, episode.enrolled_on),
            referral_id=row.id,
            source=row.source,
            referred_on=row.referred_on,
            first_attempt_on=min([on for on, _ in tries] + enrolled, default=None),
            reached_on=min([on for on, outcome in tries if outcome == "reached"] + enrolled, default=None),
            enrolled_on=enrolled[0] if enrolled else None,
            excluded=excluded,
        )

    def advice(self) -> dict[Any, AdviceFacts]:
        return {
            row.id: self._advice(row, review, self.records.episodes[review.episode_id])
            for review in self.records.rows[CaseReview]
            if review.episode_id in self.records.episodes and self.has(review.on + timedelta(14))
            for row in self.records.of(Recommendation, "review_id", review.id)
            if row.kind not in {"continue", "not_recorded"} and row.text.strip(" ")
        }

    def _advice(self, row: Any, review: Any, episode: Any) -> AdviceFacts:
        steps = {
            one.state: one.on
            for one in self.records.of(RecommendationStep, "recommendation_id", row.id)
            if one.on <= self.last
        }
        decision = next((state for state in steps if state in DECISIONS), "")
        patient = self.records.patients[episode.patient_id]
        return AdviceFacts(
            **self.groups(patient, episode.clinic_id, episode.care_manager_id, review.on),
            program=self.program(episode, min(self.last, episode.ended_on or FAR)),
            recommendation_id=row.id,
            episode_id=episode.id,
            consultant_id=review.consultant_id,
            kind=row.kind,
            proposed_on=review.on,
            decided_on=steps.get(decision),
            decision=decision,
            told_on=steps.get("told"),
            closed_on=steps.get("closed"),
        )

    # Episodes.

    def episodes(self) -> dict[Any, EpisodeFacts]:
        everybody = self.records.episodes.values()
        made = [EpisodeMonth(self, one, self.records.patients[one.patient_id]) for one in everybody]
        told = [one for one in made if one.is_told]
        last_there = self._last_of_each(one for one in told if one.is_in_month)
        last_cocm = self._last_of_each(one for one in told if one.cocm_days and one.cocm_days[-1] >= self.month)
        return {
            one.episode.id: replace(
                one.facts(),
                is_last_in_month=one.episode.id in last_there,
                is_last_cocm=one.episode.id in last_cocm,
            )
            for one in told
        }

    @staticmethod
    def _last_of_each(of: Iterable[EpisodeMonth]) -> set[Any]:
        """Of each patient the episode that began last."""
        found: dict[Any, Any] = {}
        for one in sorted(of, key=lambda one: (one.episode.enrolled_on, one.episode.id)):
            found[one.patient.id] = one.episode.id
        return set(found.values())


@dataclass(frozen=True)
class EpisodeMonth:
    """An episode as it was known at the end of a month."""

    of: Month
    episode: Any
    patient: Any

    @cached_property
    def ends_on(self) -> date | None:
        """Discharge or death, whichever came first; a death before enrolment is none of this episode's."""
        died = self.patient.died_on
        days = [self.episode.ended_on, died if died and died >= self.episode.enrolled_on else None]
        return min((day for day in days if day), default=None)

    @property
    def is_told(self) -> bool:
        """Enrolled by the month's end, and still there in it or followed for 182 days."""
        on = self.episode.enrolled_on
        if on > self.of.last:
            return False
        has_said = any(self.of.has(row.answered_on) for row in self.rows(ExperienceAsked))
        return self.is_in_month or on >= self.of.month - timedelta(182) or has_said

    @property
    def is_in_month(self) -> bool:
        return self.ends_on is None or self.ends_on >= self.of.month

    @cached_property
    def ended_on(self) -> date | None:
        return self.ends_on if self.ends_on and self.ends_on <= self.of.last else None

    @cached_property
    def until(self) -> date:
        return self.ended_on or self.of.last

    @cached_property
    def cocm_days(self) -> list[date]:
        """The days of the last unbroken stretch of collaborative care so far, day by day."""
        days: list[date] = []
        day = self.until
        while day >= self.episode.enrolled_on:
            if self.of.program(self.episode, day) == "cocm":
                days.append(day)
            elif days:
                break
            day -= timedelta(1)
        return days[::-1]

    def rows(self, model: Any, column: str = "episode_id") -> list[Any]:
        value = self.patient.id if column == "patient_id" else self.episode.id
        return self.of.records.of(model, column, value)

    def during(self, days: Iterable[date]) -> list[date]:
        """The days of the episode so far."""
        return sorted(day for day in days if self.episode.enrolled_on <= day <= self.until)

    def day(self, count: int) -> date:
        return self.episode.enrolled_on + timedelta(count)

    @property
    def zone(self) -> ZoneInfo:
        return self.of.records.zones[self.episode.clinic_id]

    def facts(self) -> EpisodeFacts:
        episode = self.episode
        reason = ""
        if self.ended_on:
            reason = episode.end_reason if self.ended_on == episode.ended_on else "died"
        return EpisodeFacts(
            **self.of.groups(self.patient, episode.clinic_id, episode.care_manager_id, episode.enrolled_on),
            program=self.of.program(episode, self.until),
            episode_id=episode.id,
            consultant_id=episode.consultant_id,
            enrolled_on=episode.enrolled_on,
            ended_on=self.ended_on,
            end_reason=reason,
            is_in_month=self.is_in_month,
            cocm_from=self.cocm_days[0] if self.cocm_days else None,
            cocm_until=self.cocm_until,
            **self.contact(),
            **self.change(),
            **self.review(),
            **self.safety(),
            seconds=self.seconds(),
            lacks=self.lacks(),
            **self.stays(),
            **self.said(),
            **self.money(),
        )

    @property
    def cocm_until(self) -> date | None:
        """The last day of collaborative care; None where it goes on, or never was."""
        if not self.cocm_days or (self.ended_on is None and self.cocm_days[-1] == self.until):
            return None
        return self.cocm_days[-1]

    def contact(self) -> dict[str, Any]:
        noted = {row.on for row in self.rows(Contact) if row.activity == "treatment"}
        timed = {
            row.on or row.span.lower.astimezone(self.zone).date()
            for row in self.rows(TimeEntry)
            if row.activity == "treatment"
        }
        days = self.during(noted | timed)
        tried = [row.on for row in self.rows(Contact) if row.activity in {"outreach_attempt", "no_show"}]
        from_60 = [day for day in days if self.day(60) <= day <= self.day(90)]
        return {
            "contacts": sum(self.of.has(day) for day in days),
            "attempts": sum(self.of.has(day) for day in self.during(tried)),
            "first_contact_on": days[0] if days else None,
            "last_contact_on": days[-1] if days else None,
            "contacts_in_28_days": sum(day <= self.day(28) for day in days),
            "contact_from_day_60_on": from_60[0] if from_60 else None,
        }

    def change(self) -> dict[str, Any]:
        whole = [row for row in self.rows(Assessment, "patient_id") if not row.is_prorated]
        rows = sorted(whole, key=lambda row: (row.on, row.recorded_at, row.id))
        scores = [Score(row.on, row.instrument, row.total, order=place) for place, row in enumerate(rows)]
        any_scale = self.during(
            score.on for score in scores if score.total is not None and score.scale in TARGET_SCALES
        )
        course = EpisodeCourse(
            enrolled_on=self.episode.enrolled_on,
            programs=(ProgramFrom(self.episode.enrolled_on, self.episode.program),),
            scores=tuple(scores),
            ended_on=self.episode.ended_on,
            died_on=self.patient.died_on,
            targets=tuple(self.episode.target_instruments),
        )
        track = primary_track(course.tracks_on(self.until))
        return {
            "scales": sum(self.of.has(day) for day in any_scale),
            "last_scored_on": any_scale[-1] if any_scale else None,
            **({} if track is None else self._track(track)),
        }

    def _track(self, track: Track) -> dict[str, Any]:
        later = track.points[1:]
        in_weeks_10_to_16 = [point.total for point in later if self.day(70) <= point.on <= self.day(112)]
        return {
            "scale": track.instrument.key,
            "baseline": track.baseline.total,
            "baseline_on": track.baseline.on,
            "is_elevated": track.is_elevated,
            "improved_at": improvement_at(track),
            "response_at": response_at(track),
            "remission_below": track.instrument.remission_below,
            "latest": track.last.total if later else None,
            "latest_on": track.last.on if later else None,
            "last_in_month": track.last.total if self.of.has(track.last.on) else None,
            "at_16_weeks": in_weeks_10_to_16[-1] if in_weeks_10_to_16 else None,
        }

    def review(self) -> dict[str, Any]:
        reviews = [
            row.on
            for row in self.rows(CaseReview)
            if any(
                one.kind == "continue" or one.text.strip(" ")
                for one in self.of.records.of(Recommendation, "review_id", row.id)
            )
        ]
        days = self.during(reviews)
        return {
            "first_review_on": min(set(days) & set(self.cocm_days), default=None),
            "last_review_on": days[-1] if days else None,
            "reviews": sum(self.of.has(day) for day in days),
        }

    def safety(self) -> dict[str, Any]:
        answers = [
            (case, on)
            for case in self.rows(RiskCase, "patient_id")
            for on in self._answers_of(case)
            if self.of.has(on) and self.during([on])
        ]
        return {
            "positives": len(answers),
            "positives_same_day": sum(self._was_assessed(case, on) for case, on in answers),
        }

    def _answers_of(self, case: Any) -> list[date]:
        """The days of positive answers on item 9: the one that opened it, and those noted while it was open."""
        opened = [case.opened_on] if case.cause == "item_9" else []
        return opened + [
            row.on
            for row in self._steps_of(case)
            if row.kind == "note" and row.key in {"positive", "risen"} and row.assessment_id in self.of.records.answered
        ]

    def _was_assessed(self, case: Any, on: date) -> bool:
        days = {row.on for row in self._steps_of(case) if row.kind in {"assessed", "lowering_asked"}}
        return on in days | {case.assessed_on}

    def _steps_of(self, case: Any) -> list[Any]:
        return self.of.records.of(RiskStep, "case_id", case.id)

    def seconds(self) -> int:
        begins, ends = (self._midnight(day) for day in (self.of.month, first_after(self.of.month)))
        total = 0.0
        for row in self.rows(TimeEntry):
            if row.held or row.service == "ccm":
                continue
            if row.span is None:
                total += row.seconds if self.of.has(row.on) else 0
            else:
                total += max(0.0, (min(row.span.upper, ends) - max(row.span.lower, begins)).total_seconds())
        return int(total)

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(ZoneInfo("UTC"))

    def lacks(self) -> tuple[str, ...]:
        if self.ended_on:
            return ()
        last = self.of.last
        there: dict[str, Callable[[], bool]] = {
            "consent": lambda: any(map(self._holds, self.rows(Consent, "patient_id"))),
            "diagnosis": lambda: any((row.from_on or date.min) <= last for row in self.rows(Diagnosis)),
            "first score": lambda: "scale" in self.change(),
            "care plan": lambda: any(row.on <= last and not row.is_assumed for row in self.rows(CarePlan)),
            "next contact": lambda: any(map(self._is_planned, self.rows(FollowUp))),
            "care manager": lambda: self.episode.care_manager_id is not None,
            "clinician": lambda: self.episode.treating_clinician_id is not None,
        }
        return tuple(word for word, is_there in there.items() if not is_there())

    def _holds(self, consent: Any) -> bool:
        given_on = consent.given_at.astimezone(self.zone).date()
        return bool(consent.service == "bhi" and given_on <= self.of.last < (consent.revoked_on or FAR))

    def _is_planned(self, row: Any) -> bool:
        if row.closed_on is not None and row.closed_on <= self.of.last:
            return False
        if row.import_id is not None:
            return True
        contact = Contact.objects.filter(id=row.from_contact_id).first() if row.from_contact_id else None
        known_on = contact.on if contact else row.recorded_at.astimezone(self.zone).date()
        return bool(known_on <= self.of.last)

    def stays(self) -> dict[str, Any]:
        names = ("ed_before", "ed_after", "stays_before", "stays_after")
        before = (self.day(-182), self.day(-1))
        after = (self.day(0), self.day(181))
        written_down = self.of.records.stays_of_clinics[self.episode.clinic_id]
        if not self.of.has(self.day(182)) or not any(before[0] <= on <= after[1] for on in written_down):
            return dict.fromkeys(names)
        rows = self.rows(Stay, "patient_id")
        emergency = [row.from_on for row in rows if row.kind == "emergency"]
        inpatient = [row.from_on for row in rows if row.kind != "emergency"]
        counts = [
            sum(first <= on <= last for on in days)
            for days in (emergency, inpatient)
            for first, last in (before, after)
        ]
        return dict(zip(names, counts, strict=True))

    def said(self) -> dict[str, Any]:
        answers = [row for row in self.rows(ExperienceAsked) if self.of.has(row.answered_on)]
        if not answers:
            return {}
        last = max(answers, key=lambda row: (row.answered_on, row.answered_at, row.id))
        return {"said_reached": last.reached, "said_heard": last.heard, "said_recommend": last.recommend}

    def money(self) -> dict[str, Any]:
        records, month = self.of.records, self.of.month
        closes = {row.id for row in records.closes if (row.clinic_id, row.month) == (self.episode.clinic_id, month)}
        if not closes or not self.is_in_month:
            return {}
        frozen = [row for row in records.frozen if row.episode_id == self.episode.id and row.close_id in closes]
        lines = max(frozen, key=lambda row: row.number).lines if frozen else []
        amounts = [amount for _, units, amount in lines if units > 0]
        paid = [amount for episode_id, of, amount in records.payments if (episode_id, of) == (self.episode.id, month)]
        is_known = all(amount is not None for amount in amounts)
        return {
            "is_billed": bool(amounts),
            "expected": sum(map(Decimal, amounts), Decimal(0)) if is_known else None,
            "paid": sum(paid, Decimal(0)) if paid else None,
        }
