"""The shapes of the dated rows."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple, Protocol, TypeVar


class Authority(NamedTuple):
    """An HPKI authority. `contact` is where an applicant asks; `order` is the order of seed 001 p.5."""

    code: str
    name: str
    short_name: str
    site: str
    contact: str


class Qualification(NamedTuple):
    """A national qualification and the register that holds its numbers (DQ-03)."""

    code: str
    name: str
    register: str
    register_number: str


class Price(NamedTuple):
    """Yen, tax included. `amount` is paid; `waived` means that `listed` is not asked for now (CA-05)."""

    amount: int
    listed: int
    waived: bool
    as_of: date


class PickupPlace(NamedTuple):
    code: str
    name: str


class FieldSet(NamedTuple):
    """What an authority asks for at ⑥ and ⑦ (DQ-01, DQ-26, DQ-27).

    `membership` is "medical_association", "pharmacists_association" or "" (not asked).
    `card_pin_digits` is 0 where no card is made. `printed_name` asks for the 券面表記 of NM-08.
    `name_proofs` are the papers that show a former name or an alias (NM-20).
    `card_pin_refused` are the kinds of easy PIN of `values.pins` that are not taken (DQ-22: no source names the
    rule, it is a setting). `card_pin_tries` is how many wrong PINs lock the card, 0 where that is not known (DQ-24).
    `registration_digits` is the longest registration number (DQ-02: a setting).
    """

    membership: str
    membership_label: str
    member_number_digits: int
    card_pin_digits: int
    pickup_places: tuple[PickupPlace, ...]
    delivery_address: bool
    card_preview: bool
    printed_name: bool
    office_postal_codes: bool
    name_proofs: tuple[str, ...]
    card_pin_refused: tuple[str, ...] = ("same", "rising", "birth")
    card_pin_tries: int = 0
    registration_digits: int = 7


class ConsentItem(NamedTuple):
    """One thing to be agreed to at ⑩; id and version go into the signed statement (CA-16)."""

    id: str
    version: str
    title: str
    text: str


class PriceRow(NamedTuple):
    since: date
    member: bool
    listed: int
    amount: int


class CardRow(NamedTuple):
    """Whether a card is made (CA-06). Only a row that allows "no" and carries its prices lets ③ ask (CA-20)."""

    since: date
    made: bool
    choice: bool
    text: str
    without: tuple[PriceRow, ...] = ()  # the prices of those who want no card


class OpeningRow(NamedTuple):
    since: date
    qualification: str


class TextRow(NamedTuple):
    since: date
    text: str


class MonthsRow(NamedTuple):
    """Civil months after the submission by which the review usually ends (CA-09): the later end of the text."""

    since: date
    members: int
    others: int


class NoticeRow(NamedTuple):
    """Shown on the start page and at ③ from `since` until the day before `until` (CA-08, CA-22).

    `when` "closed" or "open": only while this qualification cannot, or can, be submitted here (CA-03).
    """

    since: date
    until: date | None
    qualification: str  # "" = every qualification
    text: str
    when: Literal["", "closed", "open"] = ""


class ConsentRow(NamedTuple):
    since: date
    items: tuple[ConsentItem, ...]


class FlagRow(NamedTuple):
    since: date
    value: bool


class NumberRow(NamedTuple):
    since: date
    value: int


class OfficersRow(NamedTuple):
    """How many different officers an approval and a rejection take (decision 6): at least two, and one."""

    since: date
    approvals: int = 2
    rejections: int = 1


class Dated(Protocol):
    @property
    def since(self) -> date: ...


Row = TypeVar("Row", bound=Dated)


def row_on(rows: Sequence[Row], on: date) -> Row | None:
    """The youngest row that has begun by `on`, or None before the first."""
    begun = [row for row in rows if row.since <= on]
    return max(begun, key=lambda row: row.since) if begun else None
