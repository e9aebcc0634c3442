"""/card/: the first page for holders of an HPKI card, refusals with the authority's office, and JMA's way.

What follows an authentication with the card itself is signing's (signing/pages/card).
"""
