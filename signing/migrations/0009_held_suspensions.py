"""A suspension that the signer may not lift, because a revocation has been asked for (issue 4 item 7)."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0008_answers_made_ahead'),
    ]

    operations = [
        migrations.AddField(
            model_name='credential',
            name='is_held',
            field=models.BooleanField(default=False),
        ),
    ]
