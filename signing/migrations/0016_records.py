"""Every signature's outcome, and what signers usually do (issue 5 point 6)."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0015_what_a_signature_writes'),
    ]

    operations = [
        migrations.CreateModel(
            name='UsageMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_record', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name='signaturerecord',
            name='result',
            field=models.CharField(choices=[('signed', 'signed'), ('unknown', 'unknown')], db_default='signed', default='signed', max_length=8),
        ),
        migrations.AlterField(
            model_name='signaturerecord',
            name='sign_algorithm',
            field=models.CharField(blank=True, default='', max_length=24),
        ),
        migrations.CreateModel(
            name='DailyUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('count', models.PositiveIntegerField()),
                ('at_night', models.PositiveIntegerField()),
                ('signer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='signing.signer')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='use_day')],
                'constraints': [models.UniqueConstraint(fields=('signer', 'day'), name='use_counted_once')],
            },
        ),
        migrations.CreateModel(
            name='KnownCaller',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_at', models.DateTimeField()),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='signing.oauthclient')),
                ('signer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='callers', to='signing.signer')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('signer', 'client'), name='caller_known_once')],
            },
        ),
        migrations.CreateModel(
            name='UnusualUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('caller', 'caller'), ('night', 'night'), ('volume', 'volume')], max_length=8)),
                ('day', models.DateField()),
                ('first_at', models.DateTimeField()),
                ('count', models.PositiveIntegerField()),
                ('usual', models.PositiveIntegerField(default=0)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='signing.oauthclient')),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='signing.credential')),
                ('signer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='unusual_uses', to='signing.signer')),
            ],
            options={
                'indexes': [models.Index(fields=['signer', '-first_at'], name='unusual_of_signer')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'caller'), _negated=True), fields=('signer', 'kind', 'day'), name='told_once_a_day'), models.UniqueConstraint(condition=models.Q(('kind', 'caller')), fields=('signer', 'client'), name='new_caller_told_once')],
            },
        ),
    ]
