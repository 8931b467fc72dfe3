"""Gunicorn's settings that are about patients: no access log, and its own lines through our formatter.

`gunicorn --config python:bhi.web.gunicorn`. Its access log holds paths, its error log the words of exceptions.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from bhi.web.logs import formatter

accesslog = None


class OneLog(Logger):  # type: ignore[misc]
    """Gunicorn's logger, whose lines are one of ours: logger, level, class and place of an exception."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter())


logger_class = OneLog

# Where the processes of this web server add up what /metrics says. Read by prometheus_client as it is imported.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="bhi-metrics-"))


def child_exit(_server: Any, worker: Any) -> None:
    """Connections of a process that has gone are no longer connections; what it counted stays counted."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
