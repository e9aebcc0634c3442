"""A QR code can lead a phone to one approval, for the day of the browser that shows it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0024_an_approval_knows_its_token'),
    ]

    operations = [
        migrations.AddField(
            model_name='shownsignin',
            name='approval',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='signing.approval'),
        ),
        migrations.AddField(
            model_name='shownsignin',
            name='session',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='signing.signingsession'),
        ),
    ]
