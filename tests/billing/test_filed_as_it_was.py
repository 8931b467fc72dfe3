"""Claims name the clinician who treated in the month and the coverage in force then, whatever changed since."""

import csv
import io
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from bhi.errors import NotFound
from bhi.files.operations import read
from billing.models import Batch, Claim, FrozenMonth, PayerRoute
from billing.operations.batches import make_batch
from billing.operations.claim_corrections import correct_claim
from billing.operations.closing import correct_month
from billing.operations.errors import NothingToCorrect, NothingToReplace
from billing.operations.filing import make_filed_batches, mark_sent
from billing.operations.late import write_late
from billing.queries.charge_sheets import charge_row
from billing.queries.closing import clinic_month
from billing.queries.fees import placed_of_claim
from billing.queries.filing_facts import filing_plan
from billing.rules.canonical import read as read_kept
from billing.rules.x12.claim import FiledClaim
from registry.models import Coverage, Diagnosis, Episode
from registry.operations import record_diagnosis
from registry.operations.people import add_coverage
from registry.operations.persons import set_care_team
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.queries.treating import treating_before
from tests.billing.filing import FEBRUARY, clinician, closed, filed_patient, set_up
from tests.billing.people import AT, Program

LATER = AT + timedelta(hours=2)
OTHER = {"name": "Bo Stone", "sort_name": "stone, bo", "npi": "1003000126"}


def hand_over(people: Program, episode: Episode, **to: Any) -> None:
    """Somebody else treats from now on: long after February, by the clock of the database."""
    seats = {"care_manager_id": None, "consultant_id": None}
    set_care_team(
        by=people.by, at=AT, episode_id=episode.id, treating_clinician_id=clinician(people, **(OTHER | to)).id, **seats
    )


def filed(people: Program, *, at: Any = AT) -> FiledClaim:
    (batch,) = make_filed_batches(by=people.by, at=at, month=FEBRUARY, client_token=uuid4())
    return read_kept(FiledClaim, Claim.objects.get(batch=batch).content["claim"])


def table(batch: Batch) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(read(batch.stored_file).decode())))


def test_the_record_knows_who_treated_before_an_instant(lakeside: Program):
    episode = filed_patient(lakeside)
    ana, before = clinician(lakeside), timezone.now() - timedelta(days=1)
    hand_over(lakeside, episode)
    bo, after = clinician(lakeside, **OTHER), timezone.now() + timedelta(days=1)
    organization = lakeside.organization.id
    assert treating_before(organization, {episode.id: before}) == {episode.id: ana.id}
    assert treating_before(organization, {episode.id: after}) == {episode.id: bo.id}
    assert treating_before(organization, {}) == {}
    nobody = lakeside.patient("Berg")
    assert treating_before(organization, {nobody.id: before}) == {}


def test_who_was_named_late_treated_before_as_well(lakeside: Program):
    episode = lakeside.billing_patient()
    hand_over(lakeside, episode)
    then = {episode.id: timezone.now() - timedelta(days=90)}
    assert treating_before(lakeside.organization.id, then) == {episode.id: clinician(lakeside, **OTHER).id}


def test_a_handover_after_the_close_changes_no_claim(lakeside: Program):
    set_up(lakeside)
    episode = filed_patient(lakeside)
    closed(lakeside)
    hand_over(lakeside, episode)
    assert FrozenMonth.objects.get().clinician == clinician(lakeside)
    row = charge_row(lakeside.organization.id, FEBRUARY, episode.id, at=AT)
    assert row.claim.clinician.family_name == "Rivera"
    claim = filed(lakeside)
    assert (claim.clinician.family_name, claim.clinician.npi, claim.ids.clinician) == (
        "Rivera",
        "1245319599",
        str(clinician(lakeside).id),
    )


def test_nor_does_one_between_the_month_and_its_close(lakeside: Program):
    set_up(lakeside)
    episode = filed_patient(lakeside)
    hand_over(lakeside, episode)
    closed(lakeside)
    assert FrozenMonth.objects.get().clinician == clinician(lakeside)
    assert filed(lakeside).clinician.family_name == "Rivera"


@pytest.mark.parametrize("is_closed", [True, False])
def test_the_table_names_the_same_one_and_what_is_expected_rests_on_it(lakeside: Program, is_closed: bool):
    episode = filed_patient(lakeside)
    if is_closed:
        closed(lakeside)
    hand_over(lakeside, episode)
    batch = make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4())
    claim = Claim.objects.select_related("episode").get()
    assert {(row["Rendering clinician"], row["Clinician NPI"]) for row in table(batch)} == {
        ("Rivera, Ana", "1245319599")
    }
    placed = placed_of_claim(claim)
    assert placed is not None
    assert (claim.clinician, placed.clinician_id) == (clinician(lakeside), clinician(lakeside).id)


def test_a_row_without_a_clinician_asks_the_record(lakeside: Program):
    set_up(lakeside)
    episode = lakeside.billing_patient(address="22 Elm St", city="Denver", state="CO", postal_code="80202")
    closed(lakeside)
    assert FrozenMonth.objects.get().clinician is None
    hand_over(lakeside, episode)
    assert filed(lakeside).clinician.family_name == "Stone"


def test_a_correction_keeps_the_clinician_unless_it_is_about_it(lakeside: Program):
    set_up(lakeside)
    episode = filed_patient(lakeside)
    close = closed(lakeside)
    hand_over(lakeside, episode)
    of_month: dict[str, Any] = {"by": lakeside.by, "at": LATER, "close_id": close.id, "episode_id": episode.id}
    with pytest.raises(NothingToCorrect):
        correct_month(**of_month, because="Nothing")
    with pytest.raises(NotFound):
        correct_month(**of_month, because="Nobody", clinician_id=uuid4())
    bo = clinician(lakeside, **OTHER)
    row = correct_month(**of_month, because="Stone had taken over already", clinician_id=bo.id)
    assert (row.number, row.clinician_id) == (2, bo.id)
    with pytest.raises(NothingToCorrect):
        correct_month(**of_month, because="Again", clinician_id=bo.id)
    assert filed(lakeside, at=LATER).clinician.family_name == "Stone"


