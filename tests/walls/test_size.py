"""What keeps the code readable: short functions and files, reasons for dependencies, names that say something."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_TEST_FILE = 600
CODE = {".py", ".html", ".css", ".js", ".toml"}
LONGER = {
    "static/bhi.css": "one stylesheet of our own: its layers are read together",
}
# Rooms that are called what they do, instead of where what had no place was put.
SAYS_NOTHING = {"utils", "util", "helpers", "common", "services", "misc"}
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|HACK|XXX)\b")
# Where somebody's checkout lies, and where somebody's packages come from, is no business of the repository.
OF_ONE_MACHINE = re.compile(
    r"(?<![\w.\]/-])/(?:home|root|Users|work)/\w|https?://[^\s\"']*(?:pypi|/simple\b|artifactory|nexus|mirror)",
    re.IGNORECASE,
)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    return [Path(name) for name in listed if name and (ROOT / name).is_file()]


def is_migration(file: Path) -> bool:
    return "migrations" in file.parts


def is_python(file: Path) -> bool:
    return file.suffix == ".py" or file.name == "dev"


def functions_over(source: str, most: int) -> list[str]:
    return [
        f"{node.name}: {node.end_lineno - node.lineno + 1}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno + 1 > most
    ]


def words_in(file: Path, pattern: re.Pattern[str]) -> list[str]:
    try:
        lines = (ROOT / file).read_text().splitlines()
    except UnicodeDecodeError:  # a picture, a workbook
        return []
    return [f"{file}:{number}: {line.strip()[:80]}" for number, line in enumerate(lines, 1) if pattern.search(line)]


FILES = tracked()
OWN = Path(__file__).resolve().relative_to(ROOT)


def test_functions_are_short():
    long = {
        str(file): found
        for file in FILES
        if is_python(file)
        and not is_migration(file)
        and (found := functions_over((ROOT / file).read_text(), MOST_LINES_OF_A_FUNCTION))
    }
    assert long == {}


def test_files_are_short():
    long = {}
    for file in FILES:
        if file.suffix not in CODE or is_migration(file):
            continue
        most = MOST_LINES_OF_A_TEST_FILE if file.parts[0] == "tests" else MOST_LINES_OF_A_FILE
        lines = len((ROOT / file).read_text().splitlines())
        if lines > most:
            long[str(file)] = lines
    assert long.keys() == LONGER.keys()


def test_every_dependency_that_ships_says_why():
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    shipped = [*project["dependencies"], *project["optional-dependencies"]["local"]]
    silent = [one for one in shipped if not re.search(rf'"{re.escape(one)}",\s+# \w.+', text)]
    assert silent == []


def test_no_module_is_named_for_nothing():
    assert [str(file) for file in FILES if {*file.parts, file.stem} & SAYS_NOTHING] == []


@pytest.mark.parametrize("pattern", [UNFINISHED, OF_ONE_MACHINE], ids=["unfinished", "of one machine"])
def test_nothing_is_unfinished_or_of_one_machine(pattern):
    assert [line for file in FILES if file != OWN for line in words_in(file, pattern)] == []


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("cd /home/somebody/bhi", True),
        ('"/work/somewhere/.venv"', True),
        ("index = https://pypi.example.org/simple", True),
        ("https://cache.example.org/artifactory/api", True),
        ('<a href="/o/demo/work/1">', False),
        ("https://www.cms.gov/simpler-billing", False),
    ],
)
def test_what_is_of_one_machine_would_be_found(line, is_found):
    assert bool(OF_ONE_MACHINE.search(line)) is is_found


def test_what_is_long_would_be_found():
    assert functions_over("def f():\n" + "    x = 1\n" * 60, 60) == ["f: 61"]
    assert functions_over("def f():\n" + "    x = 1\n" * 59, 60) == []
