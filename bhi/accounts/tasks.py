"""E-mails about people, sent by workers. Each can run twice."""

from __future__ import annotations

from uuid import UUID

from bhi.accounts.operations.access import TELL_OF_END, mail_of_end
from bhi.accounts.operations.invitations import SEND, deliver_invitation
from bhi.jobs.registry import Run, handles


def register() -> None:
    """Called once, when Django starts."""
    handles(SEND, send_invitation, label="Sending an invitation")
    handles(TELL_OF_END, tell_of_end, label="Telling who answers that somebody’s work has ended")


def send_invitation(run: Run) -> None:
    """The link of an invitation, unless it is over by now."""
    invitation_id = UUID(run.arguments["invitation_id"])
    deliver_invitation(organization_id=run.organization_id, invitation_id=invitation_id, at=run.at)


def tell_of_end(run: Run) -> None:
    """One of those who answer for the organization."""
    mail_of_end(organization_id=run.organization_id, membership_id=UUID(run.arguments["membership_id"]))
