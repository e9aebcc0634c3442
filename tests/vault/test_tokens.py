from vault import tokens


def test_tokens_are_long_and_differ() -> None:
    made = {tokens.new_token() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(token) == 43 for token in made)


def test_a_password_has_ten_characters_that_no_one_can_mistake() -> None:
    made = [tokens.new_password() for _ in range(2000)]
    assert {len(password) for password in made} == {10}
    assert set("".join(made)) == set("23456789abcdefghjkmnpqrstuvwxyz")
    assert len(set(made)) == 2000


def test_the_digest_is_sha256() -> None:
    assert tokens.digest("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
