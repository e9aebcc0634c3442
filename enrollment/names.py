"""Names as the card holds them, code point by code point, and the ways in which two of them may be equal.

Sources: form-rules NM-01 to NM-26; the kana and romaji fields (RJ, NM-11 to NM-14) live in `enrollment.romaji`
and are offered here, so that this is the one door. Kanji are never put through NFC or NFKC (NM-03).
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _
from enrollment.romaji.conversion import Field, candidates, spellings
from enrollment.romaji.kana import kana, large_letters, same_kana, with_small_letters, without_spaces
from enrollment.romaji.spelling import bare, chosen, fits_certificate, style, typed

__all__ = [
    "Field",
    "Match",
    "Split",
    "Strange",
    "bare",
    "candidates",
    "checked",
    "chosen",
    "compare",
    "fits_certificate",
    "is_latin",
    "is_split",
    "joined",
    "kana",
    "large_letters",
    "printable",
    "same_kana",
    "search_key",
    "spellings",
    "split",
    "splits",
    "style",
    "substitutes",
    "typed",
    "unprintable",
    "with_small_letters",
    "without_spaces",
]

LONGEST_NAME = 100  # code points (NM-15)
LONGEST_PRINTED = 30
SPACE_RUN = re.compile("[ \u3000]+")
SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
GETA = "\u3013"
REFUSED = {"Cc", "Cf", "Cs", "Zl", "Zp"}

# NM-08: what the authority's card printer knows, as a Python codec. JMA prints neither 外字 nor variants,
# which is JIS X 0208; nothing public says it more exactly (K-15).
PRINTABLE = {"jma": "shift_jis"}

# NM-07: variant and plain form; only forms that are one character to a municipality's clerk.
_PAIRS = """
髙高 﨑崎 㟢崎 嵜崎 𠮷吉 濵浜 濱浜 邊辺 邉辺 齋斎 齊斉 澤沢 嶋島 嶌島 櫻桜 廣広 國国 圀国 眞真 德徳 惠恵 榮栄 瀨瀬
瀧滝 條条 澁渋 實実 壽寿 藏蔵 淺浅 濟済 關関 圓円 假仮 會会 學学 豐豊 靜静 龜亀 鐵鉄 鹽塩 與与 萬万 彌弥 禮礼 壯壮
繪絵 縣県 橫横 黑黒 靑青 淸清 增増 曾曽 緖緒 冨富 峯峰 舘館 舩船 檜桧 籠篭 槗橋 𣘺橋 栁柳 𣗳樹 圡土 𡈽土 桒桑 㐂喜
埜野 嶽岳 鷗鴎 莊荘 莵兎 龍竜 藪薮 顯顕 晉晋 應応 恆恒 飮飲 鬪闘 歸帰 氣気 嶢尭 堯尭 遙遥 瑤瑶 槇槙 聰聡 總総 佛仏
廳庁 辯弁 辨弁 穗穂 稻稲 專専 傳伝 團団 圖図 聲声 寶宝 將将 尙尚 巖巌 巢巣 帶帯 彥彦 從従 惡悪 懷懐 戶戸 户戸 拜拝
收収 效効 敕勅 晝昼 曉暁 樂楽 樣様 歐欧 步歩 每毎 渕淵 渊淵 溫温 滿満 燈灯 爲為 獨独 畫画 當当 盡尽 祕秘 祿禄 稱称 經経
繼継 續続 肅粛 臺台 舊旧 莖茎 薰薫 譽誉 讓譲 豫予 贊賛 轉転 遲遅 鄕郷 鄉郷 醫医 釋釈 錄録 鎭鎮 隨随 隱隠 靈霊
郞郎 昻昂 寬寛 賴頼 敎教 黃黄 內内 戾戻 產産 硏研 緣縁 蔣蒋 卽即 旣既 﨔欅
顏顔 餘余 驛駅 鷄鶏 麥麦 麴麹 默黙 齒歯 曻昇 枩松 梹浜 衞衛 逹達 邨村 頴穎 斈学 吿告 吳呉 吴呉
"""
VARIANTS = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()})


class Match(StrEnum):
    EQUAL = "equal"
    VARIANT = "variant"  # equal after mapping variants: agrees under NM-07
    MISMATCH = "mismatch"  # `name_mismatch`: a flag for the officer, no refusal


class Split(NamedTuple):
    family: str
    given: str


class Strange(NamedTuple):
    """A character that needs an eye; `position` counts code points from 1."""

    position: int
    character: str


def checked(text: str, *, longest: int = LONGEST_NAME) -> str:
    """A name with its outer spaces gone and every other code point untouched (NM-03, NM-15, NM-25).

    Raises `Problem`: name_empty, name_too_long, name_invisible.
    """
    found = text.strip(" \u3000")
    if not found:
        raise Problem("name_empty", _("氏名を入力してください。"))
    if len(found) > longest:
        raise Problem("name_too_long", _("氏名は%(most)s文字以内で入力してください。"), most=longest)
    for position, letter in enumerate(found, 1):
        if _is_refused(letter, found[position - 2] if position > 1 else ""):
            raise Problem(
                "name_invisible",
                _("%(position)s文字目に、見えない制御文字があります（%(code)s）。入力し直してください。"),
                position=position,
                code=f"U+{ord(letter):04X}",
            )
    return found


def _is_refused(letter: str, before: str) -> bool:
    if SELECTOR.match(letter):
        return not IDEOGRAPH.match(before)
    never_a_character = ord(letter) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(letter) <= 0xFDEF
    return never_a_character or unicodedata.category(letter) in REFUSED


def substitutes(text: str) -> tuple[Strange, ...]:
    """Characters without a glyph of their own: 〓 and private use, flag `gaiji` (NM-09)."""
    return tuple(
        Strange(position, letter)
        for position, letter in enumerate(text, 1)
        if letter == GETA or unicodedata.category(letter) == "Co"
    )


def unprintable(text: str, authority: str) -> tuple[Strange, ...]:
    """Characters of a 券面表記 that the authority's card cannot show, with their places (NM-08).

    A variation selector is told together with its kanji, because by itself it cannot be seen.
    """
    codec = PRINTABLE.get(authority)
    if codec is None:
        return substitutes(text)
    return tuple(
        Strange(position, letter)
        for position, letter in _seen(text)
        if letter == GETA or not _encodes(letter, codec)
    )


def _seen(text: str) -> Iterator[tuple[int, str]]:
    """What an eye counts as one character, with its place."""
    for position, letter in enumerate(text, 1):
        if not SELECTOR.match(letter):
            yield position, letter + text[position : position + 1] * bool(SELECTOR.match(text, position))


def printable(text: str, authority: str) -> str:
    """The same name in characters that the authority's card can show; "" where a character has no known variant."""
    found = text
    for strange in unprintable(text, authority):
        plain = "".join(_plain(letter) for letter in SELECTOR.sub("", strange.character)).translate(VARIANTS)
        found = found.replace(strange.character, plain)
    return "" if unprintable(found, authority) else found


