"""/me/signatures/: every signature of the signer; search, one in detail, its proof, and all of them as a file."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import groupby
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from ledger import clock, inclusion, log
from ledger.clock import JST
from signing.errors import Refused
from signing.models import SignatureRecord, Signer
from signing.pages import shown, words
from signing.pages.reading import Reader, readers
from signing.records import export, listing, proofs, usage

Answer = TypeVar("Answer", bound=HttpResponseBase)
HEADS = (
    *(_("日時（日本時間）"), _("施設"), _("システム"), _("内容"), _("結果"), _("本人確認")),
    *(_("文書のハッシュ値"), _("署名の方式"), _("証明書の番号"), _("記録番号"), _("署名の番号")),
)
_EARLIEST, _LATEST = date(2000, 1, 1), date(2199, 12, 31)
_HEXADECIMAL = re.compile(r"[0-9a-f]{1,128}")


class Search(forms.Form):
    """What the address asks for; a field that holds nonsense says so, and nothing is found by it."""

    since = forms.DateField(label=_("いつから"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=_("いつまで"), required=False, widget=forms.DateInput({"type": "date"}))
    client = forms.ChoiceField(label=_("施設・システム"), required=False)
    result = forms.ChoiceField(
        label=_("結果"), required=False, choices=[("", _("すべて")), *shown.RESULTS.items()]
    )
    digest = forms.CharField(
        label=_("文書のハッシュ値（先頭だけでも）"),
        required=False,
        max_length=300,
        widget=forms.TextInput(
            {"class": "mono", "autocapitalize": "off", "spellcheck": "false", "lang": "en"}
        ),
    )

    def __init__(self, signer: Signer, data: Any) -> None:
        super().__init__(data)
        client = self.fields["client"]
        assert isinstance(client, forms.ChoiceField)
        client.choices = [("", _("すべて")), *map(_choice, listing.callers(signer))]

    def clean_since(self) -> date | None:
        return self._day("since")

    def clean_until(self) -> date | None:
        return self._day("until")

    def clean_digest(self) -> str:
        text = "".join(str(self.cleaned_data["digest"]).split()).lower()
        if text and not _HEXADECIMAL.fullmatch(text):
            raise forms.ValidationError(_("ハッシュ値は、0から9の数字とaからfの英字で入力してください。"))
        return text

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        since, until = found.get("since"), found.get("until")
        if since and until and since > until:
            self.add_error("until", _("「いつまで」は、「いつから」より後の日にしてください。"))
        return found

    def _day(self, name: str) -> date | None:
        day = self.cleaned_data[name]
        if day and not _EARLIEST <= day <= _LATEST:
            raise forms.ValidationError(_("日付が正しくありません。"))
        return day if isinstance(day, date) else None

    def wanted(self) -> listing.Wanted | None:
        """None where the question cannot be understood."""
        if not self.is_valid():
            return None
        found = self.cleaned_data
        client, _dot, facility = found["client"].partition(".")
        return listing.Wanted(
            since=found["since"],
            until=found["until"],
            client=UUID(client) if client else None,
            facility=facility,
            result=found["result"],
            digest=found["digest"],
        )

    def query(self) -> str:
        """What is asked for, as an address's query; of words that were understood only."""
        asked = ((name, self.data.get(name, "")) for name in self.fields)
        return urlencode([(name, value) for name, value in asked if value])


