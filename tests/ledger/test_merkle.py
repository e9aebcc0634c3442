"""Foreign witness: the reference vectors of Certificate Transparency (google/certificate-transparency,
python/ct/crypto/merkle_test.py): eight leaves and the roots of their first n."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle

CONTENTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
LEAVES = [merkle.leaf_hash(bytes.fromhex(content)) for content in CONTENTS]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size]


@given(st.integers(1, 70), st.data())
def test_every_leaf_is_proven_by_its_path_and_no_other_is(size: int, data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    proof, root = merkle.inclusion_proof(leaves, index), merkle.root(leaves)
    assert merkle.is_included(leaves[index], index, size, proof, root)
    assert not merkle.is_included(merkle.leaf_hash(b"other leaf"), index, size, proof, root)
    assert not merkle.is_included(leaves[index], index, size, [*proof, root], root)
    if size > 1:
        assert not merkle.is_included(leaves[index], (index + 1) % size, size, proof, root)
        assert not merkle.is_included(leaves[index], index, size, proof[:-1], root)


def test_places_outside_the_tree_are_refused() -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof(LEAVES, 8)
    assert not merkle.is_included(LEAVES[0], 8, 8, [], LEAVES[0])


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_tree_put_away_and_taken_up_again_grows_to_the_same_root(first: int, second: int) -> None:
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(first + second)]
    tree = merkle.Tree()
    for leaf in leaves[:first]:
        tree.add(leaf)
    again = merkle.Tree(tree.size, tree.peaks)
    for leaf in leaves[first:]:
        again.add(leaf)
    assert (again.size, again.root()) == (first + second, merkle.root(leaves))


def test_peaks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="peaks"):
        merkle.Tree(3, [b"one"])
