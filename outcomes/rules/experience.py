"""What patients say of the program, from 1 (not at all) to 5 (fully)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from outcomes.rules.facts import EpisodeFacts
from outcomes.rules.measure import NOT_ASKED, Kind, Measure, Part, judged, valued


def _said(answer: Callable[[EpisodeFacts], int | None]) -> Callable[[EpisodeFacts], Part]:
    def judge(facts: EpisodeFacts) -> Part:
        said = answer(facts)
        return NOT_ASKED if said is None else valued(said, f"{said} of 5")

    return judge


def judge_answered(facts: EpisodeFacts) -> Part:
    """Whether somebody enrolled in the month answered the three questions in it."""
    has_answered = facts.said_recommend is not None
    return judged(has_answered, "Answered", "No answer in the month") if facts.is_in_month else NOT_ASKED


def _answer(key: str, title: str, sentence: str, judge: Callable[[EpisodeFacts], Part]) -> Measure:
    return Measure(
        key=key,
        title=title,
        kind=Kind.MEAN,
        subject="episode",
        family="experience",
        formula=f"The mean answer, from 1 to 5, to: {sentence} Of the patients who answered in the month.",
        unit="of 5",
        better="up",
        judge=judge,
    )


ANSWERS: Final = frozenset({"said_reached", "said_heard", "said_recommend"})
"""What patients said. By month, group or care manager it could be told who said what, so that pages of measures have
these without numbers; they are told by quarter, once enough have answered (outcomes.rules.asking).
"""

EXPERIENCE: Final = (
    _answer(
        "said_reached",
        "Could reach somebody",
        "I could reach somebody when I needed to.",
        _said(lambda facts: facts.said_reached),
    ),
    _answer("said_heard", "Felt listened to", "I was listened to.", _said(lambda facts: facts.said_heard)),
    _answer(
        "said_recommend",
        "Would recommend the program",
        "I would recommend the program.",
        _said(lambda facts: facts.said_recommend),
    ),
    Measure(
        key="said_share",
        title="Patients who answered",
        kind=Kind.SHARE,
        subject="episode",
        family="experience",
        formula="Patients who answered the three questions in the month, of all enrolled on at least one day of it. An "
        "answer that comes after the month of discharge is in the means, and not in this share.",
        better="up",
        judge=judge_answered,
    ),
)
