"""What happened to a person's account, written where nobody can change it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bhi.accounts.models import SignInEvent, SignInKind
from bhi.accounts.sessions import fingerprint


def record_sign_in(
    kind: SignInKind, *, user_id: UUID | None, at: datetime, ip: str | None = None, session_key: str | None = None
) -> None:
    """One event of one person; of a failed try with an unknown e-mail, of nobody. Never the e-mail or a secret."""
    SignInEvent.objects.create(user_id=user_id, kind=kind, at=at, ip=ip, session=fingerprint(session_key))
