"""A new e-mail address to sign in with, and a second factor that was lost.

Together the two would hand an account over, so both are not done within a week, whoever does them, and neither is done
to somebody who also works elsewhere, or for whoever runs the installation: what is others' would open with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction

from bhi.accounts.models import SignInKind, User
from bhi.accounts.operations.ending_sessions import end_all_sessions
from bhi.accounts.operations.signing_in import record_sign_in
from bhi.audit.models import AuditEvent
from bhi.audit.operations import record
from bhi.tenancy.models import Membership

APART: Final = timedelta(days=7)
EMAIL_SET: Final = "sign_in.email_set"
STEP_RESET: Final = "sign_in.second_step_reset"
ENDED: Final = "sign_in.sessions_ended"


class RecoveryRefused(ValueError):
    """Why it was not done, in a sentence for who asked."""


@transaction.atomic
def change_email(*, user: User, email: str, at: datetime) -> str:
    """The person signs in with this address from now on; returns the former one. Sessions go on.

    RecoveryRefused when somebody else has the address, or it is theirs already.
    """
    new, old = email.strip().lower(), user.email
    if new == old:
        raise RecoveryRefused("This is the address already.")
    if User.objects.filter(email=new).exists():
        raise RecoveryRefused("Somebody else signs in with this address. Enter another one.")
    user.email = new
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()
    record_sign_in(SignInKind.EMAIL_CHANGED, user_id=user.pk, at=at)
    return old


@transaction.atomic
def set_email_of(*, seat: Membership, email: str, by: Membership, at: datetime) -> str:
    """An admin sets with which address somebody of the organization signs in; returns the former one."""
    user = _theirs_alone(seat, by)
    _not_both(seat, at, other=STEP_RESET, other_words="had their second step set up anew")
    old = change_email(user=user, email=email, at=at)
    record(EMAIL_SET, by=by, at=at, object_id=seat.id, fields=["email"])
    return old


@transaction.atomic
def reset_second_factor(*, seat: Membership, by: Membership, at: datetime) -> None:
    """Somebody lost their second factor: it is gone, and their sessions; they set up another when they sign in.

    The password stays and is needed. Who calls has made sure who asks: the page says how.
    """
    user = _theirs_alone(seat, by)
    _not_both(seat, at, other=EMAIL_SET, other_words="got another e-mail address")
    forget_second_factor(user=user, at=at)
    record(STEP_RESET, by=by, at=at, object_id=seat.id)


@transaction.atomic
def end_sessions_of(*, seat: Membership, by: Membership, at: datetime) -> int:
    """An admin signs somebody out everywhere; how many sessions there were. Also who works elsewhere, too."""
    if seat.user_id is None:
        raise RecoveryRefused("Nobody signs in with this seat.")
    count = end_all_sessions(user_id=seat.user_id)
    record_sign_in(SignInKind.SESSION_ENDED, user_id=seat.user_id, at=at)
    record(ENDED, by=by, at=at, object_id=seat.id)
    return count


@transaction.atomic
def forget_second_factor(*, user: User, at: datetime) -> int:
    """Without an organization, for the operator's command; how many there were."""
    count, _ = Authenticator.objects.filter(user=user).delete()
    end_all_sessions(user_id=user.pk)
    record_sign_in(SignInKind.FACTOR_REMOVED, user_id=user.pk, at=at)
    return int(count)


def _theirs_alone(seat: Membership, by: Membership) -> User:
    if seat.user is None:
        raise RecoveryRefused("Nobody signs in with this seat.")
    if seat.id == by.id:
        raise RecoveryRefused("Not your own: another admin does this.")
    if Membership.objects.filter(user=seat.user, is_active=True).exclude(organization_id=by.organization_id).exists():
        raise RecoveryRefused("This person works at another organization, too. Whoever runs this installation does it.")
    user: User = seat.user
    if user.is_platform_staff:
        raise RecoveryRefused("This person looks after the whole installation. Whoever runs it does this.")
    return user


def _not_both(seat: Membership, at: datetime, *, other: str, other_words: str) -> None:
    """Of two admins each could do one for the other: whoever it was, the second waits."""
    Membership.objects.select_for_update(no_key=True).get(id=seat.id)  # of two at one moment one comes second
    done = AuditEvent.objects.filter(organization_id=seat.organization_id, object_id=seat.id, action=other)
    if done.filter(at__gt=at - APART).exists():
        raise RecoveryRefused(f"This person {other_words} within the last 7 days. Wait until they are over.")
