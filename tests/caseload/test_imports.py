"""Imports carried out: what is on record afterwards, twice, undone, and refused."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from psycopg.types.range import Range

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic, Membership
from caseload.models import (
    CaseReview,
    Contact,
    EpisodeStanding,
    FollowUp,
    ImportFile,
    ImportRow,
    ImportRun,
    Recommendation,
    TimeEntry,
)
from caseload.operations.imports import (
    ImportBuiltOn,
    ImportChanged,
    ImportNotDone,
    ImportNotReady,
    Upload,
    confirm_import,
    correct_import,
    preview_again,
    previews,
    read_import,
    runs,
    start_import,
    undo_import,
)
from caseload.operations.read_workbook import WorkbookUnreadable
from caseload.queries.imports import import_page, imports
from caseload.rules.imports.corrections import Corrections
from registry.models import (
    Assessment,
    CarePlan,
    Consent,
    Coverage,
    Diagnosis,
    Episode,
    InitiatingVisit,
    Patient,
    Payer,
    ProgramPeriod,
    TreatingClinician,
)
from registry.operations import record_care_plan
from tests.factories.registry import system_seat

DATA = Path(__file__).parents[1] / "data" / "imports"
AT = datetime(2026, 11, 2, 20, tzinfo=UTC)
CHICAGO = Corrections(zones={"": "America/Chicago"})
KINDS = (
    Patient,
    Coverage,
    Episode,
    ProgramPeriod,
    Consent,
    InitiatingVisit,
    Diagnosis,
    Assessment,
    Contact,
    TimeEntry,
    CaseReview,
    Recommendation,
    FollowUp,
    CarePlan,
)

pytestmark = pytest.mark.django_db


def upload(*names):
    return [Upload(name, (DATA / name).read_bytes()) for name in names]


def csv(*rows, name="patients.csv"):
    return Upload(name, "\n".join(rows).encode())


@pytest.fixture
def by(in_tenant, membership):
    system_seat(in_tenant)
    return membership("admin", name="Pat Admin")


@pytest.fixture
def do(by):
    """Upload and confirm, as one person would."""

    def run(*files, corrections=CHICAGO, at=AT):
        started = start_import(by=by, at=at, files=files, corrections=corrections)
        return confirm_import(by=by, at=at, run_id=started.id, digest=started.summary["digest"])

    return run


@pytest.fixture
def tracker(do):
    return do(*upload("tracker.xlsx"))


SOME = ("Patient ID", "66986171", "41778274", "89871802", "46021844", "96323264")


def some(name):
    """A few patients of the tracker, or their contacts: enough for what does not need all of them."""
    lines = (DATA / name).read_text().splitlines()
    return csv(*(line for line in lines if line.startswith(SOME)), name=name)


@pytest.fixture
def few(do):
    return do(some("tracker-patients.csv"), some("tracker-contacts.csv"))


def live(kind):
    return kind.objects.live()


def test_a_preview_writes_nothing(by):
    run = start_import(by=by, at=AT, files=upload("tracker.xlsx"), corrections=CHICAGO)
    assert (run.state, run.summary["patients"]["new"], run.summary["contacts"]["held"]) == ("preview", 48, 44)
    assert ImportRow.objects.filter(run=run).count() == 474
    assert [kind.objects.count() for kind in KINDS] == [0] * len(KINDS)
    assert (Clinic.objects.count(), Membership.objects.filter(name="Ken Abara").count()) == (0, 0)


def test_the_tracker_becomes_records(tracker):
    assert tracker.state == "imported"
    assert {kind.__name__: live(kind).count() for kind in KINDS} == {
        "Patient": 48,
        "Coverage": 48,
        "Episode": 48,
        "ProgramPeriod": 48,
        "Consent": 45,
        "InitiatingVisit": 46,
        "Diagnosis": 48,
        "Assessment": 347,
        "Contact": 426,
        "TimeEntry": 426,
        "CaseReview": 31,
        "Recommendation": 31,
        "FollowUp": 47,
        "CarePlan": 48,
    }
    assert {kind.objects.exclude(import_id=tracker.id).count() for kind in KINDS} == {0}
    assert sorted(Clinic.objects.values_list("name", "time_zone")) == [
        ("Maple Grove North", "America/Chicago"),
        ("Maple Grove South", "America/Chicago"),
    ]
    seats = Membership.objects.filter(user__isnull=True, is_system=False).order_by("name")
    assert [(seat.name, seat.credential, seat.roles) for seat in seats] == [
        ("Ken Abara", "RN", ["care_manager"]),
        ("Maya Torres", "LCSW", ["care_manager"]),
    ]
    assert sorted(TreatingClinician.objects.values_list("name", "credential")) == [
        ("Ana Rivera", "MD"),
        ("Daniel Okafor", "MD"),
        ("Sara Lindqvist", "NP"),
    ]
    assert sorted(Payer.objects.values_list("name", "is_self_pay")) == [
        ("AETNA", False),
        ("BCBS OF KANSAS", False),
        ("MEDICARE PART B", False),
        ("SUNFLOWER HEALTH PLAN (KANCARE)", False),
        ("Self Pay", True),
        ("UNITED HEALTHCARE", False),
    ]


def test_one_patient_of_the_tracker(few):
    patient = Patient.objects.get(mrn="41778274")
    assert (patient.sort_name, patient.birth_date, patient.clinic.name) == (
        "mendoza, allen",
        date(1987, 11, 11),
        "Maple Grove North",
    )
    episode = Episode.objects.get(patient=patient)
    assert (episode.status, episode.enrolled_on, episode.relapse_prevention_from, episode.program) == (
        "relapse_prevention",
        date(2026, 6, 15),
        date(2026, 10, 8),
        "cocm",
    )
    assert (str(episode.care_manager), str(episode.treating_clinician)) == ("Maya Torres, LCSW", "Daniel Okafor, MD")
    consent = Consent.objects.get(patient=patient)
    assert (consent.given_at, consent.is_time_known, consent.form) == (
        datetime(2026, 6, 15, 5, tzinfo=UTC),
        False,
        "written",
    )
    assert (InitiatingVisit.objects.get(patient=patient).on, InitiatingVisit.objects.get(patient=patient).code) == (
        date(2026, 6, 1),
        "",
    )
    assert Recommendation.objects.get(review__episode=episode).kind == "not_recorded"
    assert Coverage.objects.get(patient=patient).payer.name == "BCBS OF KANSAS"
    entry = TimeEntry.objects.get(episode=episode, contact__on=date(2026, 7, 13))
    start = datetime(2026, 7, 13, 20, 10, tzinfo=UTC)
    assert (entry.span, entry.role, entry.activity, entry.service, entry.held, str(entry.by)) == (
        Range(start, start + timedelta(minutes=18)),
        "care_manager",
        "treatment",
        "cocm",
        False,
        "Maya Torres, LCSW",
    )
    scores = Assessment.objects.filter(contact_id=entry.contact_id).order_by("instrument")
    assert [(score.instrument, score.total, score.item9, score.is_total_only) for score in scores] == [
        ("gad7", 14, None, True),
        ("phq9", 9, 0, True),
    ]
    due = FollowUp.objects.get(episode=episode)
    assert (due.due_on, due.from_contact.activity) == (date(2026, 11, 16), "no_show")


def test_a_discharge_without_a_date_ends_with_the_last_contact(few):
    episode = Episode.objects.get(patient__mrn="46021844")
    assert (episode.status, episode.ended_on, episode.end_reason) == ("discharged", date(2026, 2, 20), "other")


def test_held_times_name_what_they_overlap(tracker):
    held = list(TimeEntry.objects.filter(held=True).select_related("held_with"))
    assert len(held) == 44
    clashes = [
        entry.by_id == entry.held_with.by_id
        and entry.patient_id != entry.held_with.patient_id
        and entry.span.lower < entry.held_with.span.upper
        and entry.held_with.span.lower < entry.span.upper
        and not entry.held_with.held
        for entry in held
    ]
    assert clashes == [True] * 44
    assert live(Contact).filter(id__in=[entry.contact_id for entry in held]).count() == 44


def test_every_episode_has_its_standing(few):
    standings = EpisodeStanding.objects.all()
    assert (standings.count(), standings.filter(phq9_baseline__isnull=False).count()) == (5, 5)
    row = standings.get(patient__mrn="41778274")
    assert (row.phq9_baseline, row.phq9_last, row.gad7_last, row.next_due_on) == (14, 3, 4, date(2026, 11, 16))


def test_an_import_is_one_audit_event_and_names_nobody(few, by):
    events = AuditEvent.objects.filter(action__startswith="import.").order_by("at", "id")
    assert [(event.action, event.by_id, event.count, event.object_id) for event in events] == [
        ("import.uploaded", by.id, 2, few.id),
        ("import.confirmed", by.id, 49, few.id),
    ]


def test_files_are_kept_sealed(by):
    file = ImportFile.objects.get(run=start_import(by=by, at=AT, files=upload("tracker.xlsx")))
    stored = StoredFile.objects.get(id=file.stored_file_id)
    assert (file.name, stored.size, b"Patients" in bytes(stored.sealed)) == ("tracker.xlsx", 31864, False)


def test_importing_again_changes_nothing(tracker, by, do):
    counts = [kind.objects.count() for kind in KINDS]
    again = do(*upload("tracker-patients.csv", "tracker-contacts.csv"))
    assert (again.summary["patients"], again.summary["contacts"]) == (
        {"new": 0, "changed": 0, "matched": 48, "refused": 0, "ignored": 0},
        {"new": 0, "changed": 0, "held": 0, "matched": 426, "refused": 0, "ignored": 0},
    )
    assert [kind.objects.count() for kind in KINDS] == counts


def test_rosters_after_the_tracker(tracker, do):
    epic = do(*upload("epic-workbench.csv"), corrections=Corrections(defaults={"clinic": "Maple Grove North"}))
    assert epic.summary["patients"] == {"new": 12, "changed": 48, "matched": 0, "refused": 0, "ignored": 0}
    patient = Patient.objects.get(mrn="66986171")
    assert (patient.phone, patient.city, patient.clinic.name) == ("555-803-3556", "Olathe", "Maple Grove South")
    athena = do(*upload("athena-roster.csv"), corrections=Corrections(defaults={"clinic": "Maple Grove North"}))
    assert athena.summary["patients"]["new"] == 30
    assert Patient.objects.get(mrn="11204154").given_name == "=cmd|' /C calc'!A0"
    assert Patient.objects.get(mrn="27774986").given_name == "Zoë"
    assert TreatingClinician.objects.count() == 3


# Undo.


def test_undo_takes_everything_back_and_frees_the_names(few, by, do):
    undone = undo_import(by=by, at=AT, run_id=few.id)
    assert (undone.state, undone.undone_by_id) == ("undone", by.id)
    assert [live(kind).count() for kind in KINDS] == [0] * len(KINDS)
    assert EpisodeStanding.objects.count() == 0
    assert do(some("tracker-patients.csv")).summary["patients"]["new"] == 5


def test_undo_of_what_was_added_to_others_leaves_the_others(do, by):
    first = do(csv("MRN,Name,DOB,Clinic,Date Enrolled", '1,"Doe, Jo",1/1/1980,North,9/3/2026'))
    log = "Patient ID,Contact Date,Contact Type,Minutes,Care Manager,Next Contact"
    do(csv(log, "1,9/3/2026,Phone,20,Ken Abara,9/10/2026", name="a.csv"))
    second = do(csv(log, "1,10/1/2026,Phone,30,Ken Abara,11/10/2026", name="b.csv"))
    assert [(due.due_on, due.closed_on) for due in live(FollowUp).order_by("due_on")] == [
        (date(2026, 9, 10), date(2026, 10, 1)),
        (date(2026, 11, 10), None),
    ]
    undo_import(by=by, at=AT, run_id=second.id)
    assert [(due.due_on, due.closed_on) for due in live(FollowUp)] == [(date(2026, 9, 10), None)]
    assert [entry.seconds for entry in live(TimeEntry)] == [1200]
    assert EpisodeStanding.objects.get().last_contact_on == date(2026, 9, 3)
    with pytest.raises(ImportBuiltOn):
        undo_import(by=by, at=AT, run_id=first.id)


def test_undo_is_refused_once_somebody_worked_with_it(few, by):
    record_care_plan(by=by, at=AT, episode=Episode.objects.first(), on=date(2026, 11, 2), text="")
    with pytest.raises(ImportBuiltOn) as caught:
        undo_import(by=by, at=AT, run_id=few.id)
    assert str(caught.value) == (
        "Patients of this import have been worked with since (care plan). Correct what is wrong on the charts."
    )
    assert live(Patient).count() == 5


def test_undo_is_refused_once_something_was_corrected(few, by):
    from caseload.operations import void_time

    void_time(by=by, at=AT, entry=TimeEntry.objects.first(), reason="Double")
    with pytest.raises(ImportBuiltOn) as caught:
        undo_import(by=by, at=AT, run_id=few.id)
    assert str(caught.value) == "Something of this import was corrected since. Correct the rest on the charts."


def test_undo_is_refused_when_the_import_changed_what_was_there(few, by, do):
    changed = do(*upload("epic-workbench.csv"), corrections=Corrections(defaults={"clinic": "Maple Grove North"}))
    with pytest.raises(ImportBuiltOn) as caught:
        undo_import(by=by, at=AT, run_id=changed.id)
    assert str(caught.value) == (
        "This import changed records that were there before, so it cannot be undone as a whole. "
        "Correct those records on the charts."
    )


def test_only_what_was_carried_out_can_be_undone(by):
    run = start_import(by=by, at=AT, files=upload("athena-roster.csv"), corrections=CHICAGO)
    with pytest.raises(ImportNotDone):
        undo_import(by=by, at=AT, run_id=run.id)


# Changes to records.

HEADER = "MRN,Name,DOB,Clinic,Status,Date Enrolled,RPP Date,Insurance,Member ID,Phone"
LOG = "Patient ID,Contact Date,Start,Contact Type,Minutes,Care Manager,PHQ-9"


def test_a_corrected_contact_replaces_the_one_on_record(do):
    do(csv(HEADER, '1,"Doe, Jo",1/1/1980,North,Active,9/3/2026,,AETNA,W1,555-1'))
    do(csv(LOG, "1,9/3/2026,9:00,Phone,20,Ken Abara,14", name="log.csv"))
    do(csv(LOG, "1,9/3/2026,9:00,Video,25,Ken Abara,12", name="log.csv"))
    assert [contact.mode for contact in live(Contact)] == ["video"]
    (entry,) = live(TimeEntry)
    assert (entry.span.upper - entry.span.lower, entry.replaces.void_reason) == (
        timedelta(minutes=25),
        "Replaced by an import",
    )
    assert [score.total for score in live(Assessment)] == [12]
    assert (Contact.objects.count(), TimeEntry.objects.count(), Assessment.objects.count()) == (2, 2, 2)


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ("RPP,9/3/2026,10/1/2026", ("relapse_prevention", date(2026, 10, 1), None)),
        ("Graduated,9/3/2026,", ("discharged", None, date(2026, 9, 3))),
        ("On hold,9/3/2026,", ("on_hold", None, None)),
    ],
)
def test_an_episode_moves_on_as_the_file_says(do, row, state):
    do(csv(HEADER, '1,"Doe, Jo",1/1/1980,North,Active,9/3/2026,,AETNA,W1,555-1'))
    do(csv(HEADER, f'1,"Doe, Jo",1/1/1980,North,{row},AETNA,W1,555-1'))
    episode = Episode.objects.get()
    assert (episode.status, episode.relapse_prevention_from, episode.ended_on) == state


def test_insurance_and_phone_move_on_as_the_file_says(do):
    do(csv(HEADER, '1,"Doe, Jo",1/1/1980,North,Active,9/3/2026,,AETNA,W1,555-1'))
    do(csv(HEADER, '1,"Doe, Jo",1/1/1980,North,Active,9/3/2026,,AETNA,W2,555-2'))
    assert [(each.payer.name, each.member_id, each.until_on) for each in live(Coverage)] == [("AETNA", "W2", None)]
    do(csv(HEADER, '1,"Doe, Jo",1/1/1980,North,Active,9/3/2026,,Cigna,C1,'))
    assert [
        (each.payer.name, each.from_on, each.until_on) for each in live(Coverage).order_by("recorded_at", "id")
    ] == [
        ("AETNA", None, date(2026, 11, 2)),
        ("Cigna", date(2026, 11, 2), None),
    ]
    assert Patient.objects.get().phone == "555-2"


def test_rows_in_any_order_leave_the_last_next_contact(do):
    header = "Patient ID,Contact Date,Contact Type,Minutes,Care Manager,Next Contact"
    do(csv(HEADER, '1,"Doe, Jo",1/1/1980,North,Active,9/3/2026,,,,'))
    rows = ("1,10/1/2026,Phone,20,Ken Abara,11/10/2026", "1,9/3/2026,Phone,20,Ken Abara,9/10/2026")
    do(csv(header, *rows, name="log.csv"))
    assert [due.due_on for due in live(FollowUp)] == [date(2026, 11, 10)]


def test_care_plans_that_somebody_attests(do):
    attested = Corrections(zones={"": "America/Chicago"}, care_plans="attested")
    do(csv(HEADER, '1,"Doe, Jo",1/1/1980,North,Active,9/3/2026,,,,'), corrections=attested)
    plan = CarePlan.objects.get()
    assert (plan.on, plan.text) == (
        date(2026, 9, 3),
        "Stated at the import: a care plan has existed since this day and is kept elsewhere.",
    )


def test_a_care_plan_that_the_file_names_is_nobodys_assumption(do):
    header = "MRN,Name,DOB,Clinic,Status,Date Enrolled,Care Plan Date"
    do(csv(header, '1,"Doe, Jo",1/1/1980,North,Active,9/3/2026,9/10/2026'))
    plan = CarePlan.objects.get()
    assert (plan.on, plan.is_assumed, plan.text) == (date(2026, 9, 10), False, "")


def test_contacts_without_clock_time_or_minutes(do):
    """Also the second time, when they are matched."""
    do(csv(HEADER, '1,"Doe, Jo",1/1/1980,North,On hold,9/3/2026,,,,'))
    do(csv(LOG, "1,9/3/2026,,Phone,20,Ken Abara,", "1,9/4/2026,9:00,No show,,Ken Abara,", name="log.csv"))
    again = do(csv(LOG, "1,9/3/2026,,Phone,20,Ken Abara,", "1,9/4/2026,9:00,No show,,Ken Abara,", name="log.csv"))
    assert again.summary["contacts"]["matched"] == 2
    assert Episode.objects.get().status == "on_hold"
    (entry,) = live(TimeEntry)
    assert (entry.span, entry.on, entry.seconds) == (None, date(2026, 9, 3), 1200)
    assert [contact.started_at for contact in live(Contact).order_by("on")] == [
        None,
        datetime(2026, 9, 4, 14, tzinfo=UTC),
    ]


# What is not ready, has changed, cannot be read.


def test_questions_stop_an_import_until_they_are_answered(by):
    run = start_import(by=by, at=AT, files=upload("tracker.xlsx"))
    assert run.summary["questions"] == [
        "Maple Grove North is not a clinic on record. In which time zone is it?",
        "Maple Grove South is not a clinic on record. In which time zone is it?",
    ]
    with pytest.raises(ImportNotReady):
        confirm_import(by=by, at=AT, run_id=run.id, digest=run.summary["digest"])
    zones = {"zones": {"Maple Grove North": "America/Chicago", "Maple Grove South": "America/Denver"}}
    corrected = correct_import(by=by, at=AT, run_id=run.id, corrections=zones)
    confirm_import(by=by, at=AT, run_id=run.id, digest=corrected.summary["digest"])
    assert sorted(Clinic.objects.values_list("time_zone", flat=True)) == ["America/Chicago", "America/Denver"]


def test_corrections_of_nothing_known_are_refused(by):
    run = start_import(by=by, at=AT, files=upload("athena-roster.csv"), corrections=CHICAGO)
    with pytest.raises(ImportNotReady) as caught:
        correct_import(by=by, at=AT, run_id=run.id, corrections={"zones": {"": "Mars"}})
    assert str(caught.value) == "'Mars' is no time zone; write one like America/Chicago."


def test_what_changed_since_the_preview_is_not_carried_out(by, do):
    files = [some("tracker-patients.csv"), some("tracker-contacts.csv")]
    run = start_import(by=by, at=AT, files=files, corrections=CHICAGO)
    do(*files)
    with pytest.raises(ImportChanged):
        confirm_import(by=by, at=AT, run_id=run.id, digest=run.summary["digest"])
    again = preview_again(by=by, at=AT, run_id=run.id, because="Look again.")
    assert (again.summary["patients"]["matched"], again.summary["because"]) == (5, "Look again.")
    assert live(Patient).count() == 5


def test_an_import_is_carried_out_once(few, by):
    for act in (
        lambda: confirm_import(by=by, at=AT, run_id=few.id, digest=few.summary["digest"]),
        lambda: correct_import(by=by, at=AT, run_id=few.id, corrections={}),
        lambda: preview_again(by=by, at=AT, run_id=few.id),
    ):
        with pytest.raises(ImportNotReady):
            act()


def test_another_organizations_import_is_nobodys(few, other_organization, membership):
    stranger = membership("admin", organization=other_organization)
    with tenant(other_organization):
        with pytest.raises(NotFound):
            undo_import(by=stranger, at=AT, run_id=few.id)
        assert imports(other_organization.id) == []


@pytest.mark.parametrize("files", [[], [Upload(f"{number}.csv", b"MRN") for number in range(11)]])
def test_no_file_or_too_many(by, files):
    with pytest.raises(WorkbookUnreadable) as caught:
        start_import(by=by, at=AT, files=files)
    assert str(caught.value) == "Choose at least one file and at most 10."


def test_an_unreadable_file_leaves_nothing(by):
    with pytest.raises(WorkbookUnreadable):
        start_import(by=by, at=AT, files=[*upload("tracker.xlsx"), Upload("b.pdf", b"%PDF-1.7")])
    assert (ImportRun.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_files_of_one_name_are_told_apart(by):
    rows = ("MRN,Name,DOB,Clinic", '1,"Doe, Jo",1/1/1980,North')
    run = start_import(
        by=by,
        at=AT,
        files=[csv(*rows, name="C:\\lists\\a.csv"), csv(*rows, name="a.csv"), csv(*rows, name="")],
        corrections=CHICAGO,
    )
    assert list(ImportFile.objects.filter(run=run).order_by("position").values_list("name", flat=True)) == [
        "a.csv",
        "a.csv (2)",
        "file",
    ]


# Long files.


def test_long_files_are_read_and_carried_out_by_jobs(by, monkeypatch):
    monkeypatch.setattr(previews, "AT_ONCE_BYTES", 10)
    monkeypatch.setattr(runs, "AT_ONCE_ROWS", 10)
    files = [some("tracker-patients.csv"), some("tracker-contacts.csv")]
    run = start_import(by=by, at=AT, files=files, corrections=CHICAGO)
    assert (run.state, ImportRow.objects.count()) == ("reading", 0)
    assert [(job.kind, job.arguments, job.owner_id) for job in Job.objects.filter(id=run.job_id)] == [
        ("read_import", {"run_id": str(run.id), "by_id": str(by.id)}, by.id)
    ]
    run = read_import(by=by, at=AT, run_id=run.id)
    assert (run.state, ImportRow.objects.count()) == ("preview", 49)
    waiting = confirm_import(by=by, at=AT, run_id=run.id, digest=run.summary["digest"])
    assert (waiting.state, live(Patient).count()) == ("importing", 0)
    seen = []
    done = confirm_import(
        by=by,
        at=AT,
        run_id=run.id,
        digest=run.summary["digest"],
        in_background=False,
        progress=lambda number, total: seen.append((number, total)),
    )
    assert (done.state, live(Patient).count(), seen[-1][0] == seen[-1][1]) == ("imported", 5, True)


def test_a_long_file_that_cannot_be_read_is_said_in_the_run(by, monkeypatch):
    monkeypatch.setattr(previews, "AT_ONCE_BYTES", 1)
    run = start_import(by=by, at=AT, files=[Upload("a.pdf", b"%PDF-1.7")])
    assert read_import(by=by, at=AT, run_id=run.id).summary == {
        "problems": [
            "a.pdf is a PDF, not a spreadsheet. Save it as an Excel workbook (.xlsx) or as CSV and choose it again."
        ]
    }
    assert read_import(by=by, at=AT, run_id=run.id).state == "refused"


# Pages.


def test_pages_of_rows(by):
    run = start_import(by=by, at=AT, files=upload("tracker.xlsx"), corrections=CHICAGO)
    everything = import_page(by.organization_id, run.id)
    assert (len(everything.rows), everything.pages) == (100, 5)
    assert (everything.can_be_imported, everything.can_be_undone) == (True, False)
    held = import_page(by.organization_id, run.id, fate="held", page=9)
    assert (len(held.rows), held.page, Counter(row.fate for row in held.rows)) == (44, 1, Counter(held=44))
    assert everything.counts == {"new": 430, "held": 44}


def test_the_list_of_imports_costs_the_same_however_long(by, django_assert_num_queries):
    for _ in range(2):
        start_import(by=by, at=AT, files=upload("athena-roster.csv"))
    with django_assert_num_queries(3):
        listed = imports(by.organization_id)
    assert [(each.files, each.by, each.state) for each in listed] == [
        (("athena-roster.csv",), "Pat Admin", "preview")
    ] * 2
