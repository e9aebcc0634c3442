"""Facilities that have signed before are known and told to nobody: what was counted is carried over, once.

The records are read once from end to end and nothing of theirs is written or locked; what is not counted yet stays for
the clock. A migration of its own, so that no table's definition is locked while it reads.
"""

from django.db import migrations
from django.db.models import Min


def carry_over(apps, editor):
    known, record, mark = (
        apps.get_model('signing', name).objects.using(editor.connection.alias)
        for name in ('KnownFacility', 'SignatureRecord', 'UsageMark')
    )
    counted = mark.values_list('last_record', flat=True).first() or 0
    places = ('credential__signer', 'client', 'certificate__facility')
    rows = record.filter(pk__lte=counted, certificate__facility__gt='')
    found = rows.order_by(*places).values_list(*places).annotate(first=Min('made_at'))
    known.bulk_create(
        (
            known.model(signer_id=signer, client_id=client, facility=facility, first_at=first)
            for signer, client, facility, first in found
        ),
        ignore_conflicts=True,
        batch_size=1000,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0027_facilities_that_are_known'),
    ]

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
