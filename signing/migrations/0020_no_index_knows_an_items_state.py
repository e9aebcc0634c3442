"""An item's two moves write no index again (0015); the few that failed stand in a table of their own."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Exists, OuterRef


def carry_over(apps, editor):
    item, record, unrecorded = [
        apps.get_model("signing", name).objects.using(editor.connection.alias)
        for name in ("ActivationItem", "SignatureRecord", "UnrecordedFailure")
    ]
    failed = item.filter(~Exists(record.filter(item=OuterRef("pk"))), state="failed")
    unrecorded.bulk_create(unrecorded.model(item_id=pk) for pk in failed.values_list("pk", flat=True))


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0019_the_index_of_a_sads_credential'),
    ]

    operations = [
        migrations.CreateModel(
            name='UnrecordedFailure',
            fields=[
                ('item', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='signing.activationitem')),
            ],
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveIndex(
            model_name='activationitem',
            name='item_failed',
        ),
    ]
