"""Whole stories against the running product: in a browser, on both kinds of installation.

`product` runs each story twice: "embedded" (SQLite, filesystem broker) and "servers" (PostgreSQL and Redis of this
run). `pages` opens a fresh visitor per call. No ORM here: Playwright's loop forbids it, and a story sees only what
its people see, plus `product.people()` and `product.manage(...)`.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import chromium, visit
from tests.support.product import Product

KINDS: dict[str, Callable[..., Product]] = {"embedded": Product.embedded, "servers": Product.on_servers}
Visit = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module", params=list(KINDS))
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with KINDS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture(scope="module")
def people(product: Product) -> dict[str, Any]:
    """The demo people, officers and EHR with their secrets, as `manage.py demo_people` prints them."""
    return product.people()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium per module: while it lives, this thread may not use the ORM."""
    with chromium() as running:
        yield running


@pytest.fixture
def pages(browser: Browser, product: Product) -> Visit:
    """`with pages() as page:` is a fresh visitor on a phone, `pages(phone=False)` at a desk."""
    return partial(visit, browser, product.url)
