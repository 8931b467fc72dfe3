"""The commands of `./dev`."""

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bhi.local import servers
from bhi.local.lock import locked
from bhi.local.places import Places
from bhi.local.problem import LocalProblem

HELP = """./dev servers            start the embedded servers and print their addresses as shell exports
./dev down               stop the embedded servers"""


def run(arguments: Sequence[str]) -> int:
    """Carry out one command; the exit code tells how it went."""
    places = Places(Path(__file__).resolve().parents[2])
    name, *rest = arguments or ["help"]
    command = COMMANDS.get(name)
    if command is None:
        print(HELP)
        return 0 if name in ("help", "--help", "-h") else 2
    os.umask(0o022)
    try:
        return command(places, rest)
    except LocalProblem as problem:
        print(f"{problem}", file=sys.stderr)
        return 1


def print_servers(places: Places, _: Sequence[str]) -> int:
    """Start the servers and print what a shell needs to use them: eval "$(./dev servers)"."""
    environ: dict[str, str] = {}
    servers.supply(places, environ)
    for name, value in environ.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def down(places: Places, _: Sequence[str]) -> int:
    """Stop the servers of this checkout."""
    with locked(places.lock):
        found = servers.existing(places, places.own)
        if found is None or not servers.stop(found):
            print("Nothing is running.", file=sys.stderr)
    return 0


COMMANDS: dict[str, Callable[[Places, Sequence[str]], int]] = {"servers": print_servers, "down": down}
