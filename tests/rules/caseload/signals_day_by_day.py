"""The signals of one day, worked out the slow way: straight from the rules' sentences, for that day alone.

An independent reading to hold the day-set rules against. Shares with them only the course and the scales.
"""

from datetime import date, timedelta

from caseload.rules.course import EpisodeCourse
from registry.rules.instruments import instrument

CUT = 10
STEP = {"phq9": 5, "gad7": 4}


def words_on(course: EpisodeCourse, day: date) -> set[str]:
    end = min(course.ended_on or date.max, course.died_on or date.max)
    if not course.enrolled_on <= day < end:
        return set()
    return {word for word, holds in _answers(course, day).items() if holds}


def _answers(course: EpisodeCourse, day: date) -> dict[str, bool]:
    scales = _scales(course, day)
    asked = {key: scores for key, scores in scales.items() if key == _primary(scales) or scores[0][1] >= CUT}
    n = (day - course.enrolled_on).days
    in_prevention = course.relapse_prevention_from is not None and day >= course.relapse_prevention_from
    any_asked = asked.items()
    stalled = any(_stalled(s, k, day, 84) for k, s in any_asked)
    non_responder = n >= 70 and any(s[0][1] >= CUT and not _t4(s) for _, s in any_asked)
    return {
        "safety": _safety(course, day),
        "worsening": any(_worse(s, k) for k, s in scales.items()),
        "stalled": stalled,
        "stalled_watch": not stalled and any(_stalled(s, k, day, 56) for k, s in any_asked),
        "non_responder_week_8": n >= 56 and any(not _t4(s) for _, s in any_asked),
        "non_responder": non_responder,
        "change_of_plan_due": n >= 70 and any(s[0][1] >= CUT and not _t3(s) for _, s in any_asked),
        "relapse": any(_relapse(s, k, course) for k, s in any_asked),
        "relapse_confirmed": any(_relapse(s, k, course) and _relapse(s[:-1], k, course) for k, s in any_asked),
        "measure_overdue": _measure_age(course, asked, day) > (60 if in_prevention else 28 if n < 56 else 30),
        "long_episode": day >= _nine_months_after(course.enrolled_on),
        "risk_open": any(_is_open(risk.opened_on, risk.closed_on, day) for risk in course.risks),
        "question_open": any(_is_open(asked.on, asked.answered_on, day) for asked in course.questions),
        "entered_late": _entered_late(course, day),
        "early_response": 28 <= n <= 42 and _drop(scales) is not None and _drop(scales) < 5,
        "off_track": not in_prevention and _off_track(scales, n),
        "long_course": n >= 140
        and not in_prevention
        and any(s[0][1] >= CUT and s[-1][1] >= 5 for _, s in any_asked)
        and not any(course.enrolled_on + timedelta(days=140) <= review <= day for review in course.reviews),
        **_contact(course, day, n),
        **_reviews(course, day, non_responder=non_responder, in_prevention=in_prevention),
    }


def _scales(course: EpisodeCourse, day: date) -> dict[str, list[tuple[date, int]]]:
    scales: dict[str, list[tuple[date, int]]] = {}
    for score in sorted(course.scores, key=lambda score: (score.on, score.order)):
        if course.enrolled_on <= score.on <= day and score.total is not None:
            scales.setdefault(score.instrument, []).append((score.on, score.total))
    return scales


def _primary(scales: dict[str, list[tuple[date, int]]]) -> str:
    if "gad7" in scales and "phq9" not in scales:
        return "gad7"
    if "gad7" in scales and scales["phq9"][0][1] < CUT and scales["gad7"][0][1] >= CUT:
        return "gad7"
    return "phq9"


def _t3(scores: list[tuple[date, int]]) -> bool:
    return len(scores) > 1 and scores[-1][1] * 2 <= scores[0][1]


def _t4(scores: list[tuple[date, int]]) -> bool:
    return _t3(scores) or (len(scores) > 1 and scores[-1][1] < CUT)


def _worse(scores: list[tuple[date, int]], key: str) -> bool:
    last = scores[-1][1]
    return len(scores) > 1 and (last >= scores[0][1] + STEP[key] or last >= scores[-2][1] + STEP[key])


