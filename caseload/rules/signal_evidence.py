"""Why a signal stands on a day: the facts that its rule looked at, and what would clear it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from caseload.rules import scale_rules, signal_hints
from caseload.rules.course import DEPRESSION, Point, Score, Track, followed_tracks
from caseload.rules.facts import Facts, counted_from
from caseload.rules.relapse import best_before_last, no_relapse_at
from caseload.rules.scale_rules import ScaleRule, stalled_against
from caseload.rules.signal_rules import is_danger, safety_scores
from caseload.rules.states import improvement_at, response_at
from registry.rules.instruments import INSTRUMENTS


@dataclass(frozen=True, slots=True)
class Evidence:
    """One dated fact. `what` is its part in the rule; a score has its scale's key, its `value` and the record's `ref`.

    Parts: baseline, before, best, compared, last, item9, self_harm, tier_moderate, tier_high, enrolled, contact,
    review, program, changed, risk_opened, risk_none, risk_low, risk_moderate, risk_high, risk_recheck, asked, late,
    written.
    """

    what: str
    on: date
    instrument: str = ""
    value: int | None = None
    ref: str = field(default="", compare=False)


Explained = tuple[tuple[Evidence, ...], str]
ScaleEvidence = Callable[[Facts, Track, date], Explained]


def _scored(what: str, track: Track, point: Point) -> Evidence:
    return Evidence(what, point.on, track.instrument.key, point.total, point.ref)


def _at_most(track: Track, total: int) -> str:
    return f"{track.instrument.name} of {total} or less"


def _both_ends(track: Track) -> tuple[Evidence, ...]:
    """The baseline, and the last score where there is one after it."""
    ends = [_scored("baseline", track, track.baseline)]
    return (*ends, _scored("last", track, track.last)) if len(track.points) > 1 else tuple(ends)


def _not_improved(_facts: Facts, track: Track, _on: date) -> Explained:
    return _both_ends(track), _at_most(track, improvement_at(track))


def _no_response(_facts: Facts, track: Track, _on: date) -> Explained:
    return _both_ends(track), _at_most(track, response_at(track))


def _worsening(_facts: Facts, track: Track, _on: date) -> Explained:
    before, last = track.points[-2:]
    earlier = (_scored("baseline", track, track.baseline), _scored("before", track, before))
    limit = min(track.baseline.total, last.total) + track.instrument.meaningful_change - 1
    # With two scores the one before is the baseline: named once.
    kept = earlier if len(track.points) > 2 else earlier[:1]
    return (*kept, _scored("last", track, last)), _at_most(track, limit)


def _stalled(facts: Facts, track: Track, on: date) -> Explained:
    return _against(track, stalled_against(track, on, facts.limits.stalled_days))


def _stalled_watch(facts: Facts, track: Track, on: date) -> Explained:
    return _against(track, stalled_against(track, on, facts.limits.stalled_watch_days))


def _against(track: Track, compared: Point) -> Explained:
    enough = max(improvement_at(track), compared.total - track.instrument.meaningful_change)
    shown = (_scored("compared", track, compared), _scored("last", track, track.last))
    return shown, _at_most(track, enough)


def _relapse(_facts: Facts, track: Track, _on: date) -> Explained:
    best = best_before_last(track)
    shown = (_scored("best", track, best), _scored("last", track, track.last))
    return shown, _at_most(track, no_relapse_at(track, best.total))


def _relapse_confirmed(facts: Facts, track: Track, on: date) -> Explained:
    (best, last), clears = _relapse(facts, track, on)
    return (best, _scored("before", track, track.points[-2]), last), clears


def _by_scales(rule: ScaleRule, explain: ScaleEvidence) -> Callable[[Facts, date], Explained]:
    """Every scale that gives the signal on the day, with what it takes of each to clear it."""

    def explained(facts: Facts, on: date) -> Explained:
        giving = (track for track in facts.course.tracks_on(on) if on in rule(facts, track))
        parts = [explain(facts, track, on) for track in giving if _is_asked(rule, facts, track, on)]
        evidence = tuple(item for shown, _ in parts for item in shown)
        return evidence, "A later " + " and a later ".join(clears for _, clears in parts) + "."

    return explained


def _is_asked(rule: ScaleRule, facts: Facts, track: Track, on: date) -> bool:
    """Worsening is asked of every scale, the rest of those followed on the day."""
    return rule is scale_rules.worsening or track in followed_tracks(facts.course.tracks_on(on))


def _safety(facts: Facts, on: date) -> Explained:
    known = [max(day for day in scores if day <= on) for scores in _begun(facts, on)]
    standing = [scores[day] for scores, day in zip(_begun(facts, on), known, strict=True) if is_danger(scores[day])]
    evidence = tuple(_danger(score) for score in standing)
    return evidence, "A later " + " and a later ".join(_without_danger(score) for score in standing) + "."


def _begun(facts: Facts, on: date) -> list[dict[date, Score]]:
    """The tools that tell of danger, each with its scores, of which one is known by `on`."""
    return [scores for scores in safety_scores(facts.course) if min(scores) <= on]


def _danger(score: Score) -> Evidence:
    if score.tier:
        return Evidence(f"tier_{score.tier}", score.on, score.scale, ref=score.ref)
    return Evidence(
        "item9" if score.scale == DEPRESSION else "self_harm", score.on, score.scale, score.item9, score.ref
    )


def _without_danger(score: Score) -> str:
    if score.tier:
        return f"{INSTRUMENTS[score.scale].name} with low or no risk"
    scale = INSTRUMENTS[score.scale]
    return f"{scale.name} with item {scale.critical_item} at 0"


def _measure(facts: Facts, on: date) -> Explained:
    followed = followed_tracks(facts.course.tracks_on(on))
    if not followed:
        return (_enrolled(facts),), "A first score."
    oldest = min(track.last.on for track in followed)
    stale = [track for track in followed if track.last.on == oldest]
    names = " and a new ".join(track.instrument.name for track in stale)
    return tuple(_scored("last", track, track.last) for track in stale), f"A new {names}."


def _enrolled(facts: Facts) -> Evidence:
    return Evidence("enrolled", facts.course.enrolled_on)


def _contact(facts: Facts, on: date) -> Explained:
    last = max((day for day in facts.course.contacts if day <= on), default=None)
    shown = Evidence("contact", last) if last else _enrolled(facts)
    return (shown,), "A treatment contact with the patient."


def _first_follow_up(facts: Facts, _on: date) -> Explained:
    return (_enrolled(facts),), "A treatment contact after the day of enrolment."


def _review(facts: Facts, on: date) -> Explained:
    counted = counted_from(facts.reviews, on)
    assert counted is not None, "a review signal stands outside collaborative care"
    start = "enrolled" if counted == facts.course.enrolled_on else "program"
    what = "review" if counted in facts.course.reviews else start
    return (Evidence(what, counted),), "A psychiatric review with a recommendation."


def _long_episode(facts: Facts, _on: date) -> Explained:
    return (_enrolled(facts),), "The end of the episode."


def _with_change(explain: Callable[[Facts, date], Explained]) -> Callable[[Facts, date], Explained]:
    """T13: a recorded change of treatment is said beside a stall, which it does not clear."""

    def explained(facts: Facts, on: date) -> Explained:
        evidence, clears = explain(facts, on)
        changed_on = signal_hints.latest_change(facts, on)
        return (evidence, clears) if changed_on is None else ((*evidence, Evidence("changed", changed_on)), clears)

    return explained


def _risk_open(facts: Facts, on: date) -> Explained:
    [*_, risk] = sorted((one for one in facts.course.risks if one.opened_on <= on), key=lambda one: one.opened_on)
    evidence = [Evidence("risk_opened", risk.opened_on)]
    if risk.assessed_on is not None:
        evidence.append(Evidence(f"risk_{risk.tier}", risk.assessed_on))
    if risk.recheck_on is not None:
        evidence.append(Evidence("risk_recheck", risk.recheck_on))
    return tuple(evidence), "An assessment that closes the concern. A later answer of 0 does not."


def _question(facts: Facts, on: date) -> Explained:
    asked = max(one.on for one in facts.course.questions if one.on <= on)
    return (Evidence("asked", asked),), "A review that answers it."


def _early_response(facts: Facts, track: Track, _on: date) -> Explained:
    return _both_ends(track), _at_most(track, track.baseline.total - facts.limits.early_response_drop)


def _off_track(facts: Facts, track: Track, on: date) -> Explained:
    return _both_ends(track), _at_most(track, signal_hints.off_track_below(facts, on))


def _not_remitted(_facts: Facts, track: Track, _on: date) -> Explained:
    return _both_ends(track), _at_most(track, track.instrument.remission_below - 1)


def _long_course(facts: Facts, on: date) -> Explained:
    evidence, clears = _LONG_COURSE(facts, on)
    return evidence, f"{clears[:-1]}, or a psychiatric review."


_LONG_COURSE = _by_scales(signal_hints.long_course, _not_remitted)


def _entered_late(facts: Facts, on: date) -> Explained:
    late = signal_hints.last_late(facts, on)
    shown = (Evidence("late", late.on), Evidence("written", late.entered_on))
    return shown, "A later contact that is written down within two days."


EVIDENCE: Mapping[str, Callable[[Facts, date], Explained]] = MappingProxyType(
    {
        "risk_open": _risk_open,
        "safety": _safety,
        "worsening": _by_scales(scale_rules.worsening, _worsening),
        "stalled": _with_change(_by_scales(scale_rules.stalled, _stalled)),
        "stalled_watch": _with_change(_by_scales(scale_rules.stalled_watch, _stalled_watch)),
        "non_responder_week_8": _by_scales(scale_rules.non_responder_week_8, _not_improved),
        "non_responder": _by_scales(scale_rules.non_responder, _not_improved),
        "change_of_plan_due": _by_scales(scale_rules.change_of_plan_due, _no_response),
        "relapse": _by_scales(scale_rules.relapse, _relapse),
        "relapse_confirmed": _by_scales(scale_rules.relapse_confirmed, _relapse_confirmed),
        "measure_overdue": _measure,
        "contact_overdue": _contact,
        "contact_lapsed": _contact,
        "first_follow_up_late": _first_follow_up,
        "inactive": _contact,
        "never_reviewed": _review,
        "review_due": _review,
        "review_overdue": _review,
        "long_episode": _long_episode,
        "question_open": _question,
        "long_course": _long_course,
        "early_response": _by_scales(signal_hints.early_response, _early_response),
        "off_track": _by_scales(signal_hints.off_track, _off_track),
        "entered_late": _entered_late,
    }
)
