"""Asking identity providers, and nobody's neighbours."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler

import pytest

from bhi.accounts import issuers
from bhi.accounts.issuers import CarefulSession, ProviderUnreachable, address_fault, configuration_of, is_public

INSIDE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1"),
    *("::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"),
]


@pytest.mark.parametrize("ip", INSIDE)
def test_addresses_inside_are_not_public(ip):
    assert is_public(ip) is False


@pytest.mark.parametrize("ip", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_addresses_of_the_whole_internet_are(ip):
    assert is_public(ip) is True


@pytest.mark.parametrize(
    "address",
    [
        *("http://login.example.org", "login.example.org", "ftp://login.example.org", "https://", "", "file:///etc"),
        *("https://me:pw@login.example.org", "https://login.example.org?x=1", "https://login.example.org#x"),
        *("https://[::1", "http://localhost:8000", "https://login.example.org:port"),
    ],
)
def test_an_issuer_is_an_https_address(address, settings):
    settings.DEVELOPMENT = False
    assert address_fault(address).startswith("Enter ")
    assert address_fault("https://login.example.org/realms/clinic") == ""


@pytest.fixture
def server():
    """`server(path -> (status, headers, body))`: its address, and what was asked of it."""
    asked, answers = [], {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, headers, body = answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    class Quiet(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            """Who asks hangs up where an answer is too long."""

    with Quiet(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}", answers, asked
        running.shutdown()
        thread.join()


def configured(address, **changed):
    known = {name: f"{address}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    return 200, {"Content-Type": "application/json"}, json.dumps(known | {"issuer": address} | changed).encode()


def test_a_provider_says_what_it_is(server):
    address, answers, asked = server
    answers[issuers.CONFIGURATION] = configured(address)
    assert configuration_of(f"{address}/")["token_endpoint"] == f"{address}/token_endpoint"
    assert asked == [issuers.CONFIGURATION]


def test_in_production_nothing_near_is_asked_not_even_by_a_name_or_over_tls(server, settings, monkeypatch):
    settings.DEVELOPMENT = False
    address, _, asked = server
    port = address.rpartition(":")[2]
    for near in (f"https://127.0.0.1:{port}", f"https://localhost:{port}"):
        with pytest.raises(ProviderUnreachable, match="not at a public address"):
            CarefulSession().get(near)
    monkeypatch.setattr(issuers, "_look_up", lambda host, port: None)  # a name that says one thing, then another
    with pytest.raises(ProviderUnreachable, match="not at a public address"):
        CarefulSession().get(f"https://127.0.0.1:{port}")
    with pytest.raises(ProviderUnreachable, match="not https"):
        CarefulSession().get(address)
    assert asked == []


LIES = {
    "another's name": ({"issuer": "https://login.elsewhere.example"}, "calls itself something else"),
    "plain token endpoint": ({"token_endpoint": "http://login.example.org/token"}, "no usable token endpoint"),
    "no keys": ({"jwks_uri": None}, "no usable jwks uri"),
    "endpoint that is none": ({"authorization_endpoint": "javascript:alert(1)"}, "no usable authorization endpoint"),
}


@pytest.mark.parametrize(("changed", "said"), LIES.values(), ids=LIES)
def test_a_provider_that_says_it_wrongly_is_not_taken(server, changed, said):
    address, answers, _ = server
    answers[issuers.CONFIGURATION] = configured(address, **changed)
    with pytest.raises(ProviderUnreachable, match=said):
        configuration_of(address)


ANSWERS = {
    "redirect": (302, {"Location": "http://169.254.169.254/"}, b"", "none that we read"),
    "too much": (200, {}, b"x" * (issuers.MOST_BYTES + 1), "none that we read"),
    "no json": (200, {}, b"<html>", "no OpenID Connect configuration"),
    "a list": (200, {}, b"[]", "no OpenID Connect configuration"),
    "an error": (500, {}, b"{}", "no OpenID Connect configuration"),
}


@pytest.mark.parametrize(("status", "headers", "body", "said"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_no_configuration(server, status, headers, body, said):
    address, answers, asked = server
    answers[issuers.CONFIGURATION] = status, headers, body
    with pytest.raises(ProviderUnreachable, match=said):
        configuration_of(address)
    assert asked == [issuers.CONFIGURATION]


def test_nobody_there():
    with pytest.raises(ProviderUnreachable, match="did not answer"):
        configuration_of("http://127.0.0.1:9")
