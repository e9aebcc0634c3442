"""Pictures of the demo people: portrait, driver's licence, professional licence, each saying 見本.

Drawn by this file alone, nobody's face and nobody's document. A fresh machine may have no Japanese font, so 見本 is
drawn stroke by stroke; Japanese texts appear where a font is found, their Latin form otherwise.
"""

import hashlib
import random
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

PHOTO = (826, 1062)  # twice the least of PH-04, 35:45
IDENTITY = (1284, 810)  # ID-1
LICENCE = (1400, 990)  # A4 lying
_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf",
    "/usr/share/fonts/truetype/fonts-japanese-gothic.ttf",
    "/System/Library/Fonts/ヒラギノ角ゴシック W3.ttc",
)
_TITLES = {
    "doctor": ("医師免許証", "MEDICAL LICENCE"),
    "dentist": ("歯科医師免許証", "DENTAL LICENCE"),
    "pharmacist": ("薬剤師免許証", "PHARMACIST LICENCE"),
}
# 見 and 本 as polylines in a square of 100
_SAMPLE = (
    (
        ((25, 8), (75, 8), (75, 62), (25, 62), (25, 8)),
        ((25, 26), (75, 26)),
        ((25, 44), (75, 44)),
        ((40, 62), (34, 82), (14, 94)),
        ((60, 62), (60, 88), (66, 93), (88, 93), (90, 80)),
    ),
    (
        ((12, 28), (88, 28)),
        ((50, 6), (50, 96)),
        ((50, 28), (36, 54), (10, 74)),
        ((50, 28), (64, 54), (90, 74)),
        ((32, 74), (68, 74)),
    ),
)
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Sitter:
    """What the pictures show of a person."""

    slug: str
    name: str
    romaji: str
    birth_date: date
    sex: str
    address: str
    qualification: str
    registration_number: str
    registration_date: date
    other_name: str = ""
    other_romaji: str = ""


def folder(home: Path, slug: str) -> Path:
    """Where one person's pictures lie."""
    return home / "demo-pictures" / slug


def ensure(home: Path, sitter: Sitter) -> None:
    """Draw what is missing: photo.jpg, identity.jpg, licence.jpg and, where needed, name_proof.jpg."""
    where = folder(home, sitter.slug)
    where.mkdir(parents=True, exist_ok=True)
    drawings = {"photo": photo, "identity": identity, "licence": licence}
    if sitter.other_name:
        drawings["name_proof"] = name_proof
    for name, draw in drawings.items():
        path = where / f"{name}.jpg"
        if not path.exists():
            draw(sitter).save(path.with_suffix(".new"), "JPEG", quality=88)
            path.with_suffix(".new").replace(path)


def photo(sitter: Sitter) -> Image.Image:
    """A drawn portrait within the guides of PH-08: crown 4 mm from the top, chin 7 mm from the bottom."""
    width, height = PHOTO
    picture = _ground(PHOTO, (226, 234, 243), (199, 212, 228))
    pen = ImageDraw.Draw(picture)
    skin, hair, coat = _colours(sitter.slug)
    centre = width // 2
    crown, chin = height * 4 // 45, height * 38 // 45
    head = (chin - crown) * 78 // 200  # half the head's width
    if sitter.sex == "2":
        pen.rounded_rectangle((centre - head - 8, crown + 260, centre + head + 8, chin + 60), 110, fill=hair)
    pen.ellipse((centre - 400, chin - 70, centre + 400, height + 420), fill=coat)
    pen.polygon(
        [(centre - 110, chin - 60), (centre + 110, chin - 60), (centre, height)], fill=(250, 250, 252)
    )
    pen.rectangle((centre - 92, chin - 190, centre + 92, chin - 20), fill=_shade(skin, -22))
    pen.ellipse((centre - head, crown, centre + head, chin - 150), fill=hair)
    pen.ellipse((centre - head + 22, crown + 130, centre + head - 22, chin), fill=skin)
    pen.pieslice((centre - head + 10, crown + 20, centre + head - 10, crown + 420), 182, 358, fill=hair)
    eyes = (crown + chin) // 2 + 50
    for side in (-1, 1):
        x = centre + side * 118
        pen.ellipse((x - 42, eyes - 20, x + 42, eyes + 20), fill=(252, 252, 252))
        pen.ellipse((x - 19, eyes - 19, x + 19, eyes + 19), fill=(52, 38, 30))
        pen.line((x - 56, eyes - 62, x + 56, eyes - 66), fill=_shade(hair, 8), width=13)
    pen.line(
        (centre, eyes + 20, centre - 20, eyes + 118, centre + 8, eyes + 124), fill=_shade(skin, -40), width=7
    )
    pen.arc((centre - 76, eyes + 130, centre + 76, eyes + 208), 25, 155, fill=(168, 82, 78), width=11)
    picture = _grain(picture.filter(ImageFilter.GaussianBlur(2)), sitter.slug)
    _sample(ImageDraw.Draw(picture), (width - 190, height - 110), 80, (178, 34, 34))
    return picture


