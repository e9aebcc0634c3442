"""Files in a browser: sent at once over a slow and a broken line, cut to a passport photo with fingers and keys.

One phone, then a desk after the product was started again; every page is looked at, and the console stays empty.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.journeys.applicants import Applicant
from tests.journeys.eyes import Eyes, eventually
from tests.support.browser import complaints, visit
from tests.support.product import Product

SLOW = {"offline": False, "latency": 50, "downloadThroughput": -1, "uploadThroughput": 120_000}
FAST = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
BROKEN = {**SLOW, "offline": True}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with Product.embedded(tmp_path_factory.mktemp("files")) as running:
        yield running


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A large landscape picture of a phone, one far too large, and what no page takes."""
    folder = tmp_path_factory.mktemp("pictures")
    wide = Image.linear_gradient("L").resize((4000, 3000)).convert("RGB")
    grain = Image.effect_noise((4000, 3000), 50).convert("RGB")
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:10:03 10:00:00"
    Image.blend(wide, grain, 0.15).save(folder / "wide.jpg", quality=70, exif=exif)
    Image.blend(wide, grain, 0.3).resize((6000, 4500)).save(folder / "huge.jpg", quality=99)
    (folder / "iphone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99))
    (folder / "text.jpg").write_bytes(b"<html>")
    wide.resize((400, 300)).save(folder / "small.jpg")
    assert 1_000_000 < (folder / "wide.jpg").stat().st_size < 4_000_000
    assert (folder / "huge.jpg").stat().st_size > 5_000_000
    return folder


class Line:
    """The page's network, as Chromium emulates it; one session, because each keeps its own conditions."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("Network.enable")

    def becomes(self, how: dict[str, Any]) -> None:
        self.session.send("Network.emulateNetworkConditions", how)


def choose(page: Page, path: Path, control: str = "file") -> None:
    page.locator(f"input[type=file][name={control}]").set_input_files(path)


def frame(page: Page) -> tuple[int, int, int]:
    """Left, top and width, as the page would send them."""
    left, top, width = (
        int(page.locator(f"[data-crop-keep] [name={name}]").input_value())
        for name in ("left", "top", "width")
    )
    return left, top, width


def fingers(page: Page, *moments: list[tuple[float, float]]) -> None:
    """Touches the screen at these points, moment after moment, and lets go."""
    session = page.context.new_cdp_session(page)
    for number, points in enumerate(moments):
        kind = "touchStart" if number == 0 else "touchMove"
        touched = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def middle(page: Page) -> tuple[float, float]:
    box = page.locator("[data-crop-stage]").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.requirement("PH-09", "PH-10", "PH-26", "PH-48")
def test_a_photo_over_a_bad_line_cut_with_fingers_and_keys_and_still_there_on_another_device(
    product: Product, browser: Browser, pictures: Path
) -> None:
    person = next(one for one in product.people()["people"] if one["slug"] == "doctor")
    with visit(browser, product.url) as page:
        applicant = Applicant(product, page, person, Eyes("files", is_strict=False))
        applicant.page.goto("/")
        applicant.signs_in()
        applicant.fills_everything(until="photo")
        eyes = Eyes("files-phone")
        refused_before_it_is_sent(page, pictures, eyes)
        sent_over_a_bad_line(page, pictures, eyes)
        cut(page, eyes)
    product.restart()
    with visit(browser, product.url, phone=False) as page:
        applicant = Applicant(product, page, person, Eyes("files-desk", is_strict=False))
        applicant.signs_in()
        page.goto("/apply/photo/")
        kept = page.locator(".kept-file")
        expect(kept).to_contain_text("wide.jpg")
        assert page.locator("#id_taken_on").input_value() == "2026-10-03"
        found = page.evaluate(
            "fetch(document.querySelector('.kept-picture').href).then(a => a.blob()).then(b => b.size)"
        )
        assert found > 10_000
        page.get_by_role("link", name="切り抜きを直す").click()
        expect(page.locator("[data-crop][data-ready]")).to_be_visible()
        Eyes("files-desk").look(page, "crop")


def refused_before_it_is_sent(page: Page, pictures: Path, eyes: Eyes) -> None:
    """What the browser can see for itself is said at once, with the measured figure, and nothing is sent."""
    page.locator("#id_taken_on").fill("2026-11-01")
    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.url) if request.url.endswith("/photo/file/") else None
    )
    for name, words in (
        ("huge.jpg", "4MBを超えています"),
        ("iphone.heic", "互換性優先"),
        ("text.jpg", "このファイル形式は使用できません"),
        ("small.jpg", "この写真は縦300×横400"),
    ):
        choose(page, pictures / name)
        expect(page.locator(".error-summary")).to_contain_text(words)
        expect(page.locator(".error-summary")).to_be_focused()
        expect(page.locator("[data-upload-preview] .field-error")).to_contain_text(words)
        assert page.title().startswith("エラー：")
        eyes.look(page, f"refused-{name}")
    assert not sent and page.locator("#id_taken_on").input_value() == "2026-11-01"
    page.locator("#id_taken_on").fill("")
    choose(page, pictures / "huge.jpg")
    page.get_by_role("button", name="4MB以下に縮小して添付する").click()
    expect(page.locator(".kept-file")).to_contain_text("huge.jpg")
    assert not page.title().startswith("エラー：") and page.locator(".error-summary").count() == 0
    page.get_by_role("button", name="この画像を削除").click()
    expect(page.locator(".kept-file")).to_have_count(0)


def sent_over_a_bad_line(page: Page, pictures: Path, eyes: Eyes) -> None:
    """Progress is seen, sending can be stopped, a broken line loses nothing and is tried again."""
    line = Line(page)
    line.becomes(SLOW)
    choose(page, pictures / "wide.jpg", "camera")
    bar = page.locator("progress")
    expect(page.locator(".upload-sending")).to_contain_text("%")
    expect(page.locator("[data-upload-preview] canvas")).to_be_visible()
    expect(page.locator("[data-file-said]")).to_have_text("送信しています")
    eventually(lambda: page.evaluate("document.querySelector('progress')?.value > 10"), "progress", pause=0.1)
    eyes.look(page, "sending")
    page.get_by_role("button", name="送信をやめる").click()
    expect(page.locator("[data-upload-preview]")).to_contain_text("送信をやめました")
    assert bar.count() == 0
    complaints(page).expect("ERR_INTERNET_DISCONNECTED")
    complaints(page).expect("ERR_FAILED")
    line.becomes(BROKEN)
    page.get_by_role("button", name="もう一度送る").click()
    expect(page.locator("[data-upload-preview]")).to_contain_text("通信が切れたため")
    eyes.look(page, "line-lost")
    line.becomes(SLOW)
    page.get_by_role("button", name="もう一度送る").click()
    expect(page.locator(".upload-sending")).to_contain_text("%")
    page.locator("#id_is_recent").check()
    line.becomes(FAST)
    expect(page.locator(".kept-file")).to_contain_text("wide.jpg", timeout=60_000)
    assert page.locator("#id_taken_on").input_value() == "2026-10-03"  # the photo's own record
    assert page.locator("#id_is_recent").is_checked()
    expect(page.locator(".hints")).to_contain_text("縦3000×横4000")
    eyes.look(page, "kept-with-hint")


def cut(page: Page, eyes: Eyes) -> None:
    page.get_by_role("link", name="切り抜く", exact=True).click()
    expect(page.locator("[data-crop][data-ready]")).to_be_visible()
    eyes.look(page, "crop")
    whole = frame(page)
    page.locator("[data-crop-stage]").focus()
    for key in ("+", "+", "+", "+", "+"):
        page.keyboard.press(key)
    smaller = frame(page)
    assert smaller[2] < whole[2] * 0.75
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    moved = frame(page)
    assert moved[0] < smaller[0] and moved[1] < smaller[1]
    x, y = middle(page)
    fingers(page, [(x, y)], [(x - 20, y - 10)], [(x - 40, y - 20)])
    dragged = frame(page)
    assert (
        dragged[0] > moved[0] and dragged[1] > moved[1]
    )  # the picture to the left is the frame to the right
    fingers(page, [(x - 20, y), (x + 20, y)], [(x - 30, y), (x + 30, y)], [(x - 50, y), (x + 50, y)])
    pinched = frame(page)
    assert pinched[2] < dragged[2]
    for _press in range(40):
        page.get_by_role("button", name="顔を大きく").click()
    assert frame(page)[2] == 413
    expect(page.locator("[data-crop-size]")).to_contain_text(
        "縦531×横413ピクセル（これより大きくは写せません）"
    )
    eyes.look(page, "crop-least")
    the_page_scrolls_beside_the_frame(page)
    page.get_by_role("button", name="この範囲で決める").click()
    page.wait_for_url("**/apply/photo/")
    data = page.evaluate(
        """fetch(document.querySelector('.kept-picture').href).then(answer => answer.arrayBuffer())
           .then(buffer => Array.from(new Uint8Array(buffer)))"""
    )
    assert Image.open(io.BytesIO(bytes(data))).size == (413, 531)
    expect(page.locator("svg.photo-with-guides .photo-band")).to_have_count(2)
    eyes.look(page, "cropped")


def the_page_scrolls_beside_the_frame(page: Page) -> None:
    page.evaluate("window.scrollTo(0, 200)")
    box = page.locator("[data-crop-stage]").bounding_box()
    assert box and box["x"] >= 30  # a thumb's room
    x, y = box["x"] / 2, box["y"] + box["height"] / 2
    fingers(page, *([(x, y - 20 * step)] for step in range(9)))
    eventually(lambda: page.evaluate("window.scrollY > 250"), "the page to scroll", seconds=10)
