"""Importing in the browser and at the command line, through everything in between."""

import io
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from bhi.jobs.operations import run as run_job
from bhi.jobs.registry import Run
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from caseload import tasks
from caseload.models import ImportRun
from caseload.operations.imports import previews, runs
from registry.models import Episode, Patient
from tests.factories.billing import ClaimFactory
from tests.factories.registry import system_seat
from tests.factories.tenancy import ClinicFactory

DATA = Path(__file__).parents[1] / "data" / "imports"
PATIENTS = b'MRN,Name,DOB,Clinic,Date Enrolled\n1,"Doe, Jo",1/1/1980,North,9/3/2025\n2,Roe,2/2/1990,North,9/3/2025\n'
CONTACTS = b"Patient ID,Contact Date,Contact Type,Minutes,Care Manager\n1,9/3/2025,Phone,20,Ken Abara\n"

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(organization):
    """An organization with one clinic, so that new clinics take its time zone."""
    system_seat(organization)
    with tenant(organization):
        ClinicFactory(organization=organization, name="South")
    return organization


@pytest.fixture
def client(place, client_for):
    return client_for("admin")


@pytest.fixture
def url(place):
    def of(run=None, act=""):
        return f"/o/{place.slug}/imports/" + (f"{run.id}/" if run else "") + (f"{act}/" if act else "")

    return of


@pytest.fixture
def latest(place):
    def find():
        with tenant(place):
            return ImportRun.objects.order_by("-created_at", "-id").first()

    return find


@pytest.fixture
def send(client, url, latest):
    def files(**contents):
        chosen = [SimpleUploadedFile(name.replace("_", "."), content) for name, content in contents.items()]
        return client.post(url(), {"workbooks": chosen})

    return files


def confirm(client, url, run):
    return client.post(url(run, "confirm"), {"digest": run.summary["digest"]}, follow=True)


def patients(place):
    with tenant(place):
        return Patient.objects.live().count()


def test_nothing_imported_yet(client, url):
    page = client.get(url())
    assert (page.status_code, "Nothing imported yet" in page.text) == (200, True)


def test_from_the_files_to_the_record_and_back(client, url, send, latest, place):
    answer = send(patients_csv=PATIENTS, contacts_csv=CONTACTS)
    run = latest()
    assert (answer.status_code, answer.url, patients(place)) == (302, url(run), 0)
    page = client.get(url(run)).text
    assert ["Import 1 patient and 1 contact" in page, "Doe, Jo" in page, "there is no first name" in page] == [True] * 3
    assert "patients.csv, row 3, column Name: there is no first name. Write the name as LAST, FIRST M." in page
    done = confirm(client, url, run)
    assert (patients(place), "Imported." in done.text, "Undo the import" in done.text) == (1, True, True)
    assert ["These care managers cannot sign in yet" in text for text in (page, done.text)] == [False, True]
    undone = client.post(url(run, "undo"), follow=True)
    assert (patients(place), "The import was undone." in undone.text) == (0, True)
    assert [each["state"] for each in [{"state": latest().state}]] == ["undone"]


def test_what_was_claimed_is_not_undone(client, url, send, latest, place):
    send(patients_csv=PATIENTS)
    confirm(client, url, latest())
    with tenant(place):
        episode = Episode.objects.get()
        ClaimFactory(organization=place, episode=episode, patient=episode.patient)
    answer = client.post(url(latest(), "undo"), follow=True)
    assert "Claims were made for patients of this import, so it cannot be undone." in answer.text
    assert (latest().state, patients(place)) == ("imported", 1)


def test_the_button_says_what_would_be_done(client, url, send, latest):
    send(patients_csv=PATIENTS)
    client.post(url(latest(), "confirm"), {"digest": latest().summary["digest"]})
    send(patients_csv=PATIENTS)
    again = client.get(url(latest())).text
    assert ["Nothing to import" in again, url(latest(), "confirm") in again] == [True, False]
    send(patients_csv=PATIENTS.replace(b"Doe, Jo", b"Doe, Jo M"))
    assert "Import 1 change<" in client.get(url(latest())).text


