"""The demo people (contract.md "Demo people") and their virtual cards. Everything here is invented.

`ensure` makes the TEST JPKI, its trust folder and one card file per person, once; later runs keep all of it,
counters included, and only renew the revocation lists. A card's file is settings.HOME/cards/<slug>.json.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.utils.translation import gettext_noop as _

from cards import attributes, chip, files
from cards.pki import Hierarchy, new_keys
from cards.profile import CertificateKind, CertifiedFacts
from cards.virtual import VirtualCard
from deploy.demo import pictures

AUTHENTICATION_PIN, ATTRIBUTES_PIN, SIGNATURE_PASSWORD = "1234", "5678", "ABC123"
_CARD_AGE = timedelta(days=400)
_LIST_RESERVE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Person:
    """One demo person: what the card says, what a newcomer types into the form, and what is special."""

    slug: str
    special: str
    name: str  # family and given name with U+3000 between them, as on the card without brackets
    kana: str
    romaji: str
    sex: str
    birth_date: date
    address: str
    postal_code: str
    qualification: str  # doctor, dentist, pharmacist
    authority: str  # jma, medis, jpa
    registration_number: str
    registration_date: date
    former_family: str = ""
    alias: str = ""
    certificate_name: str = ""  # where the certificate cannot carry the card's characters (NM-06)
    certificate_flags: str = ""
    medium: str = "card"
    locked: bool = False
    revoked: bool = False
    earlier_card: bool = False  # had a card before; its file is <slug>-before.json
    other_name: str = ""  # a former name that is not on the card: typed by hand, shown by name_proof.jpg
    other_kana: str = ""
    other_romaji: str = ""
    authentication_pin: str = AUTHENTICATION_PIN
    attributes_pin: str = ATTRIBUTES_PIN
    signature_password: str = SIGNATURE_PASSWORD

    @property
    def written_name(self) -> str:
        """The name as the card writes it, with former family name or alias."""
        return attributes.put_together(self.name, self.former_family, self.alias)

    @property
    def email(self) -> str:
        return f"{self.slug}@people.example"

    @property
    def phone_number(self) -> str:
        """An invented number of ten digits."""
        return f"03-0000-{int(self.registration_number) % 10_000:04d}"

    def as_dict(self) -> dict[str, Any]:
        """For tables and `manage.py demo_people`: plain JSON values."""
        values = {name: v.isoformat() if isinstance(v, date) else v for name, v in asdict(self).items()}
        folder = pictures.folder(settings.HOME, self.slug)
        return values | {
            "written_name": self.written_name,
            "email": self.email,
            "phone_number": self.phone_number,
            "cards": [slug for slug, owner in card_slots() if owner is self],
            "pictures": {path.stem: str(path) for path in sorted(folder.glob("*.jpg"))},
        }


PEOPLE: tuple[Person, ...] = (
    Person("doctor", _("医師。日本医師会へ申請します"), "青木　一郎", "アオキ　イチロウ", "AOKI ICHIRO", "1",
           date(1978, 4, 1), "東京都文京区本駒込９丁目９番９号", "1130021", "doctor", "jma", "312345",
           date(2004, 5, 10)),
    Person("dentist", _("歯科医師。MEDISへ申請します"), "石川　恵子", "イシカワ　ケイコ", "ISHIKAWA KEIKO", "2",
           date(1985, 7, 21), "大阪府大阪市北区中之島９丁目９番９号", "5300005", "dentist", "medis", "154321",
           date(2011, 4, 20)),
    Person("pharmacist", _("薬剤師。MEDISまたは日本薬剤師会へ申請します"), "上田　健太", "ウエダ　ケンタ",
           "UEDA KENTA", "1", date(1990, 11, 3), "福岡県福岡市中央区天神９丁目９番９号", "8100001",
           "pharmacist", "medis", "432109", date(2014, 5, 15)),
    Person("maiden-name", _("カードに旧姓の記載がある医師"), "江藤　真由美", "エトウ　マユミ", "ETO MAYUMI", "2",
           date(1982, 2, 28), "愛知県名古屋市中区三の丸９丁目９番９号", "4600001", "doctor", "jma", "345678",
           date(2008, 5, 2), former_family="大西"),
    Person("variant-kanji", _("氏名に「髙」「𠮷」があり、証明書では代替文字になる薬剤師"), "髙橋　𠮷乃",
           "タカハシ　ヨシノ", "TAKAHASHI YOSHINO", "2", date(1988, 9, 9), "北海道札幌市中央区北一条西９９丁目９番地",
           "0600001", "pharmacist", "jpa", "412222", date(2012, 6, 1), certificate_name="高橋　吉乃",
           certificate_flags="10010"),
    Person("alias", _("通称のある外国籍の医師"), "ＧＡＲＣＩＡ　ＭＡＲＩＡ", "ガルシア　マリア", "GARCIA MARIA", "2",
           date(1979, 12, 24), "神奈川県横浜市中区本町９丁目９９番地", "2310005", "doctor", "medis", "356789",
           date(2009, 9, 30), alias="加藤　マリア"),
    Person("revoked", _("署名用電子証明書が失効している医師"), "工藤　誠", "クドウ　マコト", "KUDO MAKOTO", "1",
           date(1970, 1, 15), "宮城県仙台市青葉区国分町９丁目９番９号", "9800803", "doctor", "jma", "287654",
           date(1996, 5, 20), revoked=True),
    Person("locked", _("暗証番号がすべてロックされている歯科医師"), "近藤　ひかり", "コンドウ　ヒカリ",
           "KONDO HIKARI", "2", date(1992, 6, 6), "広島県広島市中区国泰寺町９丁目９番９号", "7300042", "dentist",
           "medis", "176543", date(2018, 4, 25), locked=True),
    Person("hpki-card", _("すでにHPKIカードを持っている医師"), "佐伯　隆", "サエキ　タカシ", "SAEKI TAKASHI", "1",
           date(1965, 8, 30), "京都府京都市中京区上本能寺前町９９９９番地", "6040925", "doctor", "jma", "265432",
           date(1991, 5, 30)),
    Person("card-waiting", _("ほかで申請したHPKIカードの発行を待っている薬剤師"), "清水　奈々", "シミズ　ナナ",
           "SHIMIZU NANA", "2", date(1995, 3, 14), "静岡県静岡市葵区追手町９９番９号", "4200853", "pharmacist", "jpa",
           "465432", date(2019, 4, 26)),
    Person("phone", _("スマートフォンの電子証明書で入ろうとする医師"), "鈴木　大輔", "スズキ　ダイスケ",
           "SUZUKI DAISUKE", "1", date(1987, 10, 10), "千葉県千葉市中央区千葉港９９番９号", "2600026", "doctor",
           "jma", "398765", date(2013, 5, 7), medium="phone"),
    Person("renewed", _("利用者証明用電子証明書を更新した医師（更新前のカードもあります）"), "瀬戸　雄大",
           "セト　ユウダイ", "SETO YUDAI", "1", date(1983, 5, 5), "岡山県岡山市北区大供９丁目９番９号", "7000913",
           "doctor", "jma", "367890", date(2009, 5, 12), earlier_card=True),
    Person("former-name", _("カードにない旧姓を、書類を添えて入力する薬剤師"), "曽根　美咲", "ソネ　ミサキ",
           "SONE MISAKI", "2", date(1986, 1, 23), "新潟県新潟市中央区万代９丁目９番９号", "9500088",
           "pharmacist", "medis", "421098", date(2010, 6, 18), other_name="長谷川　美咲",
           other_kana="ハセガワ　ミサキ", other_romaji="HASEGAWA MISAKI"),
)  # fmt: skip


def all_people() -> tuple[Person, ...]:
    """The demo people in the order of contract.md."""
    return PEOPLE


def person(slug: str) -> Person:
    """One of them; raises KeyError."""
    return {one.slug: one for one in PEOPLE}[slug]


def card_slots() -> Iterator[tuple[str, Person]]:
    """Every card and whose it is: one each, and the earlier one of who had another before."""
    for one in PEOPLE:
        yield one.slug, one
        if one.earlier_card:
            yield f"{one.slug}-before", one


def card_path(slug: str, home: Path | None = None) -> Path:
    """The memory of one card; raises KeyError for a name that is none, so that no path is made of it."""
    dict(card_slots())[slug]
    return (home or settings.HOME) / "cards" / f"{slug}.json"


def open_card(slug: str, home: Path | None = None) -> VirtualCard:
    """Power one card up; raises KeyError or chip.ChipUnreadable."""
    return VirtualCard(card_path(slug, home))


def ensure(home: Path, at: datetime) -> None:
    """Make what is missing: authorities, trust folder, cards, pictures. Under ten seconds, then at once."""
    ensure_cards(home, at)
    for one in PEOPLE:
        pictures.ensure(home, _drawn(one))


def ensure_cards(home: Path, at: datetime) -> None:
    """Without the pictures."""
    authorities = home / "cards" / "authorities"
    try:
        hierarchy = Hierarchy.load(authorities)
        missing = [(slug, one) for slug, one in card_slots() if not card_path(slug, home).exists()]
    except (OSError, ValueError):  # without its authorities no card would be believed: all are made anew
        hierarchy = Hierarchy.create(at)
        hierarchy.save(authorities)
        missing = list(card_slots())
    keys = new_keys(2 * len(missing))
    for number, (slug, one) in enumerate(missing):
        memory = _memory(one, hierarchy, keys[2 * number], keys[2 * number + 1], at)
        chip.write(card_path(slug, home), memory)
    if missing or not _lists_are_fresh(settings.JPKI_TRUST, at):
        for one in PEOPLE:
            if one.revoked:
                certificate = _signature_certificate(card_path(one.slug, home))
                hierarchy.current(CertificateKind.SIGNATURE).revoke(certificate, at - timedelta(days=1))
        hierarchy.publish(settings.JPKI_TRUST, at)


def _memory(
    one: Person,
    hierarchy: Hierarchy,
    login_key: rsa.RSAPrivateKey,
    signing_key: rsa.RSAPrivateKey,
    at: datetime,
) -> chip.Chip:
    login = hierarchy.current(CertificateKind.AUTHENTICATION)
    signing = hierarchy.current(CertificateKind.SIGNATURE)
    begins = at - _CARD_AGE
    ends = _fifth_birthday(one.birth_date, begins)
    facts = CertifiedFacts(
        name=one.certificate_name or one.written_name,
        address=one.address,
        birth_date=one.birth_date,
        sex=one.sex,
        name_substitutes=one.certificate_flags,
    )
    holder = chip.Personalisation(
        text=files.TextFields(one.written_name, one.address, f"{one.birth_date:%Y%m%d}", one.sex),
        authentication_pin=one.authentication_pin,
        signature_password=one.signature_password,
        attributes_pin=one.attributes_pin,
        authentication_certificate=login.authentication_certificate(login_key, begins, ends),
        authentication_key=login_key,
        authentication_ca=login.certificate.public_bytes(Encoding.DER),
        signature_certificate=signing.signature_certificate(facts, signing_key, begins, ends),
        signature_key=signing_key,
        signature_ca=signing.certificate.public_bytes(Encoding.DER),
    )
    memory = chip.phone(holder) if one.medium == "phone" else chip.card(holder)
    if one.locked:
        for pin in files.CardPin:
            memory.applications[pin.value.application].secrets[pin.value.file].tries = 0
    return memory


def _fifth_birthday(born: date, issued: datetime) -> datetime:
    """JPKI certificates end with the fifth birthday after their issue (domain.md 3.2)."""
    year = issued.year + 5 - ((issued.month, issued.day) < (born.month, born.day))
    day = 28 if (born.month, born.day) == (2, 29) else born.day
    return issued.replace(year=year, month=born.month, day=day, hour=14, minute=59, second=59, microsecond=0)


def _signature_certificate(path: Path) -> bytes:
    """DER from the card's memory, without the zeros behind it."""
    content = chip.read(path).applications[files.JPKI_APPLICATION].files[files.SIGNATURE_CERTIFICATE].content
    return content[: int.from_bytes(content[2:4], "big") + 4]


def _lists_are_fresh(folder: Path, at: datetime) -> bool:
    """Whether every authority has a list that covers this moment and the next days."""
    paths = sorted(folder.glob("*.crl"))
    lists = [x509.load_der_x509_crl(path.read_bytes()) for path in paths]
    return len(lists) == 4 and all(
        item.last_update_utc <= at
        and item.next_update_utc is not None
        and at + _LIST_RESERVE < item.next_update_utc
        for item in lists
    )


def _drawn(one: Person) -> pictures.Sitter:
    return pictures.Sitter(
        slug=one.slug,
        name=one.written_name,
        romaji=one.romaji,
        birth_date=one.birth_date,
        sex=one.sex,
        address=one.address,
        qualification=one.qualification,
        registration_number=one.registration_number,
        registration_date=one.registration_date,
        other_name=one.other_name,
        other_romaji=one.other_romaji,
    )
