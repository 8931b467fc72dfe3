"""Structured logs of allow-listed keys. What is not listed here is not written, whoever logs it."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

# Ids, counts, names of code: nothing a person typed, nothing of a patient.
ALLOWED_KEYS: Final = frozenset(
    {
        "event", "level", "timestamp", "logger", "request_id", "method", "view", "status", "error", "permission",
        "membership_id", "organization_id", "job_id", "kind", "attempt", "state", "count", "seconds", "command",
        "differences", "task_id", "task_name",
    }
)  # fmt: skip


def allow_listed(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drops every key that is not listed, and says how many."""
    kept = {key: value for key, value in event.items() if key in ALLOWED_KEYS}
    dropped = len(event) - len(kept)
    return {**kept, "dropped_keys": dropped} if dropped else kept


def foreign_line(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A library's line: its logger, its level and the class of its exception; its words may hold anything."""
    record: logging.LogRecord = event["_record"]
    line: dict[str, Any] = {"event": "library", "logger": record.name, "level": record.levelname.lower(),
                            "_record": record, "_from_structlog": False}  # fmt: skip
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return {**line, **structlog.contextvars.get_contextvars()}


def configure(_config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: JSON lines on standard error."""
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[foreign_line],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                stamp,
                allow_listed,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("django.db.backends").setLevel(logging.WARNING)
