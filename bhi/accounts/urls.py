"""The sign-in pages of allauth that bhi.accounts.permissions lists, the rest of it is not there; and ours."""

from collections.abc import Iterable, Iterator

from allauth.urls import urlpatterns as everything
from django.urls import URLPattern, URLResolver, path

from bhi.accounts.permissions import LIBRARY_VIEWS
from bhi.accounts.views import lock, own, single_sign_on


def listed(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern | URLResolver]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield URLResolver(pattern.pattern, list(listed(pattern.url_patterns)))
        elif pattern.name in LIBRARY_VIEWS:
            yield pattern


urlpatterns = [
    path("unlock/", lock.unlock, name="unlock"),
    path("session/", lock.session_state, name="session_state"),
    path("session/here/", lock.session_here, name="session_here"),
    path("session/lock/", lock.session_lock, name="session_lock"),
    path("activity/", own.sign_ins, name="sign_ins"),
    path("activity/end/", own.sessions_end, name="sessions_end"),
    path("address/", own.email_change, name="email_change"),
    path("address/<str:token>/", own.email_confirm, name="email_confirm"),
    path("2fa/passkeys/<int:pk>/remove/", own.passkey_remove, name="passkey_remove"),
    path("sso/", single_sign_on.sso, name="sso"),
    path("confirmed/", lock.sso_confirmed, name="sso_confirmed"),
    path("sso/<slug:slug>/", single_sign_on.sso_organization, name="sso_organization"),
    path("sso/<slug:slug>/go/", single_sign_on.sso_go, name="sso_go"),
    path("sso/<slug:slug>/back/", single_sign_on.sso_back, name="sso_back"),
    *listed(everything),
]
