"""The plan against relapse and the way down and back, through operations and the browser's door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from caseload.models import FollowUp
from caseload.operations.errors import FollowUpInThePast
from caseload.operations.prevention import change_status_and_plan, plan_next
from caseload.queries.chart_around import RelapsePlanShown
from caseload.queries.status_ground import status_ground
from registry.models import Episode, RelapsePlan, StatusChange
from registry.operations.care_plans import record_plan_version
from registry.operations.errors import EpisodeEnded
from registry.operations.plan_errors import ContentRefused, EditedMeanwhile
from registry.operations.relapse_plans import record_relapse_plan
from registry.operations.safety_plans import record_safety_plan
from registry.queries.plans import earlier_relapse_plan, relapse_plan_of
from registry.queries.status import status_papers
from registry.rules.care_plans import Intervention, Medication, Plan
from registry.rules.relapse_plans import RelapsePrevention
from registry.rules.safety_plans import Safety
from tests.factories.caseload import EpisodeStandingFactory
from tests.factories.program import RelatedPersonFactory
from tests.factories.registry import AssessmentFactory, EpisodeFactory
from tests.factories.risk import RelapsePlanFactory
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now")

TODAY, BEGUN = date(2026, 3, 2), date(2025, 10, 6)
WALKS = RelapsePrevention(what_helps="Two walks a week")
TYPED = {
    "based_on": "0", "on": "2026-03-02", "warning_signs": "Sleeping badly", "what_helps": "Two walks a week",
    "medications-0-name": "Sertraline", "medications-0-until": "May 2027", "contacts-0-name": "Dolores",
    "come_back-0-scale": "PHQ-9", "come_back-0-number": "9", "next_on": "2026-04-30",
}  # fmt: skip


@pytest.fixture
def by(in_tenant: Any, membership: Callable[..., Any]) -> Any:
    return membership("care_manager", name="Ken Abara", credential="RN")


@pytest.fixture
def episode(by: Any, clinic: Any, in_tenant: Any) -> Episode:
    made = EpisodeFactory(
        organization=in_tenant, clinic=clinic, patient__clinic=clinic, enrolled_on=BEGUN, care_manager=by
    )
    EpisodeStandingFactory(organization=in_tenant, episode=made)
    return made


@pytest.fixture
def scored(in_tenant: Any, episode: Episode) -> Callable[..., Any]:
    """`scored(16, week=4)`: a PHQ-9 of the episode."""

    def make(total: int, *, week: int) -> Any:
        on = BEGUN + timedelta(weeks=week)
        return AssessmentFactory(organization=in_tenant, episode=episode, total=total, item9=0, on=on)

    return make


@pytest.fixture
def well(scored: Callable[..., Any]) -> None:
    for week, total in ((0, 18), (8, 8), (12, 6), (16, 4)):
        scored(total, week=week)


@pytest.fixture
def url(organization: Any, episode: Any) -> Callable[[str], str]:
    return lambda path: f"/o/{organization.slug}/patients/{episode.patient_id}/{path}"


def keep(by: Any, episode: Episode, now: datetime, content: RelapsePrevention = WALKS, based_on: int = 0) -> Any:
    return record_relapse_plan(
        by=by, at=now, episode=episode, based_on=based_on, on=TODAY, content=content, today=TODAY
    )


def due_of(episode: Episode) -> list[tuple[date, str]]:
    return list(FollowUp.objects.live().filter(episode=episode).values_list("due_on", "purpose"))


# The plan


def test_versions_are_numbered_and_the_second_editor_is_told(by: Any, episode: Episode, now: datetime) -> None:
    assert keep(by, episode, now).was_new
    assert not keep(by, episode, now).was_new
    with pytest.raises(EditedMeanwhile):
        keep(by, episode, now, RelapsePrevention(what_helps="Choir"))
    keep(by, episode, now, RelapsePrevention(what_helps="Choir"), based_on=1)
    assert list(RelapsePlan.objects.order_by("number").values_list("number", "content")) == [
        (1, {"what_helps": "Two walks a week"}),
        (2, {"what_helps": "Choir"}),
    ]
    found = relapse_plan_of(episode.id)
    assert found is not None
    assert (found.number, found.content.what_helps, found.by) == (2, "Choir", "Ken Abara, RN")
    assert list(AuditEvent.objects.values_list("action", flat=True)) == ["relapse_plan.recorded"] * 2


def test_what_is_refused(by: Any, episode: Episode, now: datetime) -> None:
    with pytest.raises(ContentRefused):
        keep(by, episode, now, RelapsePrevention())
    Episode.objects.filter(id=episode.id).update(ended_on=TODAY, end_reason="graduated", status="discharged")
    with pytest.raises(EpisodeEnded):
        keep(by, Episode.objects.get(id=episode.id), now)


def test_a_first_version_is_begun_from_the_record(
    client: Client, url: Callable[[str], str], by: Any, episode: Episode, now: datetime, well: None, in_tenant: Any
) -> None:
    care = Plan(
        medications=(Medication("Sertraline", "100 mg"),), interventions=(Intervention("sleep", "Up at seven"),)
    )
    record_plan_version(by=by, at=now, episode=episode, based_on=0, on=TODAY, content=care, today=TODAY)
    safety = Safety(warning_signs="I stop answering the phone")
    record_safety_plan(by=by, at=now, patient=episode.patient, based_on=0, on=TODAY, content=safety, today=TODAY)
    RelatedPersonFactory(
        organization=in_tenant, patient=episode.patient, name="Dana", relation="Spouse", phone="555-0300",
        is_emergency_contact=True,
    )  # fmt: skip
    page = client.get(url("relapse-plan/edit/"))
    form = page.context["form"]
    assert {name: form[name].value() for name in (
        "warning_signs", "what_helps", "medications-0-name", "medications-0-dose", "contacts-0-name",
        "contacts-1-name", "contacts-1-phone", "come_back-0-scale", "come_back-0-number", "next_on",
    )} == {
        "warning_signs": "I stop answering the phone", "what_helps": "Better sleep: Up at seven",
        "medications-0-name": "Sertraline", "medications-0-dose": "100 mg",
        "contacts-0-name": "Ken Abara, care manager", "contacts-1-name": "Dana, spouse",
        "contacts-1-phone": "555-0300", "come_back-0-scale": "PHQ-9", "come_back-0-number": "9",
        "next_on": date(2026, 5, 1),
    }  # fmt: skip
    assert "Begun from the care plan, the safety plan, the people on record and the scores." in page.text
    assert RelapsePlan.objects.count() == 0


def test_it_is_written_read_compared_and_printed_in_spanish(
    client: Client, url: Callable[[str], str], episode: Episode
) -> None:
    nothing = client.get(url("relapse-plan/"))
    assert "No relapse plan yet" in nothing.text
    assert url("relapse-plan/edit/") in nothing.text
    early = client.post(url("relapse-plan/edit/"), TYPED | {"next_on": "2026-03-01"})
    assert (early.status_code, early.context["form"]["warning_signs"].value()) == (422, "Sleeping badly")
    assert "Next check: this day is before the day of the plan. Correct one of them." in early.text
    saved = client.post(url("relapse-plan/edit/"), TYPED, follow=True)
    assert saved.redirect_chain == [(url("relapse-plan/"), 302)]
    assert [part.title for part in saved.context["parts"]] == [
        "Early warning signs", "What helps", "Medications to keep taking", "Whom to call",
        "What would bring the patient back", "Next check",
    ]  # fmt: skip
    assert saved.context["missing"] == ()
    client.post(url("relapse-plan/edit/"), TYPED | {"based_on": "1", "what_helps": "Choir"})
    compared = client.get(url("relapse-plan/compare/"))
    assert [part.title for part in compared.context["differing"]] == ["What helps"]
    printed = client.get(url("relapse-plan/print/?language=es"))
    assert "Mi plan para seguir bien" in printed.text
    assert "PHQ-9: 9 o más" in printed.text
    assert "988" in printed.text
    assert sorted(set(AuditEvent.objects.values_list("action", flat=True))) == [
        f"relapse_plan.{what}" for what in ("compared", "opened", "printed", "recorded", "viewed")
    ]


def test_two_editors_see_both(client: Client, url: Callable[[str], str], by: Any, episode: Any, now: datetime) -> None:
    keep(by, episode, now, RelapsePrevention(what_helps="Choir"))
    page = client.post(url("relapse-plan/edit/"), TYPED)
    assert page.status_code == 422
    assert page.context["meanwhile"].version.content.what_helps == "Choir"
    assert page.context["form"]["what_helps"].value() == "Two walks a week"
    assert RelapsePlan.objects.count() == 1


def test_a_return_shows_the_plan_from_before_and_begins_with_it(
    client: Client, url: Callable[[str], str], episode: Episode, in_tenant: Any
) -> None:
    before = EpisodeFactory(
        organization=in_tenant, patient=episode.patient, enrolled_on=date(2025, 1, 1),
        ended_on=date(2025, 6, 1), end_reason="graduated", status="discharged",
    )  # fmt: skip
    RelapsePlanFactory(
        organization=in_tenant, episode=before, number=1, on=date(2025, 5, 1), content={"what_helps": "Choir"}
    )
    earlier = earlier_relapse_plan(episode.patient_id, without=episode.id)
    assert earlier is not None
    assert earlier.content == RelapsePrevention(what_helps="Choir")
    page = client.get(url("relapse-plan/"))
    assert page.context["version"] is None
    assert "From the enrolment before" in page.text
    assert "Choir" in page.text
    form = client.get(url("relapse-plan/edit/"))
    assert form.context["form"]["what_helps"].value() == "Choir"
    assert "Taken over from the enrolment before (May 1, 2025)." in form.text


def test_the_pages_cost_the_same_for_every_number_of_versions(
    client: Client, url: Callable[[str], str], by: Any, episode: Any, now: datetime
) -> None:
    counts = []
    for number in range(3):
        keep(by, episode, now, RelapsePrevention(what_helps=f"Walks {number}"), based_on=number)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(url("relapse-plan/"))
        counts.append(len(own(asked)))
    assert counts[0] == counts[1] == counts[2]
    assert counts[0] <= 8


# Down and back


def test_stepping_down_asks_for_the_plan_and_proposes_two_months(
    client: Client, url: Callable[[str], str], by: Any, episode: Episode, now: datetime, well: None
) -> None:
    page = client.get(url("status/"))
    step = page.context["steps"][1]
    assert (step.to, step.asks_reason, step.form["next_on"].value()) == (
        "relapse_prevention", True, date(2026, 5, 1),
    )  # fmt: skip
    assert "No relapse plan is written yet. Write it with the patient first." in page.text
    assert url("relapse-plan/edit/") in page.text
    keep(by, episode, now, RelapsePrevention(what_helps="Walks", next_on=date(2026, 4, 20), next_purpose="Spring"))
    step = client.get(url("status/")).context["steps"][1]
    assert (step.asks_reason, step.form["next_on"].value()) == (False, date(2026, 4, 20))
    typed = {"to": "relapse_prevention", "on": "2026-03-02", "next_on": "2026-02-20", "reason": ""}
    past = client.post(url("status/"), typed)
    assert past.status_code == 422
    assert "This day is over. Choose today or a later day." in past.text
    assert StatusChange.objects.count() == 0
    client.post(url("status/"), typed | {"next_on": "2026-04-20"})
    client.post(url("status/"), typed | {"next_on": "2026-04-21"})
    assert due_of(episode) == [(date(2026, 4, 20), "Spring")]
    assert Episode.objects.get().relapse_prevention_from == TODAY


def test_one_score_recalls_and_two_lead_back_in_one_press(
    client: Client, url: Callable[[str], str], by: Any, episode: Episode, now: datetime, well: None,
    scored: Callable[..., Any],
) -> None:  # fmt: skip
    Episode.objects.filter(id=episode.id).update(status="relapse_prevention", relapse_prevention_from=date(2026, 1, 26))
    plan_next(by=by, at=now, episode_id=episode.id, on=date(2026, 4, 20), purpose="Spring")
    assert "No score says relapse" in client.get(url("status/")).text
    client.post(url("recall/"))
    assert due_of(episode) == [(date(2026, 4, 20), "Spring")]
    scored(11, week=20)  # Feb 23
    page = client.get(url("status/"))
    assert page.context["to_do"].recall_on == date(2026, 3, 9)
    answer = client.post(url("recall/"), follow=True)
    assert "The next contact is on Mar 9" in answer.text
    client.post(url("recall/"))
    assert due_of(episode) == [(date(2026, 3, 9), "Repeat the score: the last one says relapse")]
    scored(12, week=21)
    page = client.get(url("status/"))
    assert (page.context["to_do"].tone, page.context["steps"][0].form["next_on"].value()) == (
        "danger", date(2026, 3, 16),
    )  # fmt: skip
    client.post(url("status/"), {"to": "active", "on": "2026-03-02", "next_on": "2026-03-16", "reason": ""})
    back = Episode.objects.get()
    assert (back.status, back.relapse_prevention_from) == ("active", None)
    assert due_of(episode) == [(date(2026, 3, 16), "Back in treatment: what changed, and what is tried next")]
    assert list(StatusChange.objects.values_list("status", flat=True)) == ["active"]


def test_a_graduate_takes_the_way_back_from_the_plan(
    client: Client, url: Callable[[str], str], by: Any, episode: Episode, now: datetime
) -> None:
    client.post(url("relapse-plan/edit/"), TYPED)
    form = client.get(url("discharge/?reason=graduated")).context["form"]
    assert form["way_back"].value() == "Comes back with PHQ-9 9 or more.\nTo call: Dolores."


def test_a_refused_day_changes_nothing(by: Any, episode: Episode, now: datetime, well: None) -> None:
    ground = status_ground(episode, status_papers(episode), TODAY)
    with pytest.raises(FollowUpInThePast):
        change_status_and_plan(
            by=by, at=now, episode=episode, to="relapse_prevention", on=TODAY, ground=ground, reason="Her wish",
            next_on=date(2026, 3, 1),
        )  # fmt: skip
    assert Episode.objects.get().status == "active"
    assert FollowUp.objects.count() == 0


# On the chart


def test_the_chart_and_the_checklists_ask_for_it_and_show_it(
    client: Client, url: Callable[[str], str], by: Any, episode: Episode, now: datetime, in_tenant: Any
) -> None:
    def said() -> tuple[Any, list[bool], list[bool]]:
        chart, enrolment = client.get(url("")), client.get(url("enrolment/"))
        lists = (chart.context["chart"].checklist, enrolment.context["shown"].checklist)
        first, second = ([part.is_done for part in one.parts if part.key == "relapse_plan"] for one in lists)
        return chart.context["around"].relapse_plan, first, second

    assert said() == (RelapsePlanShown(), [], [])
    Episode.objects.filter(id=episode.id).update(status="relapse_prevention", relapse_prevention_from=TODAY)
    assert said() == (RelapsePlanShown(is_due=True), [False], [False])
    before = EpisodeFactory(
        organization=in_tenant, patient=episode.patient, enrolled_on=date(2025, 1, 1),
        ended_on=date(2025, 6, 1), end_reason="graduated", status="discharged",
    )  # fmt: skip
    RelapsePlanFactory(organization=in_tenant, episode=before, number=1, on=date(2025, 5, 1))
    assert said() == (RelapsePlanShown("Version 1", date(2025, 5, 1), is_earlier=True, is_due=True), [False], [False])
    keep(by, episode, now)
    assert said() == (RelapsePlanShown("Version 1", TODAY), [True], [True])
    assert "Relapse plan, version 1" in client.get(url("")).text
