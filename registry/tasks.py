"""What workers do for the registry. Each handler makes one call and can run twice."""

from __future__ import annotations

from uuid import UUID

from bhi.jobs.registry import Run, handles
from registry.operations import answers, safety, self_reports


def register() -> None:
    """Called once, when Django starts."""
    handles(self_reports.SEND, send_link)
    handles(self_reports.CLOSE, close_link)
    handles(safety.TELL, tell_of_danger)
    handles(safety.MAIL, mail_step)


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


def mail_step(run: Run) -> None:
    """Send the call that a step of a notice records."""
    safety.mail_safety_step(organization_id=run.organization_id, step_id=UUID(run.arguments["step_id"]))
