"""Structured logs of allow-listed keys. What is not listed here is not written, whoever logs it."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Final

import structlog

# Ids, counts, names of code: nothing a person typed, nothing of a patient.
ALLOWED_KEYS: Final = frozenset(
    {
        "event", "level", "timestamp", "logger", "request_id", "method", "view", "status", "error", "permission",
        "membership_id", "organization_id", "batch_id", "job_id", "kind", "attempt", "state", "count", "seconds",
        "command", "differences", "seal", "task_id", "task_name", "where", "dropped_keys",
    }
)  # fmt: skip

# One word as code has them: an id, a class, a dotted name, an instant. Text of people has spaces sooner or later.
_WORD: Final = re.compile(r"[\w.:+\-<>]{1,200}", re.ASCII)
_QUIET: Final = (
    "celery",
    "kombu",
    "amqp",
    "multiprocessing",
    "billiard",
    "django.db.backends",
    "django.security",
    "django.server",
    "asyncio",
)
_PLACES: Final = 6

Event = MutableMapping[str, Any]


def allow_listed(_logger: Any, _name: str, event: Event) -> Event:
    """Drops every key that is not listed, and says how many; withholds values that are more than one word."""
    kept = {key: _harmless(value) for key, value in event.items() if key in ALLOWED_KEYS}
    dropped = len(event) - len(kept)
    return {**kept, "dropped_keys": dropped} if dropped else kept


def foreign_line(_logger: Any, _name: str, event: Event) -> Event:
    """A library's line: its logger, its level, the class of its exception and where; its words may hold anything."""
    record: logging.LogRecord = event["_record"]
    line: dict[str, Any] = {
        **structlog.contextvars.get_contextvars(),
        "event": "library",
        "logger": record.name,
        "level": record.levelname.lower(),
        "_record": record,
        "_from_structlog": False,
    }
    if record.exc_info and record.exc_info[0]:
        line |= {"error": record.exc_info[0].__name__, "where": _where(record.exc_info[2])}
    return line


def configure(_config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: JSON lines on standard error, from every library too."""
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
    handler.setFormatter(formatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # Django's own handlers, set up before this: mails to admins, and runserver's lines with their paths.
    for name in ("django", "django.server"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Its lines for 4xx repeat ours; what is an error still comes, with its class and place.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    # Warnings quote values ("received a naive datetime (…)"), so they go the way of a library's words.
    logging.captureWarnings(capture=True)


def formatter() -> logging.Formatter:
    """What turns a record of ours or of a library into one JSON line."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[foreign_line],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            allow_listed,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
    )


def _harmless(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_harmless(part) for part in value]
    return str(value) if _WORD.fullmatch(str(value)) else "(withheld)"


def _where(trace: TracebackType | None) -> list[str]:
    """The last places that an exception came through, as module:function:line. No values, so no patient."""
    places = []
    while trace:
        code = trace.tb_frame.f_code
        places.append(f"{trace.tb_frame.f_globals.get('__name__', '')}:{code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-_PLACES:]
