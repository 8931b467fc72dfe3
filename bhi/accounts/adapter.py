"""allauth, with the door for strangers closed: people come by invitation. Guessing is slow, for the guesser alone."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from bhi.accounts.known_devices import is_known
from bhi.accounts.models import SignInKind, User
from bhi.accounts.places import happened

log = structlog.get_logger(__name__)

# "Signed in as …" and "signed out" say what the page itself shows.
UNSAID = frozenset({"account/messages/logged_in.txt", "account/messages/logged_out.txt"})
# So many wrong passwords for one e-mail, from wherever, and only browsers and addresses known to be theirs may try.
MOST_FROM_EVERYWHERE: Final = 20
SECONDS: Final = 15 * 60


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        if message_template not in UNSAID:
            super().add_message(request, level, message_template, *args, **kwargs)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away undoes nothing that was done; the log says that a message was not sent."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as fault:
            log.warning("mail.unsent", kind=template_prefix.rpartition("/")[2], error=type(fault).__name__)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuses a try that comes too fast, in the same words for an e-mail that is nobody's."""
        email = str(credentials.get("email", "")).lower()
        if cache.get(_tries(email), 0) >= MOST_FROM_EVERYWHERE and not self._is_at_home(request, email):
            raise self.validation_error("too_many_login_attempts")
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            self._say_once(request, email)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        email = str(credentials.get("email", "")).lower()
        person = _person(email)
        happened(SignInKind.FAILED, request, user_id=person.pk if person else None)
        cache.add(_tries(email), 0, SECONDS)
        if cache.incr(_tries(email)) == MOST_FROM_EVERYWHERE:
            self._say_once(request, email)

    def _is_at_home(self, request: HttpRequest, email: str) -> bool:
        person, ip = _person(email), self.get_client_ip(request)
        return person is not None and is_known(request, user_id=person.pk, ip=ip, at=timezone.now())

    def _say_once(self, request: HttpRequest, email: str) -> None:
        """To the person, and in their record, not with every further try."""
        person = _person(email)
        if person is None or not cache.add(f"slowed:{person.pk}", 1, SECONDS):
            return
        happened(SignInKind.SLOWED, request, user_id=person.pk)
        self.send_notification_mail("account/email/many_tries", person, email=person.email)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failed sign-ins count per e-mail *and* address: a stranger who guesses cannot lock the person out.

        allauth's own key is the e-mail alone, and then ten wrong guesses from anywhere keep its owner out everywhere.
        """
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{self.get_client_ip(request)}"


def _person(email: str) -> User | None:
    return User.objects.filter(email=email).first() if email else None


def _tries(email: str) -> str:
    return f"tries:{sha256(email.encode()).hexdigest()}"
