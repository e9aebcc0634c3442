"""The phone in whose session its signer suspended (issue 5 point 6: the signer's page works on the phone)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0016_records'),
    ]

    operations = [
        migrations.AddField(
            model_name='credential',
            name='suspended_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='signing.authenticator'),
        ),
        migrations.AlterField(
            model_name='ceremony',
            name='purpose',
            field=models.CharField(choices=[('bind', 'bind'), ('sign_in', 'sign_in'), ('shown_sign_in', 'shown_sign_in'), ('card_sign_in', 'card_sign_in'), ('card_bind', 'card_bind'), ('card_stopped', 'card_stopped'), ('phone_stopped', 'phone_stopped'), ('stopped_act', 'stopped_act'), ('stopped_end', 'stopped_end'), ('approve', 'approve'), ('card_approve', 'card_approve')], max_length=16),
        ),
    ]
