"""What is known of an open episode where its status is to change."""

from __future__ import annotations

from datetime import date

from caseload.queries.courses import courses
from caseload.rules.course import DEPRESSION, EpisodeCourse, Track, followed_tracks
from caseload.rules.relapse import no_relapse_at
from caseload.rules.signal_rules import item_nine_scores
from caseload.rules.signals import signals_on
from caseload.rules.sustained import improved_from
from registry.models import Episode
from registry.queries.status import StatusPapers
from registry.rules.status import Ground, ScaleCourse

_RELAPSES = ("relapse_confirmed", "relapse")


def status_ground(episode: Episode, papers: StatusPapers, today: date) -> Ground:
    """The ground on which a change of status is judged on the clinic's day."""
    course = courses(episode.organization_id, [episode.id])[episode.id]
    known = course.tracks_on(today)
    words = {signal.word for signal in signals_on(course, today)}
    answered = [score for score in item_nine_scores(course) if score.on <= today]
    return Ground(
        status=episode.status,
        today=today,
        enrolled_on=episode.enrolled_on,
        changed_on=papers.changed_on,
        last_contact_on=max((on for on in course.contacts if on <= today), default=None),
        scales=tuple(_scale(track) for track in followed_tracks(known)),
        last_phq9=_last_depression(course, today),
        last_item9=answered[-1].item9 if answered else None,
        last_tier=papers.last_tier,
        plan_on=papers.plan_on,
        relapse=next((word for word in _RELAPSES if word in words), ""),
        hand_off_seen_on=papers.seen_on,
        is_hand_off_open=papers.is_hand_off_open,
    )


def _scale(track: Track) -> ScaleCourse:
    best = min(point.total for point in track.points)
    return ScaleCourse(
        name=track.instrument.name,
        baseline=track.baseline.total,
        last=track.last.total,
        last_on=track.last.on,
        improved_from=improved_from(track),
        best=best,
        comes_back_at=no_relapse_at(track, best) + 1,
    )


def _last_depression(course: EpisodeCourse, today: date) -> int | None:
    """The last PHQ-9, one from before enrolment included: somebody at risk then is at risk now."""
    totals = [s.total for s in course.ordered_scores if s.scale == DEPRESSION and s.total is not None and s.on <= today]
    return totals[-1] if totals else None
