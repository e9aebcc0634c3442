"""The four pictures of README.md, taken from the running product; by hand, when these pages have changed:

    .venv/bin/python -m tests.support.screenshots_for_readme

The doctor of the demo applies, two officers decide, a phone is bound. Everybody and everything in them is invented.
"""

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize

from tests.journeys.city import City, city
from tests.journeys.eyes import Eyes
from tests.support.browser import ROOT, chromium
from tests.support.product import Product

FOLDER = ROOT / "docs" / "screenshots"
WIDE: ViewportSize = {"width": 1200, "height": 900}
LARGEST = 200_000  # bytes of one file


def take(page: Page, name: str) -> None:
    """What fits the window, in 256 colours; the keyboard's focus is nowhere."""
    page.evaluate("document.activeElement?.blur(); window.scrollTo(0, 0)")
    page.wait_for_function("[...document.images].every(one => one.complete && one.naturalWidth > 0)")
    path = FOLDER / f"{name}.png"
    page.screenshot(path=str(path), animations="disabled")
    with Image.open(path) as taken:
        taken.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path} has {path.stat().st_size} bytes, more than {LARGEST}")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


def tell(town: City) -> None:
    """From the start page to the bound phone, stopping at the four pages."""
    eyes = Eyes("readme", is_strict=False)
    applicant = town.applicant("doctor", eyes, phone=False)
    applicant.page.set_viewport_size(WIDE)
    applicant.page.goto("/")
    take(applicant.page, "start")
    applicant.signs_in()
    applicant.fills_everything(until="check")
    take(applicant.page, "check")
    applicant.fills_everything()
    receipt = applicant.signs()
    examiner = town.officer("jma-examiner", eyes)
    examiner.page.set_viewport_size(WIDE)
    examiner.claims(receipt)
    examiner.page.reload()  # without the message of the move
    take(examiner.page, "desk")
    examiner.fills_checklist()
    examiner.decides("承認を推薦する")
    town.officer("jma-approver", eyes).approves(receipt)
    applicant.waits_for("審査完了")
    notice = applicant.reads_link_and_password()
    phone = town.phone(eyes)
    phone.binds(notice.link, notice.password)
    take(phone.page, "bound")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Product.embedded(Path(folder)) as product,
        chromium() as browser,
        city(product, browser) as town,
    ):
        tell(town)


if __name__ == "__main__":
    main()
