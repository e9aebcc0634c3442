"""Beyond a plain authorisation: more hashes under the same number, and the signer's own approval of a set of hashes."""
