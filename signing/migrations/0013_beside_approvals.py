"""The rooms of callers and of approvals meet: what a challenge is for, and a step-up at oauth2/authorize."""

import django.db.models.deletion
import vault.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0012_callers_and_requests'),
    ]

    operations = [
        migrations.AlterField(
            model_name='ceremony',
            name='purpose',
            field=models.CharField(choices=[('bind', 'bind'), ('sign_in', 'sign_in'), ('shown_sign_in', 'shown_sign_in'), ('card_sign_in', 'card_sign_in'), ('card_bind', 'card_bind'), ('card_stopped', 'card_stopped'), ('stopped_act', 'stopped_act'), ('approve', 'approve'), ('card_approve', 'card_approve')], max_length=16),
        ),
        migrations.AddField(
            model_name='approval',
            name='next_path',
            field=vault.fields.EncryptedTextField(null=True),
        ),
        migrations.AddField(
            model_name='authorizationcode',
            name='approval',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='signing.approval'),
        ),
        migrations.AddField(
            model_name='authorizationrequest',
            name='approval',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, to='signing.approval'),
        ),
    ]
