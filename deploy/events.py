"""Which outbox kind goes to which handler (decision 3). Every handler is idempotent and takes a public id."""

from collections.abc import Callable

from enrollment import card_orders, checks, issuance, phone_news, review
from enrollment.orders import issuing as order_issuing
from enrollment.orders import news as life
from enrollment.orders import placing
from outbox import mails
from signing import issuance as signing_issuance
from signing.issuing import answers, checker, lists


def each(*handlers: Callable[[str], None]) -> Callable[[str], None]:
    """News that several hear: all of them again when one fails, for each is idempotent."""

    def handle(subject: str) -> None:
        for handler in handlers:
            handler(subject)

    return handle


HANDLERS: dict[str, Callable[[str], None]] = {
    "outbox.mail": mails.deliver,
    "enrollment.submitted": checks.plan,
    checks.KIND: checks.carry_out,
    "enrollment.approved": issuance.order,
    "enrollment.decided": review.leave,
    "signing.issue": signing_issuance.carry_out,
    "signing.issuance_stopped": issuance.stopped,
    "signing.link_bound": phone_news.on_link_bound,
    "signing.link_locked": phone_news.on_link_locked,
    "signing.link_expired": phone_news.on_link_expired,
    "signing.link_ends_in_30": phone_news.on_link_ends_in_30,
    "signing.link_ends_in_7": phone_news.on_link_ends_in_7,
    "signing.link_wanted": phone_news.on_link_wanted,
    "signing.phone_replaced": phone_news.on_phone_replaced,
    "signing.phone_removed": phone_news.on_phone_removed,
    "signing.phone_stopped": phone_news.on_phone_stopped,
    "signing.qr_shown": phone_news.on_qr_shown,
    "signing.card_bound": phone_news.on_card_bound,
    "signing.card_ends_in_90": phone_news.on_card_ends_in_90,
    "signing.card_ends_in_30": phone_news.on_card_ends_in_30,
    "signing.credential_issued": life.on_issued,
    "signing.credential_stopped": order_issuing.stopped,
    "signing.credential_suspended": life.on_suspended,
    "signing.credential_resumed": life.on_resumed,
    "signing.credential_revoked": each(life.on_revoked, card_orders.on_credential_revoked),
    "signing.credential_expired": life.on_expired,
    "signing.card_ended": life.on_card_ended,
    "signing.renewal_due": life.on_renewal_due,
    "signing.unusual_use": life.on_unusual_use,
    "signing.approval_waiting": life.on_approval_waiting,
    "signing.renewal_wanted": placing.renewal_wanted,
    "signing.second_certificate_wanted": placing.second_certificate_wanted,
    "enrollment.order_approved": order_issuing.order,
    "signing.crl": lists.renew,
    "signing.ocsp": answers.make,
    "signing.ocsp_renewal": answers.renew,
    "signing.relint": checker.check_some,
}
