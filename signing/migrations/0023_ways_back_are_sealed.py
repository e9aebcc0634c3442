"""Where a person goes on after a sign-in can name a request at oauth2/authorize, whose request_uri is a secret.

The rows live for ten minutes; whoever signs in while this is done goes on at their own page.
"""

import vault.fields
from django.db import migrations


def _sealed(model: str) -> list[migrations.operations.base.Operation]:
    field = vault.fields.EncryptedTextField(null=True)
    return [migrations.RemoveField(model, 'next_path'), migrations.AddField(model, 'next_path', field)]


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0022_policies_are_told'),
    ]

    operations = [*_sealed('ceremony'), *_sealed('cardvisit'), *_sealed('shownsignin')]
