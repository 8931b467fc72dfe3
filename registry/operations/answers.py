"""What a patient answers through a link: kept screen by screen, turned into scores once, at the latest at the end.

A dangerous answer does not wait for the end: what is known by then is recorded, and somebody is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from bhi.accounts.queries import system_membership
from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import Assessment, NoticeCause, SelfReport
from registry.operations.assessments import ScoreGiven, record_assessment, replace_assessment
from registry.operations.errors import ScoreUnusable
from registry.operations.safety import raise_notice
from registry.operations.self_report_errors import AnswerImpossible, LinkOver, QuestionsOpen
from registry.operations.self_reports import gate_of, open_report
from registry.queries.assessments import episode_on
from registry.queries.protocols import protocol_of
from registry.queries.self_reports import given_in, tools_in
from registry.rules.instruments import Instrument
from registry.rules.self_reports import (
    Gate,
    Given,
    Question,
    answer_to,
    first_open,
    is_answered,
    questions,
    with_answer,
)

SO_FAR, SENT = "so far", "sent"


@transaction.atomic
def give_answer(*, by: Membership, at: datetime, report_id: UUID, tool: str, number: int, points: int | None) -> bool:
    """Keep the answer to one question, None where the patient would rather not. Returns whether it means danger.

    Then somebody is called at once, and what is known so far is recorded as a score; changing the answer later does
    not take that back. Raises AnswerImpossible, LinkOver.
    """
    report = _answerable(report_id, by, at)
    asked = questions(tools_in(report), given_in(report))
    question = next((one for one in asked if (one.instrument.key, one.number) == (tool, number)), None)
    if question is None:
        raise AnswerImpossible
    _keep(report, question, points, at)
    is_danger = question.is_critical and bool(points)
    if is_danger:
        _call_for_help(report, question, by=by, at=at)
    return is_danger


@transaction.atomic
def finish_self_report(*, by: Membership, at: datetime, report_id: UUID) -> None:
    """Turn the answers into scores and close the link. Two tabs that finish at once make one set of scores.

    A tool with too many answers left out gives no score; its answers stay with the link. Raises QuestionsOpen while
    questions were not reached, LinkOver when it was finished before.
    """
    report = _answerable(report_id, by, at)
    place = first_open(questions(tools_in(report), given_in(report)), given_in(report))
    if place is not None:
        raise QuestionsOpen(place)
    unused = [tool.key for tool in tools_in(report) if not _record_score(report, tool, by=by, at=at)]
    _empty(report, keep=unused)
    report.finished_at = at
    report.save(update_fields=["answers", "finished_at"])
    record("self_report.finished", by=by, at=at, patient_id=report.patient_id, object_id=report.id)


@transaction.atomic
def close_abandoned(*, organization_id: UUID, report_id: UUID, at: datetime) -> int:
    """Keep what a patient answered who never came to the end: the tools gone through, and any dangerous answer.

    For a link that has expired; running it again changes nothing. Returns how many scores were recorded.
    """
    by = system_membership(organization_id)
    report = SelfReport.objects.select_for_update(no_key=True).get(organization_id=organization_id, id=report_id)
    if report.voided_at is not None or report.finished_at is not None or at < report.expires_at:
        return 0
    given = given_in(report)
    usable = [tool for tool in tools_in(report) if _is_worth_keeping(tool, given)]
    recorded = [tool.key for tool in usable if _record_score(report, tool, by=by, at=at)]
    if recorded:
        _empty(report, keep=[key for key in report.instruments if key not in recorded])
        report.save(update_fields=["answers"])
    return len(recorded)


def _answerable(report_id: UUID, by: Membership, at: datetime) -> SelfReport:
    report = open_report(report_id, by.organization_id, at)
    if report.confirmed_at is None or gate_of(report, at) is Gate.WAITS:
        raise LinkOver
    return report


def _keep(report: SelfReport, question: Question, points: int | None, at: datetime) -> None:
    today = at.astimezone(protocol_of(report.clinic_id).zone).date()
    try:
        given = with_answer(report.answers.get("given", {}), question, points, today)
    except ValueError:
        raise AnswerImpossible from None
    report.answers = {**report.answers, "given": given}
    report.save(update_fields=["answers"])


def _call_for_help(report: SelfReport, question: Question, *, by: Membership, at: datetime) -> None:
    """The score so far is recorded once for each tool; a later dangerous answer is in the one that is sent."""
    tool = question.instrument
    so_far = Assessment.objects.filter(client_token=_token(report, tool, SO_FAR)).first()
    if so_far is None:
        with suppress(ScoreUnusable):  # too little for a score: the call goes out all the same
            so_far = _record(report, tool, SO_FAR, by=by, at=at)
    cause = NoticeCause.ITEM_9 if question.number == tool.critical_item else NoticeCause.SCREENER
    raise_notice(
        by=by,
        at=at,
        patient=report.patient,
        clinic_id=report.clinic_id,
        cause=cause,
        assessment=so_far,
        self_report=report,
    )


def _record_score(report: SelfReport, tool: Instrument, *, by: Membership, at: datetime) -> bool:
    """The score of one tool, in place of the one so far where there is one. False when its answers give none."""
    so_far = Assessment.objects.live().filter(client_token=_token(report, tool, SO_FAR)).first()
    if so_far is not None and so_far.items == given_in(report)[tool.key].as_list(tool):
        return True
    try:
        if so_far is None:
            _record(report, tool, SENT, by=by, at=at)
        else:
            given = given_in(report)[tool.key]
            replace_assessment(
                by=by,
                at=at,
                assessment=so_far,
                reason="The patient went on answering",
                on=given.on or so_far.on,
                given=_score_given(report, tool, given),
            )
    except ScoreUnusable:
        return False
    return True


def _record(report: SelfReport, tool: Instrument, which: str, *, by: Membership, at: datetime) -> Assessment:
    given = given_in(report).get(tool.key, Given())
    on = given.on or at.astimezone(protocol_of(report.clinic_id).zone).date()
    score = _score_given(report, tool, given)
    return record_assessment(
        by=by,
        at=at,
        patient=report.patient,
        episode=episode_on(report.patient_id, on),
        instrument=score.instrument,
        on=on,
        items=score.items,
        language=score.language,
        is_by_patient=True,
        client_token=_token(report, tool, which),
    )


def _score_given(report: SelfReport, tool: Instrument, given: Given) -> ScoreGiven:
    language = "" if report.language == "en" else report.language
    return ScoreGiven(tool.key, items=tuple(given.as_list(tool)), language=language)


def _is_worth_keeping(tool: Instrument, given: Mapping[str, Given]) -> bool:
    """Gone through to its end, or with a dangerous answer in it."""
    asked = questions([tool], given)
    is_through = all(is_answered(question, given) for question in asked)
    return is_through or any(question.is_critical and answer_to(question, given) for question in asked)


def _empty(report: SelfReport, *, keep: list[str]) -> None:
    """What became a score is in the score; the link keeps the rest."""
    stored: dict[str, Any] = report.answers.get("given", {})
    kept = {key: given for key, given in stored.items() if key in keep}
    report.answers = {**report.answers, "given": kept}


def _token(report: SelfReport, tool: Instrument, which: str) -> UUID:
    """One score of each kind per link and tool, whoever asks for it twice."""
    return uuid5(report.id, f"{tool.key} {which}")