def test_rows_by_fate(client, url, send, latest):
    send(patients_csv=PATIENTS)
    for number in ("x", "²", "99"):
        page = client.get(url(latest()), {"fate": "refused", "page": number})
        assert [row.fate for row in page.context["page"].rows] == ["refused"]
    assert len(client.get(url(latest()), {"fate": "nonsense"}).context["page"].rows) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF", "patients.csv is a PDF, not a spreadsheet."),
        (b"\n", "patients.csv is empty. Choose the file that holds the patients."),
        (b"", "patients.csv is empty. Choose the file that holds the patients."),
    ],
)
def test_what_cannot_be_read_is_said_at_the_file(send, latest, content, said):
    answer = send(patients_csv=content)
    assert (answer.status_code, said in answer.text, latest()) == (422, True, None)


def test_no_file_and_too_large_a_file(client, url, monkeypatch):
    assert "Choose the workbook, or the CSV files." in client.post(url(), {}).text
    monkeypatch.setattr("caseload.forms.imports.MOST_BYTES", 3)
    answer = client.post(url(), {"workbooks": [SimpleUploadedFile("a.csv", b"MRN,Name")]})
    assert "a.csv is larger than 25 MB." in answer.text


def test_a_missing_column_is_chosen_by_hand(client, url, send, latest, place):
    send(a_csv=b'MRN,Who,DOB,Sex\n1,"Doe, Jo",1/1/1980,F\n')
    run = latest()
    page = client.get(url(run)).text
    assert ["no column is headed Patient Name or Last Name" in page, "Import 0" in page] == [True, False]
    client.post(
        url(run, "correct"),
        {"kind-0": "patients", "column-0-0": "mrn", "column-0-1": "name", "column-0-2": "birth_on", "column-0-3": "-"},
    )
    run = latest()
    assert run.options["columns"] == {"a.csv": {"1": "name", "3": "-"}}
    confirm(client, url, run)
    assert patients(place) == 1


def test_a_sheet_is_left_out_or_read_as_another_kind(client, url, send, latest):
    send(patients_csv=PATIENTS, contacts_csv=CONTACTS)
    run = latest()
    client.post(url(run, "correct"), {"kind-0": "patients", "kind-1": "-"})
    assert (latest().options["left_out"], latest().summary["contacts"]["new"]) == (["contacts.csv"], 0)
    client.post(url(run, "correct"), {"kind-0": "contacts", "kind-1": "-"})
    assert latest().options["kinds"] == {"patients.csv": "contacts"}


def test_zones_and_defaults_are_chosen(client, url, send, latest, place):
    send(a_csv=b'MRN,Name,DOB,Clinic\n1,"Doe, Jo",1/1/1980,North\n2,"Roe, Al",1/1/1980,\n')
    run = latest()
    assert "Some patients have no clinic. Which one is meant?" in client.get(url(run)).text
    chosen = {"kind-0": "patients", "zone-0": "America/Denver", "clinic": "South", "care_plans": "attested"}
    columns = {"column-0-0": "mrn", "column-0-1": "name", "column-0-2": "birth_on", "column-0-3": "clinic"}
    client.post(url(run, "correct"), {**chosen, **columns})
    run = latest()
    assert (
        run.options["zones"],
        run.options["defaults"],
        run.options["care_plans"],
        run.options["columns"],
    ) == (
        {"North": "America/Denver"},
        {"clinic": "South"},
        "attested",
        {"a.csv": {}},
    )
    confirm(client, url, run)
    with tenant(place):
        assert dict(Clinic.objects.values_list("name", "time_zone")) == {
            "North": "America/Denver",
            "South": "America/Chicago",
        }
        assert sorted(Patient.objects.values_list("mrn", "clinic__name")) == [("1", "North"), ("2", "South")]


def test_an_unusual_zone_stays_a_choice(client, url, place, tmp_path, latest):
    file = tmp_path / "patients.csv"
    file.write_bytes(b'MRN,Name,DOB,Clinic\n1,"Doe, Jo",1/1/1980,North\n2,"Roe, Al",1/1/1980,\n')
    assert command("--org", place.slug, "--time-zone", "America/Boise", str(file))[0] == 1
    assert '<option value="America/Boise" selected>' in client.get(url(latest())).text


