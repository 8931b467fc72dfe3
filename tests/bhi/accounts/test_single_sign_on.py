"""Signing in at an organization's own provider: through a real one, and through ones that lie."""

import base64
import hashlib
import re
import time
from urllib.parse import parse_qs, urlsplit

import jwt
import oidc_provider_mock
import pytest
import requests
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.socialaccount.models import SocialAccount
from authlib.jose import JsonWebKey
from django.test import Client
from django.urls import get_resolver, reverse
from oidc_provider_mock import _app, _storage
from structlog.testing import capture_logs

from bhi.accounts import issuers
from bhi.accounts.permissions import PLATFORM, SIGNED_IN, declared
from bhi.accounts.queries import seats_of
from bhi.accounts.queries.single_sign_on import sign_on_of
from bhi.accounts.reach import within
from bhi.accounts.reach_middleware import ALLOWED, FIRST_FACTOR
from bhi.accounts.views.single_sign_on import MOST_A_MINUTE
from bhi.tenancy.context import tenant
from tests.factories.going_live import SingleSignOnFactory
from tests.factories.tenancy import PASSWORD, MembershipFactory, UserFactory

# The provider's own library warns of what it will drop.
pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
NOBODY = "00000000-0000-7000-8000-000000000000"
ARGUMENTS = {"token": "x", "pk": 1, "organization_id": NOBODY, "domain_id": NOBODY}


def named_views() -> dict:
    """Every view by its URL name."""
    return {pattern.name: pattern.callback for pattern in every(get_resolver().url_patterns) if pattern.name}


def every(patterns):
    for pattern in patterns:
        yield from every(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern]


def some_address(name) -> str:
    (_, wanted), *_ = get_resolver().reverse_dict.getlist(name)[0][0]
    return reverse(name, kwargs={key: ARGUMENTS[key] for key in wanted})


SECRET = "hush-7781-hush-hush-hush-hush-hush"
EMAIL = "dana.okafor@lakeside.example"
HOME = "/o/lakeside/"
# None of theirs; asking who it is comes first.
FILE = "/o/lakeside/billing/batches/00000000-0000-7000-8000-000000000000/file/"


@pytest.fixture(scope="module")
def provider():
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def says(provider):
    """`says(sub, **claims)`: what the provider says of a person from now on."""

    def say(subject="subject-1", **claims):
        known = {"email": EMAIL, "email_verified": True} | claims
        assert requests.put(f"{provider}/users/{subject}", json=known, timeout=5).status_code == 204
        return subject

    return say


@pytest.fixture
def lakeside(organization, provider):
    """Its people sign in at the provider."""
    return uses(organization, provider)


def uses(organization, provider, domain="lakeside.example", **settings):
    given = {"issuer": provider, "client_id": f"bhi-{organization.slug}", "secret": SECRET, "email_domains": [domain]}
    with tenant(organization):
        SingleSignOnFactory(organization=organization, **given | settings)
    organization.sign_in_domains = [domain]
    organization.requires_single_sign_on = settings.get("is_required", False)
    organization.save()
    return organization


@pytest.fixture
def dana(lakeside):
    return MembershipFactory(organization=lakeside, roles=["billing"], user=UserFactory(email=EMAIL)).user


def there(client, slug="lakeside", **query) -> str:
    """The provider's address to which a browser is sent."""
    answer = client.get(f"/accounts/sso/{slug}/go/", query)
    assert answer.status_code == 302
    return answer.headers["Location"]


def code_of(address, subject) -> str:
    """The way back that the provider gives a browser in which this subject signed in."""
    answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=5)
    assert answer.status_code == 302
    return answer.headers["Location"].replace("http://testserver", "")


def sign_on(client, subject="subject-1", **query):
    return client.get(code_of(there(client, **query), subject))


def is_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_somebody_with_a_seat_comes_in_by_their_confirmed_address(dana, says):
    client = Client()
    answer = sign_on(client, says(email=EMAIL.upper()))
    assert (answer.status_code, answer.headers["Location"]) == (302, HOME)
    assert client.session["_auth_user_id"] == str(dana.pk)
    account = SocialAccount.objects.get()
    assert (account.user, account.uid, account.extra_data) == (dana, "subject-1", {})
    assert client.get(HOME).status_code == 302


