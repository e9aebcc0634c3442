"""Facilities that have signed for a signer: a new one is told (issue 5 point 6); and where the unusual was seen."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0026_answers_twice_and_settled_sads'),
    ]

    operations = [
        migrations.CreateModel(
            name='KnownFacility',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('facility', models.CharField(max_length=16)),
                ('first_at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='unusualuse',
            name='told_once_a_day',
        ),
        migrations.AddField(
            model_name='unusualuse',
            name='facility',
            field=models.CharField(blank=True, db_default='', default='', max_length=16),
        ),
        migrations.AddField(
            model_name='unusualuse',
            name='facility_name',
            field=models.CharField(blank=True, db_default='', default='', max_length=120),
        ),
        migrations.AlterField(
            model_name='unusualuse',
            name='kind',
            field=models.CharField(choices=[('caller', 'caller'), ('facility', 'facility'), ('night', 'night'), ('volume', 'volume')], max_length=8),
        ),
        migrations.AddConstraint(
            model_name='unusualuse',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['caller', 'facility']), _negated=True), fields=('signer', 'kind', 'day'), name='told_once_a_day'),
        ),
        migrations.AddConstraint(
            model_name='unusualuse',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'facility')), fields=('signer', 'client', 'facility'), name='new_facility_told_once'),
        ),
        migrations.AddField(
            model_name='knownfacility',
            name='client',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='signing.oauthclient'),
        ),
        migrations.AddField(
            model_name='knownfacility',
            name='signer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='facilities', to='signing.signer'),
        ),
        migrations.AddConstraint(
            model_name='knownfacility',
            constraint=models.UniqueConstraint(fields=('signer', 'client', 'facility'), name='facility_known_once'),
        ),
    ]
