"""Each import contract is kept, and is seen to fail when it is broken."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bhi", "registry", "caseload", "billing", "outcomes")
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
# A contract, the file that breaks it, and the module that this file imports.
BREAKS = [
    ("cores", "registry/rules/broken.py", "caseload.rules"),
    ("cores", "registry/queries/broken.py", "billing.queries"),
    ("cores", "bhi/jobs/broken.py", "registry.models"),
    ("registry-rooms", "registry/rules/broken.py", "registry.models"),
    ("registry-rooms", "registry/models/broken.py", "registry.queries"),
    ("caseload-rooms", "caseload/queries/broken.py", "caseload.operations"),
    ("billing-rooms", "billing/operations/broken.py", "billing.apps"),
    ("cores", "billing/queries/broken.py", "outcomes.queries"),
    ("outcomes-rooms", "outcomes/queries/broken.py", "outcomes.operations"),
    ("ground", "bhi/tenancy/broken.py", "caseload.models"),
    ("pure", "billing/rules/broken.py", "django"),
    ("pure", "caseload/rules/broken.py", "bhi.tenancy.ids"),
    ("doors", "caseload/views/broken.py", "billing.models"),
    ("doors", "outcomes/views/broken.py", "outcomes.models"),
    ("pages", "caseload/views/broken.py", "billing.views"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python files of the product, without what the contracts do not look at."""
    target = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, target / package, ignore=_not_python)
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def _not_python(folder: str, names: list[str]) -> list[str]:
    return [
        name for name in names if name == "__pycache__" or not (name.endswith(".py") or Path(folder, name).is_dir())
    ]


def lint(tree: Path, contract: str | None = None) -> tuple[int, str]:
    """The exit code and report of import-linter over a tree, for one contract or all."""
    only = ["--contract", contract] if contract else []
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", *only],
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_every_contract_is_kept_here(copy):
    code, report = lint(copy)
    assert (code, f"Contracts: {len(CONTRACTS)} kept, 0 broken." in report) == (0, True), report


def test_every_contract_is_broken_somewhere_below():
    assert {contract for contract, *_ in BREAKS} == CONTRACTS.keys()


@pytest.mark.parametrize(("contract", "file", "imported"), BREAKS)
def test_a_broken_contract_is_seen(copy, contract, file, imported):
    broken = copy / file
    broken.write_text(f"import {imported}\n")
    try:
        code, report = lint(copy, contract)
    finally:
        broken.unlink()
    named = f"{file.removesuffix('.py').replace('/', '.')} -> {imported}"
    assert (code, "Contracts: 0 kept, 1 broken." in report, named in report) == (1, True, True), report
