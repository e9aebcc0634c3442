"""JMA, MEDIS and JPA as dated data: who may be asked, for how much, with which fields, files and consents.

Sources: seed 001 pp. 3, 5, 6; form-rules CA-01 to CA-22, PH-01, PH-50, PH-51, NM-20, DQ-03, DQ-27.
Everything takes codes ("jma", "medis", "jpa"; "doctor", "dentist", "pharmacist") and a day in JST, and
raises `UnknownAuthority` for a code that is not in the table. Texts are Japanese message ids for gettext.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from enrollment.authority_data import rows
from enrollment.authority_data.clauses import ConsentChange, changes
from enrollment.authority_data.consents import CONSENTS
from enrollment.authority_data.kinds import (
    Authority,
    ConsentItem,
    FieldSet,
    OfficersRow,
    PickupPlace,
    Price,
    PriceRow,
    Qualification,
    row_on,
)
from enrollment.authority_data.rows import SLOTS
from enrollment.problems import gettext_noop as _

__all__ = [
    "SLOTS",
    "Authority",
    "ConsentChange",
    "ConsentItem",
    "FieldSet",
    "NoEncryptionCertificate",
    "PickupPlace",
    "Price",
    "Qualification",
    "UnknownAuthority",
    "all_authorities",
    "authority",
    "card_choice",
    "card_made",
    "card_text",
    "consent_changes",
    "consent_item",
    "consents",
    "encryption_certificate",
    "fields",
    "formats",
    "is_open",
    "link_reissue_note",
    "most_files",
    "notices",
    "officers_needed",
    "open_authorities",
    "opened_by_operator",
    "opens_on",
    "order_needs_officers",
    "phone_binding_once",
    "price",
    "qualification",
    "qualifications",
    "revocation_officers",
    "set_openings",
    "synced_keys_accepted",
    "takes_card_numbers",
    "waiting_months",
    "waiting_text",
]

Value = TypeVar("Value")


class UnknownAuthority(LookupError):
    """A code that is in no table: a forged value, or an empty one."""


class NoEncryptionCertificate(LookupError):
    """The operator has not installed the certificate to which this authority's card PINs are sealed."""


def _of(table: Mapping[str, Value], code: str) -> Value:
    try:
        return table[code]
    except KeyError:
        raise UnknownAuthority(code) from None


def qualifications() -> tuple[Qualification, ...]:
    return rows.QUALIFICATIONS


def qualification(code: str) -> Qualification:
    """Name and register of one qualification (DQ-03); raises `UnknownAuthority`."""
    return _of({row.code: row for row in rows.QUALIFICATIONS}, code)


def all_authorities() -> tuple[Authority, ...]:
    return rows.AUTHORITIES


def authority(code: str) -> Authority:
    return _of({row.code: row for row in rows.AUTHORITIES}, code)


def open_authorities(qualification: str, on: date) -> tuple[Authority, ...]:
    """Those that may be chosen for a qualification on a day, in the source's order (CA-01, CA-02)."""
    return tuple(row for row in rows.AUTHORITIES if is_open(row.code, qualification, on))


def is_open(authority: str, qualification: str, on: date) -> bool:
    """Whether the pair may be submitted on that day; False for codes that do not exist (CA-03)."""
    first = opens_on(authority, qualification)
    return first is not None and first <= on


def opened_by_operator(authority: str, qualification: str) -> bool:
    """Whether the pair's first day is the operator's to set; until then its people are told where else to apply."""
    return (authority, qualification) in rows.OPENED_BY_OPERATOR


def opens_on(authority: str, qualification: str) -> date | None:
    """The first day of a pair; None for one that does not exist, and for one that the operator has not opened."""
    openings = rows.OPENINGS.get(authority, ())
    days = [row.since for row in openings if row.qualification == qualification]
    return days[0] if days else _opened.get((authority, qualification))


_opened: dict[tuple[str, str], date] = {}


def set_openings(days: Mapping[tuple[str, str], date | None]) -> None:
    """The operator's days for the pairs of `rows.OPENED_BY_OPERATOR` (CA-01), once, when the product starts.

    Raises `UnknownAuthority` for another pair: the rest of the matrix is not the operator's to change.
    """
    for pair, day in days.items():
        if pair not in rows.OPENED_BY_OPERATOR:
            raise UnknownAuthority(*pair)
        if day is None:
            _opened.pop(pair, None)
        else:
            _opened[pair] = day


