"""The worker's figures, answered by a process beside it.

A process, not a thread: the worker forks, and a thread's locks would be forked with it.
"""

from __future__ import annotations

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bhi.watching.figures import CONTENT_TYPE, exposition, may_read
from bhi.watching.state import State

_MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


class _Answer(BaseHTTPRequestHandler):
    state = State()

    def do_GET(self) -> None:
        if self.path != "/metrics" or not may_read(self.headers.get("Authorization", "")):
            self.send_error(404)
            return
        content = exposition(self.state)
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Silent: the library would print paths."""


def server(address: str) -> ThreadingHTTPServer:
    """Bound to `host:port`. Raises ValueError for another form, OSError when it is taken."""
    host, _, port = address.rpartition(":")
    return ThreadingHTTPServer((host.strip("[]"), int(port)), _Answer)


def start_beside() -> subprocess.Popen[bytes]:
    """Started by a worker; ends when the worker does, because then its standard input ends."""
    return subprocess.Popen([sys.executable, str(_MANAGE), "serve_metrics", "--until-eof"], stdin=subprocess.PIPE)  # noqa: S603
