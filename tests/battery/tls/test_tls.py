"""On Debian's Postgres: every connection of the product is encrypted, and to the server whose certificate it knows."""

import os
from pathlib import Path

import psycopg
import pytest
from django.db import connections

from bhi.backups.programs import conninfo

ALIASES = ("default", "owner", "maintenance")


@pytest.mark.django_db(databases=ALIASES)
@pytest.mark.parametrize("alias", ALIASES)
def test_every_role_speaks_tls_and_verifies(alias):
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        encrypted, version = cursor.fetchone()
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        (major,) = cursor.fetchone()
    assert (encrypted, version in ("TLSv1.2", "TLSv1.3"), major >= 15) == (True, True, True)
    assert connections[alias].settings_dict["OPTIONS"]["sslmode"] == "verify-full"


def test_without_tls_nobody_is_let_in():
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(os.environ["DATABASE_ADMIN_URL"], sslmode="disable")


def test_another_name_than_the_certificate_s_is_refused():
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        psycopg.connect(os.environ["DATABASE_ADMIN_URL"], host="127.0.0.1")


def test_a_server_whose_certificate_is_not_known_is_refused(tmp_path):
    stranger = tmp_path / "stranger.crt"
    stranger.write_bytes(Path(__import__("certifi").where()).read_bytes())
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(os.environ["DATABASE_ADMIN_URL"], sslrootcert=str(stranger))


def test_postgres_own_programs_verify_too():
    assert "sslmode=verify-full" in conninfo(connections["owner"].settings_dict)
