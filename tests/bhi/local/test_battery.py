"""What ./dev battery runs, and where."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from bhi.local import postgres_tls, testing
from bhi.local.errors import SetupError

ELSEWHERE = "postgresql://elsewhere"


@pytest.fixture
def ran(monkeypatch):
    """What pytest would be given, and by whose server; nothing is started."""
    found = []

    @contextmanager
    def server(places):
        yield ELSEWHERE

    def judged(places, checks, tests, beside=None, *, admin=""):
        found.append((tests[len(testing.PYTEST) :], admin))
        return 1 if "fails" in tests else 0

    monkeypatch.setattr(testing, "judged", judged)
    monkeypatch.setattr(testing.installing, "ensure", lambda places, extra: None)
    monkeypatch.setattr(postgres_tls, "tls_server", server)
    monkeypatch.setattr(postgres_tls, "installed", lambda: Path("/somewhere/15/bin"))
    return found


OWN = ("tests/battery", "--ignore=tests/battery/tls")


def test_all_of_it_is_the_long_tests_and_what_postgres_enforces_on_another_version(places, ran):
    assert testing.battery(places, []) == 0
    assert ran == [(OWN, ""), (testing.ON_DEBIANS_POSTGRES, ELSEWHERE)]
    assert [path for path in testing.ON_DEBIANS_POSTGRES if not (Path(__file__).parents[3] / path).exists()] == []


def test_without_another_version_that_is_said(places, ran, monkeypatch, capsys):
    monkeypatch.setattr(postgres_tls, "installed", lambda: None)
    assert testing.battery(places, []) == 0
    assert ran == [(OWN, "")]
    assert "There is no Postgres of Debian's here: the walls were not tried on it" in capsys.readouterr().err


def test_on_debians_postgres_alone_the_whole_suite_runs_but_for_the_journeys(places, ran):
    assert testing.battery(places, ["--postgres15"]) == 0
    whole = ("tests", "--ignore-glob=tests/battery/test_*.py", "--ignore=tests/journeys")
    assert ran == [(whole, ELSEWHERE)]


def test_or_what_is_named(places, ran):
    assert testing.battery(places, ["--postgres15", "tests/walls", "fails"]) == 1
    assert testing.battery(places, ["tests/battery/test_races.py"]) == 0
    assert ran == [(("tests/walls", "fails"), ELSEWHERE), (("tests/battery/test_races.py",), "")]


def test_a_server_that_is_not_installed_is_named_with_its_package(places, monkeypatch):
    monkeypatch.setattr(postgres_tls, "installed", lambda: None)
    with pytest.raises(SetupError, match="apt install postgresql-15"), postgres_tls.tls_server(places):
        pass
