"""Lists of patients seen: read, taken over all or nothing, replaced, discarded; and what they add up to."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from caseload.operations.read_workbook import WorkbookUnreadable
from outcomes.models import ScreenedVisit, ScreeningFile
from outcomes.operations.screening import (
    AT_ONCE_BYTES,
    KEPT_FOR,
    ScreeningNotReady,
    discard_old_screening_files,
    match_screened,
    read_screening_file,
    start_screening_file,
    take_screening_file,
)
from outcomes.queries.screening import numbers_known, screened_facts, screened_months, waiting_screens
from outcomes.rules.screening import FOLLOWED_UP, SCREENING, ScreenedMonth, Share, share_of
from outcomes.tasks import keep_screening, read_long_screening, take_long_screening
from tests.factories.caseload import ContactFactory
from tests.factories.outcomes import ScreenedVisitFactory, ScreeningFileFactory
from tests.factories.program import RecordNumberFactory, ReferralFactory
from tests.factories.registry import EpisodeFactory, PatientFactory, system_seat
from tests.factories.tenancy import NOW, ClinicFactory, OrganizationFactory
from tests.outcomes.test_reports import run

JANUARY = date(2026, 1, 1)
ON = date(2026, 3, 2)
HEAD = "Record number,Seen on,Screened on,Instrument,Score,First PHQ-9,Followed up on,Followed up by\n"
LIST = HEAD + (
    "A1,1/5/2026,1/5/2026,PHQ-9,15,yes,1/9/2026,Medication\n"
    "A2,1/6/2026,1/6/2026,PHQ-9,12,yes,,\n"
    "A3,1/7/2026,1/7/2026,PHQ-2,1,,,\n"
    "A4,1/8/2026,,,,,,\n"
)


@pytest.fixture
def lead(in_tenant: Any, clinic: Any, membership: Any) -> Any:
    return membership("clinic_lead")


def start(lead: Any, clinic: Any, content: str = LIST, **more: Any) -> ScreeningFile:
    given = {"month": JANUARY, "name": "C:\\seen.csv", "client_token": uuid4(), "at": NOW, "clinic_id": clinic.id}
    return start_screening_file(by=lead, content=content.encode(), **{**given, **more})


def taken(lead: Any, clinic: Any, content: str = LIST, **more: Any) -> ScreeningFile:
    return take_screening_file(by=lead, at=NOW, file_id=start(lead, clinic, content, **more).id)


def january(organization: Any, on: date = ON) -> ScreenedMonth:
    return screened_months(organization.id, on=on).get((JANUARY, None), ScreenedMonth())


def long(count: int = 1500) -> str:
    return HEAD + "".join(f"L{n},1/5/2026,1/5/2026,PHQ-9,{n % 28},no,,\n" for n in range(count))


class TestTaking:
    def test_nothing_counts_before_somebody_confirms(self, lead: Any, clinic: Any) -> None:
        file = start(lead, clinic)
        assert (file.state, file.name, ScreenedVisit.objects.count()) == ("read", "seen.csv", 0)
        assert {
            key: file.counts[key] for key in ("seen", "screened", "positive", "followed_up", "first", "faults")
        } == {
            "seen": 4,
            "screened": 3,
            "positive": 2,
            "followed_up": 1,
            "first": 2,
            "faults": 0,
        }
        assert january(lead.organization) == ScreenedMonth()

    def test_taken_over_it_counts(self, lead: Any, clinic: Any) -> None:
        file = taken(lead, clinic)
        assert (file.state, file.taken_at) == ("taken", NOW)
        assert january(lead.organization) == ScreenedMonth(
            seen=4, screened=Share(3, 4), first=Share(2, 2), followed_up=Share(1, 2)
        )
        actions = list(AuditEvent.objects.order_by("at", "id").values_list("action", flat=True))
        assert actions == ["screening.uploaded", "screening.taken"]

    def test_taken_once_more_and_sent_once_more_it_is_the_same(self, lead: Any, clinic: Any) -> None:
        token = uuid4()
        first, second = (start(lead, clinic, client_token=token) for _ in range(2))
        states = [take_screening_file(by=lead, at=NOW, file_id=first.id).state for _ in range(2)]
        assert (first.id, states, ScreenedVisit.objects.count()) == (second.id, ["taken", "taken"], 4)

    def test_a_later_file_takes_the_place_of_an_earlier_one_of_its_clinic_and_month(
        self, lead: Any, clinic: Any
    ) -> None:
        other = ClinicFactory(organization=lead.organization)
        february = HEAD + "A1,2/5/2026,,,,,,\n"
        files = [
            taken(lead, clinic),
            taken(lead, other),
            taken(lead, clinic, february, month=date(2026, 2, 1)),
            taken(lead, clinic, HEAD + "A9,1/5/2026,,,,,,\n"),
        ]
        replaced = [ScreeningFile.objects.get(id=file.id).is_replaced for file in files]
        assert replaced == [True, False, False, False]
        assert {key: one.seen for key, one in screened_months(lead.organization_id, on=ON).items()} == {
            (JANUARY, clinic.id): 1,
            (JANUARY, other.id): 4,
            (JANUARY, None): 5,
            (date(2026, 2, 1), clinic.id): 1,
            (date(2026, 2, 1), None): 1,
        }
        assert ScreenedVisit.objects.count() == 10

    def test_an_earlier_file_never_takes_the_place_of_a_later_one(self, lead: Any, clinic: Any) -> None:
        """The job of a long list runs when a shorter one, chosen after it, counts already."""
        earlier = start(lead, clinic, long())
        earlier = read_screening_file(by=lead, at=NOW, file_id=earlier.id)
        take_screening_file(by=lead, at=NOW, file_id=earlier.id)
        later = taken(lead, clinic, at=NOW + timedelta(minutes=1))
        earlier.refresh_from_db()
        for _ in range(2):
            run(Job.objects.get(id=earlier.job_id), take_long_screening)
        earlier.refresh_from_db()
        later.refresh_from_db()
        assert (earlier.state, earlier.refusal) == (
            "refused",
            "A file that was chosen later is counted for this month. To count this one instead, choose it again.",
        )
        assert (later.state, later.is_replaced, january(lead.organization).seen) == ("taken", False, 4)

    def test_who_presses_it_for_an_earlier_file_is_told(self, lead: Any, clinic: Any) -> None:
        earlier = start(lead, clinic)
        taken(lead, clinic, HEAD + "A9,1/5/2026,,,,,,\n", at=NOW + timedelta(minutes=1))
        taken(lead, clinic, HEAD + "A9,2/5/2026,,,,,,\n", at=NOW + timedelta(minutes=1), month=date(2026, 2, 1))
        with pytest.raises(ScreeningNotReady, match="chosen later is counted"):
            take_screening_file(by=lead, at=NOW, file_id=earlier.id)
        assert january(lead.organization).seen == 1

    def test_with_a_fault_nothing_is_taken(self, lead: Any, clinic: Any) -> None:
        file = start(lead, clinic, LIST + "A5,2/1/2026,,,,,,\n")
        fault = "Feb 1, 2026 is not in January 2026. Leave the row out, or choose the month that it is of."
        assert file.faults == [[6, "Seen on", fault]]
        with pytest.raises(ScreeningNotReady):
            take_screening_file(by=lead, at=NOW, file_id=file.id)
        assert ScreenedVisit.objects.count() == 0

    def test_what_is_no_list_is_not_kept(self, lead: Any, clinic: Any) -> None:
        with pytest.raises(WorkbookUnreadable):
            start_screening_file(
                by=lead,
                at=NOW,
                clinic_id=clinic.id,
                month=JANUARY,
                name="a.pdf",
                content=b"%PDF-1.7",
                client_token=uuid4(),
            )
        assert (ScreeningFile.objects.count(), StoredFile.objects.count()) == (0, 0)

    def test_a_clinic_of_others_is_not_there(self, lead: Any) -> None:
        elsewhere = OrganizationFactory()
        with tenant(elsewhere):
            foreign = ClinicFactory(organization=elsewhere)
        with pytest.raises(NotFound):
            start(lead, foreign)

    def test_a_long_file_is_read_and_taken_by_workers(self, lead: Any, clinic: Any) -> None:
        content = long()
        assert len(content) > AT_ONCE_BYTES
        file = start(lead, clinic, content)
        assert (file.state, file.counts) == ("waiting", {})
        run(Job.objects.get(id=file.job_id), read_long_screening)
        file.refresh_from_db()
        assert (file.state, file.counts["seen"]) == ("read", 1500)
        file = take_screening_file(by=lead, at=NOW, file_id=file.id)
        assert file.state == "read"
        for _ in range(2):
            run(Job.objects.get(id=file.job_id), take_long_screening)
        file.refresh_from_db()
        assert (file.state, january(lead.organization).seen) == ("taken", 1500)

    def test_a_long_file_that_cannot_be_read_says_why(self, lead: Any, clinic: Any) -> None:
        file = start(lead, clinic, "\x00nothing" * AT_ONCE_BYTES)
        file = read_screening_file(by=lead, at=NOW, file_id=file.id)
        assert (file.state, file.refusal != "") == ("refused", True)
        assert read_screening_file(by=lead, at=NOW, file_id=file.id).state == "refused"

    def test_bytes_go_after_thirty_days_and_so_does_what_nobody_confirmed(self, lead: Any, clinic: Any) -> None:
        kept, left = taken(lead, clinic), start(lead, clinic)
        later = NOW + KEPT_FOR
        assert discard_old_screening_files(by=lead, at=later) == 0
        assert discard_old_screening_files(by=lead, at=later + timedelta(seconds=1)) == 1
        states = [ScreeningFile.objects.get(id=file.id) for file in (kept, left)]
        assert [(file.state, file.stored_file) for file in states] == [("taken", None), ("discarded", None)]
        assert (StoredFile.objects.count(), january(lead.organization).seen) == (0, 4)
        with pytest.raises(ScreeningNotReady):
            take_screening_file(by=lead, at=later, file_id=left.id)


class TestWhoIsKnown:
    def test_patients_are_found_by_record_number(self, lead: Any, clinic: Any) -> None:
        of = {"organization": lead.organization, "clinic": clinic}
        exact, bare = PatientFactory(mrn="A1", **of), PatientFactory(mrn="0042", **of)
        twice = [PatientFactory(mrn=mrn, **of) for mrn in ("7", "007")]
        merged = PatientFactory(mrn="B2", **of)
        RecordNumberFactory(organization=lead.organization, patient=merged, clinic=clinic, mrn="B1")
        PatientFactory(organization=lead.organization, mrn="A4")
        known = numbers_known(lead.organization_id, clinic.id)
        assert [known.of(mrn) for mrn in ("A1", "42", "0042", "7", "007", "07", "B1", "B2", "A4", "Z")] == [
            *(exact.id, bare.id, bare.id, twice[0].id, twice[1].id, None, merged.id, merged.id, None, None),
        ]
        assert taken(lead, clinic).counts["in_program"] == 1

    def test_who_joins_later_is_known_after_the_night(self, lead: Any, clinic: Any) -> None:
        file = taken(lead, clinic)
        patient = PatientFactory(organization=lead.organization, clinic=clinic, mrn="A2")
        assert match_screened(by=lead, at=NOW) == 1
        assert match_screened(by=lead, at=NOW) == 0
        assert list(ScreenedVisit.objects.filter(file=file, patient=patient).values_list("mrn", flat=True)) == ["A2"]

    @pytest.mark.parametrize(
        ("days", "is_met"), [(-1, False), (0, True), (30, True), (31, False)], ids=["before", "same", "last", "late"]
    )
    @pytest.mark.parametrize("what", ["referral", "contact", "attempt", "voided"])
    def test_a_referral_or_a_contact_within_thirty_days_is_follow_up(
        self, lead: Any, clinic: Any, days: int, is_met: bool, what: str
    ) -> None:
        day = date(2026, 1, 6) + timedelta(days=days)
        of = {"organization": lead.organization}
        patient = PatientFactory(clinic=clinic, mrn="A2", **of)
        match what:
            case "referral":
                ReferralFactory(patient=patient, referred_on=day, **of)
            case "contact":
                episode = EpisodeFactory(patient=patient, **of)
                ContactFactory(episode=episode, on=day, outcome="reached", **of)
            case "attempt":
                episode = EpisodeFactory(patient=patient, **of)
                ContactFactory(episode=episode, on=day, outcome="no_answer", **of)
            case _:
                ReferralFactory(patient=patient, referred_on=day, voided_at=NOW, voided_by=lead, void_reason="x", **of)
        taken(lead, clinic)
        follows = is_met and what in ("referral", "contact")
        assert january(lead.organization).followed_up == Share(1 + follows, 2)

    @pytest.mark.parametrize(("referred", "told"), [(date(2026, 1, 20), 9), (date(2026, 1, 7), 7)])
    def test_the_first_follow_up_counts_whoever_told_of_it(
        self, lead: Any, clinic: Any, referred: date, told: int
    ) -> None:
        patient = PatientFactory(organization=lead.organization, clinic=clinic, mrn="A1")
        ReferralFactory(organization=lead.organization, patient=patient, referred_on=referred)
        taken(lead, clinic)
        facts = screened_facts(lead.organization_id, month=JANUARY, on=ON)
        assert [row.followed_up_on for row in facts if row.followed_up_on] == [date(2026, 1, told)]


class TestNumbers:
    def test_a_screen_counts_when_its_thirty_days_are_over(self, lead: Any, clinic: Any) -> None:
        taken(lead, clinic)
        shown = [january(lead.organization, on) for on in (date(2026, 2, 4), date(2026, 2, 5), date(2026, 2, 6))]
        assert [(one.followed_up, one.pending) for one in shown] == [
            (Share(0, 0), 2),
            (Share(1, 1), 1),
            (Share(1, 2), 0),
        ]

    def test_a_clinic_that_was_not_asked_for_is_not_counted(self, lead: Any, clinic: Any) -> None:
        other = ClinicFactory(organization=lead.organization)
        taken(lead, clinic)
        assert screened_months(lead.organization_id, on=ON, clinics=[other.id]) == {}
        assert screened_months(lead.organization_id, on=ON, months=[date(2026, 2, 1)]) == {}

    @pytest.mark.parametrize("seed", range(4))
    def test_postgres_and_the_rules_say_the_same(self, lead: Any, clinic: Any, seed: int) -> None:
        drawn = random.Random(seed)
        month = drawn.choice([JANUARY, date(2024, 2, 1), date(2025, 12, 1)])
        file = ScreeningFileFactory(
            organization=lead.organization, clinic=clinic, month=month, state="taken", taken_at=NOW
        )
        on = month + timedelta(days=drawn.randrange(20, 80))
        for _ in range(150):
            visit(drawn, file)
        facts = screened_facts(lead.organization_id, month=month, on=on)
        found = screened_months(lead.organization_id, on=on)[month, None]
        assert {one.key: found.share(one.key) for one in SCREENING} == {
            one.key: share_of(one, facts) for one in SCREENING
        }
        judge = next(one.judge for one in SCREENING if one.key == FOLLOWED_UP)
        assert found.pending == sum(judge(row).why == "The thirty days are not over" for row in facts)
        assert (found.seen, len(facts)) == (150, 150)


def visit(drawn: random.Random, file: Any) -> None:
    """Somebody seen, with edge days drawn more often than others."""
    seen_on = file.month + timedelta(days=drawn.choice([0, 5, 14, 28]))
    more: dict[str, Any] = {}
    if drawn.random() < 0.85:
        back = drawn.choice([0, 0, 0, 1, 3, 20, 364, 365, 366, 367, -1, -3, -20])
        screened_on = seen_on - timedelta(days=back)
        more = {
            "screened_on": screened_on,
            "instrument": drawn.choice(["phq2", "phq9"]),
            "score": drawn.choice([0, 2, 3, 4, 6, 9, 10, 11, 27]),
            "is_first": drawn.random() < 0.5,
            "followed_up_on": drawn.choice([None, *(screened_on + timedelta(days=n) for n in (0, 29, 30, 31))]),
        }
    ScreenedVisitFactory(organization=file.organization, file=file, seen_on=seen_on, **more)


class TestWaiting:
    def test_those_first_whose_time_is_up_first(self, lead: Any, clinic: Any) -> None:
        content = HEAD + (
            "B1,1/20/2026,1/20/2026,PHQ-9,12,no,,\n"
            "B2,1/5/2026,1/5/2026,PHQ-2,3,no,,\n"
            "B3,1/5/2026,1/5/2026,PHQ-9,22,no,1/5/2026,Visit\n"
            "B4,1/5/2026,1/5/2026,PHQ-9,22,no,2/5/2026,Visit\n"
            "B5,1/5/2026,1/5/2026,PHQ-9,9,no,,\n"
        )
        taken(lead, clinic, content)
        rows, total = waiting_screens(lead.organization_id, on=ON)
        assert ([(row.mrn, row.until) for row in rows], total) == (
            [("B2", date(2026, 2, 4)), ("B4", date(2026, 2, 4)), ("B1", date(2026, 2, 19))],
            3,
        )
        assert [row.is_late(date(2026, 2, 4)) for row in rows] == [False, False, False]
        assert [row.is_late(date(2026, 2, 5)) for row in rows] == [True, True, False]

    def test_fifty_a_page_in_one_statement(self, lead: Any, clinic: Any) -> None:
        rows = "".join(f"C{n:03},1/5/2026,1/5/2026,PHQ-9,12,no,,\n" for n in range(60))
        taken(lead, clinic, HEAD + rows)
        with CaptureQueriesContext(connection) as queries:
            pages = [waiting_screens(lead.organization_id, on=ON, page=page) for page in (1, 2)]
        assert ([(len(found), total) for found, total in pages], len(queries)) == ([(50, 60), (10, 60)], 2)


def test_the_night_keeps_the_files(lead: Any, clinic: Any) -> None:
    system_seat(lead.organization)
    file = start(lead, clinic)
    job = Job(organization=lead.organization, arguments={}, kind="keep_screening")
    run(job, keep_screening)
    file.refresh_from_db()
    assert file.state == "read"