def price(authority: str, member: bool | None, on: date, *, wants_card: bool = True) -> Price:
    """The price of the day, tax included, in yen (CA-04, CA-05). `member` None counts as no member.

    Without a card it is the card row's own price, where that row lets one go without (CA-20).
    Raises `UnknownAuthority` for a day before the first price.
    """
    table: Sequence[PriceRow] = _of(rows.PRICES, authority)
    card = row_on(_of(rows.CARDS, authority), on)
    if not wants_card and card is not None and card_choice(authority, on):
        table = card.without
    row = row_on([row for row in table if row.member is bool(member)], on)
    if row is None:
        raise UnknownAuthority(authority)
    return Price(row.amount, row.listed, row.amount < row.listed, row.since)


def card_made(authority: str, on: date) -> bool:
    """Whether an HPKI card comes with an application made here (CA-06)."""
    row = row_on(_of(rows.CARDS, authority), on)
    return row is not None and row.made


def card_way(authority: str) -> str:
    """How the authority hands its HPKI cards over: "pickup" at a place, by "post", or "" where it makes none here."""
    found = _of(rows.FIELDS, authority)
    if not found.card_pin_digits:
        return ""
    return "pickup" if found.pickup_places else "post"


def pickup_place(authority: str, code: str) -> str:
    """The name of a place (DQ-27); "" for a code that is none."""
    places = _of(rows.FIELDS, authority).pickup_places
    return next((place.name for place in places if place.code == code), "")


def card_choice(authority: str, on: date) -> bool:
    """Whether ③ asks if a card is wanted: its row allows "no" and carries the price (CA-07, CA-20)."""
    row = row_on(_of(rows.CARDS, authority), on)
    return (
        row is not None and row.made and row.choice and {one.member for one in row.without} == {True, False}
    )


def card_text(authority: str, on: date, *, wants_card: bool = True) -> str:
    """Whether a card comes, in words (CA-06, CA-20)."""
    if not wants_card and card_choice(authority, on):
        return _("HPKIカードは発行されません（発行を希望していません）。")
    row = row_on(_of(rows.CARDS, authority), on)
    return row.text if row else ""


def fields(authority: str, on: date, *, wants_card: bool = True) -> FieldSet:
    """The authority's own field set; without a card, the card's fields are gone (DQ-26, DQ-27)."""
    found = _of(rows.FIELDS, authority)
    if wants_card and card_made(authority, on):
        return found
    return found._replace(
        card_pin_digits=0, pickup_places=(), delivery_address=False, card_preview=False, printed_name=False
    )


def formats(authority: str, slot: str, *, with_pdf: bool = True) -> frozenset[str]:
    """Kinds of file a slot takes: "jpeg", "png", "bmp", "pdf" (PH-01, PH-02; without PDF tools PH-50)."""
    _of(rows.FIELDS, authority)
    if slot not in SLOTS:
        raise UnknownAuthority(slot)
    if authority != "medis":
        return rows.IMAGES
    return rows.JPEG_OR_PDF if with_pdf and slot != "photo" else rows.JPEG


def most_files(authority: str, slot: str) -> int:
    """How many files a slot holds: name papers may be several pictures where PDF is not taken (PH-51)."""
    papers = slot in ("name_proof", "licence_name_proof")
    return 4 if papers and "pdf" not in formats(authority, slot) else 1


def consents(authority: str, on: date) -> tuple[ConsentItem, ...]:
    """What is to be agreed to at ⑩ on that day, in order (CA-16)."""
    row = row_on(_of(CONSENTS, authority), on)
    return row.items if row else ()


def consent_changes(
    former: Sequence[tuple[str, str]], authority: str, on: date, say: Callable[[str], str] = str
) -> tuple[ConsentChange, ...]:
    """What has changed for somebody who last saw the items `former` (id, version); empty where nothing has.

    `say` puts a text into the reader's language. An item that no row knows any more counts as never seen.
    """

    def said(item: ConsentItem) -> ConsentItem:
        return item._replace(title=say(item.title), text=say(item.text))

    known = [item for item in map(consent_item, former) if item]
    return changes([said(item) for item in known], [said(item) for item in consents(authority, on)])


