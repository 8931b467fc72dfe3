"""Imports that ask: whom rows mean, what becomes of the unenrolled, how files are read; and what is forgotten."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from bhi.jobs.operations import run as run_job
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from caseload import tasks
from caseload.models import ImportFile, ImportMapping, ImportRow
from caseload.operations.imports import (
    ImportBuiltOn,
    ImportNotReady,
    MappingNameMissing,
    MappingNameTaken,
    Upload,
    answer_import,
    choose_unenrolled,
    confirm_import,
    correct_import,
    delete_mapping,
    discard_old_imports,
    follow_mapping,
    previews,
    read_import,
    rename_mapping,
    save_mapping,
    start_import,
    undo_import,
)
from caseload.queries.import_mappings import mapping_names, mappings
from caseload.queries.imports import import_page, imports
from caseload.rules.imports.corrections import Corrections
from registry.models import Episode, Patient, RecordNumber, Referral
from tests.factories.program import ClinicProtocolFactory, ReferralAttemptFactory
from tests.factories.registry import system_seat
from tests.factories.tenancy import ClinicFactory

AT = datetime(2026, 11, 2, 20, tzinfo=UTC)
ROSTER = ("MRN,Name,DOB,PCP,Problem List", '1,"Doe, Jo",1/1/1980,"RIVERA, ANA MD",F33.1', '2,"Roe, Al",1/1/1990,,')
ODD = ("Num,Who,Born,State now", '1,"Doe, Jo",23/09/1980,Going')

pytestmark = pytest.mark.django_db


def csv(*rows, name="patients.csv"):
    return Upload(name, "\n".join(rows).encode())


def live(kind):
    return kind.objects.live()


@pytest.fixture
def by(in_tenant, membership):
    system_seat(in_tenant)
    return membership("admin", name="Pat Admin")


@pytest.fixture
def clinic(by):
    return ClinicFactory(organization=by.organization, name="North")


@pytest.fixture
def start(by, clinic):
    return lambda *files, **chosen: start_import(by=by, at=AT, files=files, corrections=Corrections(**chosen))


@pytest.fixture
def do(by, start):
    def run(*files, **chosen):
        return confirm(by, start(*files, **chosen))

    return run


def confirm(by, run, at=AT):
    return confirm_import(by=by, at=at, run_id=run.id, digest=run.summary["digest"])


# Whom rows mean.


def test_a_row_in_doubt_waits_while_the_others_are_imported(by, do, start):
    do(csv("MRN,Name,DOB", '1,"Doe, Jo",1/1/1980'))
    run = start(csv("MRN,Name,DOB", '9,"Doe, Jo",10/1/1980', '7,"Poe, Ed",2/2/1970'))
    page = import_page(by.organization_id, run.id)
    assert (page.counts, page.can_be_imported, run.summary["to_decide"]) == ({"asked": 1, "new": 1}, True, 1)
    confirm(by, run)
    assert sorted(live(Patient).values_list("mrn", flat=True)) == ["1", "7"]


def test_the_answer_keeps_the_other_number_and_finds_the_patient_by_it(by, do, start):
    do(csv("MRN,Name,DOB", '1,"Doe, Jo",1/1/1980'))
    run = start(csv("MRN,Name,DOB", '9,"Doe, Jo",10/1/1980'))
    jo = Patient.objects.get()
    (asked,) = run.summary["asked"]
    answered = answer_import(by=by, at=AT, run_id=run.id, answers={asked["row"]: f"same:{jo.id}"})
    done = confirm(by, answered)
    assert [(each.patient_id, each.mrn, each.clinic.name, each.import_id) for each in live(RecordNumber)] == [
        (jo.id, "9", "North", run.id)
    ]
    again = start(csv("MRN,Name,DOB", '9,"Doe, Jo",1/1/1980'))
    assert again.summary["patients"]["matched"] == 1
    undo_import(by=by, at=AT, run_id=done.id)
    assert (live(RecordNumber).count(), live(Patient).count()) == (0, 1)


def test_answers_are_forgotten_when_asked_anew(by, do, start):
    do(csv("MRN,Name,DOB", '1,"Doe, Jo",1/1/1980'))
    run = start(csv("MRN,Name,DOB", '9,"Doe, Jo",10/1/1980'))
    answered = answer_import(by=by, at=AT, run_id=run.id, answers={"patients.csv, row 2": "new"})
    assert (answered.summary["patients"]["new"], answered.summary["to_decide"]) == (1, 0)
    anew = answer_import(by=by, at=AT, run_id=run.id, answers={}, anew=True)
    assert (anew.summary["patients"]["new"], anew.summary["to_decide"]) == (0, 1)


def test_somebody_referred_without_a_number_gets_the_lists_one(by, do, clinic):
    do(csv("MRN,Name,DOB", '1,"Doe, Jo",1/1/1980'))
    Patient.objects.update(mrn="")
    again = do(csv("MRN,Name,DOB", '9,"Doe, Jo",1/1/1980'))
    assert (Patient.objects.get().mrn, again.summary["replaced"], live(RecordNumber).count()) == ("9", 1, 0)


# Patients without a date of enrolment.


def test_a_roster_without_enrolment_is_kept_on_record_only(do):
    run = do(csv(*ROSTER))
    assert (run.summary["unenrolled"], live(Patient).count(), Referral.objects.count()) == (2, 2, 0)


def test_a_roster_becomes_referrals_when_that_is_chosen(by, start, clinic):
    ClinicProtocolFactory(organization=by.organization, clinic=clinic, first_attempt_days=3)
    run = start(csv(*ROSTER))
    chosen = choose_unenrolled(by=by, at=AT, run_id=run.id, unenrolled="referrals")
    rows = ImportRow.objects.filter(run=run).order_by("position")
    assert [row.messages for row in rows] == [["Becomes a referral of 11/02/2026."]] * 2
    confirm(by, chosen)
    made = live(Referral).order_by("patient__mrn").select_related("treating_clinician", "patient")
    assert [
        (each.patient.mrn, each.source, each.state, each.referred_on, each.reason, each.import_id) for each in made
    ] == [
        ("1", "list", "referred", date(2026, 11, 2), "On the list: F33.1", run.id),
        ("2", "list", "referred", date(2026, 11, 2), "", run.id),
    ]
    assert [str(each.treating_clinician or "") for each in made] == ["Ana Rivera, MD", ""]
    # Three business days after Monday, November 2.
    assert {(each.first_attempt_due_on, each.due_on) for each in made} == {(date(2026, 11, 5), date(2026, 11, 5))}


def test_undo_takes_referrals_back_and_the_file_can_be_imported_again(by, do):
    first = do(csv(*ROSTER), unenrolled="referrals")
    undo_import(by=by, at=AT, run_id=first.id)
    assert (live(Referral).count(), live(Patient).count()) == (0, 0)
    second = do(csv(*ROSTER), unenrolled="referrals")
    assert (second.summary["patients"]["new"], live(Referral).count(), live(Patient).count()) == (2, 2, 2)


@pytest.mark.parametrize(
    ("enrolled", "outcome"), [("11/2/2026", "enrolled"), ("10/30/2026", "duplicate")], ids=["after", "before"]
)
def test_a_file_that_shows_a_referred_patient_enrolled_ends_the_referral_and_undo_opens_it(by, do, enrolled, outcome):
    do(csv(*ROSTER), unenrolled="referrals")
    second = do(csv("MRN,Name,DOB,Status,Date Enrolled", f'1,"Doe, Jo",1/1/1980,Active,{enrolled}'))
    ended = live(Referral).get(patient__mrn="1")
    assert (ended.outcome, ended.episode_id is not None) == (outcome, outcome == "enrolled")
    if outcome == "enrolled":
        undo_import(by=by, at=AT, run_id=second.id)
        again = live(Referral).get(patient__mrn="1")
        assert (again.state, again.outcome, again.episode_id) == ("referred", "", None)


def test_who_is_enrolled_referred_or_discharged_is_not_referred(do):
    header = "MRN,Name,DOB,Status,Date Enrolled"
    do(csv(header, '1,"Doe, Jo",1/1/1980,Active,9/3/2026', '2,"Roe, Al",1/1/1990,,'), unenrolled="referrals")
    assert [each.patient.mrn for each in live(Referral)] == ["2"]
    again = do(
        csv("MRN,Name,DOB,Status", '1,"Doe, Jo",1/1/1980,', '2,"Roe, Al",1/1/1990,', '3,"Poe, Ed",1/1/1970,Inactive'),
        unenrolled="referrals",
    )
    assert (again.summary["unenrolled"], live(Referral).count(), live(Patient).count()) == (0, 1, 3)


def test_a_referral_that_was_tried_keeps_its_import(by, do):
    run = do(csv(*ROSTER), unenrolled="referrals")
    ReferralAttemptFactory(organization=by.organization, referral=Referral.objects.first())
    with pytest.raises(ImportBuiltOn) as caught:
        undo_import(by=by, at=AT, run_id=run.id)
    assert str(caught.value) == (
        "Patients of this import have been worked with since (referral attempt). Correct what is wrong on the charts."
    )


def test_a_referral_that_was_decided_keeps_its_import(by, do):
    run = do(csv(*ROSTER), unenrolled="referrals")
    Referral.objects.filter(patient__mrn="1").update(is_eligible=False)
    with pytest.raises(ImportBuiltOn) as caught:
        undo_import(by=by, at=AT, run_id=run.id)
    assert "(referral)" in str(caught.value)


# Mappings.

FIELDS = {"0": "mrn", "1": "name", "2": "birth_on", "3": "status"}


@pytest.fixture
def odd(by, start):
    """An import of a strange file, with every column chosen."""
    run = start(csv(*ODD, name="odd.csv"))
    chosen = {
        "kinds": {"odd.csv": "patients"},
        "columns": {"odd.csv": FIELDS},
        "date_orders": {"odd.csv": "day_first"},
        "values": {"status": {"going": "active"}},
    }
    return correct_import(by=by, at=AT, run_id=run.id, corrections={**run.options, **chosen})


def test_a_saved_mapping_reads_the_next_file_with_its_headings(by, odd, start):
    save_mapping(by=by, at=AT, run_id=odd.id, name="  Tracking   sheet ")
    assert [(each.name, each.headers) for each in ImportMapping.objects.all()] == [
        ("Tracking sheet", [["born", "num", "statenow", "who"]])
    ]
    run = start(csv(ODD[0], '5,"Poe, Ed",24/12/1975,Going', name="next.csv"))
    assert (run.summary["problems"], run.summary["questions"]) == ([], [])
    assert [sheet["followed"] for sheet in run.summary["columns"]] == ["Tracking sheet"]
    confirm(by, run)
    assert Patient.objects.get().birth_date == date(1975, 12, 24)


def test_a_mapping_is_named_for_files_with_other_headings(by, odd, start):
    saved = save_mapping(by=by, at=AT, run_id=odd.id, name="Ours")
    run = start(csv("Num,Who,Born,Hat", '5,"Poe, Ed",24/12/1975,9', name="hats.csv"))
    assert run.summary["problems"] != []
    followed = follow_mapping(by=by, at=AT, run_id=run.id, mapping_id=saved.id)
    assert (followed.summary["problems"], followed.summary["patients"]["new"]) == ([], 1)


def test_saving_under_the_same_name_replaces(by, odd):
    first = save_mapping(by=by, at=AT, run_id=odd.id, name="Ours")
    changed = correct_import(
        by=by, at=AT, run_id=odd.id, corrections={**odd.options, "values": {"status": {"going": "on hold"}}}
    )
    second = save_mapping(by=by, at=AT + timedelta(days=1), run_id=changed.id, name="Ours")
    assert (first.id, second.choices["values"]) == (second.id, {"status": {"going": "on hold"}})


def test_mappings_are_listed_renamed_and_deleted(by, odd, django_assert_num_queries):
    one = save_mapping(by=by, at=AT, run_id=odd.id, name="One")
    save_mapping(by=by, at=AT, run_id=odd.id, name="Two")
    with django_assert_num_queries(2):
        listed = mappings(by.organization_id)
    assert [(row.name, row.words, row.by, row.sheets[0].columns) for row in listed] == [
        (name, 1, "Pat Admin", (("Num", "MRN"), ("Who", "Patient Name"), ("Born", "DOB"), ("State now", "Status")))
        for name in ("One", "Two")
    ]
    with pytest.raises(MappingNameTaken):
        rename_mapping(by=by, at=AT, mapping_id=one.id, name="Two")
    rename_mapping(by=by, at=AT, mapping_id=one.id, name="Three")
    delete_mapping(by=by, at=AT, mapping_id=one.id)
    assert [name for _, name in mapping_names(by.organization_id)] == ["Two"]
    acts = AuditEvent.objects.filter(action__startswith="import_mapping.").order_by("at", "id")
    assert sorted(acts.values_list("action", flat=True)) == [
        "import_mapping.deleted",
        "import_mapping.renamed",
        "import_mapping.saved",
        "import_mapping.saved",
    ]


def test_what_is_not_understood_cannot_be_saved(by, start, odd):
    run = start(csv("Apples,Pears", "1,2", name="fruit.csv"))
    with pytest.raises(ImportNotReady):
        save_mapping(by=by, at=AT, run_id=run.id, name="Fruit")
    with pytest.raises(MappingNameMissing):
        save_mapping(by=by, at=AT, run_id=odd.id, name="  ")


def test_another_organizations_mapping_is_nobodys(by, odd, other_organization, membership):
    saved = save_mapping(by=by, at=AT, run_id=odd.id, name="Ours")
    stranger = membership("admin", organization=other_organization)
    with tenant(other_organization):
        assert mappings(other_organization.id) == []
        with pytest.raises(NotFound):
            delete_mapping(by=stranger, at=AT, mapping_id=saved.id)


# Names that stand for others.


def test_a_name_of_the_file_can_mean_one_on_record(by, start):
    run = start(csv("MRN,Name,DOB,Clinic", '1,"Doe, Jo",1/1/1980,N. Side'))
    assert (run.summary["doubtful_names"], run.summary["on_record"]["clinic"]) == ([["clinic", "N. Side"]], ["North"])
    said = correct_import(
        by=by, at=AT, run_id=run.id, corrections={**run.options, "values": {"clinic": {"n. side": "North"}}}
    )
    confirm(by, said)
    assert (Patient.objects.get().clinic.name, Clinic.objects.count()) == ("North", 1)


# Long files.


def test_long_files_are_read_again_by_a_job_that_tells_percents(by, start, monkeypatch):
    run = start(csv(*ROSTER))
    monkeypatch.setattr(previews, "AT_ONCE_BYTES", 1)
    waiting = choose_unenrolled(by=by, at=AT, run_id=run.id, unenrolled="referrals")
    assert (waiting.state, Job.objects.filter(kind="read_import", state="queued").count()) == ("reading", 1)
    told = []
    done = read_import(by=by, at=AT, run_id=run.id, progress=lambda *told_: told.append(told_))
    assert (done.state, told[-2:], done.options["unenrolled"]) == ("preview", [(60, 100), (80, 100)], "referrals")


def test_a_mapping_named_for_a_long_file_is_followed_by_the_job(by, odd, start, monkeypatch):
    saved = save_mapping(by=by, at=AT, run_id=odd.id, name="Ours")
    run = start(csv("Num,Who,Born,Hat", '5,"Poe, Ed",24/12/1975,9', name="hats.csv"))
    monkeypatch.setattr(previews, "AT_ONCE_BYTES", 1)
    assert follow_mapping(by=by, at=AT, run_id=run.id, mapping_id=saved.id).state == "reading"
    done = read_import(by=by, at=AT, run_id=run.id)
    assert (done.summary["problems"], "follow" in done.summary) == ([], False)


# What is forgotten.

LATER = AT + timedelta(days=31)


def test_after_thirty_days_unconfirmed_imports_are_discarded_and_files_deleted(by, do, start):
    done = do(csv(*ROSTER))
    waiting = start(csv("MRN,Name,DOB", '7,"Poe, Ed",2/2/1970', name="waiting.csv"))
    assert discard_old_imports(by=by, at=AT + timedelta(days=29)) == 0
    assert discard_old_imports(by=by, at=LATER) == 1
    assert discard_old_imports(by=by, at=LATER) == 0
    assert (ImportFile.objects.count(), StoredFile.objects.count()) == (0, 0)
    listed = {each.id: (each.state, each.files, each.patients["new"]) for each in imports(by.organization_id)}
    assert listed == {
        done.id: ("imported", ("patients.csv",), 2),
        waiting.id: ("discarded", ("waiting.csv",), 1),
    }
    waiting.refresh_from_db()
    assert (ImportRow.objects.filter(run=waiting).count(), ImportRow.objects.filter(run=done).count()) == (0, 2)
    assert (waiting.options, sorted(waiting.summary)) == ({}, ["contacts", "files", "patients"])
    assert undo_import(by=by, at=LATER, run_id=done.id).state == "undone"


def test_what_was_discarded_can_neither_be_confirmed_nor_read_again(by, start):
    run = start(csv(*ROSTER))
    discard_old_imports(by=by, at=LATER)
    for act in (
        lambda: confirm(by, run),
        lambda: correct_import(by=by, at=AT, run_id=run.id, corrections={}),
        lambda: choose_unenrolled(by=by, at=AT, run_id=run.id, unenrolled="referrals"),
        lambda: save_mapping(by=by, at=AT, run_id=run.id, name="Ours"),
    ):
        with pytest.raises(ImportNotReady):
            act()
    assert import_page(by.organization_id, run.id).is_discarded is True


def test_every_night_a_job_discards(by, start):
    run = start(csv(*ROSTER))
    tasks.register()
    job = Job.objects.create(
        organization_id=by.organization_id,
        kind="discard_old_imports",
        key="2026-12-03",
        state="queued",
        queued_at=LATER,
        run_after=LATER,
    )
    run_job(organization_id=by.organization_id, job_id=job.id, at=LATER)
    run.refresh_from_db()
    assert (run.state, AuditEvent.objects.filter(action="import.discarded", by__is_system=True).count()) == (
        "discarded",
        1,
    )


def test_enrolled_patients_stay_as_they_were(do):
    """The tracker's way, with a date of enrolment, knows nothing of referrals."""
    do(csv("MRN,Name,DOB,Date Enrolled", '1,"Doe, Jo",1/1/1980,9/3/2026'), unenrolled="referrals")
    assert (live(Episode).count(), live(Referral).count()) == (1, 0)
