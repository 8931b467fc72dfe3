"""Nobody reads off a page of measures what one patient said of the program."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from outcomes.queries.dashboard import TILES, dashboard, keys_shown, listing
from outcomes.queries.everywhere import places_of
from outcomes.queries.measured import measured_months
from outcomes.rules.experience import ANSWERS
from outcomes.rules.measures import HEADLINES, MEASURES
from tests.factories.outcomes import MeasuredEpisodeFactory, MeasuredMonthFactory
from tests.factories.tenancy import NOW

pytestmark = pytest.mark.usefixtures("at_now", "in_tenant")
BASE = "/o/lakeside/outcomes/"
FEBRUARY = date(2026, 2, 1)


@pytest.fixture
def answered(organization: Any) -> Any:
    """One patient answered in February, and would not recommend the program."""

    def make(seat: Any = None) -> None:
        head = MeasuredMonthFactory(organization=organization, month=FEBRUARY, measured_at=NOW)
        MeasuredEpisodeFactory(
            organization=organization,
            measured=head,
            care_manager=seat,
            said_reached=2,
            said_heard=2,
            said_recommend=2,
        )

    return make


def test_what_patients_said_are_the_means_of_its_family() -> None:
    experience = {one.key for one in MEASURES if one.family == "experience"}
    assert experience - ANSWERS == {"said_share"}


def test_tiles_and_lists_have_only_how_many_answered(organization: Any, answered: Any) -> None:
    answered()
    editions = measured_months(organization.id)
    shown = {
        tile.measure.key: tile.number.text
        for make in (dashboard, listing)
        for section in make(organization.id, FEBRUARY, editions, sees_money=True)
        if section.key == "experience"
        for tile in section.tiles
        if tile.number
    }
    assert shown == {"said_share": "1 of 1, 100.0 %"}
    assert ANSWERS & {*TILES, *HEADLINES, *keys_shown(FEBRUARY, sees_money=True)} == set()


@pytest.mark.parametrize("key", sorted(ANSWERS))
@pytest.mark.parametrize("query", ["", "?by=care_manager", "?by=cohort&month=2026-02", "?cohort=2026-02&program=cocm"])
def test_a_leads_page_of_an_answer_says_why_it_has_no_number(
    client_for: Any, answered: Any, key: str, query: str
) -> None:
    answered()
    page = client_for("clinic_lead").get(f"{BASE}measures/{key}/{query}")
    content = page.content.decode()
    told = ("Told by quarter", "2.0 of 5", 'id="parts"', 'class="tile-value"')
    assert [page.status_code, *(part in content for part in told)] == [200, True, False, False, False]


@pytest.mark.parametrize("key", sorted(ANSWERS))
def test_a_care_manager_has_no_page_of_what_her_patients_said(client_for: Any, answered: Any, key: str) -> None:
    mine = client_for("care_manager")
    answered(mine.membership)
    assert [mine.get(f"{BASE}{path}{key}/").status_code for path in ("mine/", "measures/")] == [404, 403]
    assert mine.get(f"{BASE}measures/{key}/patients/").status_code == 404
    assert "recommend" not in mine.get(f"{BASE}mine/").content.decode()


def test_the_list_of_measures_leads_to_the_quarters(client_for: Any, answered: Any) -> None:
    answered()
    content = client_for("clinic_lead").get(f"{BASE}measures/").content.decode()
    assert 'href="/o/lakeside/outcomes/experience/">Experience</a>, so that nobody' in content
    assert [f'href="{BASE}measures/{key}/"' in content for key in sorted(ANSWERS)] == [True, True, True]


def test_side_by_side_there_is_nothing_of_what_patients_said(organization: Any, membership: Any, answered: Any) -> None:
    seat = membership("clinic_lead")
    answered()
    (place,) = places_of(seat.user_id, FEBRUARY, at=NOW)
    assert ANSWERS & place.numbers.keys() == set()
