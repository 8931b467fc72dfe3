"""A plan on paper for the patient: headings in the patient's language, their own words as they are."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import translation

from registry.queries.protocols import Protocol
from registry.views.door import Asked
from registry.views.plan_editing import Editing
from registry.views.plan_reading import about, chosen

LANGUAGES = (("en", "English"), ("es", "Español"))
_SPANISH = ("es", "sp", "castell")


def printed(here: Asked, editing: Editing, protocol: Protocol, **more: Any) -> HttpResponse:
    """The version in force in English or Spanish; by default in the language on record of the patient."""
    versions = editing.versions(here.door)
    version = chosen(versions, here.request.GET.get("version", ""))
    language = _language(here)
    context = {
        **about(here, editing, versions),
        "version": version,
        "language": language,
        "languages": LANGUAGES,
        "crisis_text": protocol.crisis_text_es if language == "es" else protocol.crisis_text,
        "protocol": protocol,
        **more,
    }
    with translation.override(language):
        return here.page(f"{editing.action}.printed", f"registry/{editing.name}_print.html", context)


def _language(here: Asked) -> str:
    asked = here.request.GET.get("language", "")
    if asked in dict(LANGUAGES):
        return asked
    return "es" if (here.door.patient.language or "").lower().startswith(_SPANISH) else "en"
