"""What an auditor's search reads of a signer's signatures and SADs, counted: LEDGER_SIGNERS of a test."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from signing.records import auditing

read: list[auditing.Covering | auditing.Authorising] = []
FINDS = f"{__name__}.find"


class Counting(auditing.Signed):
    def covering(
        self, since: datetime | None, until: datetime | None, *, newest_first: bool
    ) -> Iterator[auditing.Covering]:
        for each in super().covering(since, until, newest_first=newest_first):
            read.append(each)
            yield each

    def authorising(
        self, since: datetime | None, until: datetime | None, *, newest_first: bool
    ) -> Iterator[auditing.Authorising]:
        for each in super().authorising(since, until, newest_first=newest_first):
            read.append(each)
            yield each


def find(wanted: str, authorities: Collection[str]) -> auditing.Signed:
    return Counting(*auditing.find(wanted, authorities))


def pages(ask: Callable[[dict[str, str]], str]) -> Iterator[str]:
    """One page of the desk's log after the other, as its links lead; before each the count begins anew."""
    before: dict[str, str] = {}
    while True:
        read.clear()
        page = ask(before)
        yield page
        if 'rel="next"' not in page:
            return
        before = {"before": page.split('rel="next"')[0].rsplit("before=", 1)[1].split('"')[0]}


def numbers(page: str, shard: str) -> list[int]:
    """Of the entries that a page shows, all of this shard."""
    return [int(part.split("<")[0]) for part in page.split(f'class="quiet mono">{shard}/')[1:]]