def test_then_by_their_subject_whatever_their_address_becomes(dana, says):
    sign_on(Client(), says())
    client = Client()
    assert sign_on(client, says(email="dana.new@elsewhere.example", email_verified=False)).status_code == 302
    assert client.session["_auth_user_id"] == str(dana.pk)


def test_the_question_carries_state_nonce_and_a_challenge_that_the_answer_meets(dana, says, monkeypatch):
    asked = []
    request = issuers.CarefulSession.request

    def listening(self, method, url, *args, **kwargs):
        asked.append((str(url).rpartition("/")[2], kwargs.get("data")))
        return request(self, method, url, *args, **kwargs)

    monkeypatch.setattr(issuers.CarefulSession, "request", listening)
    client = Client()
    address = there(client, next="/o/lakeside/billing/")
    query = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}
    assert (query["code_challenge_method"], query["response_type"], query["max_age"]) == ("S256", "code", "900")
    assert (sorted(query["scope"].split()), query["redirect_uri"]) == (
        ["email", "openid"],
        "http://testserver/accounts/sso/lakeside/back/",
    )
    assert client.get(code_of(address, says())).headers["Location"] == "/o/lakeside/billing/"
    (sent,) = [data for path, data in asked if path == "token"]
    met = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    assert met == query["code_challenge"]
    assert there(Client()) != address


def test_what_is_asked_is_not_taken_from_the_address(lakeside):
    address = there(Client(), scope="admin", auth_params="prompt=none", process="connect", next="https://evil.example/")
    query = parse_qs(urlsplit(address).query)
    assert (sorted(query["scope"][0].split()), query.get("prompt")) == (["email", "openid"], None)


@pytest.mark.parametrize("said", [True, 1, "1"])
def test_microsoft_says_in_its_own_words_that_an_address_is_confirmed(dana, says, said):
    client = Client()
    answer = sign_on(client, says(email_verified=None, xms_edov=said))
    assert (answer.status_code, is_in(client)) == (302, True)


REFUSED = {
    "not confirmed by Microsoft": {"email_verified": None, "xms_edov": 0},
    "unconfirmed": {"email_verified": False},
    "confirmed in words": {"email_verified": "true"},
    "of another domain": {"email": "dana.okafor@gmail.com"},
    "like the domain": {"email": "dana@evil.lakeside.example.evil.example"},
    "a stranger's": {"email": "nobody@lakeside.example"},
    "without": {"email": None},
}


@pytest.mark.parametrize("claims", REFUSED.values(), ids=REFUSED)
def test_who_is_not_confirmed_as_one_of_theirs_stays_out(dana, says, claims):
    UserFactory(email="dana.okafor@gmail.com")
    client = Client()
    answer = sign_on(client, says(**claims))
    assert (answer.status_code, is_in(client), SocialAccount.objects.count()) == (401, False, 0)


@pytest.mark.parametrize("change", ["seat", "person", "seat known", "person known"])
def test_who_no_longer_works_here_stays_out(dana, lakeside, says, change):
    if "known" in change:
        sign_on(Client(), says())
    if "seat" in change:
        dana_seat = type(MembershipFactory.build()).objects.get(user=dana)
        dana_seat.is_active = False
        dana_seat.save()
    else:
        dana.is_active = False
        dana.save()
    client = Client()
    assert (sign_on(client, says()).status_code, is_in(client)) == (401, False)


def test_an_address_given_to_somebody_else_is_not_the_one_before(dana, says):
    sign_on(Client(), says("first"))
    client = Client()
    assert (sign_on(client, says("second")).status_code, is_in(client)) == (401, False)


def test_a_code_is_worth_something_once(dana, says):
    client = Client()
    address = there(client)
    way_back = code_of(address, says())
    assert client.get(way_back).status_code == 302
    again = Client()
    state = parse_qs(urlsplit(there(again)).query)["state"][0]
    code = parse_qs(urlsplit(way_back).query)["code"][0]
    answer = again.get("/accounts/sso/lakeside/back/", {"code": code, "state": state})
    assert (answer.status_code, is_in(again)) == (401, False)
    assert client.get(way_back).status_code == 401


