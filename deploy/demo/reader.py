"""/reader/: the demo's card reader (decision 22). It stands for a device: only it ever sees a PIN.

The portal's page POSTs a CardRequest here; the person chooses a demo card and types its PIN; the last page POSTs the
CardResponse back to the path that the request named. Nothing is kept and nothing is logged: the request travels in a
hidden field, the chosen card's name in a cookie. A bridge to a real reader takes this place without touching a page.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from cards import reader
from cards.apdu import Status
from cards.chip import ChipUnreadable
from cards.client import CardError, MyNumberCard
from cards.exchange import CardRequest, CardResponse, ContractError, request_from_json, to_json
from cards.files import CardPin, PinFormatError
from deploy.demo import people

COOKIE = "inkan-demo-card"
_COOKIE_AGE = 30 * 86400
VERIFY, SHORTEST = (
    0x20,
    4,
)  # an APDU of four bytes asks for the counter, a longer one brings a PIN (ISO 7816-4)
HPKI_CARD = "not-swapped"  # an HPKI card that was left in the reader (BD-02)
PARTS_NAME = {"authenticate": "authenticate", "read_attributes": "assist", "sign": "sign"}


class Choice:
    """A radio button's label with a second line."""

    def __init__(self, title: str, description: str) -> None:
        self.title, self.description = title, description

    def __str__(self) -> str:
        return self.title


