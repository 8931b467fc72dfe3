"""Scores through their operations and queries: recorded, replaced, shown, and when they are due."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from registry.models import Assessment, ClinicInstrument, Episode
from registry.operations import end_episode, open_episode, record_assessment, replace_assessment, void_fact
from registry.operations.assessments import ScoreGiven
from registry.operations.errors import AlreadyVoided, DateOutOfOrder, FormReused, ReasonMissing, ScoreUnusable
from registry.operations.tools import ToolChoice, ToolRefused, ToolsChanged, set_tools
from registry.queries.assessments import episode_on, score_shown, scores_of_patient
from registry.queries.tools import all_tools_of, scores_due, state_of, tools_of, tools_sent_to_patients
from registry.rules.tools import Rhythm

ENROLLED, FEBRUARY = date(2026, 1, 5), date(2026, 2, 2)
SIXTEEN = (2, 2, 2, 2, 2, 2, 2, 1, 1)


@pytest.fixture
def episode(person: Any, clinic: Any, by: Any, now: datetime) -> Episode:
    patient = person()
    made: Episode = open_episode(by=by, at=now, patient=patient, clinic=clinic, enrolled_on=ENROLLED)
    return made


@pytest.fixture
def given(episode: Episode, by: Any, now: datetime) -> Any:
    """`given("phq9", total=16)`: recorded in the episode."""

    def make(instrument: str, *, on: date = FEBRUARY, **values: Any) -> Assessment:
        return record_assessment(
            by=by, at=now, patient=episode.patient, episode=episode, instrument=instrument, on=on, **values
        )

    return make


def announced() -> list[str]:
    return [str(job.arguments["episode_id"]) for job in Job.objects.filter(kind="rebuild_standing")]


@pytest.mark.parametrize(
    ("instrument", "values", "stored"),
    [
        ("phq9", {"items": SIXTEEN, "difficulty": 2}, (16, 1, {"difficulty": 2})),
        ("phq9", {"items": SIXTEEN, "language": "es"}, (16, 1, {"language": "es"})),
        ("phqa", {"items": [1] * 9 + [0, 1, 0]}, (9, 1, {})),
        ("epds", {"total": 13, "item9": 2}, (13, 2, {})),
        ("cssrs", {"items": [1, 0, None, None, None, 0, None]}, (None, None, {"tier": "low"})),
        ("cssrs", {"items": [0, 1, 0, 1, 0, None, None]}, (None, None, {"tier": "high", "is_at_least": True})),
        ("pcptsd5", {"items": [0, None, None, None, None, None]}, (0, None, {})),
        ("auditc", {"items": [3, 0, 0]}, (3, None, {})),
    ],
)
def test_what_is_kept_of_each_kind_of_tool(given: Any, instrument: str, values: Any, stored: Any) -> None:
    made = Assessment.objects.get(id=given(instrument, **values).id)
    assert (made.total, made.item9, made.detail) == stored


@pytest.mark.parametrize(
    ("instrument", "values", "sentence", "item"),
    [
        ("cssrs", {"total": 3}, "C-SSRS screener has no total. Enter its answers.", None),
        (
            "cssrs",
            {"items": [0, 0, None, None, None, None, None]},
            "C-SSRS screener: 2 answers are missing, so there is no score. Answer the others, or clear them all.",
            6,
        ),
        ("epds", {"total": 31}, "EPDS takes whole numbers from 0 to 30.", None),
        ("auditc", {"items": [1, 1, None]}, None, 3),
    ],
)
def test_scores_that_say_nothing_are_refused(
    given: Any, instrument: str, values: Any, sentence: Any, item: Any
) -> None:
    with pytest.raises(ScoreUnusable) as refused:
        given(instrument, **values)
    assert refused.value.item == item
    if sentence is not None:
        assert str(refused.value) == sentence


def test_the_table_refuses_a_score_that_says_nothing(given: Any) -> None:
    made = given("phq9", total=4)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assessment.objects.create(
            organization_id=made.organization_id, patient=made.patient, instrument="cssrs", on=FEBRUARY,
            recorded_at=made.recorded_at, recorded_by=made.recorded_by, detail={"language": "es"},
        )  # fmt: skip


def test_a_form_sent_twice_records_one_score(given: Any, person: Any, by: Any, now: datetime) -> None:
    token = uuid4()
    first = given("phq9", total=12, client_token=token)
    assert given("phq9", total=12, client_token=token) == first
    with pytest.raises(FormReused):
        record_assessment(
            by=by, at=now, patient=person("Other"), episode=None, instrument="phq9", on=FEBRUARY, total=3,
            client_token=token,
        )  # fmt: skip
    assert Assessment.objects.count() == 1


def test_a_wrong_score_is_replaced_and_both_are_kept(given: Any, episode: Episode, by: Any, now: datetime) -> None:
    wrong = given("phq9", total=26, is_by_patient=True)
    Job.objects.all().delete()
    right = replace_assessment(
        by=by,
        at=now,
        assessment=wrong,
        reason=" Typed wrongly ",
        on=FEBRUARY,
        given=ScoreGiven("phq9", items=SIXTEEN),
    )
    wrong.refresh_from_db()
    assert (wrong.void_reason, wrong.voided_by, wrong.total) == ("Typed wrongly", by, 26)
    assert (right.total, right.replaces, right.episode, right.is_by_patient) == (16, wrong, episode, True)
    assert AuditEvent.objects.latest("at", "id").action == "assessment.replaced"
    assert announced() == [str(episode.id)]


def test_a_replacement_keeps_its_contact_and_goes_to_the_episode_of_its_day(given: Any, by: Any, now: datetime) -> None:
    wrong = given("phq9", total=26)
    right = replace_assessment(
        by=by, at=now, assessment=wrong, reason="Wrong day", on=date(2026, 1, 2), given=ScoreGiven("phq9", total=20)
    )
    assert (right.episode, right.on) == (None, date(2026, 1, 2))


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"reason": " "}, ReasonMissing),
        ({"given": ScoreGiven("phq9", total=28)}, ScoreUnusable),
        ({"on": date(1950, 1, 1)}, DateOutOfOrder),
    ],
)
def test_a_refused_replacement_changes_nothing(
    given: Any, by: Any, now: datetime, values: dict[str, Any], fault: type[Exception]
) -> None:
    wrong = given("phq9", total=26)
    asked = {"reason": "Typo", "on": FEBRUARY, "given": ScoreGiven("phq9", total=16), **values}
    with pytest.raises(fault):
        replace_assessment(by=by, at=now, assessment=wrong, **asked)
    assert [one.total for one in Assessment.objects.live()] == [26]


def test_a_score_is_replaced_once(given: Any, by: Any, now: datetime) -> None:
    wrong = given("phq9", total=26)
    again = Assessment.objects.get(id=wrong.id)
    asked: dict[str, Any] = {"by": by, "at": now, "reason": "Typo", "on": FEBRUARY}
    replace_assessment(**asked, assessment=wrong, given=ScoreGiven("phq9", total=16))
    with pytest.raises(AlreadyVoided):
        replace_assessment(**asked, assessment=again, given=ScoreGiven("phq9", total=15))
    assert [one.total for one in Assessment.objects.live()] == [16]


def test_which_episode_a_day_falls_into(episode: Episode, clinic: Any, by: Any, now: datetime) -> None:
    end_episode(by=by, at=now, episode=episode, on=date(2026, 1, 20), reason="graduated")
    later = open_episode(by=by, at=now, patient=episode.patient, clinic=clinic, enrolled_on=FEBRUARY)
    days = [date(2026, 1, 4), ENROLLED, date(2026, 1, 20), date(2026, 1, 21), FEBRUARY, date(2026, 3, 1)]
    found = [episode_on(episode.patient_id, on) for on in days]
    assert [one.id if one else None for one in found] == [None, episode.id, episode.id, None, later.id, later.id]


def test_scores_as_pages_show_them(given: Any, episode: Episode, by: Any, now: datetime) -> None:
    given("phq9", on=date(2026, 1, 2), total=18)
    wrong = given("phq9", on=date(2026, 1, 6), total=26)
    right = replace_assessment(
        by=by, at=now, assessment=wrong, reason="Typo", on=date(2026, 1, 6), given=ScoreGiven("phq9", items=SIXTEEN)
    )
    taken_back = given("auditc", on=date(2026, 1, 7), items=[3, 0, 0])
    void_fact(by=by, at=now, fact=taken_back, reason="Another patient")
    given("cssrs", on=date(2026, 1, 8), items=[0, 0, None, None, None, 0, None])
    shown = scores_of_patient(episode.patient_id, sex="M", enrolled_on=ENROLLED)
    assert [(one.on.day, one.result, one.critical, one.is_live, one.is_risk) for one in shown] == [
        (8, "no risk found", "", True, False),
        (7, "3, negative screen", "", False, False),
        (6, "16, moderately severe", "item 9: 1", True, True),
        (6, "26, severe", "", False, False),
        (2, "18, moderately severe", "", True, False),
    ]
    assert [one.is_before_enrolment for one in shown] == [False, False, False, False, True]
    assert [(one.replaced_by, one.replaces) for one in shown[2:4]] == [(None, wrong.id), (right.id, None)]
    assert (shown[1].void_reason, shown[1].voided_by) == ("Another patient", str(by))


def test_one_score_with_its_answers(given: Any, episode: Episode) -> None:
    made = given("phq9", items=SIXTEEN, difficulty=1, language="es")
    shown = score_shown(made.id, of=episode.patient_id)
    assert (shown.answers[8].label, shown.answers[8].answer, shown.answers[8].points) == ("9", "Varios días", 1)
    assert (shown.difficulty, shown.language) == ("Un poco difícil", "es")


def test_answers_without_a_wording_are_shown_by_number(given: Any, episode: Episode) -> None:
    made = given("dast10", items=[1, 0, 1] + [0] * 7)
    shown = score_shown(made.id, of=episode.patient_id)
    assert [(one.label, one.text, one.answer) for one in shown.answers[:2]] == [("1", "", "1"), ("2", "", "0")]
    assert (shown.result, shown.difficulty, shown.language) == ("2, low", "", "")


def test_what_answers_call_for_is_said_beside_them(given: Any, episode: Episode) -> None:
    made = given("auditc", items=[4, 0, 0])
    shown = score_shown(made.id, of=episode.patient_id, sex="M")
    assert shown.result == "4, positive screen"
    assert [remark.only_items for remark in shown.remarks] == [(1,)]


def test_a_score_of_another_patient_is_not_there(given: Any, person: Any) -> None:
    made = given("phq9", total=12)
    for score_id, patient_id in ((made.id, person("Other").id), (uuid4(), made.patient_id)):
        with pytest.raises(NotFound):
            score_shown(score_id, of=patient_id)


# A clinic's tools


def test_a_clinic_that_chose_nothing_uses_the_phq9_and_the_gad7(clinic: Any, in_tenant: Any) -> None:
    assert [(tool.key, tool.rhythm, tool.is_sent_to_patients) for tool in tools_of(clinic.id)] == [
        ("phq9", Rhythm(14, 30), True),
        ("gad7", Rhythm(14, 30), True),
    ]


def test_a_clinics_first_choice_keeps_what_held_by_default(clinic: Any, in_tenant: Any, by: Any, now: datetime) -> None:
    chosen = [ToolChoice("pcl5", is_in_use=True, rhythm=Rhythm(28, 56), is_sent_to_patients=True)]
    assert set_tools(by=by, at=now, clinic_id=clinic.id, choices=chosen) == 1
    assert [(tool.key, tool.rhythm) for tool in tools_of(clinic.id)] == [
        ("phq9", Rhythm(14, 30)),
        ("gad7", Rhythm(14, 30)),
        ("pcl5", Rhythm(28, 56)),
    ]
    assert AuditEvent.objects.get(action="tools.set").fields == ["pcl5"]


def test_a_clinic_may_use_no_tool_at_all(clinic: Any, in_tenant: Any, by: Any, now: datetime) -> None:
    none = [ToolChoice(key, is_in_use=False) for key in ("phq9", "gad7")]
    set_tools(by=by, at=now, clinic_id=clinic.id, choices=none)
    assert tools_of(clinic.id) == ()


def test_setting_what_is_so_writes_nothing(clinic: Any, in_tenant: Any, by: Any, now: datetime) -> None:
    same = [ToolChoice("phq9", is_in_use=True, rhythm=Rhythm(14, 30), is_sent_to_patients=True)]
    assert set_tools(by=by, at=now, clinic_id=clinic.id, choices=same) == 0
    assert (ClinicInstrument.objects.count(), AuditEvent.objects.filter(action="tools.set").count()) == (0, 0)


def test_a_licence_is_attested_by_somebody_and_can_be_withdrawn(
    clinic: Any, in_tenant: Any, by: Any, now: datetime
) -> None:
    def attest(*, is_attested: bool) -> Any:
        choice = ToolChoice("audit", is_in_use=True, is_attested=is_attested)
        set_tools(by=by, at=now, clinic_id=clinic.id, choices=[choice])
        return next(tool for tool in all_tools_of(clinic.id) if tool.key == "audit")

    attested = attest(is_attested=True)
    assert (attested.takes_items, attested.attested_by, attested.attested_at) == (True, str(by), now)
    set_tools(
        by=by,
        at=now + timedelta(days=1),
        clinic_id=clinic.id,
        choices=[ToolChoice("audit", is_in_use=False, is_attested=True)],
    )
    assert ClinicInstrument.objects.get(instrument="audit").licence_attested_at == now
    withdrawn = attest(is_attested=False)
    assert (withdrawn.takes_items, withdrawn.attested_by, withdrawn.attested_at) == (False, "", None)


@pytest.mark.parametrize(
    ("choice", "part"),
    [
        (ToolChoice("phq9", is_in_use=True, rhythm=Rhythm(0, 30)), "early"),
        (ToolChoice("phq9", is_in_use=True, rhythm=Rhythm(14, 400)), "later"),
        (ToolChoice("cssrs", is_in_use=True, is_sent_to_patients=True), "sent"),
        (ToolChoice("epds", is_in_use=True, is_sent_to_patients=True), "sent"),
        (ToolChoice("phq9", is_in_use=True, is_attested=True), "attested"),
    ],
)
def test_impossible_uses_of_a_tool_are_refused(
    clinic: Any, in_tenant: Any, by: Any, now: datetime, choice: ToolChoice, part: str
) -> None:
    with pytest.raises(ToolRefused) as refused:
        set_tools(by=by, at=now, clinic_id=clinic.id, choices=[choice])
    assert (refused.value.instrument, refused.value.part) == (choice.instrument, part)
    assert ClinicInstrument.objects.count() == 0


def test_the_second_of_two_people_is_told(clinic: Any, in_tenant: Any, by: Any, now: datetime) -> None:
    seen = state_of(all_tools_of(clinic.id))
    one, other = (ToolChoice(key, is_in_use=True) for key in ("phq2", "gad2"))
    set_tools(by=by, at=now, clinic_id=clinic.id, choices=[one], seen=seen)
    with pytest.raises(ToolsChanged):
        set_tools(by=by, at=now, clinic_id=clinic.id, choices=[other], seen=seen)
    assert [tool.key for tool in tools_of(clinic.id)] == ["phq9", "gad7", "phq2"]


def test_what_patients_may_be_sent(clinic: Any, in_tenant: Any, by: Any, now: datetime) -> None:
    choices = [ToolChoice("pcl5", is_in_use=True, is_sent_to_patients=True), ToolChoice("cssrs", is_in_use=True)]
    set_tools(by=by, at=now, clinic_id=clinic.id, choices=choices)
    assert [tool.key for tool in tools_sent_to_patients(clinic.id)] == ["phq9", "gad7", "pcl5"]


def regular(episode: Episode) -> Any:
    """What the clinic's rhythm asks for, read in one statement beside its tools."""
    tools = tools_of(episode.clinic_id)
    with CaptureQueriesContext(connection) as asked:
        due = scores_due(episode, tools)
    assert len(asked) == (episode.ended_on is None)
    return due


