"""Two versions side by side, and two edits of one version put together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from registry.rules.care_plans import PARTS, Plan, Problem, Task
from registry.rules.versions import Change, Merged, compared, merged

_ROWS = st.lists(st.sampled_from("abcde"), max_size=4, unique=True).map(
    lambda names: tuple(Problem(name) for name in names)
)
_PLANS = st.builds(Plan, goals=st.sampled_from(["", "x", "y", "z"]), problems=_ROWS)


def test_lines_are_laid_beside_each_other() -> None:
    left = Plan(goals="Walk\nSleep\nCook", cadence="Weekly", problems=(Problem("Low mood", "PHQ-9 below 5"),))
    right = Plan(goals="Walk\nCook\nWork", problems=(Problem("Low mood", "PHQ-9 below 10"),), safety_steps="Call")
    parts = {part.key: part for part in compared(left, right, PARTS)}
    said = {
        field.name: (field.change, [(line.sign, line.word, line.left, line.right) for line in field.lines])
        for part in parts.values()
        for field in part.fields
    }
    assert said == {
        "goals": (
            Change.CHANGED,
            [
                ("=", "Same", "Walk", "Walk"),
                ("−", "Removed", "Sleep", ""),
                ("=", "Same", "Cook", "Cook"),
                ("+", "Added", "", "Work"),
            ],
        ),
        "problems": (
            Change.CHANGED,
            [("≠", "Changed", "Low mood · Target PHQ-9 below 5", "Low mood · Target PHQ-9 below 10")],
        ),
        "cadence": (Change.REMOVED, [("−", "Removed", "Weekly", "")]),
        "safety_steps": (Change.ADDED, [("+", "Added", "", "Call")]),
    }
    assert [key for key, part in parts.items() if part.differs] == ["goals", "problems", "rhythm", "safety"]


def test_what_is_alike_is_the_same_and_what_is_empty_left_out() -> None:
    plan = Plan(goals="Walk")
    (goals,) = [field for part in compared(plan, plan, PARTS) for field in part.fields]
    assert (goals.name, goals.change) == ("goals", Change.SAME)


def test_a_field_that_one_changed_is_as_that_one_left_it() -> None:
    base = Plan(goals="Walk", cadence="Weekly", text="x")
    theirs = Plan(goals="Walk far", cadence="Weekly", text="x")
    mine = Plan(goals="Walk", cadence="Monthly", text="x")
    assert merged(base, theirs, mine) == Merged(
        Plan(goals="Walk far", cadence="Monthly", text="x"), taken=frozenset({"goals"}), both=frozenset()
    )


def test_of_a_text_that_both_changed_mine_stands() -> None:
    found = merged(Plan(goals="Walk"), Plan(goals="Sleep"), Plan(goals="Cook"))
    assert found == Merged(Plan(goals="Cook"), taken=frozenset(), both=frozenset({"goals"}))


def test_what_both_changed_alike_is_no_question() -> None:
    found = merged(Plan(goals="Walk"), Plan(goals="Sleep"), Plan(goals="Sleep"))
    assert found == Merged(Plan(goals="Sleep"), taken=frozenset(), both=frozenset())


def test_rows_that_both_changed_hold_what_either_added() -> None:
    ken, mia, ana, sue = Task("Ken", "Call"), Task("Mia", "Refill"), Task("Ana", "Lab"), Task("Sue", "Visit")
    base = Plan(tasks=(ken, mia))
    theirs = Plan(tasks=(Task("Ken", "Write"), mia, ana))
    mine = Plan(tasks=(Task("Ken", "Visit"), mia, sue))
    found = merged(base, theirs, mine)
    assert found.content.tasks == (Task("Ken", "Visit"), mia, sue, Task("Ken", "Write"), ana)
    assert found.both == {"tasks"}


def test_rows_that_either_removed_go() -> None:
    ken, mia, ana = Task("Ken"), Task("Mia"), Task("Ana")
    found = merged(Plan(tasks=(ken, mia)), Plan(tasks=(mia,)), Plan(tasks=(ken, ana)))
    assert found.content.tasks == (ana,)


@given(base=_PLANS, theirs=_PLANS, mine=_PLANS)
def test_nothing_that_either_wrote_is_lost(base: Plan, theirs: Plan, mine: Plan) -> None:
    found = merged(base, theirs, mine)
    added = {row for row in (*theirs.problems, *mine.problems) if row not in base.problems}
    removed = {row for row in base.problems if row not in theirs.problems or row not in mine.problems}
    kept = set(base.problems) - removed
    assert set(found.content.problems) == added | kept
    assert found.content.goals in {theirs.goals, mine.goals}
    assert mine.goals == base.goals or found.content.goals == mine.goals


@given(base=_PLANS, mine=_PLANS)
def test_without_their_change_the_edit_is_mine(base: Plan, mine: Plan) -> None:
    assert merged(base, base, mine) == Merged(mine, frozenset(), frozenset())
