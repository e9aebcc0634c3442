"""The CSC API as Django views: the same functions as the hot path, for what is slow and for a WSGI server alone."""

from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from signing.api import answers, csc_v1, csc_v2
from signing.api.faces import Face


def _view(face: Face, method: str) -> Callable[[HttpRequest], HttpResponse]:
    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return _response(answers.refusal(face, "method"))
        try:
            body = request.body
        except RequestDataTooBig:
            return _response(answers.refusal(face, "too_large"))
        except UnreadablePostError:
            return _response(answers.refusal(face, "not_json"))
        headers = {name.lower(): value for name, value in request.headers.items()}
        return _response(answers.answer(face, method, headers, body))

    return view


def _response(reply: answers.Reply) -> HttpResponse:
    return HttpResponse(reply.body, status=reply.status, headers=reply.headers)


@csrf_exempt
def unknown(_request: HttpRequest, **_path: str) -> HttpResponse:
    """Below the API's addresses nobody is told in HTML."""
    return _response(answers.refusal(csc_v2.FACE, "no_such_address"))


FACES = (csc_v1.FACE, csc_v2.FACE)
VIEWS = {
    f"{face.version}/{method}": _view(face, method)
    for face in FACES
    for method in (*face.names, *face.not_offered)
}