def _stalled(scores: list[tuple[date, int]], key: str, day: date, window: int) -> bool:
    old = [score for score in scores if score[0] <= day - timedelta(days=window)]
    last = scores[-1]
    if not old or last[0] <= old[-1][0]:
        return False
    return last[1] >= CUT and not _t4(scores) and old[-1][1] - last[1] < STEP[key]


def _relapse(scores: list[tuple[date, int]], key: str, course: EpisodeCourse) -> bool:
    if len(scores) < 2:
        return False
    on, last = scores[-1]
    lowest = min(total for _, total in scores[:-1])
    prevention = course.relapse_prevention_from
    improved = scores[0][1] >= CUT and any(_t4(scores[:count]) for count in range(2, len(scores)))
    return (
        last > lowest
        and (last >= CUT or last >= lowest + STEP[key])
        and (improved or (prevention is not None and on >= prevention))
    )


def _safety(course: EpisodeCourse, day: date) -> bool:
    known = [s for s in course.scores if s.instrument == "phq9" and s.item9 is not None and s.on <= day]
    return bool(known) and max(known, key=lambda score: (score.on, score.order)).item9 >= 1


def _measure_age(course: EpisodeCourse, asked: dict[str, list[tuple[date, int]]], day: date) -> int:
    return (day - min((scores[-1][0] for scores in asked.values()), default=course.enrolled_on)).days


def _is_open(begins: date, ends: date | None, day: date) -> bool:
    return begins <= day and (ends is None or day < ends)


def _entered_late(course: EpisodeCourse, day: date) -> bool:
    known = [entry for entry in course.entries if entry.entered_on <= day]
    on_time = [entry.on for entry in known if (entry.entered_on - entry.on).days <= 2]
    late = [entry.on for entry in known if (entry.entered_on - entry.on).days > 2]
    return any(not any(other > on for other in on_time) for on in late)


def _drop(scales: dict[str, list[tuple[date, int]]]) -> int | None:
    """How far an elevated PHQ-9 came down; None where there is nothing to compare."""
    scores = scales.get("phq9", [])
    return scores[0][1] - scores[-1][1] if len(scores) > 1 and scores[0][1] >= CUT else None


def _off_track(scales: dict[str, list[tuple[date, int]]], n: int) -> bool:
    limit = 17 if 28 <= n < 63 else 13 if 63 <= n < 98 else 9 if 98 <= n < 140 else 99
    return _drop(scales) is not None and scales["phq9"][-1][1] >= limit


def _contact(course: EpisodeCourse, day: date, n: int) -> dict[str, bool]:
    past = [contact for contact in course.contacts if contact <= day]
    age = (day - max(past, default=course.enrolled_on)).days
    return {
        "contact_overdue": 31 <= age <= 60,
        "contact_lapsed": age > 60,
        "inactive": age >= 90,
        "first_follow_up_late": n > 28 and not any(contact > course.enrolled_on for contact in past),
    }


def _reviews(course: EpisodeCourse, day: date, *, non_responder: bool, in_prevention: bool) -> dict[str, bool]:
    spell = [change for change in sorted(course.programs, key=lambda c: c.on) if change.on <= day]
    if spell[-1].program != "cocm":
        return {}
    start = spell[-1].on
    for change in reversed(spell):
        if change.program != "cocm":
            break
        start = change.on
    start = max(start, course.enrolled_on)
    past = [review for review in course.reviews if start <= review <= day]
    age = (day - max(past, default=start)).days
    return {
        "never_reviewed": not in_prevention and not past and (day - start).days >= 30,
        "review_due": not in_prevention and non_responder and 30 <= age < 60,
        "review_overdue": age >= 60 and (non_responder or in_prevention),
    }


def _nine_months_after(day: date) -> date:
    month = day.month + 9
    year, month = (day.year + 1, month - 12) if month > 12 else (day.year, month)
    for number in range(day.day, 0, -1):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise AssertionError(day)


def check_scales() -> None:
    """The numbers above are those of the shipped scales."""
    assert {key: instrument(key).meaningful_change for key in STEP} == STEP
    assert {instrument(key).elevated_from for key in STEP} == {CUT}
