"""Holders of an HPKI card at /card/: who the card says they are, their visit, and what they do with it."""
