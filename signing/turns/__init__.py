"""The hot path's engine: everything that waits is taken together, by turns (decisions 8 to 12, 23, 24).

A turn is one transaction on one kept connection: new SADs with their items, the reservations, and the results of the
signer's last frame with their records and the ledger's entries; replies leave after its commit. What it reserved goes
to the signer in one frame, and while that is away further turns may run. So a signature still has its three commits,
authorised, reserved, recorded, and shares each of them with all that wait.

`engine` is the door. PostgreSQL only: SQLite has one writer, and lives by the functions of the slow pages.
"""
