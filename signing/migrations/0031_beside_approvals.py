"""The rooms of callers and of approvals meet: one list of what a challenge is for."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0030_callers_and_requests'),
        ('signing', '0041_approvals'),
    ]

    operations = [
        migrations.AlterField(
            model_name='ceremony',
            name='purpose',
            field=models.CharField(choices=[('bind', 'bind'), ('sign_in', 'sign_in'), ('shown_sign_in', 'shown_sign_in'), ('card_sign_in', 'card_sign_in'), ('card_bind', 'card_bind'), ('card_stopped', 'card_stopped'), ('stopped_act', 'stopped_act'), ('approve', 'approve'), ('card_approve', 'card_approve')], max_length=16),
        ),
    ]