def test_a_choice_that_there_is_not_keeps_what_was_chosen(client, url, send, latest):
    send(patients_csv=PATIENTS)
    answer = client.post(url(latest(), "correct"), {"kind-0": "visits", "clinic": "East"})
    assert (answer.status_code, 'value="East"' in answer.text) == (422, True)


def test_a_record_that_changed_is_shown_anew(client, url, send, latest, place):
    send(patients_csv=PATIENTS)
    first = latest()
    send(patients_csv=PATIENTS)
    confirm(client, url, latest())
    again = confirm(client, url, first)
    assert ("This is a new preview" in again.text, "1 matched" in again.text, patients(place)) == (True, True, 1)


def test_what_cannot_be_done_now_is_said(client, url, send, latest):
    send(patients_csv=PATIENTS)
    run = latest()
    early = client.post(url(run, "undo"), follow=True)
    assert "Only an import that was carried out can be undone." in early.text
    confirm(client, url, run)
    twice = confirm(client, url, run)
    assert "This import is not waiting for confirmation." in twice.text


@pytest.mark.parametrize("act", ["", "correct", "confirm", "undo"])
def test_foreign_and_absent_are_the_same(client, url, send, latest, client_for, other_organization, act):
    send(patients_csv=PATIENTS)
    stranger = client_for("admin", organization=other_organization)
    path = url(latest(), act).replace("/lakeside/", "/ridgeway/")
    answer = stranger.post(path) if act else stranger.get(path)
    assert answer.status_code == 404
    assert stranger.get(url(latest())).status_code == 404


def test_who_may_not_import(client_for, place, url):
    assert [client_for(role).get(url()).status_code for role in ("billing", "psychiatric_consultant")] == [403, 403]


def test_looking_is_in_the_audit(client, url, send, latest, place):
    send(patients_csv=PATIENTS)
    client.get(url(latest()))
    with tenant(place):
        events = AuditEvent.objects.filter(action="import.viewed").values_list("object_id", "count")
        assert list(events) == [(latest().id, 2)]


def test_the_page_costs_the_same_however_long(client, url, send, latest):
    def cost(**files):
        send(**files)
        page = url(latest())
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        return len(captured)

    assert cost(a_csv=PATIENTS) == cost(b_csv=(DATA / "epic-workbench.csv").read_bytes())


def test_a_long_import_goes_through_jobs(client, url, send, latest, place, monkeypatch):
    monkeypatch.setattr(previews, "AT_ONCE_BYTES", 1)
    monkeypatch.setattr(runs, "AT_ONCE_ROWS", 1)
    send(patients_csv=PATIENTS)
    waiting = client.get(url(latest())).text
    assert ("Being read" in waiting, 'hx-trigger="every 2s"' in waiting) == (True, True)
    work(place)
    confirm(client, url, latest())
    assert (latest().state, patients(place)) == ("importing", 0)
    work(place)
    assert (latest().state, patients(place)) == ("imported", 1)
    with tenant(place):
        again = Job.objects.get(kind="carry_out_import")
        tasks.carry_out_long_import(
            Run(again.id, place.id, again.arguments, again.owner_id, again.queued_at, lambda done, total: None)
        )
    assert patients(place) == 1


def test_another_person_sees_that_it_works_but_not_how_far(send, latest, client_for, url, monkeypatch):
    monkeypatch.setattr(previews, "AT_ONCE_BYTES", 1)
    send(patients_csv=PATIENTS)
    page = client_for("admin").get(url(latest()))
    assert (page.status_code, page.context["job"], "Being read" in page.text) == (200, None, True)


