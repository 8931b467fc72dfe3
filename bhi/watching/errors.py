"""Reports of errors to a server of the operator's own (Sentry's protocol), without a word that a person typed.

What leaves is built anew from what is listed here: classes, places in code, and ids of requests and jobs. Messages,
local variables, bodies, headers, addresses, queries and breadcrumbs are not filtered but never taken along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import sentry_sdk
import structlog
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration

_WORD: Final = re.compile(r"[\w.:+\-<>/]{1,200}", re.ASCII)
_EVENT_KEYS: Final = ("event_id", "timestamp", "level", "platform", "environment", "release")
_FRAME_KEYS: Final = ("module", "function", "lineno", "in_app")
_TAGS: Final = ("request_id", "kind", "job_id")


def start(dsn: str, *, release: str) -> None:
    """Report uncaught exceptions of this process. Without a DSN nothing is set up and nothing ever leaves."""
    if not dsn:
        return
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(transaction_style="function_name"),
            DedupeIntegration(),
            ExcepthookIntegration(),
        ],
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        enable_logs=False,
        enable_metrics=False,
        traces_sample_rate=None,
        server_name="",
        before_send=scrubbed,
        before_send_transaction=lambda *_: None,
    )


def report(fault: BaseException, **tags: str) -> None:
    """An exception that was caught and dealt with, such as a failed job's. Nothing where no reports are set up."""
    with sentry_sdk.new_scope() as scope:
        for name, value in tags.items():
            scope.set_tag(name, value)
        scope.capture_exception(fault)


def scrubbed(event: Any, _hint: Mapping[str, Any]) -> Any:
    """A new event of what may leave; None for one without an exception, which could only be words."""
    values = (event.get("exception") or {}).get("values") or []
    if not values:
        return None
    kept = {name: event[name] for name in _EVENT_KEYS if event.get(name) is not None}
    known = structlog.contextvars.get_contextvars()
    tags = {**known, **dict(event.get("tags") or {})}
    return {
        **kept,
        "transaction": _word(event.get("transaction")),
        "tags": {name: _word(tags[name]) for name in _TAGS if tags.get(name)},
        "exception": {"values": [_exception(value) for value in values]},
    }


def _exception(value: Mapping[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    return {
        "type": _word(value.get("type")),
        "module": _word(value.get("module")),
        "value": "",
        "stacktrace": {"frames": [{key: frame.get(key) for key in _FRAME_KEYS} for frame in frames]},
    }


def _word(value: Any) -> str:
    """One word as code has them; text of people has spaces sooner or later."""
    return str(value) if value and _WORD.fullmatch(str(value)) else ""
