"""The product's pages, and some that do what a page can do wrong."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path

from bhi import urls
from bhi.accounts.permissions import Permission, public, requires
from bhi.tenancy.context import current_organization_id
from registry.models import Patient, Payer

handler500 = "bhi.web.views.server_error"
PAYERS = "{% for payer in payers %}{{ payer.name }};{% endfor %}"


def write(request: HttpRequest, name: str) -> None:
    Payer.objects.create(organization_id=request.organization.id, name=name)


@requires(Permission.ENTER)
def rendered_late(request: HttpRequest, organization: str) -> HttpResponseBase:
    return TemplateResponse(request, engines["django"].from_string(PAYERS), {"payers": Payer.objects.order_by("name")})


@requires(Permission.ENTER)
def streamed(request: HttpRequest, organization: str) -> HttpResponseBase:
    write(request, "streamed")
    return StreamingHttpResponse(payer.name for payer in Payer.objects.iterator())


@requires(Permission.ENTER)
def file(request: HttpRequest, organization: str) -> HttpResponseBase:
    return FileResponse([b"stored"])


@requires(Permission.ENTER)
def written(request: HttpRequest, organization: str) -> HttpResponseBase:
    write(request, "written")
    return HttpResponse("kept")


@requires(Permission.ENTER)
def renamed(request: HttpRequest, organization: str) -> HttpResponseBase:
    Patient.objects.update(given_name="Renamed")
    return HttpResponse(str(request.request_id))


@requires(Permission.ENTER)
def failing(request: HttpRequest, organization: str) -> HttpResponseBase:
    write(request, "failing")
    raise RuntimeError


@requires(Permission.ENTER)
def not_found(request: HttpRequest, organization: str) -> HttpResponseBase:
    write(request, "not found")
    raise Http404


@requires(Permission.ENTER)
def answering_500(request: HttpRequest, organization: str) -> HttpResponseBase:
    write(request, "answered 500")
    return HttpResponse("sorry", status=503)


@requires(Permission.ENTER)
def failing_late(request: HttpRequest, organization: str) -> HttpResponseBase:
    write(request, "failing late")
    return TemplateResponse(request, engines["django"].from_string("{{ boom }}"), {"boom": Boom()})


class Boom:
    def __str__(self) -> str:
        raise RuntimeError


@public
def outside(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(current_organization_id()))


pages = [
    path("late/", rendered_late),
    path("streamed/", streamed),
    path("file/", file),
    path("written/", written),
    path("renamed/", renamed),
    path("failing/", failing),
    path("not-found/", not_found),
    path("answering-500/", answering_500),
    path("failing-late/", failing_late),
]
urlpatterns = [
    path("outside/", outside),
    path("o/<slug:organization>/test/", include(pages)),
    *urls.urlpatterns,
]
