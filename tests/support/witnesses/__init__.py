"""Foreign witnesses: a peer server, XAdES made and checked by others, as much of JSON Schema as one document needs."""
