"""The few items whose outcome nobody knows are found without reading the others (issue 5 point 6)."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0017_suspended_by_phone'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='activationitem',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['id'], name='item_failed'),
        ),
    ]
