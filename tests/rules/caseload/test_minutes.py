"""What logged time counts for."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseload.rules.clock import local_instant
from caseload.rules.minutes import (
    Circumstances,
    ConsentWindow,
    Counted,
    Entry,
    MonthMinutes,
    counted,
    difference,
    intersection,
    length,
    union,
)
from caseload.rules.standing import standings

ZONE = ZoneInfo("America/New_York")
CONSENT = ConsentWindow("bhi", datetime(2026, 9, 1, 4, tzinfo=UTC))
IN_ORDER = Circumstances(zone=ZONE, episode_from=date(2026, 9, 1), consents=(CONSENT,))


def local(day: int, hour: int = 10, minute: int = 0, month: int = 10) -> datetime:
    return local_instant(datetime(2026, month, day, hour, minute), ZONE)


def timed(start: datetime, minutes: int, **said) -> Entry:
    return Entry(id=said.pop("id", 0), span=(start, start + timedelta(minutes=minutes)), **said)


def untimed(day: int, minutes: int, **said) -> Entry:
    return Entry(id=said.pop("id", 0), on=date(2026, 10, day), seconds=minutes * 60, **said)


def october(*entries: Entry, **changed) -> MonthMinutes:
    return counted(entries, replace(IN_ORDER, **changed), "2026-10")


def minutes_of(time: MonthMinutes) -> tuple[int, int, int]:
    return time.counted.cocm_seconds // 60, time.counted.bhi_seconds // 60, time.ccm_seconds // 60


CCM_TOO = (CONSENT, ConsentWindow("ccm", CONSENT.given_at))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (20, 20, 0)),
        ({"role": "treating_clinician"}, (20, 20, 0)),
        ({"role": "clinical_staff"}, (0, 20, 0)),
        ({"role": "psychiatric_consultant"}, (0, 0, 0)),
        ({"role": "clerical"}, (0, 0, 0)),
        ({"service": "bhi"}, (0, 20, 0)),
        ({"service": "bhi", "role": "clinical_staff"}, (0, 20, 0)),
        ({"service": "ccm"}, (0, 0, 20)),
        ({"service": "ccm", "role": "clinical_staff"}, (0, 0, 20)),
        ({"service": "ccm", "role": "clerical"}, (0, 0, 0)),
        ({"activity": "scheduling"}, (0, 0, 0)),
        ({"activity": "outreach_attempt"}, (20, 20, 0)),
        ({"activity": "case_review"}, (20, 20, 0)),
        ({"billed_as": "99214"}, (0, 0, 0)),
        ({"held": True}, (0, 0, 0)),
        ({"voided": True}, (0, 0, 0)),
        ({"facility_stay": True}, (20, 20, 0)),
    ],
)
@pytest.mark.parametrize("entry", [timed(local(6), 20), untimed(6, 20)], ids=["timed", "untimed"])
def test_who_does_what_for_which_service_decides_where_time_counts(entry, said, expected):
    assert minutes_of(october(replace(entry, **said), consents=CCM_TOO)) == expected


@pytest.mark.parametrize("entry", [timed(local(6), 20), untimed(6, 20)], ids=["timed", "untimed"])
def test_facility_minutes_count_only_where_the_payer_counts_them(entry):
    stay = replace(entry, facility_stay=True)
    assert minutes_of(october(stay, count_facility_minutes=False)) == (0, 0, 0)
    assert minutes_of(october(entry, count_facility_minutes=False)) == (20, 20, 0)


def test_the_same_clock_minutes_count_once_whoever_logged_them():
    joint = [timed(local(7), 20), timed(local(7, 10, 10), 22, role="treating_clinician")]
    time = october(*joint)
    assert minutes_of(time) == (32, 32, 0)
    assert time.logged_seconds == 42 * 60


def test_an_entry_across_local_midnight_counts_in_both_months_each_its_part():
    entry = timed(local(31, 23, 50), 30)
    assert minutes_of(counted([entry], IN_ORDER, "2026-10")) == (10, 10, 0)
    november = counted([entry], IN_ORDER, "2026-11")
    assert minutes_of(november) == (20, 20, 0)
    assert november.counted.first_on == date(2026, 11, 1)
    assert november.logged_seconds == 20 * 60


def test_consent_cuts_an_entry_at_its_instant_and_at_midnight_of_its_end():
    consents = (ConsentWindow("bhi", local(20, 9), date(2026, 10, 21)),)
    before = timed(local(20, 8, 50), 20)
    across = timed(local(20, 23, 50), 20)
    assert minutes_of(october(before, across, consents=consents)) == (20, 20, 0)


def test_time_outside_the_episode_does_not_count():
    entries = [timed(local(5), 10), timed(local(6), 20), timed(local(15, 23, 50), 20), untimed(5, 7), untimed(16, 7)]
    bounds = {"episode_from": date(2026, 10, 6), "ended_on": date(2026, 10, 20), "died_on": date(2026, 10, 15)}
    assert minutes_of(october(*entries, **bounds)) == (30, 30, 0)


def test_billed_minutes_are_taken_from_everyone_and_ccm_also_loses_bhi_minutes():
    entries = [
        timed(local(6), 20, billed_as="99214", role="treating_clinician"),
        timed(local(6, 10, 5), 25),
        timed(local(6, 10, 15), 30, service="ccm"),
    ]
    assert minutes_of(october(*entries, consents=CCM_TOO)) == (10, 10, 15)


def test_an_episode_begins_at_its_clinics_midnight():
    entries = [timed(local(5, 21), 10), timed(local(5, 23, 50), 20), timed(local(6, 0, 20), 5)]
    assert minutes_of(october(*entries, episode_from=date(2026, 10, 6))) == (15, 15, 0)


def test_the_last_day_counts_with_and_without_a_clock():
    entries = [untimed(20, 7), untimed(21, 9), timed(local(20), 10), timed(local(21), 10)]
    assert minutes_of(october(*entries, ended_on=date(2026, 10, 20))) == (17, 17, 0)


def test_time_after_death_is_known_as_such():
    time = october(timed(local(6), 20), died_on=date(2026, 10, 5))
    assert (time.counted.bhi_seconds, time.only_after_end) == (0, True)


def test_the_first_day_is_the_one_on_which_the_first_work_began():
    assert october(timed(local(6, 23, 50), 20), timed(local(9), 5)).counted.first_on == date(2026, 10, 6)


def test_behavioral_minutes_without_consent_take_nothing_from_ccm():
    """They are paid by nobody, so the same minutes may be CCM."""
    entries = [timed(local(6), 30), timed(local(6), 30, service="ccm")]
    assert minutes_of(october(*entries, consents=CCM_TOO[1:])) == (0, 0, 30)
    assert minutes_of(october(*entries, consents=CCM_TOO)) == (30, 30, 0)


def test_a_held_visit_takes_nothing_from_others():
    entries = [timed(local(6), 20, billed_as="99214", held=True), timed(local(6), 20)]
    assert minutes_of(october(*entries)) == (20, 20, 0)


def test_time_without_a_clock_is_added_and_takes_nothing():
    entries = [untimed(6, 6), untimed(6, 5), timed(local(6), 20), untimed(6, 45, billed_as="90834")]
    ccm = [timed(local(6), 5, service="ccm"), untimed(6, 12, service="ccm")]
    assert minutes_of(october(*entries, *ccm, consents=CCM_TOO)) == (31, 31, 12)


@pytest.mark.parametrize(
    ("consent", "counts"),
    [
        (ConsentWindow("bhi", local(6, 0)), True),
        (ConsentWindow("bhi", local(6, 0, 1)), False),
        (ConsentWindow("bhi", local(1), date(2026, 10, 7)), True),
        (ConsentWindow("bhi", local(1), date(2026, 10, 6)), False),
        (ConsentWindow("ccm", local(1)), False),
    ],
)
def test_time_without_a_clock_needs_a_consent_for_its_whole_day(consent, counts):
    assert minutes_of(october(untimed(6, 20), consents=(consent,))) == ((20, 20, 0) if counts else (0, 0, 0))


def test_seconds_are_kept_and_never_rounded_by_the_entry():
    entries = [
        Entry(id=n, span=(start, start + timedelta(seconds=59, milliseconds=500)))
        for n, start in enumerate([local(6), local(7)])
    ]
    assert october(*entries).counted.cocm_seconds == 119


def test_nothing_counts_without_consent_but_it_is_known_what_would():
    time = october(timed(local(8), 15), untimed(6, 5, role="clinical_staff"), consents=())
    assert time.counted == Counted()
    assert time.if_consented == Counted(15 * 60, 20 * 60, date(2026, 10, 6), engaged=True)
    assert time.logged_seconds == 20 * 60
    assert not time.only_after_end


def test_a_month_whose_time_all_lies_after_the_end_says_so():
    late = timed(local(20), 40)
    assert october(late, ended_on=date(2026, 10, 15)).only_after_end
    assert october(late, ended_on=date(2026, 10, 15), consents=()).only_after_end
    assert not october(late, timed(local(14), 1), ended_on=date(2026, 10, 15)).only_after_end
    assert not october(replace(late, role="clerical"), ended_on=date(2026, 10, 15)).only_after_end


@pytest.mark.parametrize(
    ("activity", "engages"),
    [
        ("treatment", True),
        ("message", True),
        ("case_review", True),
        ("registry", False),
        ("no_show", False),
        ("outreach_attempt", False),
    ],
)
@pytest.mark.parametrize("entry", [timed(local(6), 20), untimed(6, 20)], ids=["timed", "untimed"])
def test_some_activities_engage_nobody(entry, activity, engages):
    assert october(replace(entry, activity=activity)).counted.engaged is engages


def test_ccm_is_logged_apart():
    time = october(timed(local(6), 20, service="ccm"), timed(local(6), 5))
    assert (time.logged_seconds, time.ccm_logged_seconds) == (5 * 60, 20 * 60)


stretches = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=6
)


def moments(pieces) -> set[int]:
    return {moment for start, end in pieces for moment in range(start, end)}


@given(stretches, stretches)
def test_stretches_are_sets_of_moments(some, others):
    assert moments(union(some)) == moments(some)
    assert length(union(some)) == len(moments(some))
    assert moments(intersection(some, others)) == moments(some) & moments(others)
    assert moments(difference(some, others)) == moments(some) - moments(others)


@st.composite
def entries(draw) -> list[Entry]:
    """A few entries of one patient around the month's ends, the consent and each other."""
    made = []
    for number in range(draw(st.integers(0, 7))):
        said = {
            "role": draw(st.sampled_from(["care_manager", "treating_clinician", "clinical_staff", "clerical"])),
            "activity": draw(st.sampled_from(["treatment", "registry", "scheduling"])),
            "service": draw(st.sampled_from(["cocm", "bhi", "ccm"])),
            "billed_as": draw(st.sampled_from([None, None, None, "99214"])),
            "facility_stay": draw(st.booleans()),
            "held": draw(st.integers(0, 9)) == 0,
            "id": number,
        }
        if draw(st.integers(0, 4)) == 0:
            made.append(untimed(draw(st.integers(1, 31)), draw(st.integers(1, 40)), **said))
        else:
            start = local(draw(st.sampled_from([1, 12, 13, 31])), draw(st.sampled_from([0, 10, 23])))
            later = timedelta(minutes=draw(st.integers(0, 59)))
            made.append(timed(start + later, draw(st.integers(1, 60)), **said))
    return made