def test_an_answer_nobody_asked_for_is_refused(dana, says):
    way_back = code_of(there(Client()), says())
    victim = Client()
    assert (victim.get(way_back).status_code, is_in(victim)) == (401, False)
    for query in ({}, {"error": "access_denied"}, {"code": "x"}, {"state": "x"}):
        assert victim.get("/accounts/sso/lakeside/back/", query).status_code == 401


@pytest.fixture
def lies(monkeypatch):
    """`lies(iss="…")`: what the provider puts into its tokens from now on."""
    config = _app.OpenIDCode.get_jwt_config

    def lie(**changed):
        def changed_config(self, grant, client=None):
            return config(self, grant, client) | changed

        monkeypatch.setattr(_app.OpenIDCode, "get_jwt_config", changed_config)

    return lie


def another_key():
    return JsonWebKey.generate_key("RSA", 2048, is_private=True).as_dict(is_private=True)


LIES = {
    "issuer": "InvalidIssuerError",
    "key": "InvalidSignatureError",
    "expired": "ExpiredSignatureError",
    "signed with our secret": "InvalidAlgorithmError",
    "unsigned": "InvalidAlgorithmError",
    "audience": "InvalidAudienceError",
    "nonce": "Nonce",
}


@pytest.mark.parametrize(("lie", "reason"), LIES.items(), ids=LIES)
def test_a_token_that_is_not_for_us_is_refused(dana, says, lies, monkeypatch, lie, reason):
    match lie:
        case "issuer":
            lies(iss="https://login.elsewhere.example")
        case "key":
            lies(key=another_key())
        case "expired":
            lies(exp=-3600)
        case "signed with our secret":
            monkeypatch.setattr(_app.OpenIDCode, "encode_id_token", lambda *args: jwt.encode({}, SECRET, "HS256"))
        case "unsigned":
            monkeypatch.setattr(_app.OpenIDCode, "encode_id_token", lambda *args: jwt.encode({}, "", "none"))
        case "audience":
            claims = _app.OpenIDCode.get_client_claims
            monkeypatch.setattr(
                _app.OpenIDCode, "get_client_claims", lambda self, client: claims(self, client) | {"aud": ["another"]}
            )
    client = Client()
    address = there(client)
    if lie == "nonce":
        address = re.sub("nonce=[^&]+", "nonce=another", address)
    with capture_logs() as logs:
        answer = client.get(code_of(address, says()))
    assert [line["kind"] for line in logs if line["event"] == "single_sign_on.refused"] == [reason]
    assert (answer.status_code, is_in(client)) == (401, False)
    assert SocialAccount.objects.count() == 0


# How far such a session reaches.


@pytest.fixture
def ridgeway(other_organization, dana):
    """Where Dana works too, with a password."""
    MembershipFactory(organization=other_organization, roles=["care_manager"], user=dana)
    return other_organization


def by_password(person) -> Client:
    client = Client()
    assert client.post("/accounts/login/", {"login": person.email, "password": PASSWORD}).status_code == 302
    return client


def test_a_session_that_one_organization_vouched_for_opens_that_one_alone(dana, ridgeway, says):
    client = Client()
    sign_on(client, says())
    assert client.get("/o/lakeside/").status_code == 302
    answer = client.get("/o/ridgeway/today/")
    assert (answer.status_code, b"which opens that organization and nothing else" in answer.content) == (403, True)
    assert client.post("/o/ridgeway/today/narrow/").status_code == 403
    assert client.get("/o/nowhere/").status_code == 404
    assert client.get("/").headers["Location"] == "/o/lakeside/"
    assert b"Ridgeway" not in client.get("/today/").content
    assert [seat.slug for seat in in_session(client, dana)] == ["lakeside"]
    full = by_password(dana)
    assert (full.get("/o/lakeside/").status_code, full.get("/o/ridgeway/").status_code) == (302, 302)
    assert [seat.slug for seat in in_session(full, dana)] == ["lakeside", "ridgeway"]