def _encodes(letter: str, codec: str) -> bool:
    try:
        letter.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def split(name: str) -> Split | None:
    """Family and given at the only space; None where the person must choose (NM-10)."""
    found = SPACE_RUN.split(name.strip(" \u3000"))
    return Split(found[0], found[1]) if len(found) == 2 else None


def splits(name: str) -> tuple[Split, ...]:
    """Every way to part a name, the undivided one last (NM-10): at its spaces, or else between characters."""
    whole = name.strip(" \u3000")
    places = [match.span() for match in SPACE_RUN.finditer(whole)]
    if not places:
        places = [(at, at) for at in range(1, len(whole)) if not SELECTOR.match(whole[at])]
    ways = [Split(whole[:start], whole[end:]) for start, end in places]
    return (*ways, Split(whole, ""))


def joined(family: str, given: str) -> str:
    """The two parts of a name as the card writes them."""
    return "　".join(part for part in (family, given) if part)


def is_latin(name: str) -> bool:
    """Whether a name is written in Latin letters, as on the cards of foreign residents (NM-21)."""
    letters = [letter for letter in name if letter.isalpha()]
    return bool(letters) and all("LATIN" in unicodedata.name(letter, "") for letter in letters)


def is_split(name: str, family: str, given: str) -> bool:
    """Whether a posted split is one of those that this name allows."""
    return Split(family, given) in splits(name)


def search_key(name: str) -> str:
    """For finding and comparing only, never shown and never stored as the name (NM-02).

    Spaces and variation selectors gone, compatibility ideographs and variants as their plain forms,
    full-width letters as ASCII, upper case.
    """
    bare = SELECTOR.sub("", SPACE_RUN.sub("", name))
    plain = "".join(_plain(letter) for letter in bare)
    return plain.translate(VARIANTS).upper()


def _plain(letter: str) -> str:
    if "\uf900" <= letter <= "\ufaff" or "\U0002f800" <= letter <= "\U0002fa1f":
        return unicodedata.normalize("NFC", letter)  # one compatibility ideograph, in a key (NM-03)
    if "\uff01" <= letter <= "\uff5e":
        return chr(ord(letter) - 0xFEE0)
    return letter


def compare(card: str, certificate: str) -> Match:
    """The card's name against the certificate's, which knows fewer characters (NM-06, NM-07)."""
    if SPACE_RUN.sub("", card) == SPACE_RUN.sub("", certificate):
        return Match.EQUAL
    return Match.VARIANT if search_key(card) == search_key(certificate) else Match.MISMATCH
