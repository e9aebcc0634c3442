"""The HPKI card's own line (ST-25): ordered with the certificate, handed to the CA sealed, sent, received, or ended.

`orders` are the moves, `handover` is the sealed order that only the CA opens (decision 20, DQ-23).
"""

from enrollment.card_orders.handover import MOST_AT_ONCE, Handover, hand_over
from enrollment.card_orders.orders import begin, end, is_offered, on_credential_revoked, perform, shown

__all__ = [
    "MOST_AT_ONCE",
    "Handover",
    "begin",
    "end",
    "hand_over",
    "is_offered",
    "on_credential_revoked",
    "perform",
    "shown",
]
