"""What pages about signing in need of the server: data for the browser, and what is required here."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.conf import settings

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """For an attribute, which the template escapes: no script stands in a page."""
    return json.dumps(dict(value))


@register.simple_tag
def requires_second_factor() -> bool:
    return bool(settings.REQUIRE_MFA)
