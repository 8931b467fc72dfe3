"""Random organizations whose records lie near the days on which facts of months turn.

Everything comes from a seed. Rows are written by the table, in the order in which they hang on each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from bhi.tenancy.models import Membership
from billing.models import Claim, FrozenMonth, MonthClose, PayerProfile, RemittanceClaim
from billing.operations.merging import merge_patients
from caseload.models import CaseReview, Contact, FollowUp, Recommendation, RecommendationStep, TimeEntry
from outcomes.models import ExperienceAsked, PayerClassed, WorkShare
from registry.models import (
    Assessment,
    CarePlan,
    Consent,
    Coverage,
    Diagnosis,
    Episode,
    Patient,
    Payer,
    ProgramPeriod,
    Referral,
    ReferralAttempt,
    RiskCase,
    RiskStep,
    Stay,
    TreatingClinician,
)
from registry.models.facts import Fact
from tests.factories.billing import BatchFactory
from tests.factories.claims import RemittanceFactory
from tests.factories.registry import system_seat
from tests.factories.tenancy import ClinicFactory, MembershipFactory

MONTHS = tuple(date(2026, number, 1) for number in range(1, 6))
ZONES = ("America/Chicago", "America/New_York", "Pacific/Honolulu", "America/Phoenix")
# Days after enrolment on which a measure turns, and their neighbors.
TURNS = tuple(day + near for day in (0, 14, 28, 30, 60, 70, 90, 112, 182) for near in (-1, 0, 1))
TOOLS = ("phq9", "phq9", "phq9", "phqa", "gad7", "gad7", "pcl5", "isi", "phq2")
TOTALS = (0, 4, 5, 6, 8, 9, 10, 11, 14, 16, 20, 21)
KINDS = ("continue", "not_recorded", "medication", "psychosocial", "safety", "referral")
WORDS = ("Sertraline 50 mg", "As before", "", "  ")
LINES = (
    [],
    [["99492", 1, "150.10"]],
    [["99493", 1, "140.00"], ["99494", 2, "120.00"]],
    [["99492", 1, "150.10"], ["99494", 1, None]],
    [["99492", -1, "-150.10"]],
)
# Far after everything, so that a close comes after its month; what is recorded then is known from then on.
LATER = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
ORDER = (
    *(Payer, PayerProfile, PayerClassed, TreatingClinician, Patient, Coverage, Episode, ProgramPeriod, Consent),
    *(Diagnosis, CarePlan, Assessment, Stay, RiskCase, RiskStep, Referral, ReferralAttempt, Contact, TimeEntry),
    *(FollowUp, CaseReview, Recommendation, RecommendationStep, ExperienceAsked, WorkShare, Claim, RemittanceClaim),
)


class Population:
    """One organization's people and all that is on record of them."""

    def __init__(self, organization: Any, seed: int, patients: int) -> None:
        self.organization = organization
        self.random = Random(seed)
        self.rows: dict[Any, list[Any]] = defaultdict(list)
        self.system = system_seat(organization)
        self.clinics = [ClinicFactory(organization=organization, time_zone=zone) for zone in ZONES]
        self.seats = [MembershipFactory(organization=organization) for _ in range(4)]
        self.seats_of_time = self._seats_of_time(patients)
        self._ground()
        for number in range(patients):
            Person(self, number)
        self._share_work()
        self._ask_money()
        self._write()
        self._merge()
        self._close()

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one_of(self, values: Sequence[Any]) -> Any:
        return self.random.choice(values)

    def count(self, most: int) -> range:
        return range(self.random.randint(0, most))

    def add(self, model: Any, **fields: Any) -> Any:
        """A row to be written; of facts, one in sixteen was voided."""
        if issubclass(model, Fact):
            recorded_at = LATER - timedelta(days=self.random.randint(60, 400), minutes=self.random.randint(0, 1000))
            fields = {"recorded_at": recorded_at, "recorded_by": self.system, **fields}
            if fields.pop("may_void", True) and self.chance(1 / 16):
                fields |= {"voided_at": LATER, "voided_by": self.system, "void_reason": "Mistyped."}
        if any(field.name == "client_token" for field in model._meta.concrete_fields):
            fields.setdefault("client_token", uuid4())
        row = model(organization=self.organization, **fields)
        self.rows[model].append(row)
        return row

    def _seats_of_time(self, count: int) -> list[Any]:
        """A seat for each patient's minutes: those of one person for two patients may not overlap."""
        rows = [Membership(organization=self.organization, name=f"Timed {n}", is_active=False) for n in range(count)]
        return list(Membership.objects.bulk_create(rows))

    def _ground(self) -> None:
        names = ("Medicare Part B", "State Medicaid", "Aetna", "Out of pocket", "Medicare-Medicaid Plan", "Union Fund")
        self.payers = [self.add(Payer, name=name, is_self_pay=name == "Out of pocket") for name in names]
        profile = {"payer": self.payers[2], "book": "medicare_ffs", "from_on": date(2026, 2, 1)}
        self.add(PayerProfile, **profile)
        self.add(PayerClassed, payer=self.payers[5], payer_class="other", changed_at=LATER, changed_by=self.system)
        self.clinicians = [
            self.add(TreatingClinician, name=f"Ana Rivera {n}", sort_name=f"rivera {n}") for n in range(2)
        ]

    def _share_work(self) -> None:
        for seat in self.seats[:3]:
            for from_on in (date(2025, 12, 1), self.one_of((date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31)))):
                fte = self.one_of((Decimal(0), Decimal("0.50"), Decimal("0.80"), Decimal(1)))
                self.add(WorkShare, membership=seat, from_on=from_on, fte=fte)

    def _ask_money(self) -> None:
        batches = [BatchFactory(organization=self.organization, is_test=is_test) for is_test in (False, False, True)]
        remittance = RemittanceFactory(organization=self.organization)
        for episode in self.rows[Episode]:
            for _ in self.count(3):
                claim = self.add(
                    Claim,
                    batch=self.one_of(batches),
                    number=len(self.rows[Claim]) + 1,
                    episode=episode,
                    patient=episode.patient,
                    payer=self.one_of(self.payers),
                    month=self.one_of(MONTHS),
                    service_on=date(2026, 1, 31),
                    facts={}, facts_sha256="0" * 64, verdict={}, book="medicare_ffs_2026", book_sha256="0" * 64,
                    is_superseded=True,
                )  # fmt: skip
                for _ in self.count(2):
                    self.add(
                        RemittanceClaim,
                        remittance=remittance,
                        position=len(self.rows[RemittanceClaim]),
                        claim=claim if self.chance(0.9) else None,
                        charge=Decimal(170),
                        paid=self.one_of((Decimal("120.15"), Decimal("-20.00"), Decimal(0))),
                        set_aside_because=self.one_of(("", "", "", "Not ours.")),
                    )

    def _write(self) -> None:
        for model in ORDER:
            model.objects.bulk_create(self.rows[model])

    def _merge(self) -> None:
        """Every tenth person has a second record, which is put together with the first."""
        for kept, second in self.doubles:
            merge_patients(by=self.seats[0], at=LATER, kept_id=kept.id, merged_id=second.id)

    @property
    def doubles(self) -> list[tuple[Any, Any]]:
        return [(row.kept, row) for row in self.rows[Patient] if getattr(row, "kept", None) is not None]

    def _close(self) -> None:
        """Months of clinics, closed, and some opened again; rows of some of their episodes, and corrections."""
        for clinic in self.clinics:
            for month in MONTHS:
                if self.chance(0.5):
                    self._close_one(clinic, month)

    def _close_one(self, clinic: Any, month: date) -> None:
        zone = ZoneInfo(clinic.time_zone)
        begins, ends = (datetime.combine(day, time(), zone) for day in (month, date(2026, month.month + 1, 1)))
        opened = {}
        if self.chance(0.3):
            opened = {
                "asked_at": LATER, "asked_by": self.seats[0], "asked_because": "Late note.",
                "reopened_at": LATER, "reopened_by": self.seats[1],
            }  # fmt: skip
        close = MonthClose.objects.create(
            organization=self.organization, clinic=clinic, month=month, starts_at=begins, ends_at=ends,
            closed_at=LATER, closed_by=self.system, client_token=uuid4(), **opened,
        )  # fmt: skip
        episodes = Episode.objects.filter(organization=self.organization, clinic=clinic).order_by("id")
        FrozenMonth.objects.bulk_create(
            FrozenMonth(
                organization=self.organization, close=close, number=number, patient_id=episode.patient_id,
                episode=episode, month=month, minutes=0, lines=self.one_of(LINES), facts={}, facts_sha256="0" * 64,
                frozen_at=LATER, frozen_by=self.system, because="Late note." if number > 1 else "",
            )
            for episode in episodes
            if self.chance(0.8)
            for number in range(1, self.random.randint(1, 2) + 1)
        )  # fmt: skip


