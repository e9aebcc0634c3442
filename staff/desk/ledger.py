"""The audit log for an authority's auditors: search, page by key, export as JSON lines (HTTP only).

An auditor reads the entries of their authorities, and those that belong to none (officers' acts, the clock's).
Entries hold no names (decision 23); who an officer is, is added from the officers' own rows.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from ledger import log
from ledger.canonical import canonical_json, timestamp
from ledger.models import DailyRoot, Entry, Verification
from staff import roles, sign_in
from staff.access import officer_of
from staff.desk import searching
from staff.desk.searching import Search
from staff.desk.signed import Found
from staff.desk.words import ACTORS
from staff.models import Officer

PAGE = 50
MOST_EXPORTED = 100_000
_LONGEST = 64
_QUESTIONS = ("subject", "kind", "day", "authority")
_KIND = re.compile(r"[a-z_]+(\.[a-z_]+)*")
_LARGEST_ID = 2**63 - 1


def _auditor(request: HttpRequest) -> Officer:
    officer = officer_of(request)
    if not officer.authorities(roles.AUDITOR):
        raise PermissionDenied
    return officer


def _asked(request: HttpRequest) -> dict[str, str]:
    """What the address asks for, as the log's words are: short, printable, on one line."""
    given = ((name, request.GET.get(name, "").strip()[:_LONGEST]) for name in _QUESTIONS)
    return {name: "".join(letter for letter in text if letter.isprintable()) for name, text in given if text}


@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """The newest first, fifty a page, by key: the hundredth page costs what the first one does."""
    officer = _auditor(request)
    asked = _asked(request)
    before = _before(request)
    page = Search(officer, asked).page(before, PAGE + 1)
    names = _names({name for each in page for name in (each.entry.actor_id, each.entry.subject)})
    context = {
        **admin.site.each_context(request),
        "title": _("監査記録"),
        "entries": [_shown(each, names) for each in page[:PAGE]],
        "older": page[PAGE - 1].entry.pk if len(page) > PAGE else None,
        "query": urlencode(asked),
        "asked": asked,
        "authorities": sorted(officer.authorities(roles.AUDITOR)),
        "root": DailyRoot.objects.last(),
        "verification": Verification.objects.order_by("-pk").first(),
        "is_first": not before,
    }
    return render(request, "admin/ledger/entries.html", context)


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """The same search as JSON lines, oldest first: each line the record, its leaf and its place in the chain."""
    officer = _auditor(request)
    asked = _asked(request)
    with transaction.atomic():
        log.append(
            "ledger.exported",
            actor=sign_in.actor(officer),
            subject=str(officer.public_id),
            data=_told(officer, asked) or None,
        )
    answer = StreamingHttpResponse(
        _lines(Search(officer, asked).oldest(MOST_EXPORTED)), content_type="application/x-ndjson"
    )
    answer.headers["Content-Disposition"] = 'attachment; filename="inkan-log.jsonl"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _told(officer: Officer, asked: Mapping[str, str]) -> dict[str, str]:
    """Of what was typed only the log's own words: nothing takes a name out of here again."""
    is_ours = {
        "kind": _KIND.fullmatch(asked.get("kind", "")) is not None,
        "day": searching.day(asked.get("day", "")) is not None,
        "authority": asked.get("authority", "") in officer.authorities(roles.AUDITOR),
    }
    return {name: asked[name] for name, holds in is_ours.items() if holds}


def _lines(rows: Iterable[Entry]) -> Iterator[bytes]:
    for row in rows:
        line = {
            "shard": row.shard,
            "number": row.number,
            "at": timestamp(row.at),
            "kind": row.kind,
            "actor_kind": row.actor_kind,
            "actor_id": row.actor_id,
            "subject": row.subject,
            "authority": row.authority,
            "data": row.data,
            "leaf": bytes(row.leaf).hex(),
        }
        yield canonical_json(line) + b"\n"


def _before(request: HttpRequest) -> int:
    given = request.GET.get("before", "")
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 20 else 0
    return min(number, _LARGEST_ID)


def _names(ids: set[str]) -> dict[str, str]:
    wanted = [one for one in ids if searching.is_uuid(one)]
    return {str(row.public_id): row.username for row in Officer.objects.filter(public_id__in=wanted)}


def _shown(found: Found, names: Mapping[str, str]) -> dict[str, Any]:
    row = found.entry
    at: datetime = row.at
    return {
        "at": at,
        "place": f"{row.shard}/{row.number}",
        "kind": row.kind,
        "actor": names.get(row.actor_id, row.actor_id),
        "actor_kind": ACTORS.get(row.actor_kind, row.actor_kind),
        "subject": row.subject,
        "subject_name": names.get(row.subject, ""),
        "signatures": found.signatures,
        "sads": found.sads,
        "authority": row.authority.upper(),
        "data": json.dumps(row.data, ensure_ascii=False, sort_keys=True)[1:-1] if row.data else "",
    }
