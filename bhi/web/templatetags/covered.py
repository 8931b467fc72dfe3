"""Whether a page shows records of which a notice must stand on what is printed of it."""

from __future__ import annotations

from django import template
from django.template import Context

from bhi.audit.shown import is_anybody_covered

register = template.Library()


@register.simple_tag(takes_context=True)
def is_covered_on_paper(context: Context) -> bool:
    """Of anybody whom the page shows, but for a patient whom it holds itself: their record says it already."""
    held = (context.get("patient"), getattr(context.get("door"), "patient", None))
    return is_anybody_covered(besides=[one.id for one in held if one is not None and hasattr(one, "is_part_two")])