def in_session(client, person):
    with within(client.session):
        return seats_of(person.pk)


OWN = sorted(
    name
    for name, view in named_views().items()
    if declared(view, name) in (SIGNED_IN, PLATFORM) and name not in ALLOWED | FIRST_FACTOR
)


@pytest.mark.parametrize("name", OWN)
def test_it_changes_nothing_of_how_the_person_signs_in_elsewhere(dana, says, name):
    client = Client()
    sign_on(client, says())
    dana.is_platform_staff = True
    dana.save()
    address = some_address(name)
    for answer in (client.get(address), client.post(address)):
        assert (answer.status_code, b"Not with this sign-in" in answer.content) == (403, True)


def test_one_session_may_reach_several_when_each_is_opened(dana, ridgeway, says, provider):
    uses(ridgeway, provider, domain="ridgeway.example")
    client = Client()
    sign_on(client, says())
    address = there(client, slug="ridgeway")
    query = parse_qs(urlsplit(address).query)
    assert (query["prompt"], query["max_age"]) == (["login"], ["0"])
    # Ridgeway knows Dana by no subject and speaks for another domain.
    assert client.get(code_of(address, says())).status_code == 401
    SocialAccount.objects.create(provider=sign_on_of("ridgeway").provider, uid="subject-1", user=dana)
    assert client.get(code_of(there(client, slug="ridgeway"), "subject-1")).headers["Location"] == "/o/ridgeway/"
    assert [seat.slug for seat in in_session(client, dana)] == ["lakeside", "ridgeway"]
    assert client.get("/accounts/password/change/").status_code == 403


@pytest.fixture
def asked_ago(monkeypatch):
    """`asked_ago(seconds)`: how long ago the provider asked the person, as it says itself; None: it does not say."""

    claims = _app.OpenIDCode.get_compatible_claims

    def without(self, request):
        return {name: value for name, value in claims(self, request).items() if name != "auth_time"}

    def say(seconds):
        when = None if seconds is None else int(time.time()) - seconds
        monkeypatch.setattr(_storage.AuthorizationCode, "get_auth_time", lambda code: when)
        monkeypatch.setattr(_app.OpenIDCode, "get_compatible_claims", without)

    return say


AGO = {"just now": (0, 302, 200), "days ago": (86_400, 401, 423), "not said": (None, 401, 423)}


@pytest.mark.usefixtures("watches_sessions")
@pytest.mark.parametrize(("seconds", "answered", "shown"), AGO.values(), ids=AGO)
def test_a_locked_screen_opens_only_if_the_provider_asked_just_now(dana, says, asked_ago, seconds, answered, shown):
    """Its own session goes on while ours is locked, and would open the screen for whoever sits there."""
    client = Client()
    sign_on(client, says())
    client.post(reverse("session_lock"))
    assert client.get("/o/lakeside/billing/batches/").status_code == 423
    asked_ago(seconds)
    assert sign_on(client).status_code == answered
    assert client.get("/o/lakeside/billing/batches/").status_code == shown


@pytest.mark.usefixtures("watches_sessions")
def test_another_organizations_provider_opens_no_locked_screen(dana, ridgeway, says, provider, asked_ago):
    uses(ridgeway, provider, domain="ridgeway.example")
    SocialAccount.objects.create(provider=sign_on_of("ridgeway").provider, uid="subject-1", user=dana)
    client = Client()
    sign_on(client, says())
    client.post(reverse("session_lock"))
    asked_ago(0)
    assert client.get(code_of(there(client, slug="ridgeway"), "subject-1")).status_code == 302
    assert client.get("/o/lakeside/billing/batches/").status_code == 423


@pytest.mark.parametrize(("seconds", "comes_in"), [(14 * 60, True), (17 * 60, False)])
def test_who_was_asked_there_long_ago_is_not_let_in(dana, says, asked_ago, seconds, comes_in):
    client = Client()
    asked_ago(seconds)
    sign_on(client, says())
    assert is_in(client) is comes_in


@pytest.fixture
def required(organization, provider):
    return uses(organization, provider, is_required=True)


