"""allauth, with the door for strangers closed: people come by invitation."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

# "Signed in as …" and "signed out" say what the page itself shows.
UNSAID = frozenset({"account/messages/logged_in.txt", "account/messages/logged_out.txt"})


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        if message_template not in UNSAID:
            super().add_message(request, level, message_template, *args, **kwargs)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failed sign-ins count per e-mail *and* address: a stranger who guesses cannot lock the person out.

        allauth's own key is the e-mail alone, and then ten wrong guesses from anywhere keep its owner out everywhere.
        """
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{self.get_client_ip(request)}"
