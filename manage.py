#!/usr/bin/env python
"""Django's commands; without DATABASE_URL and REDIS_URL on the embedded servers, started when down."""

import os
import sys
from pathlib import Path


def main() -> None:
    from bhi.local.servers import run_from_manage

    run_from_manage(Path(__file__).resolve().parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bhi.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed in this Python. Use ./dev manage …, or .venv/bin/python manage.py …")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
