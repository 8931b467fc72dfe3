"""Every story, told to the product: real operations, real minutes, real verdicts and signals, as bhi_app."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DataError

from bhi.tenancy.models import Organization
from billing.operations import stories
from billing.operations.stories import play_story
from billing.rules.facts import MonthFacts
from billing.rules.story import load_story
from billing.rules.story_months import months_of
from billing.rules.story_outcome import document
from billing.rules.verdicts import judge_in_order

pytestmark = pytest.mark.django_db

HERE = Path(__file__).parent
STORIES = sorted([*(HERE / "billing").glob("*.json"), *(HERE / "clinical").glob("*.json")])
FIRST = HERE / "billing" / "BR-01-initial-15.json"


def in_any_order(facts: MonthFacts) -> MonthFacts:
    """Documents as a set: a story lists them as it likes, a database in no order that matters."""
    return replace(
        facts,
        visits=tuple(sorted(facts.visits, key=repr)),
        care_plans=tuple(sorted(facts.care_plans)),
        scores=tuple(sorted(facts.scores)),
        reviews=tuple(sorted(facts.reviews)),
        other_services=tuple(sorted(facts.other_services, key=repr)),
        served_before=tuple(sorted(facts.served_before)),
        billed_before=tuple(sorted(facts.billed_before, key=repr)),
        own_served=(),
        own_lines=(),
    )


def test_the_stories_are_all_here():
    assert (len(list((HERE / "billing").glob("*.json"))), len(list((HERE / "clinical").glob("*.json")))) == (118, 52)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story(path: Path):
    """It comes out as written, and the facts read from the database are those that the story states."""
    story = load_story(path.read_text())
    outcome = play_story(story)
    played = document(story, outcome)
    assert played["differences"] == []
    assert played["ok"] is True
    stated = {facts.month: in_any_order(facts) for facts in months_of(story)}
    assert {month: in_any_order(facts) for month, facts in outcome.facts.items()} == stated
    assert list(outcome.months.values()) == judge_in_order(months_of(story))


def test_nothing_is_kept():
    before = Organization.objects.count()
    play_story(load_story(FIRST.read_text()))
    assert Organization.objects.count() == before


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict], str]:
    """The command's exit status, its JSON lines and what it said on standard error."""
    status = 0
    try:
        call_command("story", *arguments)
    except SystemExit as left:
        status = int(left.code or 0)
    said = capsys.readouterr()
    return status, [json.loads(line) for line in said.out.splitlines()], said.err


def story_file(folder: Path, **changes: object) -> str:
    path = folder / "story.json"
    path.write_text(json.dumps({**json.loads(FIRST.read_text()), **changes}))
    return str(path)


def test_the_command_prints_a_line_per_file(capsys: pytest.CaptureFixture[str]):
    status, printed, errors = run(capsys, str(FIRST))
    assert (status, errors) == (0, "")
    assert printed == [
        {
            "id": "BR-01",
            "months": {"2026-10": {"minutes": 15, "lines": [], "gaps": ["minutes_short"], "flags": []}},
            "signals": {},
            "state": {},
            "ok": True,
            "differences": [],
        }
    ]


