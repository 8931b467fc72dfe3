"""Days, limits and the order of the caseload: what signals stand on and what stands on them."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseload.rules import targets
from caseload.rules.caseload_order import NEW, OVERDUE, REST, SAFETY, STALLED, Place, place
from caseload.rules.days import EVERY_DAY, FOREVER, NO_DAYS, Days, after, months_after
from caseload.rules.signals import KINDS
from caseload.rules.targets import NoTargetsInForce, TargetsMisdefined, read_editions, targets_in_force

ZERO = date(2026, 1, 1)
DATA = tomllib.loads(Path(targets.__file__).with_name("targets.toml").read_text(encoding="utf-8"))


def day(count: int) -> date:
    return ZERO + timedelta(days=count)


SPANS = st.lists(st.tuples(st.builds(day, st.integers(0, 30)), st.builds(day, st.integers(0, 30))), max_size=5)
DAYS = SPANS.map(Days.of)
WHOLE = [day(count) for count in range(31)]


def members(days: Days) -> set[date]:
    return {on for on in WHOLE if on in days}


@settings(max_examples=60)
@given(DAYS, DAYS)
def test_days_behave_as_sets_of_days(one, other):
    assert members(one | other) == members(one) | members(other)
    assert members(one & other) == members(one) & members(other)
    assert members(one - other) == members(one) - members(other)
    assert members(~one) == set(WHOLE) - members(one)
    assert bool(one) is bool(members(one))


@settings(max_examples=60)
@given(DAYS, DAYS)
def test_equal_sets_are_equal_spans(one, other):
    assert ((one | other) == (other | one), (one & other) == (other & one)) == (True, True)
    assert ~~one == one
    assert Days.union([one, other]) == one | other
    assert all(end < start for (_, end), (start, _) in zip(one.spans, one.spans[1:], strict=False))


@settings(max_examples=60)
@given(DAYS, st.builds(day, st.integers(0, 30)))
def test_since_is_the_start_of_the_unbroken_run(days, on):
    since = days.since(on)
    if since is None:
        assert on not in days
    else:
        assert members(days) >= {since + timedelta(days=n) for n in range((on - since).days + 1)}
        assert since - timedelta(days=1) not in days


def test_the_edges_of_time():
    assert after(FOREVER, 5) == FOREVER
    assert EVERY_DAY - Days.from_on(day(3)) == Days.between(date.min, day(3))
    assert (Days.between(day(3), day(3)), Days.from_on(FOREVER)) == (NO_DAYS, NO_DAYS)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 5, 31), 9, date(2027, 2, 28)),
        (date(2027, 5, 31), 9, date(2028, 2, 29)),
        (date(2026, 1, 5), 9, date(2026, 10, 5)),
        (date(2026, 3, 31), 9, date(2026, 12, 31)),
        (date(2026, 4, 30), 9, date(2027, 1, 30)),
    ],
)
def test_months_after(start, count, end):
    assert months_after(start, count) == end


def test_every_limit_has_a_source_and_a_value_in_force():
    edition = targets_in_force(date(2026, 11, 2))
    assert edition.limits.stalled_days == 84
    assert {limit for source in edition.sources for limit in source.of} == set(DATA["edition"][0]["limits"])


def test_before_the_first_edition_there_is_no_default():
    with pytest.raises(NoTargetsInForce, match="2001-08-31"):
        targets_in_force(date(2001, 8, 31))


def _edition(**changes):
    return DATA["edition"][0] | changes


def test_an_edition_ends_where_the_next_begins():
    first, second = read_editions({"edition": [_edition(), _edition(name="2027", in_force_from=date(2027, 1, 1))]})
    assert (first.in_force, second.in_force) == (
        Days.between(date(2001, 9, 1), date(2027, 1, 1)),
        Days.from_on(date(2027, 1, 1)),
    )


LIMITS = DATA["edition"][0]["limits"]


@pytest.mark.parametrize(
    ("editions", "sentence"),
    [
        ([_edition(), _edition()], "Editions must stand in the order of their dates."),
        (
            [_edition(limits=LIMITS | {"extra_days": 1})],
            "Edition 2001: limits lack or do not know extra_days.",
        ),
        (
            [_edition(limits={key: LIMITS[key] for key in LIMITS if key != "new_days"})],
            "Edition 2001: limits lack or do not know new_days.",
        ),
        (
            [_edition(source=DATA["edition"][0]["source"][1:])],
            "Edition 2001: sources lack or do not know stalled_days, stalled_watch_days.",
        ),
    ],
)
def test_a_faulty_edition_is_refused(editions, sentence):
    with pytest.raises(TargetsMisdefined) as refused:
        read_editions({"edition": editions})
    assert str(refused.value) == sentence


TODAY = date(2026, 11, 2)
LONG_AGO = date(2026, 6, 1)
SOON = date(2026, 11, 5)


@pytest.mark.parametrize(
    ("words", "enrolled_on", "due", "group"),
    [
        (["safety", "contact_overdue"], LONG_AGO, SOON, SAFETY),
        (["contact_overdue", "stalled"], LONG_AGO, SOON, OVERDUE),
        (["measure_overdue"], LONG_AGO, SOON, OVERDUE),
        (["never_reviewed"], LONG_AGO, SOON, OVERDUE),
        ([], LONG_AGO, TODAY - timedelta(days=1), OVERDUE),
        ([], LONG_AGO, TODAY, REST),
        (["stalled"], TODAY, SOON, STALLED),
        (["non_responder", "review_due"], LONG_AGO, SOON, STALLED),
        ([], TODAY - timedelta(days=13), SOON, NEW),
        ([], TODAY - timedelta(days=14), SOON, REST),
        (["review_due", "long_episode", "stalled_watch"], LONG_AGO, SOON, REST),
    ],
)
def test_groups_of_the_caseload(words, enrolled_on, due, group):
    assert place(words, enrolled_on=enrolled_on, next_due_on=due, on=TODAY).group == group


def test_within_a_group_the_next_due_goes_first_and_the_undated_last():
    first = place(["stalled"], enrolled_on=LONG_AGO, next_due_on=SOON, on=TODAY)
    undated = place(["worsening"], enrolled_on=LONG_AGO, next_due_on=None, on=TODAY)
    assert first < undated
    assert (first, undated) == (Place(STALLED, SOON, 5), Place(STALLED, FOREVER, 3))
    assert place([], enrolled_on=LONG_AGO, next_due_on=None, on=TODAY) == Place(REST, FOREVER, len(KINDS))
