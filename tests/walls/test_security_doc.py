"""What docs/security.md and docs/asvs.csv say is proved names tests that are there; no requirement is left out."""

import ast
import csv
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECURITY = (ROOT / "docs" / "security.md").read_text()
ROWS = list(csv.DictReader((ROOT / "docs" / "asvs.csv").open(newline="")))
NAMED = sorted(set(re.findall(r"tests/[\w/]+\.py(?:::\w+)?", SECURITY + "\n".join(row["where"] for row in ROWS))))
STATES = {"tested", "design", "operator", "not applicable", "open"}
# How many requirements OWASP ASVS 5.0.0 has at levels 1 and 2, by chapter.
CHAPTERS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7,
    10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16, 17: 7,
}  # fmt: skip
SPECIFICATIONS = {
    "308": (
        "(a)(1)(ii)(A) (a)(1)(ii)(B) (a)(1)(ii)(C) (a)(1)(ii)(D) (a)(2) (a)(3)(ii)(A) (a)(3)(ii)(B) (a)(3)(ii)(C) "
        "(a)(4)(ii)(B) (a)(4)(ii)(C) (a)(5)(ii)(A) (a)(5)(ii)(B) (a)(5)(ii)(C) (a)(5)(ii)(D) (a)(6)(ii) "
        "(a)(7)(ii)(A) (a)(7)(ii)(B) (a)(7)(ii)(C) (a)(7)(ii)(D) (a)(7)(ii)(E) (a)(8) (b)"
    ),
    "312": ("(a)(2)(i) (a)(2)(ii) (a)(2)(iii) (a)(2)(iv) (b) (c)(1) (c)(2) (d) (e)(1) (e)(2)(i) (e)(2)(ii)"),
    "314": "(a)",
    "316": "(a) (b)",
}


def functions_of(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("named", NAMED)
def test_a_named_test_is_there(named):
    path, _, function = named.partition("::")
    assert (ROOT / path).is_file()
    assert not function or function in functions_of(ROOT / path)


def test_every_requirement_of_the_first_two_levels_is_there_once():
    ids = [row["id"] for row in ROWS]
    assert [id_ for id_, times in Counter(ids).items() if times > 1] == []
    assert Counter(int(id_.split(".")[0]) for id_ in ids) == CHAPTERS
    assert Counter(row["level"] for row in ROWS) == {"1": 70, "2": 183}


def test_every_row_says_where_it_stands():
    assert [row["id"] for row in ROWS if row["state"] not in STATES or not row["what"] or not row["where"]] == []
    tested = [row for row in ROWS if row["state"] == "tested"]
    assert [row["id"] for row in tested if not row["where"].startswith("tests/")] == []


@pytest.mark.parametrize(("section", "paragraphs"), SPECIFICATIONS.items())
def test_every_specification_of_the_security_rule_is_there(section, paragraphs):
    first_cells = re.findall(rf"^\| {section}([^ |]*)", SECURITY, re.MULTILINE)
    assert first_cells == paragraphs.split()


def test_a_test_that_is_gone_would_be_missed():
    assert "test_that_is_gone" not in functions_of(Path(__file__).with_name("test_logs.py"))
