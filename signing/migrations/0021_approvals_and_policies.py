"""What an approval is bound to and shows, when one is wanted, and when its signer was told (issue 5 point 3)."""

import django.db.models.deletion
import vault.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0020_no_index_knows_an_items_state'),
    ]

    operations = [
        migrations.AddField(
            model_name='approval',
            name='certificate',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='signing.clientcertificate'),
        ),
        migrations.AddField(
            model_name='approval',
            name='labels',
            field=vault.fields.EncryptedJSONField(null=True),
        ),
        migrations.AddField(
            model_name='authorizationrequest',
            name='certificate',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='signing.clientcertificate'),
        ),
        migrations.AddField(
            model_name='cardvisit',
            name='covers',
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AlterField(
            model_name='cardvisit',
            name='purpose',
            field=models.CharField(choices=[('my_number_card', 'my_number_card'), ('phone', 'phone'), ('certificate', 'certificate'), ('session', 'session'), ('approval', 'approval')], max_length=16),
        ),
        migrations.CreateModel(
            name='ApprovalNews',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('told_at', models.DateTimeField()),
                ('day', models.DateField()),
                ('count', models.PositiveSmallIntegerField(default=0)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='signing.oauthclient')),
                ('signer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='signing.signer')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('signer', 'client'), name='news_of_a_client_once')],
            },
        ),
        migrations.CreateModel(
            name='StepUpPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('facility', models.CharField(blank=True, default='', max_length=16)),
                ('above', models.PositiveSmallIntegerField()),
                ('for_new_callers', models.BooleanField()),
                ('for_narcotics', models.BooleanField()),
                ('changed_at', models.DateTimeField()),
                ('client', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='signing.oauthclient')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('client__isnull', False)), fields=('client', 'facility'), name='one_policy_of_a_client'), models.UniqueConstraint(condition=models.Q(('client', None)), fields=('facility',), name='one_policy_of_all_clients')],
            },
        ),
    ]
