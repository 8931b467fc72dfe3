"""A practice's file against the record: taken as one, once, and taken back."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from bhi.jobs.operations import run as run_job
from bhi.tenancy.context import tenant
from billing.models import FrozenMonth, LateChange, OtherService, PracticeFile, PracticeRow
from billing.operations.batches import make_batch
from billing.operations.closing import close_month
from billing.operations.merging import merge_patients
from billing.operations.practice_files import (
    AT_ONCE_BYTES,
    KEPT_FOR,
    PracticeFileNotReady,
    correct_practice_file,
    discard_old_practice_files,
    read_practice_file,
    start_practice_file,
)
from billing.operations.practice_taking import (
    AT_ONCE_WRITES,
    release_practice_file,
    take_practice_file,
    undo_practice_file,
)
from billing.queries.practice_files import practice_file_page, practice_files
from caseload.operations.read_workbook import WorkbookUnreadable
from registry.models import Appointment, InitiatingVisit, Patient, TreatingClinician
from registry.rules.appointments import InClinic
from tests.billing.people import AT, Program, program
from tests.factories.registry import AppointmentFactory, PatientFactory, TreatingClinicianFactory, system_seat
from tests.factories.tenancy import ClinicFactory, OrganizationFactory
from tests.races import at_once
from tests.visits import in_clinic_this_week

HEAD = "MRN,Patient Name,DOB,Date,Code,Provider,Status,Time"
LATER = AT + timedelta(hours=1)
# AT is Friday, 3 April 2026.
CHARGES = f"""{HEAD}
A1,"Abara, Jo",05/17/1980,03/10/2026,99214,Ana Rivera,,
A1,"Abara, Jo",05/17/1980,03/10/2026,99490,Ben Lee,,
A1,"Abara, Jo",05/17/1980,03/12/2026,99493,Ana Rivera,,
A1,"Abara, Jo",05/17/1980,03/12/2026,36415,Ana Rivera,,
A1,"Abara, Jo",05/17/1980,04/09/2026,,Ana Rivera,Scheduled,10:20 AM
A1,"Abara, Jo",05/17/1980,03/20/2026,,Ana Rivera,Completed,10:20 AM
Z9,"Secretperson, Zed",01/01/1950,03/10/2026,99214,Ana Rivera,,
A1,"Abara, Jo",05/17/1980,03/10/2026,visit,Ana Rivera,,
"""


@pytest.fixture
def ana(lakeside: Program) -> TreatingClinician:
    made: TreatingClinician = TreatingClinicianFactory(organization=lakeside.organization, name="Ana Rivera")
    return made


@pytest.fixture
def abara(lakeside: Program, ana: TreatingClinician) -> Any:
    return patient_of(lakeside, ana)


def patient_of(people: Program, clinician: TreatingClinician, **fields: Any) -> Any:
    episode = people.billing_patient(**{"mrn": "A1", **fields})
    episode.treating_clinician = clinician
    episode.save(update_fields=["treating_clinician"])
    return episode


def chosen(people: Program, text: str = CHARGES, *, at: datetime = AT, **fields: Any) -> PracticeFile:
    given = {"name": "charges.csv", "content": text.encode(), "client_token": uuid4()}
    return start_practice_file(by=people.by, at=at, **{**given, **fields})


def taken(people: Program, text: str = CHARGES, *, at: datetime = AT) -> PracticeFile:
    file = chosen(people, text, at=at)
    return take_practice_file(by=people.by, at=at, file_id=file.id, digest=file.summary["digest"])


def brought(kind: Any, file: PracticeFile) -> Any:
    return kind.objects.live().filter(import_id=file.id)


@pytest.mark.django_db
def test_a_preview_says_every_fate_and_writes_nothing(lakeside: Program, abara: Any) -> None:
    file = chosen(lakeside)
    fates = [row.fate for row in PracticeRow.objects.order_by("position")]
    assert fates == ["visit", "service", "own", "not_needed", "appointment", "past", "unknown", "faulty"]
    assert file.summary["counts"] == dict.fromkeys(
        ("faulty", "visit", "service", "appointment", "own", "past", "not_needed", "unknown"), 1
    )
    assert (brought(InitiatingVisit, file).count(), brought(OtherService, file).count()) == (0, 0)
    assert Appointment.objects.count() == 0


@pytest.mark.django_db
def test_of_people_not_in_the_program_nothing_is_kept_but_that_there_was_a_row(lakeside: Program, abara: Any) -> None:
    file = chosen(lakeside)
    row = PracticeRow.objects.get(fate="unknown")
    assert (row.patient_id, row.label, row.values, row.messages) == (None, "", {}, [])
    stored = f"{list(PracticeRow.objects.values())} {file.summary} {file.choices}"
    assert "Secretperson" not in stored
    assert "Zed" not in stored


@pytest.mark.django_db
def test_taking_over_records_visits_services_and_appointments_as_one(
    lakeside: Program, abara: Any, ana: TreatingClinician
) -> None:
    file = taken(lakeside)
    visit = brought(InitiatingVisit, file).get()
    assert (visit.patient_id, visit.on, visit.code) == (abara.patient_id, date(2026, 3, 10), "99214")
    assert (visit.is_by_billing_practitioner, visit.treating_clinician_id) == (True, ana.id)
    service = brought(OtherService, file).get()
    assert (service.month, service.code, service.is_by_billing_practitioner) == (date(2026, 3, 1), "99490", False)
    assert service.biller == "Ben Lee"
    appointment = brought(Appointment, file).get()
    assert (appointment.on, appointment.at, appointment.with_whom) == (date(2026, 4, 9), time(10, 20), "Ana Rivera, MD")
    assert (file.state, file.taken_by_id, file.taken_at) == ("taken", lakeside.by.id, AT)
    assert AuditEvent.objects.filter(action="practice_file.taken").values_list("count", flat=True).get() == 3
    assert Job.objects.filter(kind="refresh_service_month").exists()


@pytest.mark.django_db
def test_the_same_file_read_twice_changes_nothing(lakeside: Program, abara: Any) -> None:
    first = taken(lakeside)
    again = chosen(lakeside, at=LATER)
    assert (again.summary["writes"], again.summary["counts"]["known"]) == (0, 3)
    take_practice_file(by=lakeside.by, at=LATER, file_id=again.id, digest=again.summary["digest"])
    assert brought(InitiatingVisit, again).count() + brought(OtherService, again).count() == 0
    assert brought(InitiatingVisit, first).count() == 1


@pytest.mark.django_db
def test_submitting_or_confirming_twice_changes_nothing(lakeside: Program, abara: Any) -> None:
    token = uuid4()
    file = chosen(lakeside, client_token=token)
    assert chosen(lakeside, client_token=token).id == file.id
    for at in (AT, LATER):
        done = take_practice_file(by=lakeside.by, at=at, file_id=file.id, digest=file.summary["digest"])
    assert (done.taken_at, brought(InitiatingVisit, file).count()) == (AT, 1)


@pytest.mark.django_db
def test_a_record_that_changed_since_the_preview_gives_a_new_preview(lakeside: Program, abara: Any) -> None:
    file = chosen(lakeside)
    taken(lakeside)
    again = take_practice_file(by=lakeside.by, at=LATER, file_id=file.id, digest=file.summary["digest"])
    assert (again.state, again.summary["writes"]) == ("preview", 0)
    assert again.summary["because"] == "The record has changed since the last one. Look at this one, and confirm it."
    assert brought(InitiatingVisit, file).count() == 0


@pytest.mark.django_db
def test_undoing_takes_back_what_it_brought_and_only_that(lakeside: Program, abara: Any) -> None:
    kept = AppointmentFactory(organization=lakeside.organization, patient=abara.patient, on=date(2026, 4, 20))
    file = taken(lakeside)
    undone = undo_practice_file(by=lakeside.by, at=LATER, file_id=file.id)
    assert (undone.state, undone.undone_at) == ("undone", LATER)
    assert [brought(kind, file).count() for kind in (InitiatingVisit, OtherService, Appointment)] == [0, 0, 0]
    assert InitiatingVisit.objects.get(import_id=file.id).void_reason == "The practice's file was undone"
    assert Appointment.objects.live().get().id == kept.id
    assert undo_practice_file(by=lakeside.by, at=LATER, file_id=file.id).undone_at == LATER
    assert taken(lakeside, at=LATER).summary["counts"]["visit"] == 1


@pytest.mark.django_db
def test_a_canceled_appointment_disappears_and_comes_back_with_the_undo(lakeside: Program, abara: Any) -> None:
    taken(lakeside)
    here = {"organization_id": lakeside.organization.id, "patient_ids": [abara.patient_id]}
    assert in_clinic_this_week(**here, at=AT) == {
        abara.patient_id: InClinic(date(2026, 4, 9), time(10, 20), "Ana Rivera, MD")
    }
    canceled = taken(lakeside, f"{HEAD}\nA1,,,04/09/2026,,Ana Rivera,Canceled,10:20 AM\n", at=LATER)
    assert in_clinic_this_week(**here, at=LATER) == {}
    undo_practice_file(by=lakeside.by, at=LATER, file_id=canceled.id)
    assert in_clinic_this_week(**here, at=LATER) == {
        abara.patient_id: InClinic(date(2026, 4, 9), time(10, 20), "Ana Rivera, MD")
    }


@pytest.mark.django_db
def test_a_moved_appointment_stands_on_its_new_day_and_on_the_old_one_after_an_undo(
    lakeside: Program, abara: Any
) -> None:
    taken(lakeside)
    later = "A1,,,04/06/2026,,Ben Lee,Scheduled,9:00 AM\nA1,,,04/13/2026,,Ana Rivera,Scheduled,9:00 AM\n"
    moved = taken(lakeside, f"{HEAD}\n{later}", at=LATER)
    assert live_days() == [date(2026, 4, 6), date(2026, 4, 13)]
    again = chosen(lakeside, f"{HEAD}\n{later}", at=LATER)
    assert (again.summary["writes"], again.summary["counts"]) == (0, {"known": 2})
    undo_practice_file(by=lakeside.by, at=LATER, file_id=moved.id)
    assert live_days() == [date(2026, 4, 9)]


@pytest.mark.django_db
def test_an_undo_puts_back_no_appointment_that_stands_again_or_whose_own_file_was_undone(
    lakeside: Program, abara: Any
) -> None:
    first = taken(lakeside)
    canceling = f"{HEAD}\nA1,,,04/09/2026,,Ana Rivera,Canceled,10:20 AM\n"
    canceled = taken(lakeside, canceling, at=LATER)
    taken(lakeside, f"{HEAD}\nA1,,,04/09/2026,,Ana Rivera,Scheduled,10:20 AM\n", at=LATER)
    undo_practice_file(by=lakeside.by, at=LATER, file_id=canceled.id)
    assert live_days() == [date(2026, 4, 9)]
    canceled = taken(lakeside, canceling, at=LATER)
    assert live_days() == []
    third = Appointment.objects.get(id=canceled.summary["canceled"][0]).import_id
    undo_practice_file(by=lakeside.by, at=LATER, file_id=third)
    undo_practice_file(by=lakeside.by, at=LATER, file_id=first.id)
    undo_practice_file(by=lakeside.by, at=LATER, file_id=canceled.id)
    assert live_days() == []


@pytest.mark.django_db
def test_an_appointment_comes_back_to_the_record_that_goes_on_after_a_merge(lakeside: Program, abara: Any) -> None:
    taken(lakeside)
    canceled = taken(lakeside, f"{HEAD}\nA1,,,04/09/2026,,Ana Rivera,Canceled,10:20 AM\n", at=LATER)
    kept = PatientFactory(organization=lakeside.organization, clinic=lakeside.clinic, mrn="K1")
    merge_patients(by=lakeside.by, at=LATER, kept_id=kept.id, merged_id=abara.patient_id)
    undo_practice_file(by=lakeside.by, at=LATER, file_id=canceled.id)
    assert [one.patient_id for one in Appointment.objects.live()] == [kept.id]


def live_days() -> list[date]:
    return list(Appointment.objects.live().order_by("on").values_list("on", flat=True))


@pytest.mark.django_db
def test_what_came_into_a_closed_month_is_a_change_after_the_close(lakeside: Program, abara: Any) -> None:
    close = close_month(
        by=lakeside.by, at=AT, clinic_id=lakeside.clinic.id, month="2026-03", note="All seen to.", client_token=uuid4()
    )
    file = taken(lakeside, at=LATER)
    assert {(change.kind, change.close_id, change.episode_id) for change in LateChange.objects.all()} == {
        ("added", close.id, abara.id)
    }
    assert LateChange.objects.count() == 2
    undo_practice_file(by=lakeside.by, at=LATER + timedelta(hours=1), file_id=file.id)
    assert sorted(LateChange.objects.values_list("kind", flat=True)) == ["added", "added", "taken_back", "taken_back"]


@pytest.mark.django_db
def test_what_a_close_or_a_claim_rests_on_is_not_undone(lakeside: Program, abara: Any) -> None:
    file = taken(lakeside)
    lakeside.work(abara, 40, on=date(2026, 3, 17))
    lakeside.score(abara, date(2026, 3, 17))
    close_month(
        by=lakeside.by, at=LATER, clinic_id=lakeside.clinic.id, month="2026-03", note="Seen to.", client_token=uuid4()
    )
    assert FrozenMonth.objects.count() == 1
    with pytest.raises(PracticeFileNotReady, match=r"^March 2026 was closed with what this file brought"):
        undo_practice_file(by=lakeside.by, at=LATER, file_id=file.id)
    make_batch(by=lakeside.by, at=LATER, month="2026-03", client_token=uuid4(), has_seen_papers=True)
    with pytest.raises(PracticeFileNotReady, match=r"^Claims were made for March 2026"):
        undo_practice_file(by=lakeside.by, at=LATER, file_id=file.id)
    assert brought(InitiatingVisit, file).count() == 1


@pytest.mark.django_db
def test_who_is_which_practitioner_is_said_and_remembered(
    lakeside: Program, abara: Any, ana: TreatingClinician
) -> None:
    file = chosen(lakeside, CHARGES.replace("Ana Rivera", "Front Desk"))
    assert [person["meant"] for person in file.summary["people"]] == ["other", "other"]
    said = {"people": {"frontdesk": str(ana.id)}}
    correct_practice_file(by=lakeside.by, at=AT, file_id=file.id, choices=said)
    again = correct_practice_file(by=lakeside.by, at=AT, file_id=file.id, choices={"date_order": "month_first"})
    assert {person["key"]: person["meant"] for person in again.summary["people"]} == {
        "frontdesk": str(ana.id),
        "benlee": "other",
    }
    assert PracticeRow.objects.get(fate="visit").values["is_by_billing"] is True
    with pytest.raises(PracticeFileNotReady, match="no field 'shoe'"):
        correct_practice_file(by=lakeside.by, at=AT, file_id=file.id, choices={"columns": {"0": "shoe"}})


@pytest.mark.django_db
def test_columns_without_known_headings_can_be_chosen(lakeside: Program, abara: Any) -> None:
    file = chosen(lakeside, "Nr,Wann,Was,Wer\nA1,03/10/2026,99214,Ana Rivera\n")
    assert len(file.summary["problems"]) == 1
    assert [column["header"] for column in file.summary["columns"]] == ["Nr", "Wann", "Was", "Wer"]
    with pytest.raises(PracticeFileNotReady, match="Settle what stops the file first"):
        take_practice_file(by=lakeside.by, at=AT, file_id=file.id, digest=file.summary["digest"])
    columns = {"0": "mrn", "1": "contact_on", "2": "code", "3": "practitioner"}
    again = correct_practice_file(by=lakeside.by, at=AT, file_id=file.id, choices={"columns": columns})
    assert (again.summary["problems"], again.summary["counts"]) == ([], {"visit": 1})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "charges.csv is empty. Choose the file that holds the patients."),
        (b"\x89PNG\r\n\x1a\n1234", "charges.csv is a picture, not a spreadsheet."),
        (b"MRN\n" + b"1\n" * 100_000, "charges.csv has more than 50,000 rows."),
    ],
)
def test_a_file_that_is_none_is_refused_and_not_kept(lakeside: Program, content: bytes, sentence: str) -> None:
    with pytest.raises(WorkbookUnreadable, match=f"^{sentence}"):
        chosen(lakeside, content=content, in_background=False)
    assert (PracticeFile.objects.count(), StoredFile.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_a_tab_parted_file_of_windows_letters_is_read(lakeside: Program, ana: TreatingClinician) -> None:
    patient_of(lakeside, ana, family_name="Müller", mrn="M1")
    text = 'Patient Name\tDOB\tDate\tCode\tProvider\n"Müller, Jo"\t5/17/80\t3/10/26\t99214\tAna Rivera\n'
    file = chosen(lakeside, content=text.encode("cp1252"))
    assert file.summary["counts"] == {"visit": 1}


@pytest.mark.django_db
def test_a_long_file_is_read_and_taken_by_jobs(lakeside: Program, ana: TreatingClinician, monkeypatch: Any) -> None:
    patient_of(lakeside, ana)
    rows = "".join(
        f"A1,,,0{month}/{day:02d}/2025,99214,Ana Rivera,,\n" for month in range(1, 10) for day in range(1, 29)
    )
    text = f"{HEAD}\n{rows}" + "Z9,,,03/10/2026,99214,Ana Rivera,,\n" * 1000
    assert len(text) > AT_ONCE_BYTES
    monkeypatch.setattr("billing.operations.practice_taking.AT_ONCE_WRITES", 100)
    assert AT_ONCE_WRITES > 100
    file = chosen(lakeside, text)
    assert file.state == "reading"
    run(lakeside, "read_practice_file")
    file.refresh_from_db()
    assert (file.state, file.summary["counts"]) == ("preview", {"visit": 252, "unknown": 1000})
    waiting = take_practice_file(by=lakeside.by, at=AT, file_id=file.id, digest=file.summary["digest"])
    assert (waiting.state, waiting.summary["is_taking"]) == ("preview", True)
    assert take_practice_file(by=lakeside.by, at=AT, file_id=file.id, digest="").summary == waiting.summary
    with pytest.raises(PracticeFileNotReady, match="no longer waiting"):
        correct_practice_file(by=lakeside.by, at=AT, file_id=file.id, choices={})
    run(lakeside, "take_practice_file")
    file.refresh_from_db()
    assert (file.state, brought(InitiatingVisit, file).count()) == ("taken", 252)
    assert read_practice_file(by=lakeside.by, at=AT, file_id=file.id).taken_at == file.taken_at
    assert release_practice_file(by=lakeside.by, at=AT, file_id=file.id, because="x").state == "taken"


@pytest.mark.django_db
def test_a_long_file_is_read_again_by_a_job(lakeside: Program, abara: Any) -> None:
    file = chosen(lakeside, CHARGES + "Z9,,,03/10/2026,99214,Ana Rivera,,\n" * 1500)
    run(lakeside, "read_practice_file")
    again = correct_practice_file(by=lakeside.by, at=LATER, file_id=file.id, choices={"people": {"benlee": "other"}})
    assert (again.state, again.choices["people"]) == ("reading", {"benlee": "other"})
    run(lakeside, "read_practice_file")
    again.refresh_from_db()
    assert (again.state, again.summary["counts"]["unknown"]) == ("preview", 1501)


@pytest.mark.django_db
def test_what_was_undone_or_refused_is_not_taken(lakeside: Program, abara: Any) -> None:
    file = taken(lakeside)
    with pytest.raises(PracticeFileNotReady, match="Only a file that was taken over can be undone"):
        undo_practice_file(by=lakeside.by, at=LATER, file_id=chosen(lakeside).id)
    undo_practice_file(by=lakeside.by, at=LATER, file_id=file.id)
    with pytest.raises(PracticeFileNotReady, match="not waiting for confirmation"):
        take_practice_file(by=lakeside.by, at=LATER, file_id=file.id, digest=file.summary["digest"])


@pytest.mark.django_db
def test_our_own_charges_stand_beside_what_was_closed(lakeside: Program, abara: Any) -> None:
    close_month(
        by=lakeside.by, at=AT, clinic_id=lakeside.clinic.id, month="2026-02", note="Seen to.", client_token=uuid4()
    )
    chosen(lakeside, f"{HEAD}\nA1,,,02/12/2026,99492,Ana Rivera,,\n")
    row = PracticeRow.objects.get()
    assert (row.fate, row.messages) == (
        "own",
        ["Charged by the practice itself. February 2026 was closed here with 99492."],
    )


@pytest.mark.django_db
def test_a_job_that_cannot_take_a_file_leaves_it_waiting_with_the_reason(
    lakeside: Program, abara: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("billing.operations.practice_taking.AT_ONCE_WRITES", 0)
    file = chosen(lakeside)
    take_practice_file(by=lakeside.by, at=AT, file_id=file.id, digest=file.summary["digest"])
    PracticeFile.objects.filter(id=file.id).update(stored_file=None)
    run(lakeside, "take_practice_file")
    file.refresh_from_db()
    assert (file.state, file.summary["is_taking"]) == ("preview", False)
    assert file.summary["because"] == "The file itself is no longer kept. Choose it again to read it anew."


@pytest.mark.django_db
def test_a_long_file_that_cannot_be_read_says_so(lakeside: Program) -> None:
    file = chosen(lakeside, content=b"\x89PNG" + b"1" * AT_ONCE_BYTES)
    run(lakeside, "read_practice_file")
    file.refresh_from_db()
    assert file.state == "refused"
    assert file.refusal.startswith("charges.csv is a picture, not a spreadsheet.")
    run_again = practice_file_page(lakeside.organization.id, file.id)
    assert (run_again.refusal, run_again.can_be_taken) == (file.refusal, False)


def run(people: Program, kind: str) -> None:
    job = Job.objects.filter(kind=kind).latest("queued_at")
    run_job(organization_id=people.organization.id, job_id=job.id, at=job.run_after)


@pytest.mark.django_db
def test_old_files_are_let_go_and_what_was_taken_stays(lakeside: Program, abara: Any) -> None:
    file, waiting = taken(lakeside), chosen(lakeside)
    late = AT + KEPT_FOR + timedelta(minutes=1)
    assert discard_old_practice_files(by=system_seat(lakeside.organization), at=AT) == 0
    assert discard_old_practice_files(by=system_seat(lakeside.organization), at=late) == 1
    waiting.refresh_from_db()
    assert (waiting.state, waiting.summary, PracticeRow.objects.filter(file=waiting).count()) == ("discarded", {}, 0)
    assert (StoredFile.objects.count(), PracticeRow.objects.filter(file=file).count()) == (0, 8)
    shown, total = practice_files(lakeside.organization.id)
    assert ([one.state for one in shown], total) == (["discarded", "taken"], 2)


@pytest.mark.django_db
def test_merging_two_records_takes_rows_and_facts_along(lakeside: Program, abara: Any) -> None:
    file = taken(lakeside)
    kept = Patient.objects.create(
        organization=lakeside.organization,
        recorded_at=AT,
        recorded_by=lakeside.by,
        clinic=lakeside.clinic,
        family_name="Abara",
        given_name="Jo",
        birth_date=date(1980, 5, 17),
    )
    merge_patients(by=lakeside.by, at=LATER, kept_id=kept.id, merged_id=abara.patient_id)
    for kind in (InitiatingVisit, OtherService, Appointment):
        assert {fact.patient_id for fact in brought(kind, file)} == {kept.id}
    assert set(PracticeRow.objects.exclude(patient=None).values_list("patient_id", flat=True)) == {kept.id}
    assert chosen(lakeside, at=LATER).summary["writes"] == 0


@pytest.mark.django_db
def test_another_organization_is_never_matched(lakeside: Program, abara: Any, in_tenant: Any) -> None:
    file = chosen(lakeside)
    stranger = OrganizationFactory(slug="stranger")
    with tenant(stranger):
        other = program(stranger, ClinicFactory(organization=stranger))
        theirs = chosen(other)
        assert theirs.summary["counts"] == {"faulty": 1, "unknown": 7}
        with pytest.raises(NotFound):
            take_practice_file(by=other.by, at=AT, file_id=file.id, digest="")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_takes_it(organization: Any, clinic: Any) -> None:
    with tenant(organization):
        people = program(organization, clinic)
        clinician = TreatingClinicianFactory(organization=organization, name="Ana Rivera")
        patient_of(people, clinician)
        file = chosen(people)
    digest = file.summary["digest"]

    def confirm() -> UUID:
        return take_practice_file(by=people.by, at=LATER, file_id=file.id, digest=digest).id

    assert at_once(organization, [confirm] * 4) == [file.id] * 4
    with tenant(organization):
        assert [brought(kind, file).count() for kind in (InitiatingVisit, OtherService, Appointment)] == [1, 1, 1]
        assert AuditEvent.objects.filter(action="practice_file.taken").count() == 1
