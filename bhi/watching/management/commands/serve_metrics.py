"""Answer /metrics beside a worker."""

import os
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bhi.watching.serving import server


class Command(BaseCommand):
    help = (
        "Answer /metrics at BHI_METRICS_ADDRESS (host:port) for those who carry BHI_METRICS_TOKEN: jobs that wait, the "
        "audit's seals, the newest backup. A worker starts this by itself where BHI_METRICS_ADDRESS is set."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--until-eof", action="store_true", help="end when standard input ends")

    def handle(self, *args: Any, until_eof: bool, **options: Any) -> None:
        if not (settings.METRICS_ADDRESS and settings.METRICS_TOKEN):
            raise CommandError("Set BHI_METRICS_ADDRESS to host:port, and BHI_METRICS_TOKEN.")
        try:
            serving = server(settings.METRICS_ADDRESS)
        except (ValueError, OSError) as fault:
            raise CommandError(f"BHI_METRICS_ADDRESS {settings.METRICS_ADDRESS} cannot be used: {fault}") from None
        if until_eof:
            threading.Thread(target=_end_with_input, daemon=True).start()
        serving.serve_forever()


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)
