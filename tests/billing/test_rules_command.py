"""`manage.py rules` as people run it."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from billing.rules.books.library import library
from billing.rules.handbook import document


def run(*words: str) -> str:
    out = StringIO()
    call_command("rules", *words, stdout=out)
    return out.getvalue()


def test_the_books_are_listed():
    listed = run("list").splitlines()
    assert listed == run().splitlines()
    assert len(listed) == sum(len(books) for books in library().values())
    assert listed[0] == "2020-01-01  bcbs_nd_2020              " + library()["bcbs_nd"][0].title


def test_one_book_and_two_compared():
    assert run("show", "medicare_ffs_2021").startswith("# medicare_ffs_2021\n")
    diff = run("diff", "medicare_ffs_2020", "medicare_ffs_2021")
    assert "- G2214 (CoCM, first 30 minutes) begins: 30 minutes, 16 by the midpoint rule. [S19" in diff
    assert "- S19: NGS Medicare on behavioral health integration" in diff


def test_the_page_is_written(tmp_path: Path):
    run("docs", "--to", str(tmp_path / "rules.md"))
    assert (tmp_path / "rules.md").read_text() == document()


@pytest.mark.parametrize("words", [("show", "medicare_1999"), ("diff", "medicare_ffs_2020", "medicare_1999")])
def test_an_unknown_book_is_named_with_those_there_are(words: tuple[str, ...]):
    err = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("rules", *words, stdout=StringIO(), stderr=err)
    assert ended.value.code == 2
    assert err.getvalue().startswith("There is no rule book medicare_1999. There are: bcbs_nd_2020, bcbs_nd_2021, ")
