"""Unusual use of a signer's key, told to its person (issue 5 point 6): what, when, and the one act that stops it all.

A security notice: in the inbox and mailed whatever is ticked (DQ-28). The mail names nothing (ST-16).
"""

from django.conf import settings

from enrollment import authorities
from enrollment.notices import certificate, telling
from signing.records.usage import Unusual

STOP, LOOK = "/me/suspend/", "/me/signatures/"
TITLES = {
    "caller": "初めてのシステムから署名されました",
    "facility": "初めての施設から署名されました",
    "night": "夜間に署名されました",
    "volume": "いつもより多く署名されました",
}


def told(person: certificate.Person, unusual: Unusual) -> None:
    """Told once per unusual use, by its own id."""
    authority = authorities.authority(person.facts.authority)
    body = (
        f"{_what(unusual)}\n\n"
        f"署名の記録：{settings.ORIGIN}{LOOK}\n"
        "あなたが署名したものであれば、何もする必要はありません。\n\n"
        f"覚えがないときは、すぐに止めてください：{settings.ORIGIN}{STOP}\n"
        "本人確認をして「一時停止する」を押すと、今日の本人確認が終わり、電子証明書が一時停止され、"
        "それ以上署名されることはありません。\n"
        f"そのあと、{authority.name}（{authority.site}）へご連絡ください。"
    )
    mail = f"電子署名に、いつもと違う使い方がありました。\n署名の記録の確認と停止：{settings.ORIGIN}/me/"
    certificate.tell(person, "unusual", TITLES[unusual.kind], body, mail, str(unusual.public_id))


def _what(unusual: Unusual) -> str:
    where = f"システム：{unusual.caller}\n最初の署名：{telling.moment(unusual.first_at)}"
    if unusual.facility:
        where = f"施設：{unusual.facility}\n{where}"
    if unusual.kind == "caller":
        return f"これまであなたの署名を求めたことのないシステムから、署名が行われました。\n{where}"
    if unusual.kind == "facility":
        return "これまでこのシステムであなたの署名を求めたことのない施設から、署名が行われました。\n" + where
    if unusual.kind == "night":
        return f"夜間（0時から5時まで）に、署名が行われました。\n{where}"
    usual = f"\nいつもの1日：およそ{unusual.usual}件" if unusual.usual else ""
    return (
        f"{telling.day(unusual.day)}の署名が、いつもよりかなり多くなっています。\n"
        f"お知らせしたときまでの件数：{unusual.number}件{usual}"
    )
