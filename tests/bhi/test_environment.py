"""The environment, read once: what is missing or unreadable is named with what it should hold."""

import pytest

from bhi.environment import EnvironmentFault, broker_url, database, read_environment

LEAST = {"BHI_SECRET_KEY": "k", "DATABASE_URL": "postgresql://bhi_app@/bhi"}


@pytest.mark.parametrize(("text", "count"), [("0", 0), ("2", 2)])
def test_proxies_are_counted(text, count):
    assert read_environment(LEAST | {"BHI_PROXIES": text}).proxies == count
    assert read_environment(LEAST).proxies == 0


@pytest.mark.parametrize("text", ["one", "-1", "", "²"])
def test_a_number_of_proxies_that_is_none_is_named(text):
    with pytest.raises(EnvironmentFault) as fault:
        read_environment(LEAST | {"BHI_PROXIES": text})
    assert str(fault.value) == f"BHI_PROXIES is a whole number from 0 up, not {text!r}"


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("BHI_SECRET_KEY", "BHI_SECRET_KEY is not set."),
        ("DATABASE_URL", "DATABASE_URL is not set:"),
    ],
)
def test_what_is_missing_is_named(missing, sentence):
    with pytest.raises(EnvironmentFault, match=f"^{sentence}"):
        read_environment({name: value for name, value in LEAST.items() if name != missing})


FAR = "postgresql://bhi_app:pw@db.example.org:5432/bhi"
SHUT = f"{FAR}?sslmode=verify-full&sslrootcert=/etc/ca.pem"


@pytest.mark.parametrize("query", ["", "?sslmode=disable", "?sslmode=prefer", "?sslmode=require", "?host=10.0.0.5"])
@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_MAINTENANCE_URL"])
def test_in_production_a_database_is_reached_by_tls_that_checks_whom(name, query):
    with pytest.raises(EnvironmentFault, match=rf"^{name} needs \?sslmode=verify-full"):
        read_environment(LEAST | {name: FAR + query})
    read_environment(LEAST | {name: FAR + query, "BHI_PLAINTEXT": "1"})
    read_environment(LEAST | {name: FAR + query, "BHI_DEBUG": "1"})


@pytest.mark.parametrize("url", [SHUT, "postgresql://bhi_app@/bhi?host=/run/postgresql", f"{FAR}?sslmode=verify-ca"])
def test_a_socket_and_checked_tls_are_taken(url):
    assert read_environment(LEAST | {"DATABASE_URL": url}).database_url == url


def test_what_a_url_says_of_tls_reaches_the_driver():
    options = database(SHUT)["OPTIONS"]
    assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", "/etc/ca.pem")


def test_in_production_redis_is_reached_by_tls_or_a_socket():
    for url in ("redis://cache.example.org:6379/0", "http://cache.example.org"):
        with pytest.raises(EnvironmentFault, match=r"^REDIS_URL begins with rediss:// or unix://"):
            read_environment(LEAST | {"REDIS_URL": url})
        read_environment(LEAST | {"REDIS_URL": url, "BHI_PLAINTEXT": "1"})
    for url in ("rediss://cache.example.org:6379/0?ssl_cert_reqs=required", "unix:///run/valkey.sock"):
        assert read_environment(LEAST | {"REDIS_URL": url}).redis_url == url
    assert broker_url("rediss://cache.example.org/0") == "rediss://cache.example.org/0?ssl_cert_reqs=required"
    assert broker_url("rediss://c/0?ssl_ca_certs=/ca.pem") == "rediss://c/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=required"
    assert broker_url("rediss://c/0?ssl_cert_reqs=required") == "rediss://c/0?ssl_cert_reqs=required"
