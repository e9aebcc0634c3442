"""One product and one browser for all stories of the form; each story has people of its own, or begins anew."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.city import City, city
from tests.support.browser import chromium
from tests.support.product import Product


@pytest.fixture(scope="package")
def form_browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with Product.embedded(tmp_path_factory.mktemp("form")) as running:
        yield running


@pytest.fixture
def town(product: Product, form_browser: Browser) -> Iterator[City]:
    """Everybody's browsers of one story; their complaints are told at its end."""
    with city(product, form_browser) as town:
        yield town