def commercial(people: Program) -> None:
    set_up(people, people.payer("Aetna PPO", payer_code="60054"))
    PayerRoute.objects.update(filing_code="CI")


def covered(people: Program, episode: Episode, **fields: Any) -> Coverage:
    given: dict[str, Any] = {"payer": people.payer("Aetna PPO", payer_code="60054"), "member_id": "W1"}
    coverage = stamped(Coverage, Stamp(people.by, AT), patient=episode.patient, **(given | fields))
    record_facts([coverage])
    return coverage


def test_the_coverage_in_force_is_asked_not_an_ended_one_of_the_same_number(lakeside: Program):
    """The employer changed with the year: the payer and the member id stayed, group and holder did not."""
    commercial(lakeside)
    episode = filed_patient(lakeside, without=("coverage",))
    covered(lakeside, episode, group_number="OLD", until_on=date(2025, 12, 31))
    now = covered(lakeside, episode, group_number="NEW", from_on=date(2026, 1, 1))
    closed(lakeside)
    assert FrozenMonth.objects.get().coverage == now
    assert filed(lakeside).insured.group_number == "NEW"


def test_a_closed_month_keeps_its_coverage(lakeside: Program):
    """What is corrected on it is told; another one in its place is for a correction."""
    commercial(lakeside)
    episode = filed_patient(lakeside, without=("coverage",))
    kept = covered(lakeside, episode, group_number="KEPT", rank=2)
    close = closed(lakeside)
    covered(lakeside, episode, group_number="FIRST", member_id="W2", rank=1)
    Coverage.objects.filter(id=kept.id).update(member_id="W3")
    (plan,) = filing_plan(lakeside.organization.id, FEBRUARY, at=AT).payers
    (one,) = plan.ready
    assert (one.claim.insured.group_number, one.claim.insured.member_id) == ("KEPT", "W3")
    (told,) = clinic_month(lakeside.organization.id, FEBRUARY, lakeside.clinic.id).changed
    assert told.told == ("Another coverage by now.",)
    row = correct_month(by=lakeside.by, at=LATER, close_id=close.id, episode_id=episode.id, because="Her new card")
    assert row.coverage_id != kept.id
    claim = filed(lakeside, at=LATER)
    assert (claim.insured.group_number, claim.insured.member_id) == ("FIRST", "W2")


def test_a_coverage_that_was_taken_back_gives_way_to_the_one_in_force(lakeside: Program):
    set_up(lakeside)
    episode = filed_patient(lakeside)
    closed(lakeside)
    void_facts(list(Coverage.objects.all()), stamp=Stamp(lakeside.by, LATER), reason="Recorded in error")
    add_coverage(
        by=lakeside.by, at=LATER, patient=episode.patient, payer=lakeside.payer("Medicare Part B"),
        member_id="1EG4TE5MK74",
    )  # fmt: skip
    (plan,) = filing_plan(lakeside.organization.id, FEBRUARY, at=AT).payers
    claims = [one.claim.insured.member_id for one in (*plan.ready, *plan.to_mend)]
    assert claims == ["1EG4TE5MK74"]


def test_a_corrected_diagnosis_corrects_a_closed_month(lakeside: Program):
    set_up(lakeside)
    episode = filed_patient(lakeside)
    close = closed(lakeside)

    def changed() -> None:
        void_facts(list(Diagnosis.objects.all()), stamp=Stamp(lakeside.by, LATER), reason="Recorded in error")
        record_diagnosis(by=lakeside.by, at=LATER, episode=episode, code="F33.1", from_on=date(2026, 2, 2))

    write_late(by=lakeside.by, at=LATER, because="Confirmed otherwise", write=changed)
    (told,) = clinic_month(lakeside.organization.id, FEBRUARY, lakeside.clinic.id).changed
    assert (told.episode_id, told.told) == (episode.id, ("Diagnoses were F32.1, now F33.1.",))
    row = correct_month(by=lakeside.by, at=LATER, close_id=close.id, episode_id=episode.id, because="F33.1")
    assert row.facts["diagnoses"] == ["F33.1"]
    assert clinic_month(lakeside.organization.id, FEBRUARY, lakeside.clinic.id).changed == ()
    assert filed(lakeside, at=LATER).diagnoses == ("F33.1",)


def test_what_else_a_claim_says_can_be_corrected_too(lakeside: Program):
    """The member id was misread: the codes are the same, and the payer has to hear the right one."""
    commercial(lakeside)
    episode = filed_patient(lakeside, payer=lakeside.payer("Aetna PPO"))
    closed(lakeside)
    filed(lakeside)
    claim = Claim.objects.get()
    mark_sent(by=lakeside.by, at=AT, batch_id=claim.batch_id)
    given: dict[str, Any] = {"by": lakeside.by, "at": LATER, "claim_id": claim.id, "payer_claim_number": "ICN77"}
    Coverage.objects.filter(patient=episode.patient).update(member_id="W2")
    made = correct_claim(**given, because="Misread from the card", client_token=uuid4())
    kept = read_kept(FiledClaim, made.content["claim"])
    assert (kept.insured.member_id, made.frequency, made.replaces) == ("W2", "7", claim)
    mark_sent(by=lakeside.by, at=LATER, batch_id=made.batch_id)
    with pytest.raises(NothingToReplace):
        correct_claim(**(given | {"claim_id": made.id}), because="Again", client_token=uuid4())