def test_a_long_import_that_has_become_wrong_is_shown_anew(client, url, send, latest, place, monkeypatch):
    send(patients_csv=PATIENTS)
    first = latest()
    monkeypatch.setattr(runs, "AT_ONCE_ROWS", 1)
    confirm(client, url, first)
    monkeypatch.setattr(runs, "AT_ONCE_ROWS", 1000)
    send(patients_csv=PATIENTS)
    confirm(client, url, latest())
    work(place)
    with tenant(place):
        first.refresh_from_db()
    assert (first.state, first.summary["because"]) == (
        "preview",
        "The record has changed since this preview. Look at the new one and confirm it.",
    )


def work(place):
    """What a worker would do with the import's jobs."""
    with tenant(place):
        due = list(Job.objects.filter(state="queued", kind__in=["read_import", "carry_out_import"]))
    for job in due:
        run_job(organization_id=place.id, job_id=job.id, at=job.run_after)


# At the command line.


def command(*args):
    out = io.StringIO()
    status = 0
    try:
        call_command("import_caseload", *args, stdout=out)
    except SystemExit as stop:
        status = stop.code
    return status, out.getvalue()


def test_a_dry_run_changes_nothing(place):
    status, out = command("--org", place.slug, "--dry-run", "--json", str(DATA / "tracker.xlsx"))
    answer = json.loads(out)
    assert (status, answer["imported"], answer["dry_run"], answer["import"]) == (0, False, True, None)
    assert (answer["patients"]["new"], answer["contacts"]["held"], answer["overlapping"], len(answer["rows"])) == (
        48,
        44,
        47,
        474,
    )
    with tenant(place):
        assert (Patient.objects.count(), ImportRun.objects.count(), Clinic.objects.count()) == (0, 0, 1)


def test_an_import_at_the_command_line(place, tmp_path):
    file = tmp_path / "patients.csv"
    file.write_bytes(PATIENTS)
    status, out = command("--org", place.slug, str(file))
    assert (status, patients(place)) == (0, 1)
    assert out.splitlines() == [
        "Imported.",
        "Patients: 1 new, 1 refused",
        "Contacts: none",
        (
            "No care plan is named for 1 patient: one is assumed since enrolment. "
            "Their months are flagged until somebody has seen the plan, and their claims wait for that."
        ),
        "patients.csv, row 2: new: No consent date: time is kept but counts only once a consent is recorded.",
        (
            "patients.csv, row 3: refused: patients.csv, row 3, column Name: there is no first name. "
            "Write the name as LAST, FIRST M."
        ),
    ]


def test_what_a_dry_run_says(place):
    _, out = command("--org", place.slug, "--dry-run", str(DATA / "tracker.xlsx"))
    assert out.splitlines()[:4] == [
        "Nothing was changed (dry run).",
        "Patients: 48 new",
        "Contacts: 382 new, 44 held",
        "Overlapping contacts: 47; held times count nowhere until settled.",
    ]


def test_questions_at_the_command_line(organization, tmp_path):
    system_seat(organization)
    file = tmp_path / "patients.csv"
    file.write_bytes(PATIENTS)
    status, out = command("--org", organization.slug, str(file))
    assert (status, patients(organization)) == (1, 0)
    assert out.splitlines()[:2] == [
        "Not imported. It waits on the Import page, where it can be corrected.",
        "North is not a clinic on record. In which time zone is it? Use --time-zone or --clinic.",
    ]
    assert command("--org", organization.slug, str(file), "--time-zone", "America/Denver")[0] == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--org", "nowhere", "x.csv"], "There is no organization 'nowhere'."),
        (["--org", "lakeside", "absent.csv"], "absent.csv cannot be opened: No such file or directory."),
        (
            ["--org", "lakeside", __file__, "--time-zone", "Mars"],
            "'Mars' is no time zone; write one like America/Chicago.",
        ),
    ],
)
def test_what_the_command_line_refuses(place, args, said):
    with pytest.raises(CommandError) as caught:
        call_command("import_caseload", *args)
    assert (str(caught.value), caught.value.returncode) == (said, 2)


def test_an_unreadable_file_at_the_command_line(place, tmp_path):
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF")
    with pytest.raises(CommandError) as caught:
        call_command("import_caseload", "--org", place.slug, str(file))
    assert str(caught.value).startswith("a.pdf is a PDF, not a spreadsheet.")