def test_when_scores_are_due(given: Any, episode: Episode, by: Any, now: datetime) -> None:
    given("phq9", on=date(2026, 1, 2), total=18)
    given("phqa", on=date(2026, 1, 12), items=[1] * 9 + [None] * 3)
    given("phq9", on=date(2026, 1, 20), items=[None] * 8 + [1])  # no score came of it
    assert [(due.instrument.key, due.last_on, due.due_on) for due in regular(episode)] == [
        ("phq9", date(2026, 1, 12), date(2026, 1, 26)),
        ("gad7", None, ENROLLED),
    ]
    end_episode(by=by, at=now, episode=episode, on=date(2026, 2, 1), reason="graduated")
    episode.refresh_from_db()
    assert regular(episode) == ()


def test_a_screener_in_a_rhythm_is_due_after_its_last_tier(
    given: Any, episode: Episode, by: Any, now: datetime
) -> None:
    choice = ToolChoice("cssrs", is_in_use=True, rhythm=Rhythm(7, 30))
    set_tools(by=by, at=now, clinic_id=episode.clinic_id, choices=[choice])
    given("cssrs", on=date(2026, 1, 10), items=[0, 0, None, None, None, 0, None])
    assert [due.due_on for due in regular(episode) if due.instrument.key == "cssrs"] == [date(2026, 1, 17)]