def identity(sitter: Sitter) -> Image.Image:
    """The front of a driver's licence that nobody issued."""
    picture = _ground(IDENTITY, (233, 243, 236), (208, 226, 232))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((14, 14, IDENTITY[0] - 15, IDENTITY[1] - 15), 34, outline=(90, 120, 110), width=4)
    lines = [
        (_words("運転免許証", "DRIVER'S LICENCE"), 46),
        (_words(f"氏名　{sitter.name}", f"NAME  {sitter.romaji}"), 50),
        (_words(f"{sitter.birth_date:%Y年%m月%d日}生", f"BORN  {sitter.birth_date}"), 38),
        (_words(f"住所　{sitter.address}", "JAPAN"), 30),
        (_words("交付　2024年06月01日", "ISSUED  2024-06-01"), 34),
        (_words("2029年07月01日まで有効", "VALID UNTIL  2029-07-01"), 42),
        (f"No. {int(hashlib.sha256(sitter.slug.encode()).hexdigest(), 16) % 10**12:012d}", 38),
    ]
    _write(pen, lines, (60, 56), 92)
    face = photo(sitter).resize((315, 405))
    picture.paste(face, (IDENTITY[0] - 375, 320))
    _sample(pen, (560, 620), 120, (178, 34, 34))
    return _grain(picture, sitter.slug + "identity")


def licence(sitter: Sitter) -> Image.Image:
    """A professional licence that no minister signed."""
    title = _words(*_TITLES[sitter.qualification])
    lines = [
        (title, 76),
        (_words(f"氏名　{sitter.name}", f"NAME  {sitter.romaji}"), 52),
        (_words(f"{sitter.birth_date:%Y年%m月%d日}生", f"BORN  {sitter.birth_date}"), 40),
        (_words(f"第 {sitter.registration_number} 号", f"No. {sitter.registration_number}"), 60),
        (
            _words(f"{sitter.registration_date:%Y年%m月%d日}登録", f"REGISTERED  {sitter.registration_date}"),
            44,
        ),
    ]
    return _paper(sitter, lines, "licence")


def name_proof(sitter: Sitter) -> Image.Image:
    """A paper that shows both names, as a municipality might print it."""
    lines = [
        (_words("住民票の写し", "RESIDENCE RECORD"), 64),
        (_words(f"氏名　{sitter.name}", f"NAME  {sitter.romaji}"), 48),
        (_words(f"旧氏名　{sitter.other_name}", f"FORMER NAME  {sitter.other_romaji}"), 48),
        (_words(f"{sitter.birth_date:%Y年%m月%d日}生", f"BORN  {sitter.birth_date}"), 40),
    ]
    return _paper(sitter, lines, "proof")


def _paper(sitter: Sitter, lines: list[tuple[str, int]], kind: str) -> Image.Image:
    picture = _ground(LICENCE, (251, 248, 238), (240, 232, 212))
    pen = ImageDraw.Draw(picture)
    for inset, width in ((36, 8), (56, 2)):
        box = (inset, inset, LICENCE[0] - inset, LICENCE[1] - inset)
        pen.rectangle(box, outline=(150, 122, 72), width=width)
    _write(pen, lines, (130, 120), 140)
    _sample(pen, (LICENCE[0] - 420, LICENCE[1] - 300), 170, (178, 34, 34))
    return _grain(picture, sitter.slug + kind)


def _write(pen: ImageDraw.ImageDraw, lines: list[tuple[str, int]], start: tuple[int, int], step: int) -> None:
    x, y = start
    for text, size in lines:
        pen.text((x, y), text, font=_font(size), fill=(38, 42, 50))
        y += step


def _sample(pen: ImageDraw.ImageDraw, corner: tuple[int, int], size: int, colour: Colour) -> None:
    """見本 by strokes."""
    for index, strokes in enumerate(_SAMPLE):
        left = corner[0] + index * (size + size // 8)
        for stroke in strokes:
            points = [(left + x * size / 100, corner[1] + y * size / 100) for x, y in stroke]
            pen.line(points, fill=colour, width=max(3, size // 12), joint="curve")


@lru_cache(maxsize=1)
def _japanese_font() -> str | None:
    return next((path for path in _FONTS if Path(path).exists()), None)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    found = _japanese_font()
    return ImageFont.truetype(found, size) if found else ImageFont.load_default(size)


def _words(japanese: str, latin: str) -> str:
    return japanese if _japanese_font() else latin


def _ground(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    """A soft gradient, so that no picture is of a single colour (PH-24)."""
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), mask)


def _grain(picture: Image.Image, seed: str) -> Image.Image:
    """The grain of a camera, the same in every run."""
    noise = random.Random(seed).randbytes(picture.width * picture.height)  # noqa: S311  (a drawing)
    grain = Image.frombytes("L", picture.size, noise)
    return Image.blend(picture, Image.merge("RGB", (grain, grain, grain)), 0.04)


def _colours(slug: str) -> tuple[Colour, Colour, Colour]:
    """Skin, hair and coat of one person."""
    mark = hashlib.sha256(slug.encode()).digest()
    skin = (228 + mark[0] % 20, 190 + mark[1] % 18, 158 + mark[2] % 22)
    hair = (40 + mark[3] % 40, 28 + mark[4] % 12, 22 + mark[5] % 8)
    coat = (40 + mark[6] % 90, 60 + mark[7] % 80, 90 + mark[8] % 90)
    return skin, hair, coat


def _shade(colour: Colour, by: int) -> Colour:
    red, green, blue = (min(255, max(0, part + by)) for part in colour)
    return red, green, blue
