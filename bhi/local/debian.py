"""What the system itself must have: installed by apt when root, else named."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bhi.local.errors import SetupError
from bhi.local.saying import say

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSERS = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
# What WeasyPrint loads to set text, as Linux and macOS name it, and the packages that bring it.
PANGO_LIBRARIES = (
    ("libpango-1.0.so.0", "libpango-1.0.dylib"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib"),
    ("libharfbuzz.so.0", "libharfbuzz.dylib"),
    ("libfontconfig.so.1", "libfontconfig.dylib"),
)
PANGO_PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core")
PANGO_MISSING = (
    "PDFs need the libraries of Pango, and they are not here.\n"
    "On Debian: sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core. "
    "On macOS: brew install pango."
)
CHROMIUM_PACKAGES = ("chromium", "chromium-sandbox", "fonts-dejavu-core")


def can_apt() -> bool:
    """Whether this command may install packages of the system."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(packages: Sequence[str], *, reason: str) -> None:
    """Install Debian packages, aloud. Raises SetupError with the end of what apt said."""
    say(f"{reason}: installing {' '.join(packages)} by apt-get")
    apt_get("update")
    apt_get("install", "--yes", "--no-install-recommends", *packages)


def apt_get(*arguments: str) -> None:
    done = subprocess.run(
        ["apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=300", *arguments],
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SetupError(f"apt-get {arguments[0]} failed:\n{(done.stdout + done.stderr).strip()[-2000:]}")


def chromium(environ: Mapping[str, str]) -> str:
    """The browser for the journeys: the one named, one that is here, or one installed by apt.

    Raises SetupError that tells what to install: the journeys are never passed over.
    """
    found = find_chromium(environ)
    if found is None and can_apt():
        apt_install(CHROMIUM_PACKAGES, reason="The browser journeys need Chromium")
        found = find_chromium(environ)
    if found is None:
        raise SetupError(
            "The browser journeys need Chromium or Chrome, and there is none here.\n"
            "On Debian: sudo apt-get install chromium. Elsewhere install Chrome, or set CHROME_PATH to it."
        )
    return found


def ensure_pango() -> bool:
    """Install what sets the text of PDFs where it is missing and this may; whether it is here then."""
    if not has_pango() and can_apt():
        apt_install(PANGO_PACKAGES, reason="PDFs need Pango")
    return has_pango()


def has_pango() -> bool:
    """Whether every library that WeasyPrint loads can be loaded."""
    return all(any(map(_loads, names)) for names in PANGO_LIBRARIES)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def find_chromium(environ: Mapping[str, str]) -> str | None:
    """The browser that CHROME_PATH names, else one of the usual ones. SetupError when it names no program."""
    named = environ.get("CHROME_PATH")
    if named:
        if not os.access(named, os.X_OK):
            raise SetupError(f"CHROME_PATH names {named}, which is no program that can be started.")
        return named
    on_path = (shutil.which(name, path=environ.get("PATH")) for name in CHROMIUM_NAMES)
    on_mac = (str(path) for path in MAC_BROWSERS if path.exists())
    return next((path for path in (*on_path, *on_mac) if path), None)
