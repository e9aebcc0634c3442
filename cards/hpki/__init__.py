"""The HPKI card's authentication certificate: whom we believe, how one is checked, and the TEST authority. Plain."""
