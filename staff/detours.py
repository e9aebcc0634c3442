"""A page of the desk that leads somewhere else first: raised where that is found out, answered where all views pass."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase


class Detour(Exception):
    """Nothing has been shown or done; the officer is led to `location` and comes back from there."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def followed(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view, with its detours answered as redirects."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Detour as detour:
            return HttpResponseRedirect(detour.location)

    return answered