class Person:
    """One patient with one or two episodes, a referral, and what happened around them."""

    def __init__(self, of: Population, number: int) -> None:
        self.of, self.number = of, number
        self.clinic = of.one_of(of.clinics)
        self.zone = ZoneInfo(self.clinic.time_zone)
        self.patient = self._patient(f"{number:06}")
        self.episodes = self._episodes()
        for episode in self.episodes:
            for write in (self._papers, self._contacts, self._time, self._scores, self._reviews, self._answers):
                write(episode)
        self._covers()
        self._stays()
        self._concerns()
        self._referral()
        if number % 10 == 3:
            self._second_record()

    def _patient(self, mrn: str, **fields: Any) -> Any:
        of = self.of
        died_on = self.any_day() if of.chance(0.08) else None
        return of.add(
            Patient,
            clinic=self.clinic,
            mrn=mrn,
            family_name=f"Family{mrn}",
            given_name="Given",
            sort_name=f"family{mrn}, given",
            birth_date=of.one_of((date(1960, 2, 29), date(2008, 3, 1), date(2014, 3, 2), date(1981, 12, 31))),
            sex=of.one_of(("F", "M", "U")),
            language=of.one_of(("English", "Spanish", "")),
            died_on=died_on,
            **fields,
        )

    def any_day(self) -> date:
        """Some day of a year, often the first or last of a month."""
        of = self.of
        month = date(2025 + of.one_of((0, 1, 1)), of.random.randint(1, 12), 1)
        if month.year == 2025:
            month = month.replace(month=max(month.month, 7))
        if month.year == 2026:
            month = month.replace(month=(month.month - 1) % 6 + 1)
        return month + timedelta(of.one_of((-2, -1, 0, 1, of.random.randint(0, 27))))

    def near(self, episode: Any) -> date:
        """A day on which something turns for an episode, or any other around it."""
        of = self.of
        ends = [episode.ended_on] if episode.ended_on else []
        return of.one_of(
            (
                episode.enrolled_on + timedelta(of.one_of(TURNS)),
                episode.enrolled_on + timedelta(of.random.randint(-10, 190)),
                of.one_of(MONTHS) + timedelta(of.one_of((-1, 0))),
                *(day + timedelta(of.one_of((-1, 0, 1))) for day in ends),
            )
        )

    def _episodes(self) -> list[Any]:
        of = self.of
        turned = of.one_of(MONTHS) + timedelta(of.one_of((-1, 0)) - of.one_of(TURNS))
        first = self._episode(of.one_of((turned, self.any_day())), is_last=False)
        if first.ended_on is None or of.chance(0.4):
            return [first]
        return [first, self._episode(first.ended_on + timedelta(of.one_of((0, 1, 10, 40))), is_last=True)]

    def _episode(self, on: date, *, is_last: bool) -> Any:
        of = self.of
        end: dict[str, Any] = {}
        if of.chance(0.4):
            after = of.one_of((on + timedelta(max(0, of.one_of(TURNS))), max(on, of.one_of(MONTHS) - timedelta(1))))
            reason = of.one_of(("graduated", "lost_to_follow_up", "withdrew", "transferred", "died", "other"))
            end = {"ended_on": after, "end_reason": reason, "status": "discharged"}
        return of.add(
            Episode,
            patient=self.patient,
            clinic=self.clinic,
            program=of.one_of(("cocm", "cocm", "bhi")),
            enrolled_on=on,
            care_manager=of.one_of((*of.seats, None)),
            consultant=of.one_of((of.seats[0], None)),
            treating_clinician=of.one_of((*of.clinicians, None)),
            target_instruments=of.one_of(([], [], ["pcl5"], ["pcl5", "gad7"])),
            **end,
            **({"may_void": is_last} if not end else {}),
        )

    def _papers(self, episode: Any) -> None:
        of = self.of
        if of.chance(0.8):
            of.add(ProgramPeriod, episode=episode, from_on=episode.enrolled_on, program=episode.program)
            for day in sorted({self.near(episode) for _ in of.count(2)} - {episode.enrolled_on}):
                of.add(ProgramPeriod, episode=episode, from_on=day, program=of.one_of(("cocm", "bhi")))
        for _ in of.count(2):
            given = datetime.combine(self.near(episode), of.one_of((time(0, 5), time(12), time(23, 55))), self.zone)
            revoked_on = given.date() + timedelta(of.random.randint(0, 90)) if of.chance(0.3) else None
            service = of.one_of(("bhi", "bhi", "bhi", "ccm"))
            of.add(Consent, patient=self.patient, given_at=given, form="verbal", service=service, revoked_on=revoked_on)
        for rank in of.count(2):
            from_on = of.one_of((None, self.near(episode)))
            of.add(Diagnosis, episode=episode, code=f"F33.{rank}", rank=rank + 1, from_on=from_on)
        for number in of.count(2):
            of.add(CarePlan, episode=episode, number=number + 1, on=self.near(episode), is_assumed=of.chance(0.2))

    def _contacts(self, episode: Any) -> None:
        of = self.of
        contacts = []
        for _ in of.count(10):
            activity = of.one_of(("treatment", "treatment", "outreach_attempt", "no_show", "message", "coordination"))
            contact = of.add(
                Contact, patient=self.patient, episode=episode, by=of.seats[0], on=self.near(episode),
                activity=activity, mode="phone",
            )  # fmt: skip
            contacts.append(contact)
        for _ in of.count(2):
            due_on = self.near(episode)
            of.add(
                FollowUp, patient=self.patient, episode=episode, due_on=due_on,
                from_contact=of.one_of((None, *contacts)),
                closed_on=of.one_of((None, due_on + timedelta(of.random.randint(0, 60)))),
                import_id=uuid4() if of.chance(0.15) else None,
                recorded_at=datetime.combine(self.near(episode), of.one_of((time(0, 5), time(23, 55))), self.zone),
            )  # fmt: skip

    def _time(self, episode: Any) -> None:
        of = self.of
        for _ in of.count(8):
            on = self.near(episode)
            minutes = of.random.randint(1, 45)
            starts_at = datetime.combine(on, of.one_of((time(23, 50), time(0, 0), time(9, 30))), self.zone)
            starts_at += timedelta(seconds=of.random.randint(0, 59))
            form: dict[str, Any] = {"span": (starts_at, starts_at + timedelta(minutes=minutes))}
            if of.chance(0.3):
                form = {"on": on, "seconds": minutes * 60}
            of.add(
                TimeEntry, patient=self.patient, episode=episode, by=of.seats_of_time[self.number],
                role="care_manager", activity=of.one_of(("treatment", "treatment", "registry", "coordination")),
                service=of.one_of(("cocm", "cocm", "bhi", "ccm")), held=of.chance(0.08), **form,
            )  # fmt: skip

    def _scores(self, episode: Any) -> None:
        for _ in self.of.count(9):
            self._score(self.patient, episode)

    def _score(self, patient: Any, episode: Any) -> None:
        of = self.of
        instrument, total = of.one_of(TOOLS), of.one_of(TOTALS)
        if instrument == "pcl5":
            total += of.one_of((0, 13, 24, 40))
        elif instrument == "phq2":
            total %= 7
        known: dict[str, Any] = {"total": total, "is_prorated": of.chance(0.12)}
        if instrument == "phq9" and of.chance(0.3):
            known["item9"] = of.one_of((0, 1, 3))
        if instrument == "phq9" and of.chance(0.1):
            known = {"total": None, "item9": 1}
        of.add(
            Assessment, patient=patient, episode=of.one_of((episode, None)), instrument=instrument,
            on=self.near(episode), is_total_only=True, **known,
        )  # fmt: skip

    def _reviews(self, episode: Any) -> None:
        of = self.of
        for _ in of.count(4):
            on = of.one_of((self.near(episode), of.one_of(MONTHS) - timedelta(of.one_of((13, 14, 15)))))
            review = of.add(
                CaseReview, patient=self.patient, episode=episode, on=on, consultant=of.one_of((*of.seats[:2], None))
            )
            for number in of.count(3):
                recommendation = of.add(
                    Recommendation, review=review, number=number + 1, kind=of.one_of(KINDS), text=of.one_of(WORDS),
                    state="sent", due_on=on,
                )  # fmt: skip
                self._steps(recommendation, on)

    def _steps(self, recommendation: Any, on: date) -> None:
        of = self.of
        loop = ["sent", of.one_of(("accepted", "modified", "declined")), "carried_out", "told", "closed"]
        for state in loop[: of.random.randint(0, 5)]:
            on += timedelta(of.one_of((0, 0, 1, 3, 14)))
            of.add(
                RecommendationStep, recommendation=recommendation, state=state, on=on, by=of.seats[0], text="So.",
                at=datetime.combine(on, time(12), UTC),
            )  # fmt: skip

    def _answers(self, episode: Any) -> None:
        of = self.of
        for _ in of.count(3):
            answer: dict[str, Any] = {}
            if of.chance(0.7):
                on = of.one_of((self.near(episode), of.one_of(MONTHS)))
                said = {name: of.random.randint(1, 5) for name in ("reached", "heard", "recommend")}
                at = datetime.combine(on, time(of.random.randint(8, 16)), UTC)
                answer = {"answered_on": on, "answered_at": at, **said}
            of.add(
                ExperienceAsked, patient=self.patient, episode=episode, sent_by="copied", expires_at=LATER,
                token_sha256=sha256(uuid4().bytes).digest(), **answer,
            )  # fmt: skip

    def _covers(self) -> None:
        of = self.of
        episode = self.episodes[-1]
        for rank in (1, 1, 2):
            if of.chance(0.6):
                from_on = of.one_of((None, self.near(episode)))
                until_on = (from_on or self.near(episode)) + timedelta(of.random.randint(0, 120))
                of.add(
                    Coverage, patient=self.patient, payer=of.one_of(of.payers), rank=rank, from_on=from_on,
                    until_on=until_on, member_id="1EG4TE5MK73",
                )  # fmt: skip
        if of.chance(0.6):
            of.add(Coverage, patient=self.patient, payer=of.one_of(of.payers), from_on=self.near(episode))

    def _stays(self) -> None:
        of = self.of
        for _ in of.count(3):
            enrolled_on = of.one_of(self.episodes).enrolled_on
            days = of.one_of((-183, -182, -181, -1, 0, 1, 180, 181, 182, of.random.randint(-200, 200)))
            on = enrolled_on + timedelta(days)
            kind = of.one_of(("emergency", "inpatient", "observation"))
            of.add(Stay, patient=self.patient, kind=kind, from_on=on, until_on=of.one_of((None, on)))

    def _concerns(self) -> None:
        of = self.of
        for _ in of.count(2):
            on = self.near(of.one_of(self.episodes))
            noon = datetime.combine(on, time(12), UTC)
            assessed_on = on + timedelta(of.one_of((0, 0, 1, 3)))
            closed = {
                "tier": "low", "assessed_on": assessed_on, "closed_at": noon, "closed_on": assessed_on,
                "closed_by": of.seats[0], "closing_note": "Safe.",
            }  # fmt: skip
            case = of.add(
                RiskCase, patient=self.patient, clinic=self.clinic, cause=of.one_of(("item_9", "item_9", "screener")),
                opened_at=noon, opened_on=on, **closed,
            )  # fmt: skip
            for _ in of.count(4):
                kind = of.one_of(("assessed", "lowering_asked", "note", "note"))
                step_on = on + timedelta(of.one_of((0, 0, 1, 20)))
                answers = [row for row in of.rows[Assessment] if row.patient is self.patient]
                noted = {"key": of.one_of(("", "risen", "positive")), "assessment": of.one_of((None, *answers))}
                of.add(
                    RiskStep, case=case, kind=kind, tier="low", at=noon, on=step_on, by=of.seats[0], text="So.",
                    **(noted if kind == "note" else {}),
                )  # fmt: skip

    def _referral(self) -> None:
        of = self.of
        episode = self.episodes[0]
        months = (of.one_of(MONTHS), date(2025, 11, 1), date(2025, 12, 1))
        on = of.one_of((of.one_of(months) + timedelta(of.one_of((-1, 0, 5))), episode.enrolled_on - timedelta(60)))
        outcome = of.one_of(("", "enrolled", "enrolled", "declined", "duplicate", "ineligible", "unreachable"))
        fields: dict[str, Any] = {"due_on": on, "state": "contacting"}
        if outcome:
            ended_on = on + timedelta(of.one_of((0, 10, 59, 60, 61, 90)))
            fields = {"state": "ended", "outcome": outcome, "ended_on": ended_on}
        referral = of.add(
            Referral, patient=self.patient, clinic=self.clinic, referred_on=on,
            source=of.one_of(("clinician", "screen")), first_attempt_due_on=on,
            assigned_to=of.one_of((*of.seats, None)), episode=episode if outcome == "enrolled" else None, **fields,
        )  # fmt: skip
        for _ in of.count(3):
            day = on + timedelta(of.one_of((-1, 0, 1, 5, 59, 60, 61)))
            at = datetime.combine(day, of.one_of((time(0, 5), time(23, 55))), self.zone)
            outcome = of.one_of(("reached", "no_answer", "voicemail"))
            of.add(ReferralAttempt, referral=referral, at=at, mode="phone", outcome=outcome)

    def _second_record(self) -> None:
        """Of the same person, with scores and a stay and no enrolment."""
        of = self.of
        second = self._patient(f"B{self.number:05}", may_void=False)
        second.died_on = None
        for _ in range(2):
            self._score(second, self.episodes[0])
        of.add(Stay, patient=second, kind="emergency", from_on=self.near(self.episodes[0]))
        for row in of.rows[Assessment][-2:]:
            row.episode = None
        if self.patient.voided_at is None:
            second.kept = self.patient
