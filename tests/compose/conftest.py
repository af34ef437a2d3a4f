import pytest
from _fakes import image_model, make_blocks, make_table


@pytest.fixture(scope="module")
def table():
    return make_table()


@pytest.fixture(scope="module")
def blocks():
    return make_blocks()


@pytest.fixture(scope="module")
def blocks_model(blocks):
    return image_model().fit(*blocks)
