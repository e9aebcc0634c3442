"""A card's answer that comes twice finds what its first coming has led to: the challenge's row stays until it is over.

And up to which SAD nothing can be reserved any more, and each one was used, so that the clock reads on from there.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0023_ways_back_are_sealed'),
    ]

    operations = [
        migrations.AddField(
            model_name='ceremony',
            name='spent_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='ceremony',
            name='answer_digest',
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name='ceremony',
            name='led_to',
            field=models.UUIDField(null=True),
        ),
        migrations.CreateModel(
            name='SadMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('settled', models.BigIntegerField(default=0)),
                ('kept', models.BigIntegerField(default=0)),
            ],
        ),
    ]
