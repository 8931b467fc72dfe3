"""Emergency access in any order of events, and one question after each: who sees which record?

What is true is worked out here from what was done, record by record; what is seen is read with the seat's own eyes
through the policies of Postgres.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bhi.accounts.operations.access import end_seat, return_to_seat
from bhi.accounts.queries import membership_of
from bhi.errors import NotFound
from bhi.tenancy.models import Membership, Role
from bhi.tenancy.sight import looking_as
from billing.operations.merging import MergeStands, merge_patients, undo_merge
from registry.models import EmergencyAccess, Patient
from registry.operations import add_patient
from registry.operations.emergencies import end_emergency, look_at_emergency, open_in_emergency
from registry.operations.limits_errors import LookedAtAlready, NotRestricted, OnlyInAnEmergency, OwnAccess, StillOpen
from registry.operations.restrictions import end_restriction, restrict_record

WHY = "Called the front desk, said he will hurt himself tonight."
HOUR = timedelta(minutes=60)
OPENER, RECORD, SOME = st.sampled_from(["everywhere", "north"]), st.sampled_from(["south", "north"]), st.integers(0, 99)


@dataclass(eq=False)
class Known:
    """An access as the model has it."""

    id: UUID
    seat: str
    record: str
    until: datetime
    ended: bool = False
    is_looked_at: bool = False

    def is_open(self, at: datetime) -> bool:
        return not self.ended and at < self.until


@dataclass(eq=False)
class Kept:
    """A restriction: on which record it stands now, and who sees that one besides the lead."""

    record: str
    named: set[str]


@dataclass
class World:
    """Two records, of which one may be merged into the other, and what was done with them.

    Restrictions and accesses go along with a merge and come back when it is taken apart.
    """

    at: datetime
    accesses: list[Known] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    merged: str = ""  # the record that goes on under the other
    is_away: bool = False

    def opened(self, seat: str, record: str) -> bool:
        return any(one.is_open(self.at) and (one.seat, one.record) == (seat, record) for one in self.accesses)

    def sees(self, seat: str, record: str) -> bool:
        """Whoever keeps records to others sees them all; somebody who works here no more sees none."""
        if seat == "lead":
            return True
        if self.is_away and seat == "everywhere":
            return False
        if self.opened(seat, record):
            return True
        is_of_theirs = seat == "everywhere" or record == "north"
        return is_of_theirs and all(seat in one.named for one in self.kept if self.merged or one.record == record)


class EmergencyMachine(RuleBasedStateMachine):
    """What a test gives: a lead, a care manager of everywhere and one of the clinic in the north."""

    seats: ClassVar[dict[str, Membership]] = {}
    clinics: ClassVar[dict[str, Any]] = {}
    began: ClassVar[datetime]

    @initialize()
    def begin(self) -> None:
        self.around = transaction.atomic()
        self.around.__enter__()
        self.world = World(self.began)
        self.merge_id: UUID | None = None
        self.went_along: list[Known | Kept] = []
        self.records: dict[str, UUID] = {
            name: add_patient(
                by=self.seats["lead"],
                at=self.began,
                family_name=name.title(),
                given_name="Ana",
                clinic=clinic,
                mrn=uuid4().hex[:8],
                birth_date=date(1961, 5, 4),
            ).id
            for name, clinic in self.clinics.items()
        }

    def teardown(self) -> None:
        if hasattr(self, "around"):
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)

    @property
    def here(self) -> dict[str, Any]:
        return {"at": self.world.at}

    def is_at_work(self, seat: str) -> bool:
        return not (self.world.is_away and seat == "everywhere")

    @rule(minutes=st.sampled_from([1, 20, 59, 60, 61]))
    def wait(self, minutes: int) -> None:
        self.world.at += timedelta(minutes=minutes)

    @rule(seat=OPENER, record=RECORD)
    def open_(self, seat: str, record: str) -> None:
        """An hour, and not a second more while it is open; a record that goes on under another is not there."""
        if not self.is_at_work(seat):
            return
        asked = {"patient_id": self.records[record], "reason": WHY, "client_token": uuid4()}
        if record == self.world.merged:
            with pytest.raises(NotFound):
                open_in_emergency(by=self.seats[seat], **self.here, **asked)
            return
        made = open_in_emergency(by=self.seats[seat], **self.here, **asked)
        standing = [one for one in self._open() if (one.seat, one.record) == (seat, record)]
        if standing:
            assert [(one.id, one.until) for one in standing] == [(made.id, made.until)]
        else:
            assert made.until == self.world.at + HOUR
            self.world.accesses.append(Known(made.id, seat, record, made.until))

    def _open(self) -> list[Known]:
        return [one for one in self.world.accesses if one.is_open(self.world.at)]

    @precondition(lambda self: self.world.accesses)
    @rule(which=SOME, seat=OPENER)
    def close(self, which: int, seat: str) -> None:
        known = self.world.accesses[which % len(self.world.accesses)]
        if seat != known.seat:
            with pytest.raises(NotFound):
                end_emergency(by=self.seats[seat], **self.here, access_id=known.id)
            return
        end_emergency(by=self.seats[seat], **self.here, access_id=known.id)
        known.ended = known.ended or self.world.at < known.until

    @precondition(lambda self: self.world.accesses)
    @rule(which=SOME, is_own=st.booleans())
    def look_at(self, which: int, is_own: bool) -> None:
        known = self.world.accesses[which % len(self.world.accesses)]
        refused = (
            OwnAccess
            if is_own
            else LookedAtAlready
            if known.is_looked_at
            else StillOpen
            if known.is_open(self.world.at)
            else None
        )
        seat = self.seats[known.seat if is_own else "lead"]
        asked = {"access_id": known.id, "was_justified": True, "finding": "It was."}
        if refused:
            with pytest.raises(refused):
                look_at_emergency(by=seat, **self.here, **asked)
            return
        look_at_emergency(by=seat, **self.here, **asked)
        known.is_looked_at = True

    @rule(record=RECORD, named=st.sets(OPENER))
    def restrict(self, record: str, named: set[str]) -> None:
        if record == self.world.merged or not all(map(self.is_at_work, named)):
            return
        seats = [self.seats[one].id for one in named]
        asked = {"patient_id": self.records[record], "reason": f"Works here {uuid4()}", "seats": seats}
        restrict_record(by=self.seats["lead"], **self.here, **asked)
        self.world.kept = [one for one in self.world.kept if one.record != record] + [Kept(record, named)]

    @rule(record=RECORD)
    def open_to_all(self, record: str) -> None:
        if record == self.world.merged:
            return
        asked = {"patient_id": self.records[record], "reason": "Left the clinic"}
        if not any(one.record == record for one in self.world.kept):
            with pytest.raises(NotRestricted):
                end_restriction(by=self.seats["lead"], **self.here, **asked)
            return
        end_restriction(by=self.seats["lead"], **self.here, **asked)
        self.world.kept = [one for one in self.world.kept if one.record != record]

    @rule(seat=OPENER, record=RECORD)
    def extend_by_naming_oneself(self, seat: str, record: str) -> None:
        """Who has a record open only in an emergency does not make that last."""
        if record == self.world.merged or not self.world.opened(seat, record):
            return
        by = self.seats[seat]
        with pytest.raises(OnlyInAnEmergency):
            restrict_record(by=by, **self.here, patient_id=self.records[record], reason="Mine", seats=[by.id])

    @precondition(lambda self: not self.world.merged)
    @rule(kept=RECORD)
    def merge(self, kept: str) -> None:
        self.world.merged = "north" if kept == "south" else "south"
        ids = {"kept_id": self.records[kept], "merged_id": self.records[self.world.merged]}
        self.merge_id = merge_patients(by=self.seats["lead"], **self.here, **ids).id
        self.went_along = [one for one in (*self.world.accesses, *self.world.kept) if one.record == self.world.merged]
        for one in self.went_along:
            one.record = kept

    @precondition(lambda self: self.world.merged)
    @rule()
    def take_apart(self) -> None:
        assert self.merge_id is not None
        gone = [one for one in self.went_along if isinstance(one, Kept) and one not in self.world.kept]
        if gone:  # what moved was taken back since
            with pytest.raises(MergeStands):
                undo_merge(by=self.seats["lead"], **self.here, merge_id=self.merge_id)
            return
        undo_merge(by=self.seats["lead"], **self.here, merge_id=self.merge_id)
        for one in self.went_along:
            one.record = self.world.merged
        self.world.merged = ""

    @rule()
    def leave_or_return(self) -> None:
        seat = self.seats["everywhere"]
        if self.world.is_away:
            roles, clinics = [Role.CARE_MANAGER], frozenset[UUID]()
            return_to_seat(by=self.seats["lead"], **self.here, seat_id=seat.id, roles=roles, clinics=clinics)
        else:
            end_seat(by=self.seats["lead"], **self.here, seat_id=seat.id)
        self.world.is_away = not self.world.is_away

    @invariant()
    def everybody_sees_what_they_may(self) -> None:
        if not hasattr(self, "world"):
            return
        for name, seat in self.seats.items():
            seen = self._seen(seat)
            assert seen == {record for record in self.records if self.world.sees(name, record)}, name

    def _seen(self, seat: Membership) -> set[str]:
        """As a request of theirs would: first the seat, then what it may see."""
        assert seat.user is not None
        present = membership_of(seat.user.pk, seat.organization.slug)
        if present is None:
            return set()
        with looking_as(present, self.world.at):
            found = set(Patient.objects.filter(id__in=self.records.values()).values_list("id", flat=True))
        return {name for name, record_id in self.records.items() if record_id in found}

    @invariant()
    def no_access_outlasts_its_hour(self) -> None:
        if not hasattr(self, "world"):
            return
        rows = EmergencyAccess.objects.filter(id__in=[one.id for one in self.world.accesses])
        assert {row.id: (row.until, row.ended_at is not None) for row in rows} == {
            one.id: (one.until, one.ended) for one in self.world.accesses
        }
        assert all(row.until - row.begun_at == HOUR for row in rows)


def machine_of(seats: dict[str, Membership], clinics: dict[str, Any], began: datetime) -> type[EmergencyMachine]:
    return type("Machine", (EmergencyMachine,), {"seats": seats, "clinics": clinics, "began": began})