circumstances = st.builds(
    Circumstances,
    zone=st.just(ZONE),
    episode_from=st.sampled_from([date(2026, 9, 1), date(2026, 10, 5)]),
    ended_on=st.sampled_from([None, date(2026, 10, 12), date(2026, 11, 1)]),
    died_on=st.sampled_from([None, date(2026, 10, 13)]),
    consents=st.sampled_from(
        [
            (),
            CCM_TOO,
            (ConsentWindow("bhi", local(12, 10, 20)),),
            (ConsentWindow("bhi", local(1), date(2026, 10, 12)), ConsentWindow("bhi", local(13, 10, 30))),
        ]
    ),
    count_facility_minutes=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(entries(), circumstances, st.randoms())
def test_neither_order_nor_splitting_of_entries_matters(made, around, chance):
    pieces = [piece for entry in made for piece in split(entry)]
    chance.shuffle(pieces)
    assert counted(pieces, around, "2026-10") == counted(made, around, "2026-10")


def split(entry: Entry) -> list[Entry]:
    """The same time as two entries."""
    if entry.span is None:
        if entry.seconds == 60:
            return [entry]
        return [replace(entry, seconds=60), replace(entry, seconds=entry.seconds - 60)]
    start, end = entry.span
    middle = start + (end - start) / 2
    return [replace(entry, span=(start, middle)), replace(entry, span=(middle, end))]


@settings(max_examples=60, deadline=None)
@given(entries(), circumstances)
def test_what_counts_of_each_entry_adds_up_to_the_months(made, around):
    months = [counted(made, around, month) for month in ("2026-09", "2026-10", "2026-11")]
    found = standings(made, around)
    totals = {
        service: sum(one.counted_seconds for one in found if one.counts_for == service)
        for service in ("cocm", "bhi", "ccm")
    }
    assert totals["cocm"] == sum(month.counted.cocm_seconds for month in months)
    assert totals["cocm"] + totals["bhi"] == sum(month.counted.bhi_seconds for month in months)
    assert totals["ccm"] == sum(month.ccm_seconds for month in months)
    for one in found:
        assert one.seconds == one.counted_seconds + sum(reason.seconds for reason in one.reasons)


@settings(max_examples=60, deadline=None)
@given(entries(), circumstances)
def test_more_consent_never_counts_less(made, around):
    time = counted(made, around, "2026-10")
    assert time.counted.cocm_seconds <= time.if_consented.cocm_seconds
    assert time.counted.bhi_seconds <= time.if_consented.bhi_seconds
    assert time.if_consented == counted(made, replace(around, consents=(CONSENT,)), "2026-10").counted


NAIVE = datetime(2026, 10, 6, 10)
EITHER = "an entry has either a span, or a day and a number of seconds"
LONGER = "an entry lasts longer than nothing"
OFFSET = "the instants of a span have an offset"


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({}, EITHER),
        ({"on": date(2026, 10, 6)}, EITHER),
        ({"seconds": 60}, EITHER),
        ({"span": (local(6), local(6, 11)), "on": date(2026, 10, 6), "seconds": 60}, EITHER),
        ({"span": (local(6), local(6, 11)), "seconds": 60}, EITHER),
        ({"on": date(2026, 10, 6), "seconds": 0}, LONGER),
        ({"span": (local(6), local(6))}, LONGER),
        ({"span": (local(6, 11), local(6))}, LONGER),
        ({"span": (NAIVE, local(6, 11))}, OFFSET),
        ({"span": (local(6), NAIVE)}, OFFSET),
    ],
)
def test_an_entry_that_cannot_be_says_why(said, fault):
    with pytest.raises(ValueError, match=f"^{fault}$"):
        Entry(id=0, **said)
