"""Consent, visits, diagnoses and enrolment as operations: what is checked, what is kept, what a second submit does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from importlib.metadata import version
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from registry.models import Consent, ConsentText, Diagnosis, Episode, InitiatingVisit, ProgramPeriod, Referral
from registry.operations import (
    add_diagnosis,
    confirm_diagnosis,
    end_diagnosis,
    end_episode,
    note_visit,
    open_episode,
    put_first,
    record_diagnosis,
    take_consent,
    write_consent_text,
)
from registry.operations.enrolment import choose_targets, enrol_patient
from registry.operations.errors import (
    AlreadyVoided,
    ConsentImpossible,
    DateOutOfOrder,
    DiagnosisKnown,
    DiagnosisUnusable,
    EpisodeEnded,
    EpisodeOpen,
    NothingChanges,
    ReasonMissing,
    TargetUnknown,
    TextChangedMeanwhile,
)
from registry.operations.referrals import make_referral
from registry.queries.consents import consent_texts, cost_words, covering_consent, current_texts
from registry.queries.diagnoses import diagnoses_of, new_codes, search_icd10
from registry.queries.enrolment import enrolment_shown, targets_of
from registry.rules.diagnoses import icd10
from tests.factories.program import RelatedPersonFactory
from tests.factories.registry import (
    AssessmentFactory,
    ConsentFactory,
    CoverageFactory,
    InitiatingVisitFactory,
    PayerFactory,
    TreatingClinicianFactory,
)

FEBRUARY = date(2026, 2, 2)
TODAY = date(2026, 3, 2)
BORN_2010 = {"birth_date": date(2010, 5, 4)}


@pytest.fixture
def clinician(in_tenant: Any) -> Any:
    return TreatingClinicianFactory(organization=in_tenant, npi="1234567893")


@pytest.fixture
def episode(by: Any, now: datetime, clinic: Any, person: Callable[..., Any], clinician: Any) -> Episode:
    return open_episode(
        by=by,
        at=now,
        patient=person(),
        clinic=clinic,
        enrolled_on=FEBRUARY,
        treating_clinician=clinician,
        care_manager=by,
    )


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("at", "id").values_list("action", flat=True))


# Consent


def test_consent_is_kept_with_who_gave_and_who_took_it(by: Any, now: datetime, episode: Any, clinician: Any) -> None:
    text = write_consent_text(by=by, at=now, language="en", text="Do you agree?", based_on=0)
    given = take_consent(
        by=by,
        at=now,
        patient=episode.patient,
        given_at=now - timedelta(hours=1),
        form="written",
        treating_clinician=clinician,
        script=text,
    )
    kept = Consent.objects.get()
    assert (kept.id, kept.form, kept.given_by, kept.script, kept.taken_by, kept.treating_clinician) == (
        given.id,
        "written",
        "patient",
        text,
        by,
        clinician,
    )
    assert covering_consent(episode.patient_id, TODAY) == given
    assert events()[-1] == "consent.recorded"
    assert Job.objects.filter(kind="refresh_service_month").count() == 1


def test_the_same_consent_again_changes_nothing(by: Any, now: datetime, person: Callable[..., Any]) -> None:
    values = {"by": by, "at": now, "patient": person(), "given_at": now, "form": "verbal"}
    assert take_consent(**values) == take_consent(**values)
    assert Consent.objects.count() == 1
    assert take_consent(**{**values, "form": "written"}) != Consent.objects.filter(form="verbal").get()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"given_by": "minor", "minor_basis": "State law"}, "given_by"),
        ({"given_by": "representative"}, "representative"),
        ({"given_at": datetime.fromisoformat("2026-03-02T17:06+00:00")}, "on"),
        ({"given_at": datetime.fromisoformat("1960-01-01T12:00+00:00")}, "on"),
    ],
)
def test_a_consent_that_cannot_be_names_its_field(
    by: Any, now: datetime, person: Callable[..., Any], change: dict[str, Any], field: str
) -> None:
    values = {"by": by, "at": now, "patient": person(), "given_at": now, "form": "verbal", **change}
    with pytest.raises(ConsentImpossible) as refused:
        take_consent(**values)
    assert refused.value.field == field
    assert Consent.objects.count() == 0


def test_a_minor_consents_alone_or_through_a_representative(by: Any, now: datetime, person: Callable[..., Any]) -> None:
    child = person(**BORN_2010)
    mother = RelatedPersonFactory(organization=child.organization, patient=child, represents_as="parent")
    values = {"by": by, "at": now, "patient": child, "given_at": now, "form": "verbal"}
    with pytest.raises(ConsentImpossible):
        take_consent(**values)
    take_consent(**values, given_by="minor", minor_basis="From 14 on")
    take_consent(**values, given_by="representative", representative=mother)
    assert set(Consent.objects.values_list("given_by", "minor_basis", "representative_id")) == {
        ("minor", "From 14 on", None),
        ("representative", "", mother.id),
    }


def test_a_consent_that_was_taken_back_covers_nothing_from_that_day(
    by: Any, now: datetime, person: Callable[..., Any]
) -> None:
    patient = person()
    ConsentFactory(organization=patient.organization, patient=patient, revoked_on=TODAY)
    assert covering_consent(patient.id, TODAY) is None
    assert covering_consent(patient.id, TODAY - timedelta(days=1)) is not None


def test_texts_are_numbered_a_language_and_never_edited(in_tenant: Any, by: Any, now: datetime) -> None:
    first = write_consent_text(by=by, at=now, language="en", text="One", based_on=0)
    assert write_consent_text(by=by, at=now, language="en", text="One", based_on=0) == first
    second = write_consent_text(by=by, at=now, language="en", text="Two", based_on=1)
    write_consent_text(by=by, at=now, language="es", text="Uno", based_on=0)
    with pytest.raises(TextChangedMeanwhile):
        write_consent_text(by=by, at=now, language="en", text="Mine", based_on=1)
    assert list(ConsentText.objects.order_by("language", "number").values_list("language", "number", "text")) == [
        ("en", 1, "One"),
        ("en", 2, "Two"),
        ("es", 1, "Uno"),
    ]
    assert current_texts(by.organization_id)["en"].id == second.id
    assert [text.number for text in consent_texts(by.organization_id)] == [2, 1, 1]


def test_without_a_text_of_its_own_an_organization_is_offered_ours(in_tenant: Any, by: Any) -> None:
    texts = current_texts(by.organization_id)
    assert [(text.id, text.number) for text in texts.values()] == [(None, 0), (None, 0)]


def test_what_it_costs_is_read_from_the_insurance(by: Any, person: Callable[..., Any]) -> None:
    patient = person()
    assert cost_words(patient.id).startswith("You have no insurance on record")
    payer = PayerFactory(organization=patient.organization, name="Medicare", takes_mbi=True)
    coverage = CoverageFactory(organization=patient.organization, patient=patient, payer=payer)
    assert cost_words(patient.id).startswith("Medicare pays 80 percent")
    coverage.plan_name = "QMB"
    coverage.save()
    assert cost_words(patient.id, "es").startswith("Usted no paga nada")


# The visit


def test_a_visit_sent_twice_is_one(by: Any, now: datetime, person: Callable[..., Any], clinician: Any) -> None:
    values = {
        "by": by,
        "at": now,
        "today": TODAY,
        "patient": person(),
        "on": date(2026, 1, 20),
        "code": "99214",
        "is_by_billing_practitioner": True,
        "treating_clinician": clinician,
    }
    assert note_visit(**values) == note_visit(**values)
    assert list(InitiatingVisit.objects.values_list("code", "treating_clinician_id")) == [("99214", clinician.id)]
    for on in (TODAY + timedelta(days=1), date(1961, 5, 3)):
        with pytest.raises(DateOutOfOrder):
            note_visit(**{**values, "on": on})


# Diagnoses


def test_only_whole_codes_are_chosen_and_any_are_imported(by: Any, now: datetime, episode: Any) -> None:
    with pytest.raises(DiagnosisUnusable, match="F33 needs one more digit"):
        add_diagnosis(by=by, at=now, episode=episode, code="F33")
    with pytest.raises(DiagnosisUnusable, match="is not a code"):
        add_diagnosis(by=by, at=now, episode=episode, code="F99.99")
    with pytest.raises(DiagnosisUnusable, match="is not a code"):
        add_diagnosis(by=by, at=now, episode=episode, code="F33.99", is_new=True)
    record_diagnosis(by=by, at=now, episode=episode, code="F99.99")
    add_diagnosis(by=by, at=now, episode=episode, code="f331")
    with pytest.raises(DiagnosisKnown):
        add_diagnosis(by=by, at=now, episode=episode, code="F33.1")
    shown = [(one.code, one.title, one.is_first) for one in diagnoses_of(episode)]
    assert shown == [
        ("F99.99", "", True),
        ("F33.1", "Major depressive disorder, recurrent, moderate", False),
    ]


def test_a_code_of_a_later_release_is_taken_on_somebodys_word(by: Any, now: datetime, episode: Any) -> None:
    later = now.replace(year=2026, month=11)
    with pytest.raises(DiagnosisUnusable, match="is not a code"):
        add_diagnosis(by=by, at=later, episode=episode, code="F33.99")
    for slip in ("F33", "F9Z.1", "soon"):
        with pytest.raises(DiagnosisUnusable):
            add_diagnosis(by=by, at=later, episode=episode, code=slip, is_new=True)
    made = [add_diagnosis(by=by, at=later, episode=episode, code=code, is_new=True) for code in ("f3399", "F33.1")]
    assert [(one.code, one.is_new) for one in made] == [("F33.99", True), ("F33.1", False)]
    assert new_codes(by.organization_id, [episode.id]) == {episode.id: {"F33.99"}}


def test_the_treated_one_is_put_first_and_the_rest_follow(by: Any, now: datetime, episode: Any) -> None:
    made = [add_diagnosis(by=by, at=now, episode=episode, code=code) for code in ("F41.1", "F33.1", "F43.10")]
    put_first(by=by, at=now, diagnosis=made[2])
    assert [one.code for one in diagnoses_of(episode)] == ["F43.10", "F41.1", "F33.1"]
    end_diagnosis(by=by, at=now, diagnosis=made[0], reason="Entered for another patient")
    assert list(Diagnosis.objects.live().order_by("rank").values_list("rank", "code")) == [(1, "F43.10"), (2, "F33.1")]
    with pytest.raises(AlreadyVoided):
        end_diagnosis(by=by, at=now, diagnosis=made[0], reason="Again")
    with pytest.raises(ReasonMissing):
        end_diagnosis(by=by, at=now, diagnosis=made[1], reason=" ")
    assert events()[-2:] == ["diagnosis.put_first", "diagnosis.voided"]


def test_a_diagnosis_is_confirmed_once(by: Any, now: datetime, episode: Any, clinician: Any) -> None:
    made = add_diagnosis(by=by, at=now, episode=episode, code="F33.1")
    values = {"by": by, "at": now, "diagnosis": made, "treating_clinician": clinician, "today": TODAY}
    with pytest.raises(DateOutOfOrder):
        confirm_diagnosis(**values, on=TODAY + timedelta(days=1), how="verbally")
    confirm_diagnosis(**values, on=TODAY, how="verbally")
    with pytest.raises(NothingChanges):
        confirm_diagnosis(**values, on=TODAY, how="by message")
    (shown,) = diagnoses_of(episode)
    assert (shown.confirmed_on, shown.confirmed_by, shown.confirmed_how) == (TODAY, str(clinician), "verbally")


def test_nothing_is_added_to_an_ended_episode_but_an_error_is_taken_back(by: Any, now: datetime, episode: Any) -> None:
    made = add_diagnosis(by=by, at=now, episode=episode, code="F33.1")
    end_episode(by=by, at=now, episode=episode, on=TODAY, reason="graduated")
    with pytest.raises(EpisodeEnded):
        add_diagnosis(by=by, at=now, episode=episode, code="F41.1")
    end_diagnosis(by=by, at=now, diagnosis=made, reason="Wrong patient")
    assert Diagnosis.objects.live().count() == 0


def test_a_search_says_what_release_it_knows() -> None:
    found = search_icd10("F33", date(2026, 5, 1))
    assert (found.note, found.fault) == ("", "F33 needs one more digit: choose one of those below it.")
    assert found.rows[0].code == "F33.0"
    later = search_icd10("F33.1", date(2026, 10, 1))
    assert later.note.startswith("These are the codes of ICD-10-CM, release April 2026, in force to Sep 30, 2026.")
    assert later.fault == ""
    assert search_icd10("disorder", TODAY).is_cut
    assert search_icd10("Q0", TODAY).fault == ""


def test_the_packed_table_holds_the_release_that_is_installed() -> None:
    """tests/battery/test_icd10.py compares every line."""
    assert version("simple-icd-10-cm") == "1.5.0", "run `manage.py pack_icd10`, and set RELEASE"
    whole = [one for one in icd10().lines() if one.is_whole]
    assert (len(whole), sum(one.is_behavioral for one in whole)) == (74714, 870)


# Enrolment


@pytest.fixture
def referral(by: Any, now: datetime, clinic: Any, person: Callable[..., Any]) -> Referral:
    return make_referral(
        by=by,
        at=now,
        patient=person("Novak"),
        clinic=clinic,
        referred_on=date(2026, 2, 20),
        source="clinician",
        client_token=uuid4(),
    ).referral


def test_a_referral_becomes_an_enrolment_once(by: Any, now: datetime, clinic: Any, referral: Any) -> None:
    values = {"by": by, "at": now, "today": TODAY, "referral": referral, "clinic": clinic, "enrolled_on": TODAY}
    episode = enrol_patient(**values, program="bhi", care_manager=by)
    assert enrol_patient(**values) == episode
    referral.refresh_from_db()
    assert (referral.state, referral.outcome, referral.episode) == ("ended", "enrolled", episode)
    assert (episode.referred_on, episode.enrolled_on, episode.program) == (date(2026, 2, 20), TODAY, "bhi")
    assert list(ProgramPeriod.objects.values_list("from_on", "program")) == [(TODAY, "bhi")]


def test_an_enrolment_is_neither_in_the_future_nor_within_an_earlier_one(
    by: Any, now: datetime, clinic: Any, referral: Any
) -> None:
    values = {"by": by, "at": now, "today": TODAY, "referral": referral, "clinic": clinic}
    with pytest.raises(DateOutOfOrder, match="in the future"):
        enrol_patient(**values, enrolled_on=TODAY + timedelta(days=1))
    earlier = open_episode(by=by, at=now, patient=referral.patient, clinic=clinic, enrolled_on=date(2025, 5, 1))
    with pytest.raises(EpisodeOpen):
        enrol_patient(**values, enrolled_on=TODAY)
    end_episode(by=by, at=now, episode=earlier, on=date(2026, 2, 25), reason="withdrew")
    with pytest.raises(DateOutOfOrder, match="still enrolled"):
        enrol_patient(**values, enrolled_on=date(2026, 2, 25))
    assert enrol_patient(**values, enrolled_on=date(2026, 2, 26)).id != earlier.id


def test_target_scales_are_chosen_among_those_with_targets(by: Any, now: datetime, episode: Any) -> None:
    assert targets_of(episode) == ("phq9", "gad7")
    for keys in ((), ("cssrs",), ("nothing",)):
        with pytest.raises(TargetUnknown):
            choose_targets(by=by, at=now, episode=episode, keys=keys)
    chosen = choose_targets(by=by, at=now, episode=episode, keys=["pcl5", "phq9"])
    assert set(targets_of(chosen)) == {"pcl5", "phq9"}
    with pytest.raises(NothingChanges):
        choose_targets(by=by, at=now, episode=chosen, keys=["phq9", "pcl5"])


def test_the_checklist_of_a_real_enrolment(
    by: Any, now: datetime, clinic: Any, episode: Any, clinician: Any, django_assert_max_num_queries: Any
) -> None:
    patient = episode.patient
    other = TreatingClinicianFactory(organization=patient.organization)
    ConsentFactory(organization=patient.organization, patient=patient, treating_clinician=other)
    InitiatingVisitFactory(organization=patient.organization, patient=patient, on=date(2025, 2, 1))
    add_diagnosis(by=by, at=now, episode=episode, code="F33.1")
    AssessmentFactory(organization=patient.organization, episode=episode, on=date(2026, 1, 30), total=20)
    AssessmentFactory(organization=patient.organization, episode=episode, on=date(2026, 2, 9), total=16, item9=1)
    with django_assert_max_num_queries(8):
        found = enrolment_shown(patient, episode, zone=ZoneInfo(clinic.time_zone), today=TODAY).checklist
    assert [(part.key, part.detail) for part in found.missing] == [
        ("consent", f"Verbal, Feb 1, 2026, for {other}. {clinician} bills now: ask again."),
        ("visit", "99214, Feb 1, 2025: more than a year before enrolment"),
        ("confirmed", "By the treating clinician"),
        ("insurance", ""),
        ("baseline", "The first score on or after enrolment becomes it"),
        ("initial_assessment", ""),
        ("care_plan", ""),
        ("safety_plan", "The last answer about self-harm was above 0"),
        ("emergency_contact", ""),
    ]
    done = {part.label: part.detail for part in found.parts if part.is_done}
    assert done["Baseline PHQ-9"] == "16, Feb 9, 2026"


def test_a_consent_taken_back_and_a_visit_with_somebody_else_are_missing(
    now: datetime, clinic: Any, episode: Any
) -> None:
    patient = episode.patient
    ConsentFactory(organization=patient.organization, patient=patient, revoked_on=TODAY)
    InitiatingVisitFactory(organization=patient.organization, patient=patient, is_by_billing_practitioner=False)
    found = enrolment_shown(patient, episode, zone=ZoneInfo(clinic.time_zone), today=TODAY).checklist
    said = {part.key: part.detail for part in found.missing}
    assert (said["consent"], said["visit"]) == ("Taken back on Mar 2, 2026", "")
