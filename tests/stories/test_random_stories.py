"""Stories nobody wrote: told to the product and worked out by the pure rules alone, they come to the same."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.operations.stories import play_story
from billing.rules.documents import DocumentInvalid
from billing.rules.story import ACTIVITIES, ROLES, WORKED_SERVICES, read_story
from billing.rules.story_months import told_months
from billing.rules.story_outcome import document
from billing.rules.story_supplies import SUPPLIES
from tests.rules.billing.test_story_faults import BARE, FAULTS

pytestmark = pytest.mark.django_db

ENROLLED = date(2026, 9, 10)
DAYS = st.dates(date(2026, 8, 25), date(2026, 12, 5)).map(date.isoformat)
CLOCK = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from((0, 5, 30, 50)))
AT = st.one_of(DAYS, st.builds("{}T{}".format, DAYS, CLOCK))
LENGTH = st.one_of(
    st.builds(lambda minutes: {"minutes": minutes}, st.integers(1, 100)),
    st.builds(lambda seconds: {"seconds": seconds}, st.integers(1, 5400)),
)
WORK = st.builds(
    lambda at, length, rest: {"at": at, **length, **rest},
    AT,
    LENGTH,
    st.fixed_dictionaries(
        {},
        optional={
            "by": st.sampled_from(ROLES),
            "activity": st.sampled_from(ACTIVITIES),
            "service": st.sampled_from(WORKED_SERVICES),
            "billed_as": st.sampled_from(("90834", "99214")),
            "facility_stay": st.booleans(),
        },
    ),
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "covers_g2214": st.booleans(),
        "g2214_min": st.sampled_from((16, 30)),
        "time_rule": st.sampled_from(("midpoint", "full")),
        "addon_cap": st.sampled_from((None, 0, 1, 4)),
        "initial_month_policy": st.sampled_from(("first_calendar_month", "first_billable_month")),
        "initial_once_per": st.sampled_from(("episode", "calendar_year")),
        "count_facility_minutes": st.booleans(),
        "apcm_bh_route": st.sampled_from(("gcode", "cpt", "hold")),
        "covers_99484": st.booleans(),
        "scale_within": st.sampled_from(("month", 14, 60)),
    },
)
OTHER = st.fixed_dictionaries(
    {
        "month": st.sampled_from(("2026-09", "2026-10", "2026-11")),
        "code": st.sampled_from(("G0557", "99490", "99495", "99484", "G0678")),
        "by": st.sampled_from(("billing", "other")),
        "minutes": st.sampled_from((None, 15, 30)),
    }
)
CONSENT = st.builds(
    lambda day, clock, service, later: {
        "given_at": f"{day}T{clock}",
        "service": service,
        "revoked_on": later and (date.fromisoformat(day) + timedelta(days=later)).isoformat(),
    },
    DAYS,
    CLOCK,
    st.sampled_from(("bhi", "ccm")),
    st.sampled_from((None, 20, 60)),
)
STORIES = st.fixed_dictionaries(
    {
        "id": st.just("R"),
        "title": st.just("A story nobody wrote"),
        "enrolled_on": st.just(ENROLLED.isoformat()),
        "work": st.lists(WORK, min_size=1, max_size=12),
        "program": st.sampled_from(("cocm", "bhi")),
        "without": st.lists(st.sampled_from(sorted(SUPPLIES)), max_size=1),
        "payer": st.fixed_dictionaries({"options": OPTIONS}),
        "clinic": st.sampled_from(
            (
                {},
                {"setting": "hospital_outpatient"},
                {"setting": "fqhc", "place_of_service": "50"},
                {"time_zone": "America/Los_Angeles"},
            )
        ),
    },
    optional={
        "referred_on": st.just("2026-08-28"),
        "ended": st.just({"on": "2026-11-12", "reason": "graduated"}),
        "program_changes": st.just([{"on": "2026-10-12", "to": "bhi"}]),
        "consents": st.lists(CONSENT, max_size=3),
        "served_before": st.sampled_from((["2026-08"], ["2026-01"])),
        "billed_before": st.just([{"month": "2026-08", "code": "99492"}]),
        "other_services": st.lists(OTHER, max_size=3),
        "access_model": st.fixed_dictionaries({"aligned": st.booleans(), "participant": st.booleans()}),
    },
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=STORIES)
def test_both_ways_come_to_the_same(told: dict[str, Any]):
    story = read_story(told)
    played = play_story(story)
    worked_out = {one.facts.month: one.verdict for one in told_months(story)}
    assert dict(played.months) == worked_out
    assert document(story, played)["ok"] is None


@settings(max_examples=60, deadline=None, derandomize=True)
@given(told=STORIES)
def test_what_became_of_each_piece_of_work_adds_up_to_the_months(told: dict[str, Any]):
    """Seconds of all pieces are those of the months, whatever overlaps, crosses midnight or does not count."""
    story = read_story(told)
    months = told_months(story)
    pieces = {one.standing.entry_id: one.standing for month in months for one in month.work}
    behavioral = [one for one in pieces.values() if one.counts_for != "ccm"]
    cut_by_microseconds = len(pieces) + len(months)
    counted = sum(month.facts.time.counted.bhi_seconds for month in months)
    assert abs(counted - sum(one.counted_seconds for one in behavioral)) <= cut_by_microseconds


@pytest.mark.parametrize(("changes", "path", "fault"), FAULTS)
def test_the_product_refuses_what_the_rules_refuse_and_there(changes: dict[str, Any], path: str, fault: str):
    with pytest.raises(DocumentInvalid) as refused:
        play_story(read_story(BARE | changes))
    assert (refused.value.path, refused.value.fault[: len(fault)]) == (path, fault)
