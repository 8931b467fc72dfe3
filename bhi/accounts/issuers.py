"""Talking to an identity provider that an organization named, and to nothing else that a name may lead to.

An address that somebody typed makes this server ask it: only https, only addresses that the whole internet has, no
redirects, no waiting, little to read. The address is looked at once connected, so a name cannot change its mind
between the look and the call (RFC 1918, loopback and link-local are where a server's own neighbours live).
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

SECONDS: Final = 5
MOST_BYTES: Final = 512 * 1024
CONFIGURATION: Final = "/.well-known/openid-configuration"
TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class ProviderUnreachable(requests.RequestException):
    """The provider did not answer, or is at an address that we do not ask. The sentence holds no secret."""


class _NotPublic(Exception):
    """Somewhere near."""


def address_fault(address: str) -> str:
    """What is wrong with an address before anybody asks it; empty when nothing is."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "Enter the whole address, such as https://login.clinic.org."
    if settings.DEVELOPMENT and parts.scheme == "http" and host in LOOPBACK:
        return ""
    if parts.scheme != "https" or not host:
        return "Enter an address that begins with https://."
    if parts.username or parts.password or parts.query or parts.fragment:
        return "Enter the address alone, without user, question mark or number sign."
    return ""


def is_public(ip: str) -> bool:
    """Whether an address is one that the whole internet has. An IPv4 address written as IPv6 is that IPv4 address."""
    found = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found.sixtofour or _translated(found) or found
    return found.is_global and not found.is_multicast


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address behind a translator (RFC 6052)."""
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF) if address in TRANSLATED else None


def may_connect(ip: str) -> bool:
    """In development also this machine itself, where a provider is tried out."""
    return is_public(ip) or (settings.DEVELOPMENT and ipaddress.ip_address(ip.partition("%")[0]).is_loopback)


class _Https(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        _look_up(self.host, self.port)
        return _looked_at(super()._new_conn())


class _Http(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        _look_up(self.host, self.port)
        return _looked_at(super()._new_conn())


def _look_up(host: str, port: int | None) -> None:
    """Before anything is knocked at: whether something answers there is nobody's business either."""
    for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if not may_connect(str(address[0])):
            raise _NotPublic


def _looked_at(connected: socket.socket) -> socket.socket:
    """Before a byte is sent: to whom it would go."""
    if not may_connect(connected.getpeername()[0]):
        connected.close()
        raise _NotPublic
    return connected


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _Careful(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class CarefulSession(requests.Session):
    """Asks identity providers only. It takes no proxies or passwords from the environment."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Careful())

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Raises ProviderUnreachable."""
        if address_fault(str(url).partition("?")[0]):
            raise ProviderUnreachable("The identity provider names an address that is not https.")
        kwargs |= {"timeout": SECONDS, "allow_redirects": False, "stream": True}
        try:
            answer = super().request(method, url, *args, **kwargs)
            content = answer.raw.read(MOST_BYTES + 1, decode_content=True)
        except _NotPublic:
            raise ProviderUnreachable("The identity provider is not at a public address.") from None
        except (requests.RequestException, HTTPError, OSError, ValueError) as fault:
            raise ProviderUnreachable(f"The identity provider did not answer: {type(fault).__name__}.") from None
        if len(content) > MOST_BYTES or answer.is_redirect:
            raise ProviderUnreachable("The identity provider's answer is none that we read.")
        answer._content = content
        answer.close()
        return answer


def configuration_of(issuer: str) -> dict[str, Any]:
    """What a provider says of itself (OpenID Connect Discovery 1.0). Raises ProviderUnreachable.

    It has to name itself as it was asked, so that one provider cannot speak for another, and only https addresses.
    """
    with CarefulSession() as session:
        answer = session.get(issuer.rstrip("/") + CONFIGURATION)
    try:
        found = answer.json() if answer.status_code == requests.codes.ok else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProviderUnreachable("There is no OpenID Connect configuration at this address.")
    if str(found.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise ProviderUnreachable("The provider at this address calls itself something else.")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not isinstance(found.get(name), str) or address_fault(found[name].partition("?")[0]):
            raise ProviderUnreachable(f"The provider's configuration has no usable {name.replace('_', ' ')}.")
    return found