def test_a_story_that_differs_exits_1(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    expected = {"months": {"2026-10": {"minutes": 16, "gaps": []}, "2026-11": {"minutes": 1}}}
    status, printed, _ = run(capsys, story_file(tmp_path, expect=expected))
    assert (status, printed[0]["ok"]) == (1, False)
    assert printed[0]["differences"] == [
        "2026-10 minutes: expected 16, got 15",
        "2026-10 gaps: expected [], got ['minutes_short']",
        "2026-11 minutes: expected 1, got 0",
    ]


def test_a_story_without_expectation_is_neither(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    status, printed, _ = run(capsys, story_file(tmp_path, expect=None, days=["2026-10-02"]))
    assert (status, printed[0]["ok"]) == (0, None)
    assert printed[0]["state"] == {"2026-10-02": "no_change"}


def test_explained_lines_and_gaps_name_book_and_source(capsys: pytest.CaptureFixture[str]):
    _, printed, _ = run(capsys, str(HERE / "billing" / "BR-07-initial-85.json"), str(FIRST), "--explain")
    line = printed[0]["months"]["2026-10"]["explained"]["lines"][0]
    assert (line["code"], line["citations"][0]["field"]) == ("99492", "codes.99492.midpoint_minutes")
    assert all(citation["book"].startswith("medicare_ffs") for citation in line["citations"])
    assert all(citation["sources"][0]["title"] for citation in line["citations"])
    gap = printed[1]["months"]["2026-10"]["explained"]["gaps"][0]
    assert (gap["gap"], gap["citations"][0]["field"]) == ("minutes_short", "codes.99484.full_minutes")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"enrolled_on": "2026-13-01"}, "$.enrolled_on: there is no such day"),
        ({"colour": "blue"}, "$.colour: no such field"),
        ({"work": [{"at": "2026-10-05T10:00", "minutes": 5, "by": "nurse"}]}, "$.work[0].by: one of"),
        ({"work": [{"at": "2026-10-05T10:00", "minutes": 900}]}, "$.work[0]: This is longer than 12 hours"),
        ({"referred_on": "2026-10-09"}, "$.enrolled_on: The date of enrolment is before that of referral"),
        ({"diagnoses": ["F32.1", "sad"]}, "$.diagnoses[1]: A diagnosis is an ICD-10-CM code"),
        ({"scores": [{"on": "2026-10-05", "instrument": "mood", "total": 3}]}, "$.scores[0]: mood is not known"),
        ({"enrolled_on": "2018-10-01", "work": [{"at": "2018-10-05T10:00", "minutes": 5}]}, "$.payer: No rule book"),
    ],
)
def test_an_invalid_file_is_named_with_path_and_fault(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, changes: dict, fault: str
):
    name = story_file(tmp_path, **{"expect": None, **changes})
    status, printed, errors = run(capsys, name, str(FIRST))
    assert errors.startswith(f"{name}: {fault}")
    assert status == 2
    assert [one["id"] for one in printed] == ["BR-01"]


def test_what_the_database_refuses_is_named_with_its_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    real, calls = stories.record_visit, []

    def refuse_first(**values: Any) -> object:
        calls.append(values)
        if len(calls) == 1:
            raise DataError
        return real(**values)

    monkeypatch.setattr(stories, "record_visit", refuse_first)
    name = story_file(tmp_path, expect=None)
    status, printed, errors = run(capsys, name, str(FIRST))
    assert errors == f"{name}: $.visits[0]: this holds a value that cannot be stored\n"
    assert (status, [one["id"] for one in printed]) == (2, ["BR-01"])


def test_a_missing_file_and_one_that_is_not_json(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    status, printed, errors = run(capsys, str(tmp_path / "gone.json"), str(broken))
    assert (status, printed) == (2, [])
    assert [line.split(": ")[1] for line in errors.splitlines()] == ["$", "$"]


def test_the_clock_of_a_story_is_its_own():
    """A story of the far future and one of the past play alike, whatever the time is now."""
    document_of = json.loads(FIRST.read_text())
    later = json.loads(FIRST.read_text().replace("2026-10", "2027-10"))
    played = [document(story, play_story(story)) for story in map(load_story, map(json.dumps, (document_of, later)))]
    assert [one["ok"] for one in played] == [True, True]


def test_a_program_may_change_before_the_enrolment():
    """Referred to general BHI, moved to collaborative care before and on the day of enrolment."""
    told = {
        "id": "P",
        "title": "Moved before enrolment",
        "referred_on": "2026-09-07",
        "enrolled_on": "2026-10-01",
        "program": "bhi",
        "program_changes": [{"on": "2026-09-21", "to": "cocm"}, {"on": "2026-10-20", "to": "bhi"}],
        "consents": [{"given_at": "2026-09-07T00:00", "service": "bhi"}],
        "work": [
            {"at": "2026-09-14T10:00", "minutes": 22},
            {"at": "2026-09-28T10:00", "minutes": 15},
            {"at": "2026-10-13T10:00", "minutes": 31},
            {"at": "2026-10-27T10:00", "minutes": 9},
        ],
        "days": ["2026-10-31"],
    }
    story = load_story(json.dumps(told))
    played = document(story, play_story(story))
    assert [(one["minutes"], one["lines"]) for one in played["months"].values()] == [(15, []), (31, [["99493", 1]])]
    assert played["signals"] == {"2026-10-31": ["measure_overdue"]}
    stays = told | {"reviews": [], "program_changes": [{"on": "2026-10-01", "to": "cocm"}]}
    story = load_story(json.dumps(stays))
    assert document(story, play_story(story))["signals"] == {"2026-10-31": ["measure_overdue", "never_reviewed"]}
