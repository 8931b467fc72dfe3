"""PDFs of our own templates, in jobs only. Nothing is fetched: no font, picture or stylesheet from elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a template may show: `<img src="picture:NAME">`."""

    media_type: str
    content: bytes


def pdf_of(
    template: str,
    context: Mapping[str, Any],
    *,
    style: str = "pdf/paper.css",
    pictures: Mapping[str, Picture] | None = None,
    is_tagged: bool = False,
) -> bytes:
    """The PDF of a template under `templates/pdf/`; `is_tagged`: in the structure that screen readers follow (PDF/UA).

    Raises PdfImpossible.
    """
    html, css = render_to_string(template, dict(context)), render_to_string(style)
    # Loaded here: it takes a second and needs libraries of the system, and web processes never make PDFs.
    try:
        import weasyprint
    except OSError:
        raise PdfImpossible from None
    known = {f"picture:{name}": picture for name, picture in (pictures or {}).items()}
    document = weasyprint.HTML(string=html, url_fetcher=_Given(known))
    sheets = [weasyprint.CSS(string=css, url_fetcher=_Given({}))]
    made: bytes = document.write_pdf(stylesheets=sheets, pdf_variant="pdf/ua-1" if is_tagged else None)
    return made


class _Given:
    """Fetches nothing but the pictures that were given; what else a document names is left out of it."""

    _fail_on_errors = False  # asked by the library of what fetches for it

    def __init__(self, known: Mapping[str, Picture]) -> None:
        self.known = known

    def __call__(self, url: str, *_: Any, **__: Any) -> Any:
        from weasyprint.urls import URLFetcherResponse

        if url not in self.known:
            raise ValueError("A PDF is made of its template alone.")
        picture = self.known[url]
        return URLFetcherResponse(url, picture.content, {"Content-Type": picture.media_type})
