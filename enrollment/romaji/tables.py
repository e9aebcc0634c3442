"""The ministry's Hepburn table and the lexicon of word boundaries, as data.

Sources: 旅券法施行規則 第9条 through form-rules RJ-02 to RJ-20; every row there names its page.
"""

VOWELS = "AIUEO"


def _rows(text: str) -> dict[str, str]:
    pairs = text.split()
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


# RJ-02
BASE = _rows(
    """
    ア A   イ I   ウ U   エ E   オ O    カ KA  キ KI  ク KU  ケ KE  コ KO
    サ SA  シ SHI ス SU  セ SE  ソ SO   タ TA  チ CHI ツ TSU テ TE  ト TO
    ナ NA  ニ NI  ヌ NU  ネ NE  ノ NO   ハ HA  ヒ HI  フ FU  ヘ HE  ホ HO
    マ MA  ミ MI  ム MU  メ ME  モ MO   ヤ YA  ユ YU  ヨ YO
    ラ RA  リ RI  ル RU  レ RE  ロ RO   ワ WA  ヰ I   ヱ E   ヲ O
    ガ GA  ギ GI  グ GU  ゲ GE  ゴ GO   ザ ZA  ジ JI  ズ ZU  ゼ ZE  ゾ ZO
    ダ DA  ヂ JI  ヅ ZU  デ DE  ド DO   バ BA  ビ BI  ブ BU  ベ BE  ボ BO
    パ PA  ピ PI  プ PU  ペ PE  ポ PO   ヴ BU
    """
)

# RJ-03: the consonant before ャ, ュ and ョ; every other kana before them is spelled in two parts (RJ-19).
CONTRACTED = _rows("キ KY シ SH チ CH ニ NY ヒ HY ミ MY リ RY ギ GY ジ J ヂ J ビ BY ピ PY")

# Small kana by the full-size one that a two-part spelling uses (RJ-18).
SMALL = _rows("ァ ア ィ イ ゥ ウ ェ エ ォ オ ャ ヤ ュ ユ ョ ヨ ヮ ワ")

# RJ-20: the second official spelling of the ヴ row.
SECOND = _rows("ヴァ BA ヴィ BI ヴェ BE ヴォ BO")

# RJ-31 (6): what people write abroad; offered last.
CUSTOMARY = _rows(
    """
    シェ SHE ジェ JE ヂェ JE チェ CHE ティ TI ディ DI トゥ TU ドゥ DU テュ TYU デュ DYU スィ SI ズィ ZI
    ツァ TSA ツィ TSI ツェ TSE ツォ TSO ファ FA フィ FI フェ FE フォ FO フャ FYA フュ FYU フョ FYO
    ウィ WI ウェ WE ウォ WO イェ YE クァ KWA クィ KWI クェ KWE クォ KWO クヮ KWA
    グァ GWA グィ GWI グェ GWE グォ GWO グヮ GWA
    ヴ VU ヴァ VA ヴィ VI ヴェ VE ヴォ VO ヴャ VYA ヴュ VYU ヴョ VYO
    """
)

# RJ-13: where a ウ or オ begins a new word although kana alone would read it as a long vowel.
# (ending or word, position of the vowel in it)
BOUNDARY_ANYWHERE = "ノウエ"
BOUNDARY_ENDINGS = ("ノウチ", "ツウラ")
BOUNDARY_OKA = "オカ"  # at the end, after an o-row kana other than オ
BOUNDARY_WORDS = frozenset(
    "ツボウチ ヨコウチ コウチワ ミノウラ モトウチ フルウチ ナツウメ コウミ コウメ ヒロウミ".split()  # noqa: SIM905
)