def consent_item(name: tuple[str, str]) -> ConsentItem | None:
    """The text of an item by (id, version), also of one that is no longer asked for."""
    texts = (item for table in CONSENTS.values() for row in table for item in row.items)
    return next((item for item in texts if (item.id, item.version) == tuple(name)), None)


def waiting_text(authority: str, on: date) -> str:
    """How long it is expected to take (CA-09)."""
    row = row_on(_of(rows.WAITING, authority), on)
    return row.text if row else ""


def waiting_months(authority: str, member: bool, on: date) -> int:
    """Civil months after the submission by which the review usually ends: the later end of `waiting_text`."""
    row = row_on(_of(rows.WAITING_MONTHS, authority), on)
    if row is None:
        raise UnknownAuthority(authority)
    return row.members if member else row.others


def notices(authority: str, qualification: str, on: date) -> tuple[str, ...]:
    """Notices for the start page and ③, also of an authority still closed (CA-03, CA-08, CA-22)."""
    state = "open" if is_open(authority, qualification, on) else "closed"
    return tuple(
        row.text
        for row in _of(rows.NOTICES, authority)
        if row.since <= on
        and (row.until is None or on < row.until)
        and row.qualification in ("", qualification)
        and row.when in ("", state)
    )


def phone_binding_once(authority: str, on: date) -> bool:
    """Whether a phone can be bound only once (CA-08, BD-15)."""
    row = row_on(_of(rows.PHONE_ONCE, authority), on)
    return row is not None and row.value


def revocation_officers(authority: str, on: date) -> int:
    """How many officers, one or two, revoke a certificate of this authority (RV-7)."""
    row = row_on(_of(rows.REVOCATION_OFFICERS, authority), on)
    return row.value if row is not None else 2


def officers_needed(authority: str, on: date) -> OfficersRow:
    """How many different officers an approval and a rejection take; a row can only add (decision 6)."""
    row = row_on(_of(rows.OFFICERS, authority), on) or OfficersRow(on)
    return row._replace(approvals=max(2, row.approvals), rejections=max(1, row.rejections))


def takes_card_numbers(authority: str, on: date) -> bool:
    """Whether the two numbers on a card's face, with a mailed code, serve for a first phone (BD-08, BD-13)."""
    row = row_on(_of(rows.CARD_NUMBERS, authority), on)
    return row is not None and row.value


def synced_keys_accepted(authority: str, on: date) -> bool:
    """Whether a phone may be bound whose key its maker's account copies to other devices (decision 30)."""
    row = row_on(_of(rows.SYNCED_KEYS, authority), on)
    return row is not None and row.value


def order_needs_officers(authority: str, kind: str, on: date) -> bool:
    """Whether two officers decide on an order for another certificate of this kind (BD-12); a new name always."""
    row = row_on(_of(rows.ORDERS_NEED_OFFICERS, authority).get(kind, ()), on)
    return row is None or row.value


def join_needs_officer(authority: str, on: date) -> bool:
    """Whether an officer confirms a renewed My Number Card, or the match alone suffices (BD-14)."""
    row = row_on(_of(rows.JOIN_OFFICER, authority), on)
    return row is None or row.value


def link_reissue_note(authority: str, on: date) -> str:
    """What a new registration link may cost (CA-18)."""
    row = row_on(_of(rows.LINK_REISSUE, authority), on)
    return row.text if row else ""


def encryption_certificate(authority: str, folder: Path) -> bytes:
    """The PEM certificate to which card PINs are sealed (decision 20): `<folder>/<code>.pem`.

    Only the certificate is read here; its private key is in no process of ours.
    Raises `UnknownAuthority`, or `NoEncryptionCertificate` where the operator has installed none.
    """
    _of(rows.FIELDS, authority)
    try:
        return (folder / f"{authority}.pem").read_bytes()
    except OSError as problem:
        raise NoEncryptionCertificate(
            _("カード暗証番号を封印するための証明書が設定されていません。")
        ) from problem
