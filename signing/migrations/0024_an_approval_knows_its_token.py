"""What was asked for under an access token ends with it (RFC 7009)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0023_ways_back_are_sealed'),
    ]

    operations = [
        migrations.AddField(
            model_name='approval',
            name='token',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='signing.accesstoken'),
        ),
    ]
