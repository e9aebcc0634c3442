"""What the signer can read, take away and prove of each signature; and what is told of unusual use."""
