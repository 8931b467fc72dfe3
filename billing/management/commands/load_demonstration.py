"""`manage.py load_demonstration`: the demonstration organizations, once, and how to sign in."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from billing.operations.demonstration import SIGN_INS, SLUG, load_demonstration
from outcomes.operations.demonstration import tell_outcomes

# The password is made on this machine and kept readable here only, so that a later start can say it again.
KEPT_IN = Path(settings.BASE_DIR) / ".local" / "demonstration.json"


class Command(BaseCommand):
    help = "Makes the demonstration organizations, once, and prints one sign-in per role."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the sign-ins as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        password = f"cedar-{secrets.token_hex(5)}"
        if self._is_loaded(password):
            self._keep(password)
        sign_ins = [
            {"role": str(role.label), "email": email, "password": self._kept_password()}
            for role, email, _, _ in SIGN_INS
        ]
        if options["json"]:
            self.stdout.write(json.dumps({"organization": SLUG, "sign_ins": sign_ins}))
            return
        for sign_in in sign_ins:
            self.stdout.write(f"{sign_in['role']:<24}{sign_in['email']:<32}{sign_in['password']}")

    @transaction.atomic
    def _is_loaded(self, password: str) -> bool:
        """Whether it was loaded now, all of it."""
        at = timezone.now()
        return load_demonstration(password=password, at=at) and tell_outcomes(at=at)

    def _keep(self, password: str) -> None:
        KEPT_IN.parent.mkdir(exist_ok=True)
        KEPT_IN.touch(mode=0o600)
        KEPT_IN.write_text(json.dumps({"password": password}), encoding="utf-8")

    def _kept_password(self) -> str:
        if not KEPT_IN.exists():
            return "(set on another machine)"
        kept: str = json.loads(KEPT_IN.read_text(encoding="utf-8"))["password"]
        return kept
