"""Hashes of whole blocks of the tree, so that a proof reads few leaves (issue 5 point 6)."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_verification'),
    ]

    operations = [
        migrations.CreateModel(
            name='TreeBlock',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('node', models.BinaryField(max_length=32)),
            ],
        ),
    ]
