"""`manage.py measures`."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command

from outcomes.rules.handbook import document
from outcomes.rules.measures import MEASURES


def test_measures_are_listed() -> None:
    out = StringIO()
    call_command("measures", stdout=out)
    assert [line.split()[0] for line in out.getvalue().splitlines()] == [one.key for one in MEASURES]


def test_the_page_is_written(tmp_path: Path) -> None:
    call_command("measures", "docs", "--to", str(tmp_path / "measures.md"))
    assert (tmp_path / "measures.md").read_text() == document()
