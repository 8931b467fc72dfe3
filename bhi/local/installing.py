"""The project's virtual environment and its pinned, hashed requirements."""

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bhi.local.debian import apt_install, can_apt
from bhi.local.errors import SetupError
from bhi.local.places import Places
from bhi.local.saying import say

STAMP = "bhi-requirements.json"
# The sets, smallest first; each contains the ones before it, at the same versions.
SETS = ("base", "local", "test")
NEWEST_OLD_PYTHON = (3, 10)


def ensure(places: Places, wanted: str) -> None:
    """Make the environment and install the wanted set, unless that was done from these very files.

    What a larger set installed stays. Raises SetupError when it cannot be done.
    """
    if not works(places.python):
        make_environment(places)
    digest = digest_of(places.requirements)
    installed, installed_digest = read_stamp(places.venv / STAMP)
    needed = larger(wanted, installed)
    if installed == needed and installed_digest == digest:
        return
    install_uv(places)
    install(places, needed)
    (places.venv / STAMP).write_text(json.dumps({"set": needed, "digest": digest}), encoding="ascii")


def larger(wanted: str, installed: str | None) -> str:
    """The larger of two sets."""
    return max(wanted, installed or wanted, key=SETS.index)


def digest_of(requirements: Path) -> str:
    """A hash over all requirement files: it changes when any pin does."""
    digest = hashlib.sha256()
    for file in sorted(requirements.glob("*.txt")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def read_stamp(stamp: Path) -> tuple[str | None, str | None]:
    """Which set was installed, and the hash of the files it came from; nothing when unknown."""
    try:
        found = json.loads(stamp.read_text(encoding="ascii"))
        return (found["set"], found["digest"]) if found["set"] in SETS else (None, None)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None, None


def works(python: Path) -> bool:
    """Whether the environment's Python starts and is new enough; a system upgrade may have broken it."""
    question = f"import sys; sys.exit(sys.version_info[:2] <= {NEWEST_OLD_PYTHON})"
    try:
        return subprocess.run([python, "-c", question], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_environment(places: Places) -> None:
    """Make `.venv` with the Python that runs this."""
    if importlib.util.find_spec("ensurepip") is None:
        install_venv_module()
    again = " anew: the one here does not work" if places.venv.exists() else ""
    say(f"Making a virtual environment in .venv{again}")
    base = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run([base, "-m", "venv", "--clear", places.venv], capture_output=True, text=True, check=False)
    if made.returncode:
        raise SetupError(f"The virtual environment could not be made:\n{(made.stdout + made.stderr).strip()}")


def install_venv_module() -> None:
    """Debian packs the module that makes environments apart."""
    package = f"python3.{sys.version_info.minor}-venv"
    if not can_apt():
        raise SetupError(
            "This Python cannot make virtual environments: its ensurepip is missing.\n"
            f"On Debian or Ubuntu: sudo apt-get install {package}. Then run this again."
        )
    apt_install([package], reason="This Python cannot make virtual environments yet")


def install_uv(places: Places) -> None:
    """Install uv by pip, pinned and hashed; pip's own configuration of this machine applies."""
    if uv_version(places.python) == pinned_version(places.requirements / "uv.txt", "uv"):
        return
    say("Installing uv, which installs the rest")
    pip = [str(places.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    file = str(places.requirements / "uv.txt")
    done = subprocess.run([*pip, "--require-hashes", "-r", file], stdout=sys.stderr, check=False)
    if done.returncode:
        raise SetupError("uv could not be installed; the lines above say why.")


def uv_version(python: Path) -> str | None:
    question = "from importlib.metadata import version; print(version('uv'))"
    answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else None


def pinned_version(requirements: Path, package: str) -> str | None:
    """The version that a requirements file pins a package to."""
    found = re.search(rf"^{re.escape(package)}==(\S+)", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else None


def install(places: Places, name: str) -> None:
    """Install a set. Nothing is removed: what else is here, someone put here."""
    say(f"Installing the pinned packages of requirements/{name}.txt")
    file = places.requirements / f"{name}.txt"
    done = uv(
        places,
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--compile-bytecode",
        "--python",
        places.python,
        "-r",
        file,
    )
    if done.returncode:
        raise SetupError(
            "The packages could not be installed; the lines above say why.\n"
            "(uv does not read pip's configuration: name an index of your own in UV_DEFAULT_INDEX.)"
        )


def lock(places: Places, options: Sequence[str] = ()) -> int:
    """Compile pyproject.toml into the requirement files; options such as `--upgrade` go to uv."""
    install_uv(places)
    extras = {"test": ["local", "test"], "local": ["local"], "base": []}
    for name, wanted in extras.items():
        # The smaller sets take their versions from the largest, so that one environment serves all.
        constraint = [] if name == "test" else ["--constraint", "requirements/test.txt"]
        chosen = [part for extra in wanted for part in ("--extra", extra)]
        code = compile_pins(places, name, "pyproject.toml", *chosen, *constraint, *options)
        if code:
            return code
    return compile_pins(places, "uv", "requirements/uv.in", *options)


def compile_pins(places: Places, name: str, *arguments: str) -> int:
    say(f"Compiling requirements/{name}.txt")
    return uv(
        places, "pip", "compile", "--quiet", "--no-header", "--generate-hashes", "--universal",
        "--python-version", "3.11", "--output-file", f"requirements/{name}.txt", *arguments,
    ).returncode  # fmt: skip


def uv(places: Places, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return subprocess.run(
        [places.python, "-m", "uv", *arguments], cwd=places.root, stdout=sys.stderr, env=environ, check=False
    )
