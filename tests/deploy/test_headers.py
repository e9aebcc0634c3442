"""What every answer carries (ASVS 5.0 3.4, threats 10 and 26): asked of every address, in http and in https."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver

from tests.test_everybody_and_every_address import ADDRESSES, World, routes, world

__all__ = ["world"]  # the fixture

pytestmark = pytest.mark.django_db
PERSONAL = ("status/", "apply/", "me/", "r/", "admin/", "oauth2/", "csc/", "mailbox/")
FOR_EVERYBODY = ("csc/openapi.json",)


def _answers(found: World) -> list[tuple[str, str, str, Any]]:
    asked = []
    for route in routes(get_resolver()):
        for name in ("anonymous", "applicant_b", "examiner_medis", "signer"):
            for method in ("get", "post"):
                if "untried" in ADDRESSES[route][method == "post"].get(name, ""):
                    continue
                asked.append(
                    (method, route, name, getattr(found.browsers[name], method)(found.address(route)))
                )
    return asked


def test_no_answer_lets_a_browser_run_frame_guess_or_keep_what_it_should_not(world: World) -> None:
    kept = []
    for method, route, name, answer in _answers(world):
        where = f"{method} {route} as {name}: {answer.status_code}"
        assert answer.headers.get("X-Content-Type-Options") == "nosniff", where
        if answer.headers.get("Content-Type", "").startswith("text/html") and answer.content:
            policy = answer.headers.get("Content-Security-Policy", "")
            assert "unsafe-" not in policy and "*" not in policy and "data:" not in policy, where
            for directive in (
                "default-src 'self'",
                "frame-ancestors 'none'",
                "object-src 'none'",
                "base-uri 'none'",
            ):
                assert directive in policy, where
            assert answer.headers.get("X-Frame-Options") == "DENY", where
            assert answer.headers.get("Referrer-Policy") in ("same-origin", "no-referrer"), where
            assert answer.headers.get("Cross-Origin-Opener-Policy") == "same-origin", where
        is_personal = route.startswith(PERSONAL) and route not in FOR_EVERYBODY
        is_personal = is_personal and answer.status_code in (200, 409, 422)
        if is_personal and "no-store" not in answer.headers.get("Cache-Control", ""):
            kept.append(where)
    assert not kept


def test_no_page_writes_script_or_style_into_itself(world: World) -> None:
    for method, route, name, answer in _answers(world):
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        text = answer.content.decode()
        where = f"{method} {route} as {name}"
        for mark in (' style="', "<style", " onclick=", " onload=", " onsubmit=", "javascript:", "<script>"):
            assert mark not in text, f"{where} has {mark}"


def test_every_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    seen = set()
    for client in (Client(), *world.browsers.values()):
        before = set(client.cookies)
        for route in ("", "apply/sign-in/", "me/sign-in/", "admin/login/", "reader/"):
            for name, morsel in client.get(f"/{route}").cookies.items():
                seen.add(name)
                assert morsel["httponly"] and morsel["samesite"] in ("Lax", "Strict"), name
        assert before <= set(client.cookies)
    assert {settings.BROWSER_COOKIE_NAME, settings.CSRF_COOKIE_NAME} <= seen


HTTPS = """
import django
django.setup()
from django.conf import settings
from django.test import Client
from signing.pages import browser
from django.http import HttpResponse
from datetime import timedelta
from enrollment.views import door
answer = HttpResponse()
browser.remember(answer, "a"); browser.remember_session(answer, "b", timedelta(hours=1))
door.set_cookie(answer, settings.APPLICANT_COOKIE_NAME, "c"); door.set_cookie(answer, door.BROWSER_COOKIE, "d")
for morsel in answer.cookies.values():
    assert morsel.key.startswith("__Host-") and morsel["secure"] and morsel["httponly"], morsel.key
    assert morsel["path"] == "/" and not morsel["domain"] and morsel["samesite"] == "Lax", morsel.key
for name in ("SESSION", "CSRF", "LANGUAGE"):
    assert getattr(settings, f"{name}_COOKIE_NAME").startswith("__Host-"), name
    assert getattr(settings, f"{name}_COOKIE_SECURE") and getattr(settings, f"{name}_COOKIE_HTTPONLY"), name
assert settings.SECURE_HSTS_SECONDS >= 31536000
print("fine", len(answer.cookies))
"""


def test_with_an_https_origin_every_cookie_is_host_bound_and_secure(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("INKAN_")},
        "INKAN_HOME": str(tmp_path),
        "INKAN_ORIGIN": "https://inkan.example",
        "DJANGO_SETTINGS_MODULE": "deploy.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", HTTPS],
        env=environment,
        cwd=settings.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "fine 4", done.stderr
