"""A look-back from its upload to its comparison: what is kept, what is found, what never happens."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from billing.models import BilledLine, LookBack
from billing.operations import look_back as operations
from billing.operations.batches import make_batch
from billing.operations.look_back import (
    LookBackChoices,
    LookBackNotReady,
    choose_look_back,
    discard_look_back,
    discard_old_look_backs,
    read_look_back,
    start_look_back,
    take_look_back,
)
from billing.operations.merging import merge_patients
from billing.queries.claims import Expected
from billing.queries.look_back import Result, look_back, look_backs, result
from billing.queries.look_back_said import HEADER, file_lines
from billing.rules.charge_columns import ChargeChoices
from billing.rules.look_back import Finding
from caseload.operations.read_workbook import WorkbookUnreadable
from caseload.rules.imports.corrections import NOT_USED
from registry.operations import record_consent
from tests.billing.people import AT, Program, program
from tests.factories.billing import BilledLineFactory, LookBackFactory
from tests.factories.registry import PatientFactory

HEADINGS = "MRN,Patient Name,DOB,Date of Service,CPT,Units,Insurance Paid\n"
AS_OF = date(2026, 4, 3)


@pytest.fixture
def people(in_tenant: Any, clinic: Any) -> Program:
    return program(in_tenant, clinic)


def started(people: Program, text: str, *, name: str = "billed.csv", token: UUID | None = None) -> LookBack:
    return start_look_back(by=people.by, at=AT, name=name, content=text.encode(), client_token=token or uuid4())


def rows(*lines: str) -> str:
    return HEADINGS + "".join(f"{line}\n" for line in lines)


def taken(people: Program, *lines: str) -> LookBack:
    found = started(people, rows(*lines))
    return take_look_back(by=people.by, at=AT, look_back_id=found.id)


def shown(found: LookBack, *, as_of: date = AS_OF) -> Result:
    return result(look_back(found.organization_id, found.id), as_of=as_of)


def findings(found: LookBack, *, as_of: date = AS_OF) -> list[tuple[str, str, str]]:
    return [(one.patient_name, one.month, one.finding.value) for one in shown(found, as_of=as_of).months]


FAR = "E-1,,,02/28/2026,99214,1,90.00"
"""A row of other work, by which the file spans February."""


def test_lines_are_laid_beside_what_the_records_support(people: Program):
    people.billing_patient("Abara", 40, mrn="0042")
    people.billing_patient("Berg", 118, mrn="100")
    people.billing_patient("Castro", 40, mrn="7", without=("consent",))
    people.billing_patient("Dogan", 20, mrn="8")
    people.billing_patient("Evans", 40, mrn="9")
    found = taken(
        people,
        '42,"Abara, Jo",05/17/1980,02/28/2026,99492,1,128.26',
        ',"Berg, Jo",05/17/1980,02/28/2026,99492,1,$128.26',
        "7,,,2026-02-28,99492,1,128.26",
        "8,,,02/28/2026,99492,1,128.26",
        FAR,
    )
    assert findings(found) == [
        ("Castro, Jo", "2026-02", "unsupported"),
        ("Dogan, Jo", "2026-02", "higher"),
        ("Berg, Jo", "2026-02", "lower"),
        ("Evans, Jo", "2026-02", "missed"),
        ("Abara, Jo", "2026-02", "as_billed"),
    ]
    by_finding = {group.finding: group for group in shown(found).groups}
    assert by_finding[Finding.UNSUPPORTED].paid == Expected(Decimal("128.26"), 0)
    assert by_finding[Finding.MISSED].difference == Expected(Decimal("160.32"), 0)
    assert by_finding[Finding.LOWER].difference == Expected(Decimal("122.92"), 0)
    assert by_finding[Finding.HIGHER].difference == Expected(Decimal("-99.53"), 0)
    castro, *_, evans, _ = shown(found).months
    assert castro.why == ("No consent was in force for any of the month's time.",)
    assert castro.would_change == ("a consent with the day on which it was given, before the work",)
    assert evans.compared.until == date(2027, 2, 28)


def test_an_apcm_base_in_the_file_supports_its_add_on(people: Program):
    """The file itself says that the practice billed APCM; taken back again it supports nothing."""
    people.billing_patient("Abara", 20, mrn="1")
    people.billing_patient("Berg", 20, mrn="2")
    base = ("1,,,02/28/2026,G0557,1,43.02", "2,,,02/28/2026,G0557,1,43.02", "2,,,02/28/2026,G0557,-1,-43.02")
    found = taken(people, *base, "1,,,02/28/2026,G0568,1,129.33", "2,,,02/28/2026,G0568,1,129.33")
    assert findings(found) == [("Berg, Jo", "2026-02", "higher"), ("Abara, Jo", "2026-02", "as_billed")]


def test_what_is_recorded_later_changes_the_result(people: Program):
    episode = people.billing_patient("Castro", 40, mrn="7", without=("consent",))
    found = taken(people, "7,,,02/28/2026,99492,1,128.26")
    assert findings(found) == [("Castro, Jo", "2026-02", "unsupported")]
    record_consent(by=people.by, at=AT, patient=episode.patient, given_at=datetime(2026, 2, 2, 6, tzinfo=UTC))
    assert findings(found) == [("Castro, Jo", "2026-02", "as_billed")]


def test_a_month_of_somebody_who_was_not_enrolled_then_has_nothing_on_record(people: Program):
    people.billing_patient("Abara", 40, mrn="42")
    found = taken(people, "42,,,01/31/2026,99493,1,115.97", "42,,,02/28/2026,99492,1,128.26")
    first, _ = shown(found).months
    assert (first.month, first.finding, first.why) == (
        "2026-01",
        Finding.UNSUPPORTED,
        ("No time is on record here for this month.",),
    )
    assert (first.episode_id, first.compared.difference) == (None, None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "missed"),
        ({"without": ("coverage",)}, None),
        ({"without": ("visit",)}, None),
    ],
)
def test_only_what_somebody_would_pay_is_missed(people: Program, fields: dict[str, Any], expected: str | None):
    people.billing_patient("Abara", 40, mrn="42", **fields)
    found = taken(people, FAR)
    assert findings(found) == ([("Abara, Jo", "2026-02", expected)] if expected else [])


def test_self_pay_and_a_payer_without_rules_are_told_apart(people: Program):
    people.billing_patient("Abara", 40, mrn="42", payer=people.payer("Self", is_self_pay=True))
    found = taken(people, "42,,,02/28/2026,99492,1,128.26")
    assert findings(found) == [("Abara, Jo", "2026-02", "as_billed")]
    assert findings(taken(people, FAR)) == []


def test_a_month_before_any_rules_of_the_payer_is_not_judged(people: Program):
    episode = people.patient("Abara", mrn="42", enrolled_on=date(2019, 5, 2))
    people.work(episode, 40, on=date(2019, 5, 10))
    found = taken(people, "42,,,05/31/2019,99492,1,128.26")
    assert findings(found) == [("Abara, Jo", "2019-05", "no_rules")]


def test_what_was_claimed_from_here_was_not_missed(people: Program):
    people.billing_patient("Abara", 40, mrn="42")
    make_batch(by=people.by, at=AT, month="2026-02", client_token=uuid4())
    assert findings(taken(people, FAR)) == []


def test_a_month_that_still_runs_is_not_missed(people: Program):
    people.billing_patient("Abara", 40, mrn="42")
    found = taken(people, FAR)
    assert findings(found, as_of=date(2026, 2, 28)) == []
    assert findings(found, as_of=date(2026, 3, 1)) == [("Abara, Jo", "2026-02", "missed")]
    assert findings(found, as_of=date(2027, 3, 1)) == [("Abara, Jo", "2026-02", "missed_past")]


def test_only_months_of_the_file_and_clinics_that_it_holds_are_missed(people: Program, organization: Any):
    from tests.factories.tenancy import ClinicFactory

    elsewhere = ClinicFactory(organization=organization, name="Mill Creek", time_zone="America/Chicago")
    people.billing_patient("Abara", 40, mrn="42")
    people.billing_patient("Berg", 40, mrn="43", clinic=elsewhere)
    march = people.patient("Castro", mrn="44", enrolled_on=date(2026, 3, 2))
    people.work(march, 40, on=date(2026, 3, 10))
    found = started(people, rows(FAR))
    choices = LookBackChoices(ChargeChoices(), elsewhere.id, 3)
    choose_look_back(by=people.by, at=AT, look_back_id=found.id, choices=choices)
    take_look_back(by=people.by, at=AT, look_back_id=found.id)
    (only,) = shown(found).months
    assert (only.patient_name, only.month, only.compared.until) == ("Berg, Jo", "2026-02", date(2026, 5, 28))


def test_people_who_are_not_on_record_are_listed_apart(people: Program, organization: Any):
    PatientFactory(organization=organization, mrn="55", family_name="Dogan", given_name="Ada")
    PatientFactory(organization=organization, mrn="055", family_name="Ekdal", given_name="Bea")
    found = taken(
        people,
        'X-1,"Halvorsen, Mette",04/02/1961,02/28/2026,99493,1,115.97',
        'X-1,"Halvorsen, Mette",04/02/1961,03/31/2026,99493,1,',
        '0055,"Zu, Al",01/01/1950,02/28/2026,99493,1,50',
    )
    stranger, doubtful = shown(found).strangers
    assert (stranger.label, stranger.lines, stranger.rows) == ("Halvorsen, Mette · X-1", (("99493", 1),) * 2, (2, 3))
    assert (stranger.paid, stranger.doubt) == (Expected(Decimal("115.97"), 1), "")
    assert doubtful.doubt == "The record number belongs to somebody with another name and birth date."
    assert shown(found).months == ()


def test_another_organizations_patients_are_nobody_here(people: Program, other_organization: Any):
    with tenant(other_organization):
        theirs = PatientFactory(organization=other_organization, mrn="42", family_name="Abara", given_name="Jo")
    found = taken(people, f'42,"Abara, Jo",{theirs.birth_date:%m/%d/%Y},02/28/2026,99492,1,128.26')
    assert (findings(found), [one.label for one in shown(found).strangers]) == ([], ["Abara, Jo · 42"])
    with tenant(other_organization):
        assert look_backs(other_organization.id) == []
        with pytest.raises(NotFound):
            look_back(other_organization.id, found.id)


def test_lines_follow_a_merge(people: Program):
    kept = people.billing_patient("Abara", 40, mrn="42")
    merged = PatientFactory(organization=people.organization, clinic=people.clinic, mrn="43", family_name="Abara")
    found = taken(people, "43,,,02/28/2026,99492,1,128.26")
    assert {finding for _, _, finding in findings(found)} == {"unsupported", "missed"}
    merge_patients(by=people.by, at=AT, kept_id=kept.patient_id, merged_id=merged.id)
    assert findings(found) == [("Abara, Jo", "2026-02", "as_billed")]


def test_what_is_kept_of_a_file(people: Program):
    people.billing_patient("Abara", 40, mrn="42")
    found = started(
        people,
        rows(
            "42,,,02/28/2026,99492,1,128.26",
            "42,,,02/28/2026,99214,1,88",
            "42,,,02/27/2026,99214,1,88",
            "X,,,02/28/2026,99484,1,",
            "42,,,never,99492,1,1",
            "42,,,04/30/2026,99493,1,1",
        ),
    )
    kept = list(BilledLine.objects.order_by("position").values_list("row_number", "fate", "code", "label"))
    assert kept == [(2, "read", "99492", ""), (5, "unknown", "99484", "X"), (6, "refused", "", "42"),
                    (7, "refused", "", "42")]  # fmt: skip
    told = {key: found.summary[key] for key in ("rows", "lines", "known", "unknown", "refused", "aside", "ignored")}
    assert told == {"rows": 6, "lines": 2, "known": 1, "unknown": 1, "refused": 2, "aside": {"99214": 2}, "ignored": 0}
    assert (found.first_month, found.last_month, found.state) == (date(2026, 2, 1), date(2026, 2, 28), "preview")


def test_canceled_rows_are_left_aside(people: Program):
    text = "MRN,DOS,CPT,Status\n42,02/28/2026,99492,Voided\n42,02/28/2026,99492,Posted\n"
    found = started(people, text)
    assert (found.summary["aside"], found.summary["lines"]) == ({"canceled": 1}, 1)


def test_a_workbook_is_read_as_well(people: Program):
    people.billing_patient("Abara", 40, mrn="42")
    book, content = openpyxl.Workbook(), BytesIO()
    book.active.append(["MRN", "DOS", "CPT", "Units", "Paid"])
    book.active.append(["42", datetime(2026, 2, 28), "99492", 1, 128.26])
    book.save(content)
    found = start_look_back(by=people.by, at=AT, name="billed.xlsx", content=content.getvalue(), client_token=uuid4())
    take_look_back(by=people.by, at=AT, look_back_id=found.id)
    assert findings(found) == [("Abara, Jo", "2026-02", "as_billed")]


def test_columns_are_corrected(people: Program):
    people.billing_patient("Abara", 40, mrn="42")
    found = started(people, "Chart,When,What,Money\n42,28/02/2026,99492,128.26\n")
    assert len(found.summary["problems"]) == 1
    with pytest.raises(LookBackNotReady, match="Something has to be settled"):
        take_look_back(by=people.by, at=AT, look_back_id=found.id)
    charges = ChargeChoices({0: "mrn", 1: "contact_on", 2: "code", 3: NOT_USED}, "day_first")
    choose_look_back(by=people.by, at=AT, look_back_id=found.id, choices=LookBackChoices(charges, None, 12))
    take_look_back(by=people.by, at=AT, look_back_id=found.id)
    assert findings(found) == [("Abara, Jo", "2026-02", "as_billed")]
    assert shown(found).paid == Expected(Decimal(0), 1)


def test_a_second_submit_reads_nothing_anew(people: Program):
    token = uuid4()
    first = started(people, rows(FAR), token=token)
    assert started(people, rows(FAR, FAR), token=token).id == first.id
    assert LookBack.objects.count() == 1


def test_nothing_is_kept_of_what_is_no_table(people: Program):
    with pytest.raises(WorkbookUnreadable, match="is a PDF"):
        started(people, "%PDF-1.7 …", name="billed.pdf")
    assert (LookBack.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_the_bytes_go_once_it_is_settled_and_it_stays_settled(people: Program):
    found = taken(people, FAR)
    assert StoredFile.objects.count() == 0
    assert "columns" not in look_back(people.organization.id, found.id).summary
    assert take_look_back(by=people.by, at=AT, look_back_id=found.id).id == found.id
    with pytest.raises(LookBackNotReady, match="is settled"):
        choose_look_back(by=people.by, at=AT, look_back_id=found.id, choices=LookBackChoices(ChargeChoices(), None, 12))
    acts = AuditEvent.objects.filter(object_id=found.id).order_by("id").values_list("action", flat=True)
    assert list(acts) == ["look_back.uploaded", "look_back.taken"]


def test_nothing_to_compare_is_said(people: Program):
    found = started(people, "MRN,DOS\n42,02/28/2026\n")
    with pytest.raises(LookBackNotReady, match="no row that can be compared"):
        take_look_back(by=people.by, at=AT, look_back_id=found.id)


@pytest.mark.parametrize(("clinic_id", "months", "error"), [(uuid4(), 12, NotFound), (None, 0, LookBackNotReady)])
def test_choices_that_cannot_be(people: Program, clinic_id: UUID | None, months: int, error: type[Exception]):
    found = started(people, rows(FAR))
    with pytest.raises(error):
        choose_look_back(
            by=people.by,
            at=AT,
            look_back_id=found.id,
            choices=LookBackChoices(ChargeChoices(), clinic_id, months),
        )


def test_discarding_deletes_lines_and_file_once(people: Program):
    found = started(people, rows("42,,,02/28/2026,99492,1,1"))
    for _ in range(2):
        assert discard_look_back(by=people.by, at=AT, look_back_id=found.id).state == "discarded"
    assert (BilledLine.objects.count(), StoredFile.objects.count()) == (0, 0)
    assert AuditEvent.objects.filter(action="look_back.discarded").count() == 1
    (listed,) = look_backs(people.organization.id)
    assert (listed.state, listed.lines, listed.name) == ("discarded", 1, "billed.csv")


def test_a_compared_look_back_is_discarded_too(people: Program):
    found = discard_look_back(by=people.by, at=AT, look_back_id=taken(people, FAR).id)
    assert (found.state, found.summary) == ("discarded", {"rows": 1, "lines": 0})


def test_a_file_of_blanks_holds_nothing(people: Program):
    found = started(people, ",,,\n,,,\n")
    assert (found.summary["columns"], found.summary["lines"], len(found.summary["problems"])) == ([], 0, 1)


def test_months_before_the_file_begins_are_left_alone(people: Program):
    episode = people.billing_patient("Abara", 40, mrn="42")
    people.work(episode, 40, on=date(2026, 3, 10))
    people.score(episode, date(2026, 3, 10))
    assert findings(taken(people, "42,,,03/31/2026,99493,1,115.97")) == [("Abara, Jo", "2026-03", "as_billed")]


def test_what_nobody_settles_is_discarded_after_thirty_days(people: Program):
    waiting, settled = started(people, rows(FAR)), taken(people, FAR)
    late = AT + timedelta(days=30)
    assert discard_old_look_backs(by=people.by, at=late) == 0
    assert discard_old_look_backs(by=people.by, at=late + timedelta(seconds=1)) == 1
    states = dict(LookBack.objects.values_list("id", "state"))
    assert states == {waiting.id: "discarded", settled.id: "taken"}


def test_a_long_file_is_read_by_a_job(people: Program, monkeypatch: Any):
    monkeypatch.setattr(operations, "AT_ONCE_BYTES", 100)
    found = started(people, rows("X,,,02/28/2026,99492,1,1", FAR))
    assert found.state == "reading"
    percents: list[int] = []
    read_look_back(by=people.by, at=AT, look_back_id=found.id, progress=lambda done, _: percents.append(done))
    found = look_back(people.organization.id, found.id)
    assert (found.state, found.summary["lines"], percents[-1]) == ("preview", 1, 50)
    again = read_look_back(by=people.by, at=AT, look_back_id=found.id, progress=lambda done, total: None)
    assert (again.state, BilledLine.objects.count()) == ("preview", 1)
    choices = LookBackChoices(ChargeChoices({4: NOT_USED}), None, 12)
    assert choose_look_back(by=people.by, at=AT, look_back_id=found.id, choices=choices).state == "reading"
    assert Job.objects.filter(kind="read_look_back", key=str(found.id)).count() == 1


def test_a_long_file_that_cannot_be_read_says_so(people: Program, monkeypatch: Any):
    monkeypatch.setattr(operations, "AT_ONCE_BYTES", 3)
    found = started(people, "%PDF-1.7 …", name="billed.pdf")
    read_look_back(by=people.by, at=AT, look_back_id=found.id, progress=lambda done, total: None)
    found = look_back(people.organization.id, found.id)
    assert (found.state, found.refusal[:19], found.stored_file_id) == ("refused", "billed.pdf is a PDF", None)


@pytest.mark.django_db(transaction=True)
def test_the_worker_reads_what_was_queued(organization: Any, clinic: Any, monkeypatch: Any):
    monkeypatch.setattr(operations, "AT_ONCE_BYTES", 10)
    with tenant(organization):
        found = started(program(organization, clinic), rows(FAR))
        job = Job.objects.get(kind="read_look_back")
    assert run(organization_id=organization.id, job_id=job.id, at=AT) == "done"
    with tenant(organization):
        assert look_back(organization.id, found.id).state == "preview"


def test_the_file_has_every_month_and_every_stranger(people: Program):
    people.billing_patient("Abara", 40, mrn="42")
    people.billing_patient("Berg", 40, mrn="43", payer=people.payer("Aetna PPO"))
    found = taken(people, "42,,,02/28/2026,G2214,1,48.63", 'X,"Halvorsen, Mette",04/02/1961,02/28/2026,99484,1,')
    lines = [dict(zip(HEADER, line, strict=True)) for line in file_lines(shown(found))]
    assert [(line["Finding"], line["Patient"], line["Billed"], line["Paid"]) for line in lines] == [
        ("Billed lower than supported", "Abara, Jo", "G2214", Decimal("48.63")),
        ("Missed, can still be filed", "Berg, Jo", "", ""),
        ("Not on record here", "Halvorsen, Mette · X", "99484", "not known"),
    ]
    assert [line["Difference, estimate"] for line in lines] == [Decimal("99.53"), "not known", ""]


def test_the_comparison_takes_the_same_statements_for_many(people: Program, django_assert_max_num_queries: Any):
    for number, name in enumerate(("Abara", "Berg", "Castro", "Dogan")):
        people.billing_patient(name, 40, mrn=f"4{number}")
    few = taken(people, "40,,,02/28/2026,99492,1,1")
    many = taken(people, *(f"4{number},,,02/28/2026,99492,1,1" for number in range(4)))
    for found in (few, many):
        with django_assert_max_num_queries(7):
            result(found, as_of=AS_OF)


def test_a_look_back_without_months_compares_nothing(people: Program):
    found = LookBackFactory(organization=people.organization)
    BilledLineFactory(organization=people.organization, look_back=found, fate="unknown", patient=None, label="X")
    assert result(found, as_of=AS_OF) == Result(AS_OF, (), (), (), Expected(Decimal(0), 0), 0)