@require_safe
@readers
def signatures(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Newest first, by day, fifty a page."""
    signer = reader.credential.signer
    search = Search(signer, request.GET)
    wanted = search.wanted()
    found = listing.page(signer, wanted, _id(request.GET.get("before", ""))) if wanted else None
    context = {
        "form": search,
        "reader": reader,
        "days": _by_day(found.rows if found else [], reader),
        "older": found.older if found else None,
        "is_first": found.is_first if found else True,
        "is_searching": wanted is None or not wanted.is_everything,
        "query": search.query() if wanted else "",
        "unusual": usage.recent(signer, clock.now()),
    }
    return render(request, "signing/signatures.html", context, status=200 if wanted else 422)


@require_safe
@readers
def signature(request: HttpRequest, reader: Reader, item: UUID) -> HttpResponse:
    """One signature, with everything that is known of it."""
    row = _own(reader, item)
    midnight = clock.end_of_day(clock.today(row.made_at))
    context = {
        "reader": reader,
        "record": shown.of(row, reader.sees_labels),
        "authenticated_at": row.session.started_at,
        "root": inclusion.covering(row.log_shard, row.log_number, row.made_at),
        "proven_from": midnight,
        "is_due": clock.now() >= midnight,
    }
    return render(request, "signing/signature.html", context)


@require_safe
@readers
def proof(request: HttpRequest, reader: Reader, item: UUID) -> HttpResponse:
    """The proof as a file (ledger/verify_proof.py); before the next root a page says when it will be there."""
    row = _own(reader, item)
    try:
        content = proofs.proof(row)
    except Refused as refused:
        record = shown.of(row, reader.sees_labels)
        context = {"reader": reader, "code": refused.code, "item": item, "record": record}
        return render(request, "signing/proof_refused.html", context, status=409)
    text = json.dumps(content, ensure_ascii=False, indent=1)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    return _as_file(answer, f"inkan-proof-{str(item)[:8]}.json")


@require_safe
@readers
def as_csv(request: HttpRequest, reader: Reader) -> HttpResponseBase:
    said = {code: str(word) for code, word in (*shown.RESULTS.items(), *words.MEANS.items())}
    heads = [str(head) for head in HEADS]

    def lines(rows: Iterator[SignatureRecord], at: datetime, with_labels: bool) -> Iterator[bytes]:
        return export.as_csv(rows, heads, said, "" if with_labels else str(shown.HIDDEN))

    return _exported(request, reader, "csv", "text/csv; charset=utf-8", lines)


@require_safe
@readers
def as_json(request: HttpRequest, reader: Reader) -> HttpResponseBase:
    return _exported(request, reader, "json", "application/json", export.as_json)


def _exported(
    request: HttpRequest,
    reader: Reader,
    kind: str,
    content_type: str,
    lines: Callable[[Iterator[SignatureRecord], datetime, bool], Iterator[bytes]],
) -> HttpResponseBase:
    """The same search as on the page. That it was taken is written down: labels leave the house with it."""
    signer, at = reader.credential.signer, clock.now()
    wanted = Search(signer, request.GET).wanted()
    if wanted is None:
        raise Http404
    with transaction.atomic():
        log.append(
            "signing.records_exported",
            actor=log.Actor("signer", str(signer.public_id)),
            subject=str(reader.credential.public_id),
            authority=reader.credential.authority,
            data={"format": kind, **_reading(reader)},
        )
    rows = lines(listing.everything(signer, wanted), at, reader.sees_labels)
    answer = StreamingHttpResponse(rows, content_type=content_type)
    return _as_file(answer, f"inkan-signatures-{at.astimezone(JST):%Y%m%d-%H%M}.{kind}")


def _as_file(answer: Answer, name: str) -> Answer:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _reading(reader: Reader) -> dict[str, str | bool]:
    return {"suspended": True} if reader.session is None else {"session": str(reader.session)}


def _own(reader: Reader, item: UUID) -> SignatureRecord:
    row = listing.find(reader.credential.signer, item)
    if row is None:
        raise Http404
    return row


def _by_day(rows: list[SignatureRecord], reader: Reader) -> list[tuple[object, list[dict[str, object]]]]:
    records = (shown.of(row, reader.sees_labels) for row in rows)
    return [(day, list(of_day)) for day, of_day in groupby(records, key=lambda each: each["day"])]


def _choice(system: listing.System) -> tuple[Any, Any]:
    """A system; or a group of it and, below, its facilities ("system.code")."""
    key, name = str(system.client.public_id), system.client.name
    if not system.facilities:
        return key, name
    whole = (key, _("%(system)s（すべての施設）") % {"system": name})
    return name, [whole, *((f"{key}.{each.code}", each.name) for each in system.facilities)]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
