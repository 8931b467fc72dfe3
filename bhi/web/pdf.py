"""PDFs of our own templates, in jobs only. Nothing is fetched: no font, picture or stylesheet from elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string

from bhi.errors import DomainError

# It warns of each declaration that paper does not know, and tells of every step.
logging.getLogger("weasyprint").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)


class PdfImpossible(DomainError):
    """The libraries that set text are missing on this machine."""

    def __init__(self) -> None:
        super().__init__("PDFs cannot be made on this machine: the libraries of Pango are missing.")


def pdf_of(template: str, context: Mapping[str, Any]) -> bytes:
    """The PDF of a template under `templates/pdf/`. Raises PdfImpossible."""
    html, style = render_to_string(template, dict(context)), render_to_string("pdf/paper.css")
    # Loaded here: it takes a second and needs libraries of the system, and web processes never make PDFs.
    try:
        import weasyprint
    except OSError:
        raise PdfImpossible from None
    document = weasyprint.HTML(string=html, url_fetcher=_nothing_from_elsewhere)
    made: bytes = document.write_pdf(stylesheets=[weasyprint.CSS(string=style, url_fetcher=_nothing_from_elsewhere)])
    return made


def _nothing_from_elsewhere(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError("A PDF is made of its template alone.")
