"""E-mails about people, sent by workers. Each can run twice."""

from __future__ import annotations

from uuid import UUID

from bhi.accounts.operations.invitations import SEND, deliver_invitation
from bhi.accounts.operations.notices import TELL, mail_of_access
from bhi.jobs.registry import Run, handles


def register() -> None:
    """Called once, when Django starts."""
    handles(SEND, send_invitation, label="Sending an invitation")
    handles(TELL, tell_of_access, label="Telling who answers for the organization")


def send_invitation(run: Run) -> None:
    """The link of an invitation, unless it is over by now."""
    invitation_id = UUID(run.arguments["invitation_id"])
    deliver_invitation(organization_id=run.organization_id, invitation_id=invitation_id, at=run.at)


def tell_of_access(run: Run) -> None:
    """One of those who answer for the organization."""
    membership_id, word = UUID(run.arguments["membership_id"]), run.arguments["word"]
    mail_of_access(organization_id=run.organization_id, membership_id=membership_id, word=word)
