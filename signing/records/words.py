"""A record as its signer reads it, on the page and in a file alike."""

from typing import NamedTuple

from signing.models import SignatureRecord


class Record(NamedTuple):
    """Plain values. `label` is what the caller calls the document: it can name a patient, so it stands encrypted at
    rest (`Activation.description`), in no ledger entry and in no proof; only its signer reads it, here. None: this
    reader does not.
    """

    public_id: str
    facility: str
    system: str
    label: str | None
    digest: str
    algorithm: str
    means: str
    serial: str
    result: str
    entry: str


def of(row: SignatureRecord, with_label: bool = True) -> Record:
    return Record(
        public_id=str(row.item.public_id),
        facility=facility(row),
        system=row.client.client_id,
        label=label(row) if with_label else None,
        digest=bytes(row.digest).hex(),
        algorithm=row.sign_algorithm,
        means=row.session.means,
        serial=row.credential.serial or "",
        result=row.result,
        entry=f"{row.log_shard}/{row.log_number}-{row.place}",
    )


def facility(row: SignatureRecord) -> str:
    """The hospital or pharmacy by its certificate; a system that is bound to none is called by its own name."""
    return row.certificate.facility_name if row.certificate else row.client.name


def label(row: SignatureRecord) -> str:
    """The document's own name where the caller gave one (RAR), otherwise the description of them all."""
    labels = row.item.activation.labels
    if labels and row.item.ordinal < len(labels) and labels[row.item.ordinal]:
        return str(labels[row.item.ordinal])
    description = row.item.activation.description
    return bytes(description).decode(errors="replace") if description else ""
