"""A signer at the pages of their own (/me/), in by the bound My Number Card: what they do about their phone."""

from tests.journeys.applicants import Applicant

ADDRESS = "details .mono"  # what the QR code holds, for those whose camera does not read it


class Signer(Applicant):
    """The same person and card, after the certificate was issued."""

    def enters_phone_page(self) -> None:
        self.page.goto("/me/sign-in/?next=/me/phone/")
        self.reads_the_card("authentication_pin")
        self.page.wait_for_url("**/me/phone/")

    def asks_for_link(self) -> None:
        """A new link into the inbox (BD-15)."""
        self.hands.presses(self.page.get_by_role("button", name="お知らせに登録URLを送る"))
        self.eyes.look(self.page, "my-phone-link-sent")

    def asks_for_qr(self) -> None:
        """The page with the QR code, or the question about the phone that is registered (BD-05)."""
        self.hands.presses(self.page.get_by_role("button", name="QRコードを表示して登録する"))

    def answers_about_the_old_phone(self, button: str) -> None:
        self.hands.presses(self.page.get_by_role("button", name=button))

    def reads_address(self) -> str:
        return str(self.page.locator(ADDRESS).text_content()).strip()

    def sees(self, heading: str) -> None:
        """The page changes by itself when the phone has moved on (BD-04, BD-06)."""
        self.page.get_by_role("heading", name=heading).wait_for()

    def says_of_phone(self) -> str:
        """The phone's line beside the application (ST-24)."""
        self.page.goto("/status/")
        return self.page.locator("dl.asking dd").first.inner_text()