class ReaderForm(forms.Form):
    """Which card lies on the reader, and its PIN; the PIN is never drawn again."""

    card = forms.ChoiceField(
        label=gettext_lazy("リーダーに置くカード"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("カードを選んでください。"),
            "invalid_choice": gettext_lazy("一覧にあるカードを選んでください。"),
        },
    )
    pin = forms.CharField(
        label=gettext_lazy("暗証番号"),
        max_length=64,
        widget=forms.PasswordInput,
        error_messages={"required": gettext_lazy("暗証番号を入力してください。")},
    )
    last_try = forms.BooleanField(
        label=gettext_lazy("残り 1 回です。間違えるとロックされることを理解して入力します"), required=False
    )

    taken_away = forms.BooleanField(label=gettext_lazy("デモ：読み取りの途中でカードを離す"), required=False)

    def __init__(self, *args: Any, which: CardPin, first: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.which = which
        tries = {slug: tries_left(slug, which) for slug, _owner in people.card_slots()}
        card = self.fields["card"]
        assert isinstance(card, forms.ChoiceField)
        card.choices = [
            (slug, Choice(_title(slug, owner), _describe(owner, tries[slug])))
            for slug, owner in sorted(people.card_slots(), key=lambda slot: slot[0] != first)
        ]
        if which is CardPin.AUTHENTICATION:
            left = Choice(_("HPKIカード"), _("差し替えていないカード。個人番号カードではありません"))
            card.choices = [*card.choices, (HPKI_CARD, left)]
        if 1 not in tries.values():
            del self.fields["last_try"]
        pin = self.fields["pin"]
        pin.widget.attrs = {
            "autocomplete": "off",
            "class": "width-12",
            "autocapitalize": "none",
            "lang": "en",
        }
        if which is CardPin.SIGNATURE:
            pin.help_text = _("英大文字と数字で 6〜16 文字。小文字は大文字として送ります。")
        else:
            pin.widget.attrs["inputmode"] = "numeric"
            pin.help_text = _("数字 4 桁")

    def clean_pin(self) -> str:
        """As the card wants it; what cannot be this PIN is not sent, so it costs no try (ST-07)."""
        try:
            return self.which.normalised(self.cleaned_data["pin"])
        except PinFormatError:
            if self.which is CardPin.SIGNATURE:
                raise forms.ValidationError(
                    _("半角の英字と数字を両方含む 6〜16 文字で入力してください。カードには送っていません。")
                ) from None
            raise forms.ValidationError(
                _("半角の数字 4 桁で入力してください。カードには送っていません。")
            ) from None


def tries_left(slug: str, which: CardPin) -> int | None:
    """What the card's counter says; None where this card has no such PIN or cannot be read."""
    if slug == HPKI_CARD:
        return None
    try:
        return MyNumberCard(people.open_card(slug).transmit).tries_left(which)
    except (CardError, ChipUnreadable):
        return None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("pin")
def card_reader(request: HttpRequest) -> HttpResponse:
    """GET says what this is; POST with `request` asks for card and PIN, then performs or cancels."""
    if request.method != "POST":
        return render(request, "demo/reader_idle.html", {"heads": _heads(), "rows": _table()})
    text = request.POST.get("request", "")
    try:
        asked = request_from_json(text)
    except ContractError:
        return render(request, "demo/reader_refused.html", {"errors": True}, status=400)
    action = request.POST.get("action", "")
    if action == "cancel":
        return _done(request, asked, reader.failed(asked, "cancelled"))
    if action != "read":
        last = request.COOKIES.get(COOKIE, "")
        form = ReaderForm(which=reader.PIN_OF[asked.operation], first=last, initial={"card": last})
        return _form(request, asked, text, form)
    return _read(request, asked, text)


@sensitive_variables("form", "pin")
def _read(request: HttpRequest, asked: CardRequest, text: str) -> HttpResponse:
    which = reader.PIN_OF[asked.operation]
    form = ReaderForm(request.POST, which=which, first=request.POST.get("card", ""))
    if not form.is_valid():
        return _form(request, asked, text, form)
    slug, pin = form.cleaned_data["card"], form.cleaned_data["pin"]
    if tries_left(slug, which) == 1 and not form.cleaned_data.get("last_try"):
        form.add_error(
            "last_try" if "last_try" in form.fields else None,
            _("このカードの残りは 1 回です。続けるときは確認の欄にチェックを入れてください。"),
        )
        return _form(request, asked, text, form)
    try:
        transmit = _knows_no_application if slug == HPKI_CARD else people.open_card(slug).transmit
        client = MyNumberCard(_taken_away(transmit) if form.cleaned_data["taken_away"] else transmit)
        response = reader.perform(asked, client, pin, settings.ORIGIN)
    except ChipUnreadable:
        response = reader.failed(asked, "removed")
    if response.outcome == "wrong_pin":
        form = ReaderForm(request.POST, which=which, first=slug)  # anew: the counters have changed
        form.is_valid()
        form.add_error(
            "pin", _("暗証番号が違います。残り %(tries)s 回です。") % {"tries": response.tries_left}
        )
        answer = _form(request, asked, text, form)
    else:
        answer = _done(request, asked, response, text)
    answer.set_cookie(
        COOKIE,
        slug,
        max_age=_COOKIE_AGE,
        path="/reader/",
        httponly=True,
        samesite="Lax",
        secure=settings.IS_HTTPS,
    )
    return answer


def _knows_no_application(_command: bytes) -> bytes:
    """What an HPKI card says to the names of JPKI's applications: not found (ISO 7816-4)."""
    return Status.NOT_FOUND.to_bytes(2, "big")


def _taken_away(transmit: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """A card that leaves the reader before its PIN arrives (ST-27): the counter stays as it was."""

    def until_the_pin(command: bytes) -> bytes:
        if command[1] == VERIFY and len(command) > SHORTEST:
            raise OSError("the card is gone")
        return transmit(command)

    return until_the_pin


def _form(request: HttpRequest, asked: CardRequest, text: str, form: ReaderForm) -> HttpResponse:
    context = {
        "form": form,
        "request_json": text,
        "pin_name": PARTS_NAME[asked.operation],
        "people": people.all_people(),
        "which": reader.PIN_OF[asked.operation].name,
    }
    return render(request, "demo/reader.html", context)


def _done(request: HttpRequest, asked: CardRequest, response: CardResponse, text: str = "") -> HttpResponse:
    """The answer goes back by a form of its own: a later bridge does the same by script."""
    context = {
        "outcome": response.outcome,
        "operation": asked.operation,
        "medium": response.medium,
        "response_json": to_json(response),
        "return_to": asked.return_to,
        "request_json": text,
        "errors": response.outcome in ("locked", "removed", "other_card", "error"),
        "pin_name": PARTS_NAME[asked.operation],
    }
    return render(request, "demo/reader_done.html", context)


def _heads() -> list[str]:
    return [_("氏名"), _("特徴"), _("利用者証明用"), _("券面事項入力補助用"), _("署名用")]


def _table() -> list[list[str]]:
    """Everybody's PINs: it is a demo."""
    return [
        [one.written_name, _(one.special), one.authentication_pin, one.attributes_pin, one.signature_password]
        for one in people.all_people()
    ]


def _title(slug: str, owner: people.Person) -> str:
    if slug != owner.slug:
        return _("%(name)s（更新前のカード）") % {"name": owner.written_name}
    if owner.medium == "phone":
        return _("%(name)s（スマートフォン）") % {"name": owner.written_name}
    return owner.written_name


def _describe(owner: people.Person, tries: int | None) -> str:
    if tries is None:
        return _(owner.special)
    if tries == 0:
        return _("%(special)s・ロックされています") % {"special": _(owner.special)}
    return _("%(special)s・残り %(tries)s 回") % {"special": _(owner.special), "tries": tries}


urlpatterns = [path("", card_reader, name="reader")]
