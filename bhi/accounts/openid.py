"""OpenID Connect by allauth, with one provider for each organization and without what it leaves open.

Beyond the library: the signature of each ID token is checked, and its nonce; issuer and endpoints come from the
organization's settings, never from rows of SocialApp; the way back and what is asked are fixed, not taken from the
address; nobody gets an account. (OpenID Connect Core 1.0, 3.1.3.7; RFC 9700.)
"""

from __future__ import annotations

import secrets
import time
from typing import Any, Final

import jwt
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from bhi.accounts.issuers import CarefulSession, ProviderUnreachable, configuration_of
from bhi.accounts.queries.single_sign_on import SignOn
from bhi.accounts.signing_on import come_in, refused

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
MOST_OF_A_SUBJECT: Final = 191  # as the library keeps it
LEEWAY_SECONDS: Final = 60
# Who was asked by the provider longer ago than the screen would stay open is asked there again.
MAX_AGE_SECONDS: Final = 15 * 60


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """An organization's own."""

    def __init__(self, request: HttpRequest, sign_on: SignOn) -> None:
        app = SocialApp(
            provider=OpenIDConnectProvider.id,
            provider_id=sign_on.provider,
            name=sign_on.organization_name[:40],
            client_id=sign_on.client_id,
            secret=sign_on.secret,
            settings={"server_url": sign_on.issuer, "oauth_pkce_enabled": True},
        )
        super().__init__(request, app=app)
        self.sign_on = sign_on

    def get_oauth2_adapter(self, request: HttpRequest) -> Adapter:
        return Adapter(request, self)

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Kept with the account: nothing. What the token says is asked each time."""
        return {}

    def begin(self, next_url: str, *, again: bool) -> HttpResponse:
        """To the provider; `again`: it asks who it is even if it knows, and has to say when it did."""
        nonce = secrets.token_urlsafe(24)
        max_age = 0 if again else MAX_AGE_SECONDS
        asked = {"nonce": nonce, "max_age": str(max_age)} | ({"prompt": "login"} if again else {})
        answer: HttpResponse = self.redirect(
            *(self.request, "login"),
            next_url=next_url,
            nonce=nonce,
            since=int(time.time()) - max_age - LEEWAY_SECONDS,
            again=again,
            scope=["openid", "email"],
            auth_params=asked,
        )
        return answer


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """How a code becomes what the provider says of a person."""

    def __init__(self, request: HttpRequest, provider: Provider) -> None:
        super().__init__(request, provider.sign_on.provider)
        self._provider = provider

    def get_provider(self) -> Provider:
        return self._provider

    @property
    def openid_config(self) -> dict[str, Any]:
        if not hasattr(self, "_openid_config"):
            self._openid_config = configuration_of(self._provider.sign_on.issuer)
        return self._openid_config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        address: str = request.build_absolute_uri(reverse("sso_back", args=[self._provider.sign_on.slug]))
        return address

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        """Raises OAuth2Error where the token is none of this provider's for us."""
        claims = self._claims(kwargs["response"].get("id_token") or "")
        login = self._provider.sociallogin_from_response(request, {"id_token": claims})
        login.claims = claims
        return login

    def _claims(self, token: str) -> dict[str, Any]:
        config = self.openid_config
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key=self._key(token),
                algorithms=ALGORITHMS,
                issuer=config["issuer"],
                audience=self._provider.sign_on.client_id,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as fault:
            raise OAuth2Error(type(fault).__name__) from None
        if claims.get("azp", self._provider.sign_on.client_id) != self._provider.sign_on.client_id:
            raise OAuth2Error("AzpOfAnother")
        if not 0 < len(claims["sub"]) <= MOST_OF_A_SUBJECT:
            raise OAuth2Error("SubjectTooLong")
        return claims

    def _key(self, token: str) -> Any:
        """The provider's key that the token names, or its only one."""
        with CarefulSession() as session:
            answer = session.get(self.openid_config["jwks_uri"])
        try:
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        except (ValueError, AttributeError):
            raise OAuth2Error("KeysUnreadable") from None
        name = jwt.get_unverified_header(token).get("kid")
        fitting = [key for key in keys if key.public_key_use in (None, "sig") and name in (None, key.key_id)]
        if len(fitting) != 1:
            raise OAuth2Error("KeyUnknown")
        return fitting[0].key


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """What the library asks of us between its steps."""

    def get_requests_session(self) -> CarefulSession:
        return CarefulSession()

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """No provider but those of organizations."""
        return []

    def new_user(self, request: HttpRequest, sociallogin: Any) -> Any:
        return get_account_adapter(request).new_user(request)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Here the library's way ends and ours begins: it would forget which organization this was."""
        provider: Provider = sociallogin.provider
        raise ImmediateHttpResponse(come_in(request, provider.sign_on, sociallogin.claims, sociallogin.state))

    def on_authentication_error(self, request: HttpRequest, provider: Any, **kwargs: Any) -> None:
        said = kwargs.get("exception")
        if isinstance(said, ProviderUnreachable):
            raise ImmediateHttpResponse(refused(request, provider.sign_on, "unreachable"))
        # The library's own sentences repeat what the provider sent.
        reason = str(said) if isinstance(said, OAuth2Error) and str(said).isalpha() else type(said).__name__
        raise ImmediateHttpResponse(refused(request, provider.sign_on, "answer", reason=reason))


def go(request: HttpRequest, sign_on: SignOn, next_url: str) -> HttpResponse:
    """To the provider; somebody who is signed in already is asked there who they are."""
    provider = Provider(request, sign_on)
    try:
        return provider.begin(next_url, again=request.user.is_authenticated)
    except ProviderUnreachable:
        return refused(request, sign_on, "unreachable")


def back(request: HttpRequest, sign_on: SignOn) -> HttpResponse:
    """Back from it, with a code that is worth something once."""
    view = OAuth2CallbackView.adapter_view(Adapter(request, Provider(request, sign_on)))
    try:
        answer: HttpResponse = view(request)
    except ProviderUnreachable:
        return refused(request, sign_on, "unreachable")
    except PermissionDenied:
        return refused(request, sign_on, "answer", reason="State")
    return answer
