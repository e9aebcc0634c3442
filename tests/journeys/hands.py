"""How a person touches a page: with a pointer and fingers, or with the keyboard alone."""

from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError

MOST_TABS = 120
KIND = "one => one.tagName === 'SELECT' ? 'select' : one.type"
# The focus is seen: an outline or a shadow on the control, on what is drawn in its place, or on what holds it.
IS_SEEN = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return true;
  const near = [one, one.parentElement, one.nextElementSibling, one.closest("label, .upload-control, .choice")];
  return near.filter(Boolean).some(each => {
    const style = getComputedStyle(each);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  });
}"""
IS_IN_WINDOW = """() => {
  const box = document.activeElement.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight;
}"""


class Hands:
    """Pointer and keys."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def presses(self, button: Locator) -> None:
        """… and the next page has arrived."""
        with self.page.expect_navigation():
            button.click()

    def gives(self, name: str, value: object) -> None:
        """One answer into the control of this name, whatever kind of control it is."""
        controls = self.page.locator(f"main form [name='{name}']")
        kind = controls.first.evaluate(KIND)
        if kind == "radio":
            self.page.locator(f"main form [name='{name}'][value='{value}']").check()
        elif kind == "checkbox":
            controls.set_checked(bool(value))
        elif kind == "select":
            controls.select_option(str(value))
        else:
            controls.fill(str(value))

    def chooses(self, control: Locator, path: Path) -> None:
        control.set_input_files(path)


class Impatient(Hands):
    """Presses twice what must have one effect: a page's button, and the one that hands over what the card said."""

    PAGES = ("/licence/", "/workplace/", "/delivery/", "/email/")

    def presses(self, button: Locator) -> None:
        if not self.page.url.endswith(self.PAGES) and button.inner_text() != "続ける":
            super().presses(button)
            return
        button.dblclick()
        self.page.wait_for_load_state("networkidle")


class KeyboardOnly(Hands):
    """Tab, arrows, Space and Enter; wherever the focus comes it is seen, and it is nowhere caught."""

    def presses(self, button: Locator) -> None:
        self._comes_to(button)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def gives(self, name: str, value: object) -> None:
        controls = self.page.locator(f"main form [name='{name}']")
        kind = controls.first.evaluate(KIND)
        if kind == "radio":
            self._chooses_one(controls, str(value))
        elif kind == "checkbox":
            self._comes_to(controls)
            if controls.is_checked() is not bool(value):
                self.page.keyboard.press("Space")
        elif kind == "select":
            self._selects(controls, str(value))
        else:
            self._comes_to(controls)
            self.page.keyboard.press("Control+A")
            self.page.keyboard.press("Delete")
            self.page.keyboard.insert_text(str(value))  # as an input method does

    def chooses(self, control: Locator, path: Path) -> None:
        """A busy machine's browser now and then opens no dialogue: whoever sees none presses again."""
        for is_last in (False, False, True):
            self._comes_to(control)
            try:
                with self.page.expect_file_chooser(timeout=15_000 if is_last else 4_000) as asked:
                    self.page.keyboard.press("Space")
            except TimeoutError:
                if is_last:
                    raise
            else:
                asked.value.set_files(path)
                return

    def _comes_to(self, target: Locator) -> None:
        """Tab until the focus is there; at the end of the page it begins again at the top."""
        target.wait_for(state="attached")
        for _ in range(MOST_TABS):
            if target.evaluate("one => one === document.activeElement"):
                assert self.page.evaluate(IS_IN_WINDOW), f"{target} has the focus outside the window"
                return
            self.page.keyboard.press("Tab")
            assert self.page.evaluate(IS_SEEN), (
                f"{self.page.url}: nothing shows that the focus is on "
                f"{self.page.evaluate('document.activeElement.outerHTML.slice(0, 200)')}"
            )
        raise AssertionError(f"{self.page.url}: Tab does not lead to {target}")

    def _chooses_one(self, radios: Locator, value: str) -> None:
        wanted = radios.and_(self.page.locator(f"[value='{value}']"))
        checked = radios.and_(self.page.locator(":checked"))
        self._comes_to(checked if checked.count() else radios.first)
        if not checked.count():
            self.page.keyboard.press("Space")
        for _ in range(radios.count()):
            if wanted.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows do not lead to {value}")

    def _selects(self, control: Locator, value: str) -> None:
        control.locator(f"option[value='{value}']").wait_for(state="attached")
        self._comes_to(control)
        self.page.keyboard.press("Home")
        for _ in range(control.locator("option").count()):
            if control.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        assert control.input_value() == value
