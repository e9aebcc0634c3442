"""N12: the HPKI card is on its way (ST-25, ST-35), in the form of an authority with places and of one that posts."""

from enrollment import authorities, signed
from enrollment.errors import Refused
from enrollment.models import Application
from enrollment.notices import telling


def sent(application: Application, way: str) -> None:
    """`way` as authorities.card_way: "pickup" tells the place that was chosen, "post" that the card was posted."""
    authority = authorities.authority(application.authority)
    if way == "pickup":
        title = f"【{application.receipt_number}】HPKIカードの交付案内を送付しました"
        place = _place(application)
        body = (
            "HPKIカードができました。申請のときに指定された送付先へ、交付案内を送付しました。\n"
            f"受け取り場所：{place or '交付案内に記載'}\n\n"
            "交付案内が届いたら、書かれている持ち物を用意して、受け取り場所でカードをお受け取りください。\n"
            f"2週間たっても届かないときは、{authority.name}（{authority.site}）へお問い合わせください。"
        )
        telling.tell(application, "n12", title, body, "HPKIカードの交付案内を送付しました。")
        return
    title = f"【{application.receipt_number}】HPKIカードを発送しました"
    body = (
        "HPKIカードができました。申請のときに指定された送付先へ発送しました。\n\n"
        "届いたら、券面の氏名を確認してください。暗証番号は、申請のときに決めたものです。\n"
        f"2週間たっても届かないときは、{authority.name}（{authority.site}）へお問い合わせください。"
    )
    telling.tell(application, "n12", title, body, "HPKIカードを発送しました。")


def _place(application: Application) -> str:
    try:
        delivery = signed.facts(application)["answers"].get("delivery", {})
    except Refused:
        return ""  # the letter itself names it
    return authorities.pickup_place(application.authority, str(delivery.get("pickup", "")))
