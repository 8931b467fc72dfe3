"""What does not count of a month, by reason."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings

from caseload.rules.clock import local_instant
from caseload.rules.lost_time import lost_seconds
from caseload.rules.minutes import ConsentWindow, counted
from tests.rules.caseload.test_minutes import circumstances, entries
from tests.rules.caseload.test_standing import IN_ORDER, NO_CLOCK, TWENTY, ZONE, local, timed

MONTH = "2026-10"
LATER = ConsentWindow("bhi", local(6, 10, 15))


@pytest.mark.parametrize(
    ("logged", "changed", "expected"),
    [
        ((TWENTY,), {}, {}),
        ((replace(TWENTY, role="psychiatric_consultant"),), {}, {"consultant": 1200}),
        ((replace(TWENTY, role="clerical"), replace(NO_CLOCK, role="clerical")), {}, {"clerical": 2400}),
        ((replace(TWENTY, role="driver"),), {}, {"role_never_counts": 1200}),
        ((replace(TWENTY, activity="scheduling"),), {}, {"scheduling": 1200}),
        ((replace(TWENTY, held=True),), {}, {"held": 1200}),
        ((replace(TWENTY, billed_as="90834"),), {}, {"billed_as": 1200}),
        ((TWENTY, replace(TWENTY, service="bhi")), {}, {"overlaps_same_patient": 1200}),
        ((TWENTY,), {"consents": (LATER,)}, {"before_consent": 900}),
        ((TWENTY,), {"consents": ()}, {"no_consent": 1200}),
        ((TWENTY,), {"ended_on": date(2026, 10, 5)}, {"after_end": 1200}),
        ((NO_CLOCK,), {"episode_from": date(2026, 10, 7)}, {"before_episode": 1200}),
        ((replace(TWENTY, service="ccm"),), {"consents": ()}, {}),
        ((replace(TWENTY, voided=True, role="clerical"),), {}, {}),
        ((replace(NO_CLOCK, on=date(2026, 11, 1), role="clerical"),), {}, {}),
    ],
)
def test_each_reason_has_its_seconds(logged, changed, expected):
    assert lost_seconds(logged, replace(IN_ORDER, **changed), MONTH) == expected


def test_an_entry_over_the_months_end_is_lost_in_each_by_its_part():
    start = local_instant(datetime(2026, 10, 31, 23, 50), ZONE)
    entry = replace(timed(start, 30), role="clerical")
    assert [lost_seconds([entry], IN_ORDER, month) for month in (MONTH, "2026-11", "2026-12")] == [
        {"clerical": 600},
        {"clerical": 1200},
        {},
    ]
    assert entry.span[1] - start == timedelta(minutes=30)


@settings(max_examples=100, deadline=None)
@given(entries(), circumstances)
def test_what_is_lost_and_what_counts_add_up_to_what_was_logged(made, around):
    minutes = counted(made, around, MONTH)
    lost = lost_seconds(made, around, MONTH)
    assert sum(lost.values()) == minutes.logged_seconds - minutes.counted.bhi_seconds