def test_where_it_is_required_a_password_opens_nothing(required, other_organization, says):
    person = MembershipFactory(organization=required, roles=["billing"], user=UserFactory(email=EMAIL)).user
    MembershipFactory(organization=other_organization, roles=["care_manager"], user=person)
    client = by_password(person)
    answer = client.get("/o/lakeside/billing/")
    assert answer.headers["Location"] == "/accounts/sso/lakeside/?next=%2Fo%2Flakeside%2Fbilling%2F"
    assert client.post("/o/lakeside/billing/").headers["Location"] == "/accounts/sso/lakeside/"
    assert [seat.slug for seat in in_session(client, person)] == ["ridgeway"]
    assert b"asks you to sign in there" in client.get("/").content
    assert b"Lakeside" not in client.get("/today/").content
    sign_on(client, says())
    assert [seat.slug for seat in in_session(client, person)] == ["lakeside", "ridgeway"]
    assert client.get("/accounts/password/change/").status_code == 200


def test_admins_come_in_when_the_provider_is_away(required, says):
    admin = MembershipFactory(organization=required, roles=["admin"]).user
    assert by_password(admin).get("/o/lakeside/people/").status_code == 200


def test_a_provider_that_does_not_answer_is_said(organization):
    uses(organization, "http://127.0.0.1:9")
    answer = Client().get("/accounts/sso/lakeside/go/")
    assert (answer.status_code, b"does not answer" in answer.content) == (401, True)


# The second step.


@pytest.fixture
def with_app(dana):
    secret = generate_totp_secret()
    TOTP.activate(dana, secret)
    return secret


def code_now(secret) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_our_second_step_is_asked_for_where_the_provider_is_not_trusted_with_it(dana, with_app, says, settings):
    settings.REQUIRE_MFA = True
    client = Client()
    assert sign_on(client, says()).headers["Location"] == "/accounts/2fa/authenticate/"
    assert is_in(client) is False
    answer = client.post("/accounts/2fa/authenticate/", {"code": code_now(with_app)})
    assert (answer.headers["Location"], is_in(client)) == (HOME, True)
    assert client.get(HOME).headers["Location"] != "/accounts/2fa/"
    assert [seat.slug for seat in in_session(client, dana)] == ["lakeside"]
    assert client.session["bhi.only_there"] is True


def test_who_has_none_sets_one_up_but_no_passkey(dana, says, settings):
    settings.REQUIRE_MFA = True
    client = Client()
    sign_on(client, says())
    assert client.get(HOME).headers["Location"] == "/accounts/2fa/"
    assert client.get(reverse("mfa_activate_totp")).status_code in (200, 302)
    assert client.get(reverse("mfa_add_webauthn")).status_code == 403


def test_a_provider_that_is_trusted_asked_for_it(organization, provider, says, settings):
    settings.REQUIRE_MFA = True
    uses(organization, provider, trusts_its_factors=True)
    person = MembershipFactory(organization=organization, roles=["billing"], user=UserFactory(email=EMAIL)).user
    TOTP.activate(person, generate_totp_secret())
    client = Client()
    assert sign_on(client, says()).headers["Location"] == HOME
    assert client.get(HOME, follow=True).status_code == 200
    for name in ("mfa_index", "mfa_activate_totp", "mfa_view_recovery_codes"):
        assert client.get(reverse(name)).status_code == 403
    elsewhere = by_password(person)
    assert is_in(elsewhere) is False


@pytest.mark.usefixtures("watches_sessions")
@pytest.mark.parametrize(("seconds", "shown"), [(0, 404), (None, 422)], ids=["said", "not said"])
def test_who_was_asked_at_no_time_that_we_know_has_not_proved_it_lately(dana, says, asked_ago, seconds, shown):
    """The provider's own session may have let them in: a setting or a file asks again, and not at that provider."""
    asked_ago(seconds)
    client = Client()
    sign_on(client, says())
    assert client.get("/o/lakeside/billing/batches/").status_code == 200
    assert client.get(FILE).status_code == shown


