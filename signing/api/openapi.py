"""/csc/openapi.json: what the API is, for machines (OpenAPI 3.1). The file is held true by requests made from it."""

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

DOCUMENT = Path(__file__).with_name("openapi.json").read_bytes()


@require_safe
def document(_request: HttpRequest) -> HttpResponse:
    """Open to everybody, also to scripts of other origins: it holds no secret."""
    headers = {"Cache-Control": "max-age=3600", "Access-Control-Allow-Origin": "*"}
    return HttpResponse(DOCUMENT, content_type="application/json", headers=headers)
