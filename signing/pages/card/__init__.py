"""/card/: the pages of those who hold an HPKI card (seed 001 annexes 1 and 2). The start page is enrollment's."""
