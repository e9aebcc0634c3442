import uuid

from django.db import migrations, models


def names_of_former_orders(apps, editor):
    """Every order from before gets a public id of its own; its states were "making" and nothing else."""
    orders = apps.get_model("enrollment", "CardOrder").objects.using(editor.connection.alias)
    for key in orders.filter(public_id=None).values_list("pk", flat=True):
        orders.filter(pk=key).update(public_id=uuid.uuid4(), changed_at=models.F("ordered_at"))


class Migration(migrations.Migration):

    dependencies = [
        ('enrollment', '0013_certificate_orders'),
    ]

    operations = [
        migrations.AddField(
            model_name='cardorder',
            name='public_id',
            field=models.UUIDField(null=True, default=None, editable=False),
        ),
        migrations.AddField(
            model_name='cardorder',
            name='changed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='cardorder',
            name='handovers',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='cardorder',
            name='handed_over_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(names_of_former_orders, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='cardorder',
            name='public_id',
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AlterField(
            model_name='cardorder',
            name='state',
            field=models.CharField(choices=[('making', 'making'), ('notified', 'notified'), ('received', 'received'), ('shipped', 'shipped'), ('ended', 'ended')], default='making', max_length=16),
        ),
        migrations.AddIndex(
            model_name='cardorder',
            index=models.Index(fields=['authority', 'state', 'ordered_at'], name='card_queue'),
        ),
    ]
