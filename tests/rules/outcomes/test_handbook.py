"""docs/measures.md is what the rules say today."""

from pathlib import Path

from outcomes.rules.handbook import FAMILIES, document
from outcomes.rules.measures import MEASURES

ROOT = Path(__file__).resolve().parents[3]


def test_the_page_of_measures_is_fresh() -> None:
    assert (ROOT / "docs" / "measures.md").read_text() == document(), "run: ./dev manage measures docs"


def test_every_measure_is_told_once_with_all_that_is_said_of_it() -> None:
    text = document()
    assert {one.family for one in MEASURES} == set(FAMILIES)
    for one in MEASURES:
        section = text.split(f"### {one.title}\n")
        assert len(section) == 2, one.key
        told = section[1].split("\n##")[0]
        for words in (one.formula, one.source, f"{one.in_force_from:%Y-%m}", f"`{one.key}`", *one.exclusions):
            assert words in told, (one.key, words)
