import uuid

import vault.fields
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def give_ids(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Rows that were imported before: a column's default would give all of them the same id."""
    holders = apps.get_model("enrollment", "CardHolder").objects.using(editor.connection.alias)
    for key in list(holders.values_list("pk", flat=True)):
        holders.filter(pk=key).update(public_id=uuid.uuid4())


class Migration(migrations.Migration):

    dependencies = [
        ('enrollment', '0007_erased_file'),
    ]

    operations = [
        migrations.AddField(
            model_name='cardholder',
            name='public_id',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.RunPython(give_ids, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='cardholder',
            name='public_id',
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AddField(
            model_name='cardholder',
            name='card_id',
            field=models.CharField(blank=True, default='', max_length=16),
        ),
        migrations.AddField(
            model_name='cardholder',
            name='person_id',
            field=models.CharField(blank=True, default='', max_length=16),
        ),
        migrations.AddField(
            model_name='cardholder',
            name='name_kanji',
            field=vault.fields.EncryptedTextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='cardholder',
            name='family_romaji',
            field=vault.fields.EncryptedTextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='cardholder',
            name='given_romaji',
            field=vault.fields.EncryptedTextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='cardholder',
            name='email',
            field=vault.fields.EncryptedTextField(blank=True, default=''),
        ),
        migrations.AddConstraint(
            model_name='cardholder',
            constraint=models.UniqueConstraint(condition=models.Q(('person_id', ''), _negated=True), fields=('person_id',), name='one_holder_per_person_id'),
        ),
    ]
