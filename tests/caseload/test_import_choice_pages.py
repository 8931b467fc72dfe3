"""The import's page where it asks: rows in doubt, the unenrolled, columns, words, saved mappings."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from caseload.models import ImportMapping, ImportRun
from caseload.operations.imports import discard_old_imports, previews
from registry.models import Patient, Referral
from tests.factories.registry import system_seat
from tests.factories.tenancy import ClinicFactory

JO = b'MRN,Name,DOB\n1,"Doe, Jo",1/1/1980\n'
NEAR = b'MRN,Name,DOB\n9,"Doe, Jo",10/1/1980\n'
ODD = b'Our list\nNum,Who,Born,State now\n1,"Doe, Jo",23/09/1980,Going\n'
CHOSEN = {
    "column-0-0": "mrn",
    "column-0-1": "name",
    "column-0-2": "birth_on",
    "column-0-3": "status",
    "order-0": "day_first",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(organization):
    system_seat(organization)
    with tenant(organization):
        ClinicFactory(organization=organization, name="South")
    return organization


@pytest.fixture
def client(place, client_for):
    return client_for("care_manager")


@pytest.fixture
def url(place):
    return lambda *parts: "/".join(["", "o", place.slug, "imports", *map(str, parts), ""])


@pytest.fixture
def latest(place):
    def find():
        with tenant(place):
            return ImportRun.objects.order_by("-created_at", "-id").first()

    return find


@pytest.fixture
def send(client, url, latest):
    def file(content, name="a.csv"):
        client.post(url(), {"workbooks": [SimpleUploadedFile(name, content)]})
        return latest()

    return file


@pytest.fixture
def act(client, url):
    def do(run, what, **data):
        return client.post(url(run.id, what), data, follow=True)

    return do


@pytest.fixture
def do(send, act):
    def whole(content):
        run = send(content)
        return act(run, "confirm", digest=run.summary["digest"])

    return whole


def count(place, kind):
    with tenant(place):
        return kind.objects.live().count()


def test_a_row_in_doubt_is_asked_for_on_the_page(client, url, do, send, act, latest, place):
    do(JO)
    run = send(NEAR)
    page = client.get(url(run.id)).text
    assert [
        "1 row may mean somebody on record" in page,
        "The same name, but another record number and birth date." in page,
        "The same as Doe, Jo, born 01/01/1980, record number 1" in page,
        "Nothing to import" in page,
    ] == [True, True, True, True]
    answered = act(run, "answer", **{"answer-a.csv, row 2": "new"})
    assert ("Read again with your answers." in answered.text, "Import 1 patient<" in answered.text) == (True, True)
    asked_again = act(run, "answer", anew="1")
    assert "1 row may mean somebody on record" in asked_again.text
    assert latest().options["answers"] == {}


def test_an_answer_that_is_no_choice_is_said_and_what_was_chosen_stays(do, send, act):
    do(JO)
    answer = act(send(NEAR), "answer", **{"answer-a.csv, row 2": "same:somebody", "others": "skip"})
    assert (answer.status_code, '<option value="skip" selected>' in answer.text) == (422, True)


def test_all_rows_in_doubt_are_answered_at_once(do, send, act, place):
    do(JO)
    run = send(NEAR)
    assert "Import 1 patient<" in act(run, "answer", others="new").text


def test_a_roster_says_that_nobody_is_enrolled_and_lets_one_choose(client, url, send, act, latest, place):
    run = send(JO)
    page = client.get(url(run.id)).text
    assert ["1 patient has no date of enrolment" in page, "Keep them on record only" in page] == [True, True]
    chosen = act(run, "unenrolled", unenrolled="referrals")
    assert "Becomes a referral of" in chosen.text
    act(run, "confirm", digest=latest().summary["digest"])
    assert (count(place, Patient), count(place, Referral)) == (1, 1)
    act(run, "undo")
    assert (count(place, Patient), count(place, Referral)) == (0, 0)


def test_a_strange_file_is_mapped_saved_and_known_again(client, url, send, act, latest, place):
    run = send(ODD, "odd.csv")
    page = client.get(url(run.id)).text
    assert ["Our list" in page, "no row names columns of patients or contacts" in page] == [True, True]
    chosen = act(run, "correct", **{"kind-0": "patients"}).text
    assert ["23/09/1980" in chosen, 'name="column-0-3"' in chosen] == [True, True]
    mapped = act(run, "correct", **{"kind-0": "patients", **CHOSEN}).text
    assert "Not understood: “Going”" in mapped
    understood = act(run, "correct", **{"word-0": "active"}).text
    assert ("Not understood" in understood, latest().options["values"]) == (False, {"status": {"going": "active"}})
    saved = act(run, "mapping", name="Our tracker")
    assert "Saved as Our tracker." in saved.text
    again = send(ODD.replace(b"1,", b"2,"), "next.csv")
    assert "Read as saved under Our tracker." in client.get(url(again.id)).text
    assert (again.summary["problems"], again.summary["questions"], again.summary["patients"]["new"]) == ([], [], 1)


def test_a_word_is_taken_back(send, act, latest):
    run = send(b'MRN,Name,DOB,Status\n1,"Doe, Jo",1/1/1980,Going\n')
    act(run, "correct", **{"word-0": "active"})
    act(run, "correct", **{"word-0": ""})
    assert latest().options["values"] == {"status": {}}


def test_a_name_is_said_to_be_one_on_record(send, act, latest):
    run = send(b'MRN,Name,DOB,Clinic\n1,"Doe, Jo",1/1/1980,S. Side\n')
    act(run, "correct", **{"name-0": "South"})
    assert (latest().options["values"], latest().summary["clinics_made"]) == ({"clinic": {"s. side": "South"}}, [])
    act(run, "correct", **{"name-0": ""})
    assert [clinic["name"] for clinic in latest().summary["clinics_made"]] == ["S. Side"]


def test_another_header_row_finds_other_columns(client, url, send, act, latest):
    run = send(b'MRN,Name,DOB\nMRN,Name,Birthday\n1,"Doe, Jo",1/1/1980\n')
    act(run, "correct", **{"header-0": "2"})
    assert [column["header"] for column in latest().summary["columns"][0]["columns"]] == ["MRN", "Name", "Birthday"]
    wrong = act(run, "correct", **{"header-0": "99"})
    assert (wrong.status_code, "Headings further down than row 30 are not read." in wrong.text) == (422, True)


def test_a_mapping_is_followed_by_name(send, act, place):
    run = send(ODD, "odd.csv")
    act(run, "correct", **{"kind-0": "patients"})
    act(run, "correct", **{"kind-0": "patients", **CHOSEN})
    act(run, "mapping", name="Our tracker")
    with tenant(place):
        saved = ImportMapping.objects.get()
    other = send(b'Num,Who,Born,Hat\n7,"Poe, Ed",23/09/1980,9\n', "hats.csv")
    assert "Read as saved." in act(other, "follow", mapping=str(saved.id)).text
    unknown = act(other, "follow", mapping="")
    assert (unknown.status_code, "This field is required." in unknown.text) == (422, True)


def test_mappings_are_managed(client, url, send, act, place):
    assert "No mapping saved yet" in client.get(url("mappings")).text
    run = send(JO)
    for name in ("One", "Two"):
        act(run, "mapping", name=name)
    listed = client.get(url("mappings")).text
    assert ["Patients: 3 columns" in listed, "<td>DOB</td>" in listed] == [True, True]
    with tenant(place):
        one = ImportMapping.objects.get(name="One")
    taken = client.post(url("mappings", one.id, "rename"), {"name": "Two"})
    assert (taken.status_code, "Another saved mapping has this name." in taken.text) == (422, True)
    client.post(url("mappings", one.id, "rename"), {"name": "Three"})
    blank = client.post(url("mappings", one.id, "rename"), {"name": ""})
    assert (blank.status_code, "Give it a name, such as Athena roster." in blank.text) == (422, True)
    with tenant(place):
        assert sorted(ImportMapping.objects.values_list("name", flat=True)) == ["Three", "Two"]
    client.post(url("mappings", one.id, "delete"))
    with tenant(place):
        assert list(ImportMapping.objects.values_list("name", flat=True)) == ["Two"]


def test_a_mapping_needs_a_name(send, act):
    answer = act(send(JO), "mapping", name="")
    assert (answer.status_code, "Give it a name, such as Athena roster." in answer.text) == (422, True)


def test_a_discarded_import_says_so(client, url, send, place, membership):
    run = send(JO)
    with tenant(place):
        discard_old_imports(by=membership("admin"), at=run.created_at + timedelta(days=31))
    page = client.get(url(run.id)).text
    assert ["Nobody confirmed this import within 30 days" in page, "Doe, Jo" in page] == [True, False]
    assert "Discarded" in client.get(url()).text


def test_a_reading_that_failed_can_be_tried_again(client, url, send, latest, place, monkeypatch):
    monkeypatch.setattr(previews, "AT_ONCE_BYTES", 1)
    run = send(JO)
    with tenant(place):
        Job.objects.filter(id=run.job_id).update(progress_done=60, progress_total=100)
    assert "60 %. You can leave this page; it goes on." in client.get(url(run.id)).text
    with tenant(place):
        Job.objects.filter(id=run.job_id).update(state="dead")
    page = client.get(url(run.id)).text
    assert ["It did not finish" in page, "Read again" in page] == [True, True]
    client.post(url(run.id, "correct"))
    with tenant(place):
        assert Job.objects.filter(kind="read_import", state="queued").count() == 1


def test_the_page_of_an_import_that_asks_costs_few_queries(client, url, do, send, act):
    do(JO)
    run = send(NEAR)
    act(run, "mapping", name="Ours")
    client.get(url(run.id))
    with CaptureQueriesContext(connection) as captured:
        client.get(url(run.id))
    assert len(captured) <= 22


@pytest.mark.parametrize("name", ["answer", "unenrolled", "follow", "mapping"])
def test_foreign_and_absent_are_the_same(send, client_for, other_organization, name):
    run = send(JO)
    stranger = client_for("admin", organization=other_organization)
    assert stranger.post(f"/o/ridgeway/imports/{run.id}/{name}/").status_code == 404
