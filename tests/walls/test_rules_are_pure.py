"""Rules compute with what they are given: no clock, no floating point, nothing but the standard library."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("registry", "caseload", "billing", "outcomes")
RULES = sorted(file for app in APPS for file in (ROOT / app / "rules").rglob("*.py"))
NO_CLOCK = sorted(
    file for app in APPS for room in ("rules", "queries", "operations") for file in (ROOT / app / room).rglob("*.py")
)
CLOCK = {"now", "today", "utcnow", "time", "time_ns", "monotonic", "localtime", "gmtime", "timezone.now"}
CLOCK_OWNERS = {"datetime", "date", "time", "timezone", "dt"}


def name(file):
    return str(file.relative_to(ROOT))


def clock_reads(tree: ast.AST) -> list[str]:
    """Calls such as date.today(), timezone.now(), time.time(): an attribute of the clock's name on a clock's owner."""
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in CLOCK
        and ast.unparse(node.value).rpartition(".")[2] in CLOCK_OWNERS
    ]


def floats(tree: ast.AST) -> list[str]:
    """Float literals and the float type, but for asking what a value read from a file is."""
    asked = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance"
        for part in ast.walk(node.args[1])
    }
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float" and id(node) not in asked)
    ]


def outside_imports(tree: ast.AST, file: Path) -> list[str]:
    own = file.relative_to(ROOT).parts[0]
    modules = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    allowed = tuple(f"{app}.rules" for app in APPS[: APPS.index(own) + 1])
    return [
        module
        for module in modules
        if module.partition(".")[0] not in sys.stdlib_module_names and not module.startswith(allowed)
    ]


@pytest.mark.parametrize("file", NO_CLOCK, ids=name)
def test_nothing_below_the_interfaces_reads_the_clock(file):
    assert clock_reads(ast.parse(file.read_text())) == []


@pytest.mark.parametrize("file", RULES, ids=name)
def test_rules_know_no_floating_point_and_nobody_else(file):
    tree = ast.parse(file.read_text())
    assert floats(tree) == []
    assert outside_imports(tree, file) == []


def test_what_is_looked_for_would_be_found():
    tree = ast.parse("from datetime import date\nx = date.today()\ny = datetime.datetime.now()\nz = timezone.now()")
    assert len(clock_reads(tree)) == 3
    assert len(floats(ast.parse("x = 0.5\ny = float(x)\nz = isinstance(x, float)"))) == 2
    file = ROOT / "registry" / "rules" / "x.py"
    found = outside_imports(ast.parse("import django\nfrom caseload.rules import minutes\nimport json"), file)
    assert found == ["django", "caseload.rules"]
