"""From where somebody does something to an account, as it is written down."""

from __future__ import annotations

from uuid import UUID

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.utils import timezone

from bhi.accounts.models import SignInKind
from bhi.accounts.operations.signing_in import record_sign_in


def happened(kind: SignInKind, request: HttpRequest, *, user_id: UUID | None) -> None:
    """Record what happened to an account, with address and session; of an e-mail that is nobody's, to nobody's."""
    record_sign_in(
        kind,
        user_id=user_id,
        at=timezone.now(),
        ip=get_adapter(request).get_client_ip(request),
        session_key=request.session.session_key,
    )