@pytest.mark.usefixtures("watches_sessions")
def test_a_silent_provider_is_no_way_and_the_page_says_so(dana, with_app, says, asked_ago):
    client = Client()
    asked_ago(None)
    sign_on(client, says())
    client.post("/accounts/2fa/authenticate/", {"code": code_now(with_app)})
    client.post(reverse("session_lock"))
    page = client.get(reverse("unlock")).content.decode()
    assert ("Confirm with your organization" in page, "does not tell us when it asked" in page) == (False, True)
    assert (page.count('name="proof_password"'), page.count('name="proof_code"')) == (1, 1)
    assert client.post(reverse("unlock"), {"proof_password": PASSWORD}).status_code == 302
    assert client.get("/o/lakeside/billing/batches/").status_code == 200


def test_a_silent_provider_is_not_trusted_with_its_factor(organization, provider, says, settings, asked_ago):
    settings.REQUIRE_MFA = True
    uses(organization, provider, trusts_its_factors=True)
    person = MembershipFactory(organization=organization, roles=["billing"], user=UserFactory(email=EMAIL)).user
    TOTP.activate(person, generate_totp_secret())
    asked_ago(None)
    client = Client()
    assert sign_on(client, says()).headers["Location"] == "/accounts/2fa/authenticate/"
    assert is_in(client) is False


@pytest.mark.usefixtures("watches_sessions")
def test_our_second_step_proves_what_a_silent_provider_does_not(dana, with_app, says, asked_ago, settings):
    settings.REQUIRE_MFA = True
    asked_ago(None)
    client = Client()
    sign_on(client, says())
    client.post("/accounts/2fa/authenticate/", {"code": code_now(with_app)})
    assert client.get(FILE).status_code == 404


@pytest.mark.usefixtures("watches_sessions")
def test_a_form_waits_in_its_tab_while_the_provider_asks_in_another(dana, says, asked_ago):
    client = Client()
    sign_on(client, says())
    client.post(reverse("session_lock"))
    path = reverse("claim_search", args=["lakeside"])
    asked = client.post(path, {"number": "C-77"})
    page = asked.content.decode()
    door = f"{reverse('sso_go', args=['lakeside'])}?next={reverse('sso_confirmed')}"
    assert (asked.status_code, page.count(f'href="{door}" target="_blank"')) == (423, 1)
    again = client.post(path, {"number": "C-77"})
    assert (again.status_code, again.content.count(b'name="number" value="C-77"')) == (423, 1)
    asked_ago(0)
    assert sign_on(client, next=reverse("sso_confirmed")).headers["Location"] == reverse("sso_confirmed")
    assert b"What you typed is still there" in client.get(reverse("sso_confirmed")).content
    sent = client.post(path, {"number": "C-77"})
    assert (sent.status_code, b"C-77" in sent.content) == (200, True)


# The pages.


def test_the_way_there_begins_with_an_address_or_a_short_name(lakeside):
    client = Client()
    for typed in ("Dana@LAKESIDE.example", "lakeside"):
        assert client.post("/accounts/sso/", {"where": typed}).headers["Location"] == "/accounts/sso/lakeside/"
    page = client.get("/accounts/sso/lakeside/", {"next": "/o/lakeside/billing/"})
    assert b'href="/accounts/sso/lakeside/go/?next=%2Fo%2Flakeside%2Fbilling%2F"' in page.content
    for typed in ("x@ridgeway.example", "ridgeway", "@", "x@"):
        assert client.post("/accounts/sso/", {"where": typed}).status_code == 422
    assert b"/accounts/sso/" in client.get("/accounts/login/").content


def test_an_organization_that_put_its_provider_out_of_use_has_no_such_door(organization, provider):
    uses(organization, provider, is_in_use=False)
    for path in ("", "go/", "back/"):
        assert Client().get(f"/accounts/sso/lakeside/{path}").status_code == 404
    assert Client().post("/accounts/sso/", {"where": "lakeside"}).status_code == 422


def test_too_many_questions_from_one_address_wait(lakeside):
    client = Client()
    statuses = {client.get("/accounts/sso/lakeside/back/").status_code for _ in range(MOST_A_MINUTE)}
    assert statuses == {401}
    assert client.get("/accounts/sso/lakeside/back/").status_code == 429
