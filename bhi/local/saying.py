"""Telling the person what is being done. All of it goes to stderr: stdout is for what programs read."""

import sys


def say(text: str) -> None:
    """Print one step in plain words."""
    print(f"· {text}", file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Print something the person should act on."""
    print(f"! {text}", file=sys.stderr, flush=True)
