"""Hints: figures that an officer can see, sentences that accuse no good picture, and never a refusal."""

import json
import random
from collections.abc import Callable
from dataclasses import fields

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from deploy.demo import people, pictures
from enrollment import images
from tests.enrollment import samples

Change = Callable[[Image.Image], Image.Image]
HINTS = {"picture_dark", "picture_bright", "picture_blurred", "face_none", "face_several"}
HINTS |= {"head_small", "head_large", "photo_ratio", "several_frames", "photo_taken_long_ago"}


def sitter(slug: str) -> pictures.Sitter:
    one = people.person(slug)
    names = {
        field.name: {"name": "written_name"}.get(field.name, field.name) for field in fields(pictures.Sitter)
    }
    return pictures.Sitter(**{name: getattr(one, source) for name, source in names.items()})


def portrait() -> Image.Image:
    return pictures.photo(sitter("doctor"))


def clouds(width: int = 826, height: int = 1_062) -> Image.Image:
    """Detail at every scale, each half as strong as the one above it, as photographs have it."""
    chance = random.Random(7)
    sheet = Image.new("L", (width, height), 128)
    for step in (256, 128, 64, 32, 16, 8, 4, 2):
        size = (width // step + 2, height // step + 2)
        layer = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
        sheet = Image.blend(sheet, layer.resize((width, height), Image.Resampling.BICUBIC), 0.3)
    return sheet.convert("RGB")


def blurred(pixels: float, across: int = 413) -> Change:
    """Out of focus by so many pixels in a picture of that width."""
    return lambda image: image.filter(ImageFilter.GaussianBlur(pixels * image.width / across))


def noisy(image: Image.Image, sigma: float = 16) -> Image.Image:
    noise = Image.effect_noise(image.size, sigma).convert("RGB")
    return ImageChops.add(image, noise, 1, -128)


def enlarged(image: Image.Image) -> Image.Image:
    small = image.resize((image.width // 4, image.height // 4), Image.Resampling.BOX)
    return small.resize((1_652, 2_124), Image.Resampling.BICUBIC)


def darker(image: Image.Image) -> Image.Image:
    return image.point(lambda value: value * 30 // 100)


def lighter(image: Image.Image) -> Image.Image:
    return image.point(lambda value: min(255, value * 2))


def as_is(image: Image.Image) -> Image.Image:
    return image


def hints(image: Image.Image, slot: str = "photo") -> set[str]:
    data = samples.saved(image, "JPEG", quality=92)
    return set(images.inspect(data, slot=slot, authority="jma").warnings) - {"photo_ratio"}


@pytest.mark.parametrize("slug", [one.slug for one in people.PEOPLE])
def test_the_demo_people_s_pictures_are_not_accused(slug: str) -> None:
    assert hints(pictures.photo(sitter(slug))) == set()
    for draw in (pictures.identity, pictures.licence):
        assert hints(draw(sitter(slug)), "identity") == set()


SHARP: dict[str, Change] = {
    "as it is": as_is,
    "noisy": noisy,
    "enlarged": enlarged,
    "a little soft": blurred(1),
}


@pytest.mark.parametrize("how", SHARP)
@pytest.mark.parametrize("draw", [portrait, clouds, lambda: samples.face(826, 1_062)])
def test_a_good_photo_is_not_called_blurred(draw: Callable[[], Image.Image], how: str) -> None:
    assert hints(SHARP[how](draw())) == set()


BLURRED: dict[str, Change] = {
    "four pixels": blurred(4),
    "eight pixels": blurred(8),
    "eight pixels and noise": lambda image: noisy(blurred(8)(image), 8),
    "enlarged after": lambda image: enlarged(blurred(5)(image)),
}


@pytest.mark.parametrize("how", BLURRED)
@pytest.mark.parametrize("draw", [portrait, lambda: samples.face(826, 1_062)])
def test_a_blurred_photo_is_a_hint(draw: Callable[[], Image.Image], how: str) -> None:
    assert hints(BLURRED[how](draw())) == {"picture_blurred"}


def test_darkness_is_no_blur_and_blur_is_found_in_the_dark() -> None:
    assert hints(darker(portrait())) == {"picture_dark"}
    assert hints(darker(blurred(6)(portrait()))) == {"picture_dark", "picture_blurred"}


def test_a_photo_that_is_blown_out_is_a_hint_but_a_white_wall_is_none() -> None:
    assert hints(lighter(portrait())) == {"picture_bright"}
    wall = Image.new("RGB", (826, 1_062), "white")
    face = portrait()
    mask = Image.new("L", face.size, 0)
    pen = ImageDraw.Draw(mask)
    pen.ellipse((190, 90, 640, 920), fill=255)
    wall.paste(face, mask=mask)
    assert hints(wall) == set()


def page(size: int) -> Image.Image:
    """A paper with lines of print."""
    sheet = Image.new("RGB", (1_600, 1_131), (246, 244, 238))
    pen = ImageDraw.Draw(sheet)
    for row in range(60, 1_080, size * 2):
        pen.text(
            (80, row), "MEDICAL LICENCE 12345 REGISTERED IN TOKYO " * 3, fill=(30, 30, 40), font_size=size
        )
    return sheet


@pytest.mark.parametrize("size", [24, 48])
def test_print_is_called_blurred_when_it_can_no_longer_be_read(size: int) -> None:
    assert hints(page(size), "licence_front") == set()
    assert hints(blurred(1, 1_400)(page(size)), "licence_front") == set()
    assert hints(blurred(8, 1_400)(page(size)), "licence_front") == {"picture_blurred"}


def test_an_empty_back_is_neither_blurred_nor_too_bright() -> None:
    paper = noisy(Image.new("RGB", (1_600, 1_131), (236, 234, 228)))
    assert hints(paper, "licence_back") == set()
    assert hints(Image.new("RGB", (1_600, 1_131), "white"), "licence_back") == set()
    assert hints(Image.new("RGB", (3, 2), "white"), "licence_back") == set()


def test_each_hint_has_a_sentence_that_says_what_to_do() -> None:
    assert set(images.WARNINGS) == HINTS
    for code, sentence in images.WARNINGS.items():
        assert sentence.endswith("。") and "%(" not in sentence, code


def test_measures_are_plain_figures_and_say_that_no_face_was_looked_for() -> None:
    picture = images.inspect(samples.taken_on("2026:05:19"), slot="photo", authority="jma")
    told = json.loads(json.dumps(picture.measures))
    assert told == picture.measures
    assert {name: type(value) for name, value in told.items()} == {
        name: shape for name, shape in images.MEASURES.items() if name not in ("faces", "head")
    }
    assert told["faces_looked_for"] is False and told["taken_on"] == "2026-05-19"
    assert not {"face_none", "face_several", "head_small", "head_large"} & set(picture.warnings)
