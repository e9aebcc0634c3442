"""The frame of 35:45: it stays within the picture, is never too small, and each button does what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.pictures.limits import PHOTO_HEIGHT, PHOTO_RATIO_TOLERANCE, PHOTO_WIDTH
from enrollment.steps import framing
from enrollment.steps.framing import Frame, Whole

BUTTONS = ("bigger", "smaller", "left", "right", "up", "down")
sides = st.tuples(st.integers(413, 12_000), st.integers(531, 12_000))
numbers = st.integers(-20_000, 20_000)


def holds(whole: Whole, frame: Frame) -> None:
    across, down = whole.sides
    assert frame.left >= 0 and frame.top >= 0
    assert frame.left + frame.width <= across and frame.top + frame.height <= down
    assert frame.width >= PHOTO_WIDTH and frame.height >= PHOTO_HEIGHT
    assert abs(frame.width / frame.height / (PHOTO_WIDTH / PHOTO_HEIGHT) - 1) < PHOTO_RATIO_TOLERANCE


@pytest.mark.requirement("PH-10")
@given(sides, numbers, numbers, numbers, st.lists(st.sampled_from(BUTTONS), max_size=6))
def test_no_wish_and_no_button_leads_out_of_the_picture_or_below_the_least_size(
    size: tuple[int, int], left: int, top: int, width: int, buttons: list[str]
) -> None:
    whole = Whole(*size)
    frame = framing.placed(whole, left, top, width)
    holds(whole, frame)
    holds(whole, framing.largest(whole))
    for button in buttons:
        whole, frame = framing.pressed(whole, frame, button)
        holds(whole, frame)


def test_each_button_does_what_it_says() -> None:
    whole, frame = Whole(4000, 3000), Frame(1500, 800, 1000, 1286)
    moved = {button: framing.pressed(whole, frame, button)[1] for button in BUTTONS}
    assert moved["left"].left < frame.left < moved["right"].left
    assert moved["up"].top < frame.top < moved["down"].top
    assert moved["bigger"].width < frame.width < moved["smaller"].width
    middles = {button: moved[button].left + moved[button].width / 2 for button in ("bigger", "smaller")}
    assert all(abs(middle - 2000) <= 1 for middle in middles.values())
    turned, turned_frame = framing.pressed(whole, frame, "turn")
    assert turned.sides == (3000, 4000) and turned_frame == framing.largest(turned)
    assert framing.pressed(whole, frame, "nonsense") == (whole, frame)


@pytest.mark.requirement("PH-09")
def test_the_guides_are_the_passport_photos_measures() -> None:
    """45 mm are 531 px: crown 2 to 6 mm from the top, chin 5 to 9 mm from the bottom."""
    pixel = 45 / PHOTO_HEIGHT
    assert [round(edge * PHOTO_HEIGHT * pixel) for edge in framing.CROWN] == [2, 6]
    assert [round((1 - edge) * PHOTO_HEIGHT * pixel) for edge in framing.CHIN] == [9, 5]
