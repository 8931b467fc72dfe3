"""The caseload page: filters, search in the list, saved views, the file, paper."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from caseload.models import EpisodeStanding, HandOver, SavedView, Timer
from caseload.operations import rebuild_standing
from registry.models import Episode
from registry.operations import end_episode, record_assessment
from tests.factories.caseload import SavedViewFactory
from tests.factories.work import HandOverFactory

pytestmark = pytest.mark.usefixtures("at_now")

TODAY = date(2026, 3, 2)


@pytest.fixture
def caseload(organization: Any) -> str:
    return f"/o/{organization.slug}/caseload/"


@pytest.fixture
def scored(by: Any, now: datetime) -> Callable[..., None]:
    """`scored(episode, "phq9", 16, on)`: recorded, and the list with it."""

    def make(episode: Episode, instrument: str, total: int, on: date, item9: int | None = None) -> None:
        record_assessment(
            by=by, at=now, patient=episode.patient, episode=episode, instrument=instrument, total=total, on=on,
            item9=item9,
        )  # fmt: skip
        rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=now)

    return make


def shown(page: Any) -> list[str]:
    return [line.name.split(",")[0] for line in page.context["lines"]]


def in_file(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


# What the known products get wrong


def test_remission_at_score_0_is_visible(
    client: Client, caseload: str, enrolled: Callable[..., Any], scored: Callable[..., None]
) -> None:
    episode = enrolled("Rivera", enrolled_on=date(2025, 11, 3))
    scored(episode, "phq9", 18, date(2025, 11, 3))
    scored(episode, "phq9", 0, date(2026, 2, 20))
    text = client.get(caseload).text
    assert "<strong>0</strong>" in text
    assert '<span class="score-change">−18</span>' in text
    assert '<span class="score-state">Remission</span>' in text
    (row,) = in_file(client.post(f"{caseload}file/"))
    assert (row["PHQ-9 baseline"], row["PHQ-9 last"], row["PHQ-9 change"], row["PHQ-9 state"]) == (
        "18", "0", "-18", "Remission",
    )  # fmt: skip
    assert "18 to 0 (−18), Feb 20" in client.get(f"{caseload}print/").text


def test_weeks_are_counted_to_today_also_for_those_who_vanished(
    client: Client, caseload: str, enrolled: Callable[..., Any], by: Any, now: datetime
) -> None:
    enrolled("Vanished", enrolled_on=date(2025, 10, 6))
    gone = enrolled("Gone", enrolled_on=date(2025, 10, 6))
    end_episode(by=by, at=now, episode=gone, on=date(2025, 11, 10), reason="graduated")
    rebuild_standing(organization_id=by.organization_id, episode_ids=[gone.id], at=now)
    rows = {row["Name"]: row["Weeks"] for row in _whole_file(client, caseload)}
    assert rows == {"Vanished, Ana": "21", "Gone, Ana": "5"}


def _whole_file(client: Client, caseload: str) -> list[dict[str, str]]:
    client.get(f"{caseload}?status=all")
    return in_file(client.post(f"{caseload}file/"))


def test_no_shows_and_attempts_are_no_contact(
    client: Client, caseload: str, enrolled: Callable[..., Any], in_tenant: Any, by: Any, now: datetime
) -> None:
    from tests.factories.caseload import ContactFactory

    episode = enrolled("Rivera")
    ContactFactory(organization=in_tenant, episode=episode, by=by, on=date(2026, 2, 5))
    for activity in ("no_show", "outreach_attempt", "scheduling"):
        ContactFactory(organization=in_tenant, episode=episode, by=by, on=date(2026, 2, 27), activity=activity)
    rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=now)
    (row,) = _whole_file(client, caseload)
    assert row["Last contact"] == "2026-02-05"


def test_the_baseline_is_the_episodes_not_the_first_score_ever(
    client: Client, caseload: str, enrolled: Callable[..., Any], scored: Callable[..., None]
) -> None:
    episode = enrolled("Rivera", enrolled_on=date(2026, 2, 2))
    scored(episode, "phq9", 24, date(2026, 1, 20))
    text = client.get(caseload).text
    assert 'class="score score-referral"' in text
    assert '<span class="score-state">referral</span>' in text
    (row,) = _whole_file(client, caseload)
    assert (row["PHQ-9 baseline"], row["PHQ-9 last"], row["PHQ-9 change"], row["PHQ-9 state"]) == (
        "",
        "24",
        "",
        "referral",
    )
    scored(episode, "phq9", 16, date(2026, 2, 2))
    scored(episode, "phq9", 12, date(2026, 2, 16))
    (row,) = _whole_file(client, caseload)
    assert (row["PHQ-9 baseline"], row["PHQ-9 last"], row["PHQ-9 change"]) == ("16", "12", "-4")


def test_each_elevated_scale_shows_its_own_state(
    client: Client, caseload: str, enrolled: Callable[..., Any], scored: Callable[..., None]
) -> None:
    episode = enrolled("Rivera", enrolled_on=date(2026, 1, 5))
    for instrument, first, last in (("phq9", 8, 8), ("gad7", 16, 7)):
        scored(episode, instrument, first, date(2026, 1, 5))
        scored(episode, instrument, last, date(2026, 2, 16))
    (row,) = _whole_file(client, caseload)
    assert (row["PHQ-9 state"], row["GAD-7 state"]) == ("Baseline not elevated", "Response")


def test_nothing_is_due_of_somebody_discharged(
    client: Client, caseload: str, enrolled: Callable[..., Any], in_tenant: Any, by: Any, now: datetime
) -> None:
    from tests.factories.caseload import FollowUpFactory

    episode = enrolled("Gone")
    FollowUpFactory(organization=in_tenant, episode=episode, due_on=date(2026, 2, 20))
    end_episode(by=by, at=now, episode=episode, on=date(2026, 3, 1), reason="graduated")
    rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=now)
    page = client.get(f"{caseload}?status=discharged")
    assert (page.context["lines"][0].is_overdue, page.context["lines"][0].due) == (False, "")
    assert _whole_file(client, caseload)[0]["Next due"] == ""
    assert EpisodeStanding.objects.get().next_due_on is None, "so that no list sorts by it"


# Filters


def test_filters_are_chosen_kept_and_cleared(client: Client, caseload: str, enrolled: Callable[..., Any]) -> None:
    enrolled("General", program="bhi")
    enrolled("Collaborative")
    assert shown(client.get(f"{caseload}?program=bhi")) == ["General"]
    kept = client.get(caseload)
    assert shown(kept) == ["General"]
    assert '<details class="toolbar-more" open>' in kept.text
    assert sorted(shown(client.get(f"{caseload}?fresh=1"))) == ["Collaborative", "General"]
    assert sorted(shown(client.get(caseload))) == ["Collaborative", "General"]


def test_days_of_discharge_are_asked_of_the_discharged(
    client: Client, caseload: str, enrolled: Callable[..., Any], by: Any, now: datetime
) -> None:
    for name, ended_on in (("Early", date(2026, 2, 10)), ("Late", date(2026, 2, 28))):
        gone = enrolled(name)
        end_episode(by=by, at=now, episode=gone, on=ended_on, reason="graduated")
        rebuild_standing(organization_id=by.organization_id, episode_ids=[gone.id], at=now)
    enrolled("Here")
    assert shown(client.get(f"{caseload}?ended_from=2026-02-11")) == ["Late"]
    assert shown(client.get(f"{caseload}?fresh=1&status=discharged&ended_until=2026-02-27")) == ["Early"]
    assert shown(client.get(f"{caseload}?status=open")) == ["Here"]
    assert "ended_from" not in client.get(caseload).text


@pytest.mark.parametrize(
    "query", ["response=nonsense", "family=x", "payer=1", "ended_from=soon", "program=x", "view=1"]
)
def test_a_filter_that_makes_no_sense_is_as_good_as_none(
    client: Client, caseload: str, enrolled: Callable[..., Any], query: str
) -> None:
    enrolled("Rivera")
    assert shown(client.get(f"{caseload}?{query}")) == ["Rivera"]


def test_a_search_is_paged_by_forms(
    client: Client, caseload: str, enrolled: Callable[..., Any], in_tenant: Any
) -> None:
    from tests.factories.caseload import EpisodeStandingFactory
    from tests.factories.registry import EpisodeFactory

    clinic = enrolled("Zeta").clinic
    for number in range(60):
        episode = EpisodeFactory(
            organization=in_tenant, patient__clinic=clinic, patient__sort_name=f"same {number:02}, given",
            patient__family_name=f"Same {number:02}", patient__mrn=f"S{number}",
        )  # fmt: skip
        EpisodeStandingFactory(organization=in_tenant, episode=episode)
    first = client.post(caseload, {"q": "same"})
    assert (len(shown(first)), first.context["shown"]) == (50, "1 to 50")
    second = client.post(caseload, {"q": "same", "after": str(first.context["next_after"])})
    assert (len(shown(second)), second.context["shown"]) == (10, "51 to 60")
    assert set(shown(first)).isdisjoint(shown(second))
    back = client.post(caseload, {"q": "same", "before": str(second.context["previous_before"])})
    assert shown(back) == shown(first)
    assert "?after=" not in first.text


# Saved views


def test_a_view_is_saved_chosen_replaced_and_deleted(
    client: Client, caseload: str, enrolled: Callable[..., Any], by: Any
) -> None:
    enrolled("General", program="bhi")
    enrolled("Collaborative")
    client.get(f"{caseload}?program=bhi&order=name&response=nonsense")
    saved = client.post(f"{caseload}views/", {"name": "General only"}, follow=True)
    assert "The view is saved." in saved.text
    view = SavedView.objects.get()
    assert (view.name, view.choices, view.membership_id) == ("General only", {"program": "bhi", "order": "name"}, by.id)
    client.get(f"{caseload}?fresh=1")
    assert shown(client.get(f"{caseload}?view={view.id}")) == ["General"]
    assert shown(client.get(caseload)) == ["General"]
    client.get(f"{caseload}?fresh=1&status=all")
    client.post(f"{caseload}views/", {"name": "General only"})
    assert SavedView.objects.get().choices == {"status": "all"}
    client.post(f"{caseload}views/{view.id}/delete/")
    assert SavedView.objects.count() == 0
    assert sorted(AuditEvent.objects.filter(action__contains="caseload.view_").values_list("action", flat=True)) == [
        "caseload.view_deleted", "caseload.view_saved", "caseload.view_saved",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("", "Give the view a name."), ("x" * 61, "A name has 60 characters at most. Shorten it.")],
)
def test_a_faulty_name_is_said_at_its_field(
    client: Client, caseload: str, enrolled: Callable[..., Any], name: str, sentence: str
) -> None:
    enrolled("Rivera")
    answer = client.post(f"{caseload}views/", {"name": name})
    assert answer.status_code == 422
    assert answer.context["view_form"].errors == {"name": [sentence]}
    assert shown(answer) == ["Rivera"]


def test_a_seat_keeps_twenty_views(client: Client, caseload: str, enrolled: Callable[..., Any], by: Any) -> None:
    enrolled("Rivera")
    for number in range(20):
        SavedViewFactory(organization=by.organization, membership=by, name=f"{number}")
    full = client.post(f"{caseload}views/", {"name": "One more"})
    assert "You have 20 saved views already." in full.text
    assert client.post(f"{caseload}views/", {"name": "19"}).status_code == 302
    assert SavedView.objects.count() == 20


def test_views_are_ones_own(
    client: Client, client_for: Callable[..., Any], caseload: str, enrolled: Callable[..., Any], by: Any,
    other_organization: Any,
) -> None:  # fmt: skip
    enrolled("General", program="bhi")
    enrolled("Collaborative")
    mine = SavedViewFactory(organization=by.organization, membership=by, name="Mine alone", choices={"program": "bhi"})
    other = client_for("care_manager")
    page = other.get(f"{caseload}?view={mine.id}")
    assert (len(shown(page)), "Mine alone" in page.text) == (2, False)
    assert other.post(f"{caseload}views/{mine.id}/delete/").status_code == 404
    with tenant(other_organization):
        foreign = SavedViewFactory(organization=other_organization)
    assert client.post(f"{caseload}views/{foreign.id}/delete/").status_code == 404
    assert SavedView.objects.count() == 1


# The file and paper


def test_the_file_holds_the_whole_filtered_list_and_no_formulas(
    client: Client, caseload: str, enrolled: Callable[..., Any], in_tenant: Any, by: Any
) -> None:
    from tests.factories.caseload import EpisodeStandingFactory
    from tests.factories.registry import EpisodeFactory

    clinic = enrolled("=1+1", program="bhi").clinic
    for number in range(59):
        episode = EpisodeFactory(
            organization=in_tenant,
            patient__clinic=clinic,
            patient__family_name=f"Name{number}",
            program="bhi",
            patient__mrn=f"N{number}",
        )
        EpisodeStandingFactory(organization=in_tenant, episode=episode)
    enrolled("Collaborative")
    client.get(f"{caseload}?program=bhi")
    answer = client.post(f"{caseload}file/")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="caseload-2026-03-02.csv"'
    rows = in_file(answer)
    assert (len(rows), {row["Program"] for row in rows}) == (60, {"General BHI"})
    (formula,) = [row for row in rows if "1+1" in row["Name"]]
    assert (formula["Name"], formula["Care manager"], formula["Birth date"]) == (
        "'=1+1, Ana",
        "Ken Abara",
        "1961-05-04",
    )
    event = AuditEvent.objects.get(action="caseload.exported")
    assert (event.count, event.by_id, event.patient_id) == (60, by.id, None)
    (found,) = in_file(client.post(f"{caseload}file/", {"q": "=1"}))
    assert found["Name"] == "'=1+1, Ana"


def test_paper_holds_the_whole_list_up_to_a_thousand(
    client: Client, caseload: str, enrolled: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Rivera", "Novak", "Abel"):
        enrolled(name)
    page = client.get(f"{caseload}print/?order=name")
    assert shown(page) == ["Abel", "Novak", "Rivera"]
    assert "3 patients · Open" in page.text
    assert AuditEvent.objects.get(action="caseload.printed").count == 3
    assert shown(client.post(f"{caseload}print/", {"q": "nov"})) == ["Novak"]
    monkeypatch.setattr("caseload.views.caseload_list.MOST_ON_PAPER", 2)
    assert "Only the first 1,000 are on this page." in client.get(f"{caseload}print/").text


def test_a_file_takes_as_many_statements_for_one_as_for_thirty(
    client: Client, caseload: str, enrolled: Callable[..., Any], in_tenant: Any
) -> None:
    taken = []
    for names in (["Rivera"], [f"Name {number}" for number in range(29)]):
        for name in names:
            enrolled(name)
        with CaptureQueriesContext(connection) as queries:
            client.post(f"{caseload}file/")
        taken.append(len(queries))
    assert taken[0] == taken[1]
    assert EpisodeStanding.objects.count() == 30


def test_who_may_not_export_is_offered_no_file(
    client_for: Callable[..., Any], caseload: str, enrolled: Callable[..., Any]
) -> None:
    enrolled("Rivera")
    other = client_for("psychiatric_consultant")
    assert f"{caseload}file/" not in other.get(caseload).text
    assert other.post(f"{caseload}file/").status_code == 403
    assert other.get(f"{caseload}print/").status_code == 200


def test_the_session_never_holds_a_search(client: Client, caseload: str, enrolled: Callable[..., Any]) -> None:
    enrolled("Rivera")
    client.post(caseload, {"q": "Rivera"})
    client.post(f"{caseload}file/", {"q": "Rivera"})
    client.post(f"{caseload}print/", {"q": "Rivera"})
    assert "ivera" not in str(dict(client.session))


def test_a_banner_says_that_safety_notices_are_open(
    client: Client, caseload: str, enrolled: Callable[..., Any], in_tenant: Any, by: Any, now: datetime
) -> None:
    from tests.factories.program import SafetyNoticeFactory

    episode = enrolled("Rivera")
    assert "in danger" not in client.get(caseload).text
    notice = SafetyNoticeFactory(organization=in_tenant, patient=episode.patient)
    assert "A patient answered that they may be in danger" in client.get(caseload).text
    SafetyNoticeFactory(organization=in_tenant, patient=episode.patient)
    assert "2 patients answered that they may be in danger" in client.get(caseload).text
    type(notice).objects.update(closed_at=now, closed_by=by, closing_note="Spoken with.")
    assert "in danger" not in client.get(caseload).text


def test_follow_ups_in_days_to_come_are_not_overdue(
    client: Client, caseload: str, enrolled: Callable[..., Any], in_tenant: Any, by: Any, now: datetime
) -> None:
    from tests.factories.caseload import FollowUpFactory

    for name, days in (("Past", -1), ("Today", 0)):
        episode = enrolled(name)
        FollowUpFactory(organization=in_tenant, episode=episode, due_on=TODAY + timedelta(days=days))
        rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=now)
    lines = client.get(f"{caseload}?order=name").context["lines"]
    assert [(line.name, line.is_overdue) for line in lines] == [("Past, Ana", True), ("Today, Ana", False)]


# Acts in the row


def buttons(page: Any) -> list[tuple[str, str]]:
    """The buttons that start a timer: where each leads, and what it says."""
    found = re.findall(
        r'<button[^>]*form="start-timer" formaction="([^"]*)" data-row-key="t">(.*?)</button>', page.text
    )
    return [(address, re.sub(r"<[^>]*>", "", words)) for address, words in found]


def test_a_timer_is_started_from_the_row(
    client: Client, caseload: str, enrolled: Callable[..., Any], by: Any, now: datetime, client_for: Any
) -> None:
    open_one, ended = enrolled("Abara"), enrolled("Berg")
    end_episode(by=by, at=now, episode=ended, on=TODAY, reason="graduated")
    rebuild_standing(organization_id=by.organization_id, episode_ids=[ended.id], at=now)
    page = client.get(f"{caseload}?status=all")
    address = caseload.replace("caseload/", f"patients/{open_one.patient_id}/timer/start/")
    assert buttons(page) == [(address, "Start timer for Abara, Ana")]
    assert re.findall(r'<form id="start-timer" method="post" hidden>', page.text) == [
        '<form id="start-timer" method="post" hidden>'
    ]
    assert client.post(address).status_code == 302
    assert Timer.objects.get().patient_id == open_one.patient_id
    assert buttons(client_for("psychiatric_consultant").get(caseload)) == []


def test_who_was_handed_over_is_marked_until_that_was_read(
    client: Client, caseload: str, enrolled: Callable[..., Any], by: Any, membership: Callable[..., Any]
) -> None:
    mine = enrolled("Abara")
    Episode.objects.filter(id=mine.id).update(care_manager=by)
    EpisodeStanding.objects.filter(episode_id=mine.id).update(care_manager_id=by.id)
    made = {"organization": by.organization, "episode": mine}
    HandOverFactory(**made, given_to=by, on=date(2026, 2, 20), seen_at=datetime(2026, 2, 21, tzinfo=UTC))
    HandOverFactory(**made, given_to=membership("care_manager"), on=date(2026, 2, 26))
    assert [line.handed_over for line in client.get(caseload).context["lines"]] == [""]
    given = HandOverFactory(**made, given_to=by, on=date(2026, 2, 27))
    page = client.get(caseload)
    assert [line.handed_over for line in page.context["lines"]] == ["Handed over Feb 27"]
    assert '<span class="attention small">Handed over Feb 27</span>' in page.text
    HandOver.objects.filter(id=given.id).update(seen_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert [line.handed_over for line in client.get(caseload).context["lines"]] == [""]
