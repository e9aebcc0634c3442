"""The parts with sample data: their words and wiring, then as Chromium sees them under the product's policy."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template import engines
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.design import samples
from tests.support.browser import assert_accessible, chromium, visit

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return samples.rendered()


def field(name: str, data: dict[str, str] | None = None) -> str:
    form = samples.SampleForm(data=data) if data is not None else samples.SampleForm()
    return engines["django"].from_string('{% include "parts/field.html" %}').render({"field": form[name]})


def test_each_control_has_a_label_and_each_reference_an_end(pages: dict[str, str]) -> None:
    for path, html in pages.items():
        elements = Elements(html)
        ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
        assert len(ids) == len(set(ids)), f"{path}: an id twice"
        labelled = {attributes.get("for") for attributes in elements.named("label")}
        for control in elements.named("input", "select", "textarea"):
            if control.get("type") not in ("hidden", "submit"):
                assert control.get("id") in labelled, f"{path}: {control}"
        for _, attributes in elements.found:
            for pointer in ("aria-describedby", "aria-labelledby"):
                for target in (attributes.get(pointer) or "").split():
                    assert target in ids, f"{path}: {pointer} leads nowhere ({target})"


def test_a_field_says_whether_it_is_required_and_gives_an_example() -> None:
    assert "必須" in field("family") and "例：" in field("family") and "YAMADA" in field("family")
    assert "任意" in field("note") and "必須" not in field("note")


def test_what_the_widget_knows_reaches_the_control() -> None:
    control = Elements(field("postal")).named("input")[0]
    assert control["inputmode"] == "numeric" and control["autocomplete"] == "postal-code"


def test_a_wrong_field_says_so_in_words_and_to_the_screen_reader() -> None:
    html = field("family", {"family": ""})
    control = Elements(html).named("input")[0]
    assert control["aria-invalid"] == "true"
    assert (control["aria-describedby"] or "").split() == ["id_family_helptext", "id_family_error"]
    assert "エラー：" in html and "icon-error" in html


def test_a_choice_may_carry_a_sentence() -> None:
    html = field("authority")
    assert "choice-description" in html and "26,950 円" in html
    assert len(Elements(html).named("input")) == 2 and Elements(html).named("legend")


def test_a_whole_form_renders_through_the_same_parts() -> None:
    html = str(samples.SampleForm())
    assert html.count("field-label") >= 8 and 'type="hidden"' in html


def test_the_error_summary_leads_to_each_wrong_control(pages: dict[str, str]) -> None:
    html = pages["/wrong"]
    summary = html[html.index("error-summary") : html.index("</ul>", html.index("error-summary"))]
    links = re.findall(r'href="#([^"]+)"', summary)
    assert links[0] == "id_family" and "id_authority_0" in links
    ids = {attributes.get("id") for _, attributes in Elements(html).found}
    assert set(links) <= ids
    assert "<title>エラー：" in html and "<title>エラー：" not in pages["/form"]


def test_the_file_already_kept_is_shown_beside_the_way_to_replace_it(pages: dict[str, str]) -> None:
    assert "保存済み" in pages["/upload"] and "差し替える" in pages["/upload"]
    assert "4 MB まで" in pages["/upload"]


def test_every_page_says_where_one_is_once(pages: dict[str, str]) -> None:
    for path, html in pages.items():
        assert len(Elements(html).named("h1")) == 1, path
        assert len(Elements(html).named("main")) == 1, path
        assert re.search(r"<title>[^<｜]+｜", html), path
        assert Elements(html).named("html")[0]["lang"] == "ja", path


def test_no_template_holds_a_script_a_style_or_a_handler() -> None:
    for template in TEMPLATES:
        for tag, attributes in Elements(template.read_text(encoding="utf-8")).found:
            assert tag != "style" and "style" not in attributes, f"{template}: inline style"
            assert not any(name.startswith("on") for name in attributes), f"{template}: inline handler"
            assert tag != "script" or "src" in attributes, f"{template}: inline script"


def test_vermilion_is_the_seals_alone() -> None:
    sheets = [*(ROOT / "static").rglob("*.css"), *(ROOT / "static" / "pictures").glob("*.svg")]
    assert sheets
    assert not [sheet for sheet in sheets if "c8331b" in sheet.read_text(encoding="utf-8").lower()]
    assert "c8331b" in (ROOT / "static" / "seal.svg").read_text(encoding="utf-8")


def test_every_picture_and_sheet_named_in_a_template_exists() -> None:
    named = {
        name
        for template in TEMPLATES
        for name in re.findall(r"""\{% static ['"]([^'"]+)['"]""", template.read_text(encoding="utf-8"))
    }
    assert "seal.svg" in named
    missing = [name for name in named if samples.finders.find(name) is None]
    assert not missing


# --- as Chromium sees them ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, pages: dict[str, str]) -> Iterator[Page]:
    with visit(browser, samples.ORIGIN, reduced_motion="reduce") as visited:
        samples.serve(visited.context, pages)
        yield visited


def test_no_page_scrolls_sideways_on_a_narrow_phone(page: Page, pages: dict[str, str]) -> None:
    for path in pages:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_controls_are_large_enough_for_a_thumb(page: Page) -> None:
    page.goto("/form")
    for selector in (
        "main input:not([type='radio'], [type='checkbox'], [type='hidden'])",
        "main select",
        "main .button",
        ".choice label",
    ):
        for box in page.locator(selector).all():
            height = (box.bounding_box() or {"height": 0})["height"]
            assert height >= 48, f"{selector}: {height}"


def test_the_focus_goes_to_the_error_summary_and_from_there_to_the_control(page: Page) -> None:
    page.goto("/wrong")
    assert "error-summary" in (page.evaluate("document.activeElement.className") or "")
    page.locator(".error-summary a").first.click()
    assert page.evaluate("document.activeElement.id") == "id_family"


def test_the_focused_control_wears_black_on_yellow(page: Page) -> None:
    page.goto("/form")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    style = "getComputedStyle(document.activeElement)"
    assert page.evaluate(f"{style}.outlineWidth") == "4px"
    assert page.evaluate(f"{style}.outlineColor") == "rgb(0, 0, 0)"
    assert "255, 212, 61" in page.evaluate(f"{style}.boxShadow")


def test_the_seal_lies_still_for_those_who_ask_for_less_motion(page: Page) -> None:
    page.goto("/sealed")
    assert page.evaluate("getComputedStyle(document.querySelector('.sealed-mark')).animationName") == "none"


def test_a_chosen_picture_is_shown_at_once(page: Page, tmp_path: Path) -> None:
    picture = tmp_path / "kao.jpg"
    Image.new("RGB", (413, 531), "white").save(picture)
    page.goto("/upload")
    page.set_input_files("#id_photo", str(picture))
    preview = page.locator("[data-upload-preview]").first
    preview.locator("canvas").wait_for()
    assert "413 × 531" in (preview.text_content() or "")


def test_axe_finds_nothing(browser: Browser, pages: dict[str, str]) -> None:
    with visit(browser, samples.ORIGIN, reduced_motion="reduce", bypass_csp=True) as visited:
        samples.serve(visited.context, pages)
        for path in pages:
            visited.goto(path)
            assert_accessible(visited)


def test_a_document_on_the_desk_grows_turns_and_comes_back(browser: Browser, pages: dict[str, str]) -> None:
    with visit(browser, samples.ORIGIN, phone=False) as desk:
        samples.serve(desk.context, pages)
        desk.goto("/desk")
        picture = desk.locator(".viewer img").first
        desk.locator("button[data-do='in']").first.click()
        desk.locator("button[data-do='right']").first.click()
        assert "rotate(90deg)" in (picture.get_attribute("style") or "")
        desk.locator("button[data-do='fit']").first.click()
        assert "rotate(0deg) scale(1)" in (picture.get_attribute("style") or "")


def test_the_checklist_is_answered_with_keys(browser: Browser, pages: dict[str, str]) -> None:
    with visit(browser, samples.ORIGIN, phone=False) as desk:
        samples.serve(desk.context, pages)
        desk.goto("/desk")
        for key in ("j", "2", "1"):
            desk.keyboard.press(key)
        assert desk.locator("#c1b").is_checked() and desk.locator("#c2a").is_checked()
        desk.keyboard.press("?")
        assert desk.locator("dialog").is_visible()
