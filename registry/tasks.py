"""What workers do for the registry. Each handler makes one call and can run twice."""

from __future__ import annotations

from uuid import UUID

from bhi.jobs.registry import Run, handles, nightly, repeats
from registry.operations import answers, emergencies, safety, self_reports, who_saw
from registry.queries.who_saw import span_of

DISCARD_LISTS = "discard_lists_of_seen"


def register() -> None:
    """Called once, when Django starts."""
    handles(self_reports.SEND, send_link)
    handles(self_reports.CLOSE, close_link)
    handles(safety.TELL, tell_of_danger)
    handles(safety.MAIL, mail_step)
    handles(emergencies.TELL, tell_of_emergency)
    handles(who_saw.MAKE, list_who_was_seen, label="Listing whom somebody saw")
    handles(DISCARD_LISTS, discard_lists)
    repeats(DISCARD_LISTS, nightly)


def send_link(run: Run) -> None:
    """Send a patient the link to a questionnaire."""
    self_reports.deliver_self_report(
        organization_id=run.organization_id, report_id=UUID(run.arguments["report_id"]), at=run.at
    )


def close_link(run: Run) -> None:
    """Keep what is usable of a questionnaire that was never finished."""
    answers.close_abandoned(organization_id=run.organization_id, report_id=UUID(run.arguments["report_id"]), at=run.at)


def tell_of_danger(run: Run) -> None:
    """Tell whoever is next of a safety notice."""
    safety.tell_of_notice(organization_id=run.organization_id, notice_id=UUID(run.arguments["notice_id"]), at=run.at)


def tell_of_emergency(run: Run) -> None:
    """Tell the leads that a record was opened in an emergency, or that nobody has looked at it."""
    emergencies.mail_of_emergency(
        organization_id=run.organization_id, access_id=UUID(run.arguments["access_id"]), at=run.at
    )


def mail_step(run: Run) -> None:
    """Send the call that a step of a notice records."""
    safety.mail_safety_step(organization_id=run.organization_id, step_id=UUID(run.arguments["step_id"]))


def list_who_was_seen(run: Run) -> None:
    """Make the list of whom a person saw, with names, for who asked for it."""
    span = span_of(run.arguments)
    who_saw.keep_list(organization_id=run.organization_id, job_id=run.job_id, span=span, at=run.at)


def discard_lists(run: Run) -> None:
    """Delete the lists whose day is over."""
    who_saw.discard_lists(organization_id=run.organization_id, at=run.at)
