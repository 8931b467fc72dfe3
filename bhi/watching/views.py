"""The figures of web, for those who hold the operator's token."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import public
from bhi.watching.figures import CONTENT_TYPE, exposition, may_read


@public
@transaction.non_atomic_requests
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Without the token the page is not there. One sent in the clear is not looked at: somebody may have read it."""
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return HttpResponse("Ask by HTTPS. A token that was sent is to be replaced.\n", "text/plain", 403)
    if not may_read(request.headers.get("Authorization", "")):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)
