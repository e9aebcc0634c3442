"""A caller over version 2, and the person it asks."""

import pytest

from tests.signing.authorising.asking import Signer
from tests.support.csc import Api


@pytest.fixture
def v2(api: Api) -> Api:
    return Api(api.day, "v2")


@pytest.fixture
def signer(api: Api) -> Signer:
    return Signer(api)
