"""The heroicons tags, each drawn once: the package parses and writes the SVG anew for every use, and a list has
hundreds. Settings put this library in the place of the package's own.
"""

from __future__ import annotations

from functools import lru_cache

import heroicons
from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@lru_cache(maxsize=1024)
def _drawn(style: str, name: str, size: int | None, attributes: tuple[tuple[str, str], ...]) -> SafeString:
    drawing: str = heroicons._render_icon(style, name, size, dict(attributes))
    return mark_safe(drawing)  # noqa: S308 - the package's own SVG, whose attributes it escapes


def _icon(style: str, name: str, size: int | None, attributes: dict[str, object]) -> SafeString:
    # Names written in a template arrive as SafeString, which the package must not take for markup.
    plain = tuple(sorted((key, str(value) + "") for key, value in attributes.items()))
    return _drawn(style, name + "", size, plain)


@register.simple_tag
def heroicon_micro(name: str, *, size: int | None = 16, **attributes: object) -> SafeString:
    return _icon("micro", name, size, attributes)


@register.simple_tag
def heroicon_mini(name: str, *, size: int | None = 20, **attributes: object) -> SafeString:
    return _icon("mini", name, size, attributes)


@register.simple_tag
def heroicon_outline(name: str, *, size: int | None = 24, **attributes: object) -> SafeString:
    return _icon("outline", name, size, attributes)
