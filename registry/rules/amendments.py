"""Requests of patients to amend their record: by when they are answered, and what an answer says (45 CFR 164.526)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

DAYS_TO_ANSWER: Final = 60
DAYS_MORE: Final = 30


def due_on(asked_on: date) -> date:
    """The last day for an answer (164.526(b)(2)(i))."""
    return asked_on + timedelta(days=DAYS_TO_ANSWER)


def extended_due_on(asked_on: date) -> date:
    """The last day after the one extension that is allowed (164.526(b)(2)(ii))."""
    return asked_on + timedelta(days=DAYS_TO_ANSWER + DAYS_MORE)


def faults_of_request(*, asked_on: date, today: date, what: str) -> Mapping[str, str]:
    """What cannot be kept of a request, each under its field's name."""
    found = {}
    if asked_on > today:
        found["asked_on"] = "This day is still to come. Enter the day on which the patient asked."
    if not what.strip():
        found["what"] = "Say what the patient wants amended, and why."
    return found


def faults_of_answer(
    *, is_accepted: bool | None, answer: str, basis: str, changed: str, answered_on: date, asked_on: date, today: date
) -> Mapping[str, str]:
    """What an answer lacks: an acceptance says what was changed, a denial its basis (164.526(c), (d)(1))."""
    found = {}
    if is_accepted is None:
        found["is_accepted"] = "Choose whether the record is amended."
    if not answer.strip():
        found["answer"] = "Write what the patient is told, in plain words."
    if is_accepted is True and not changed.strip():
        found["changed"] = "Say what was changed, and where in the record."
    if is_accepted is False and not basis:
        found["basis"] = "Choose why it is denied."
    if answered_on > today:
        found["answered_on"] = "This day is still to come. Enter the day of the answer."
    elif answered_on < asked_on:
        found["answered_on"] = "The answer would come before the question. Change the day."
    return found
