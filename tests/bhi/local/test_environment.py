"""What the env file records, and which addresses are the checkout's own."""

import stat
from pathlib import Path

import pytest

from bhi.environment import database
from bhi.local import servers
from bhi.local.places import Places

ODD = Path('/tmp/it\'s a "folder", with %2F & ü')


def test_what_is_recorded_is_read_back():
    values = servers.read_env(servers.env_text(ODD))
    assert values == {"BHI_LOCAL_SOCKETS": str(ODD)} | servers.urls(ODD)


def test_an_address_leads_the_product_to_the_role_and_the_socket():
    found = database(servers.urls(ODD)["DATABASE_MAINTENANCE_URL"])
    assert (found["USER"], found["NAME"], found["HOST"], found["PORT"]) == ("bhi_maintenance", "bhi", str(ODD), "5432")


def test_lines_that_assign_nothing_are_passed_over():
    assert servers.read_env("# said\nwhat\nA='b c'\n") == {"A": "b c"}


@pytest.mark.parametrize(
    ("environ", "variable", "own"),
    [
        ({}, "DATABASE_URL", False),
        ({"DATABASE_URL": ""}, "DATABASE_URL", False),
        ({"DATABASE_URL": "postgresql://bhi_app@elsewhere/bhi"}, "DATABASE_URL", True),
        ({"DATABASE_URL": servers.urls(ODD)["DATABASE_URL"]}, "DATABASE_URL", False),
        ({"REDIS_URL": servers.urls(ODD)["REDIS_URL"]}, "REDIS_URL", False),
        ({"REDIS_URL": "redis://elsewhere"}, "REDIS_URL", True),
    ],
)
def test_the_embedded_servers_own_addresses_are_not_someone_elses(places, environ, variable, own):
    places.own.run.mkdir(parents=True)
    places.own.env_file.write_text(servers.env_text(ODD))
    assert servers.names_its_own(places, environ, variable) is own


def test_without_a_record_every_address_is_someone_elses(places):
    assert servers.names_its_own(places, {"DATABASE_URL": servers.urls(ODD)["DATABASE_URL"]}, "DATABASE_URL")


def test_servers_of_ones_own_start_nothing(tmp_path):
    places = Places(tmp_path)
    environ = {"DATABASE_URL": "postgresql://a@b/c", "REDIS_URL": "redis://d", "BHI_SECRET_KEY": "e"}
    before = dict(environ)
    servers.supply(places, environ)
    assert environ == before
    assert list(tmp_path.iterdir()) == []


def test_the_secret_is_made_once_and_for_its_owner_alone(places):
    first = servers.secret_key(places)
    assert len(first) >= 50
    assert servers.secret_key(places) == first
    assert stat.S_IMODE(places.secret_key.stat().st_mode) == 0o600
