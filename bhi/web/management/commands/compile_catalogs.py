"""`manage.py compile_catalogs`: make the .mo files of locale/ anew after a .po was edited."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from bhi.web.catalog import compiled


class Command(BaseCommand):
    help = "Compile locale/*/LC_MESSAGES/django.po, without gettext's tools."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for po in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
                po.with_suffix(".mo").write_bytes(compiled(po.read_text(encoding="utf-8")))
                self.stdout.write(f"{po.parent.parent.name}: {po.with_suffix('.mo').name} made")
