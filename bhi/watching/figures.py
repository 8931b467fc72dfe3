"""The figures of one process or, in web and worker, of all processes of one container.

Labels are names of code: views, methods, kinds of job, states. Never an organization, a person, a path or an id:
whoever may watch the machine need not know who is treated there.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from typing import Final

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import REGISTRY, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
# Names the folder in which processes of one container add up what they counted (prometheus_client).
FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"

REQUESTS: Final = Counter("bhi_requests", "Requests answered", ["view", "method", "status"])
REQUEST_SECONDS: Final = Histogram(
    "bhi_request_seconds", "From request to answer", ["view"], buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)
)
POOL: Final = Gauge("bhi_pool", "Database connections of web, and who waits", ["what"], multiprocess_mode="livesum")
JOB_RUNS: Final = Counter("bhi_job_runs", "Runs of jobs and how they ended", ["kind", "outcome"])
JOB_SECONDS: Final = Histogram(
    "bhi_job_seconds", "How long runs of jobs took", ["kind"], buckets=(0.05, 0.25, 1, 5, 15, 60, 300)
)
_OURS: Final = "bhi_"


def exposition(*others: Collector) -> bytes:
    """Every figure of this container in Prometheus' own format; `others` are asked for theirs now."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_OfThisProcess())
    for other in others:
        registry.register(other)
    return generate_latest(registry)


def may_read(authorization: str) -> bool:
    """Whether a request's Authorization header carries BHI_METRICS_TOKEN; nobody's does where none is set."""
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(authorization.encode(), wanted.encode())


class _OfThisProcess(Collector):
    def collect(self) -> Iterable[Metric]:
        return (metric for metric in REGISTRY.collect() if metric.name.startswith(_OURS))
