"""Facilities' certificates, waiting authorization requests, credential tokens, sign-ins by QR (issue 5, 2 to 4)."""

import django.db.models.deletion
import signing.flow
import uuid
import vault.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0011_approvals'),
    ]

    operations = [
        migrations.AddField(
            model_name='accesstoken',
            name='activation',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, to='signing.activation'),
        ),
        migrations.AddField(
            model_name='activation',
            name='labels',
            field=vault.fields.EncryptedJSONField(null=True),
        ),
        migrations.AddField(
            model_name='authorizationcode',
            name='wanted',
            field=vault.fields.EncryptedJSONField(null=True),
        ),
        migrations.AddField(
            model_name='oauthclient',
            name='is_certificate_bound',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='oauthclient',
            name='is_oauth2code',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='signingsession',
            name='proved_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='ceremony',
            name='purpose',
            field=models.CharField(choices=[('bind', 'bind'), ('sign_in', 'sign_in'), ('shown_sign_in', 'shown_sign_in'), ('card_sign_in', 'card_sign_in'), ('card_bind', 'card_bind'), ('card_stopped', 'card_stopped'), ('stopped_act', 'stopped_act')], max_length=16),
        ),
        migrations.CreateModel(
            name='ClientCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('thumbprint', models.BinaryField(max_length=32, unique=True)),
                ('facility', models.CharField(max_length=16)),
                ('facility_name', models.CharField(max_length=120)),
                ('serial', models.CharField(max_length=48)),
                ('not_before', models.DateTimeField()),
                ('not_after', models.DateTimeField()),
                ('added_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='signing.oauthclient')),
            ],
        ),
        migrations.AddField(
            model_name='accesstoken',
            name='certificate',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='signing.clientcertificate'),
        ),
        migrations.AddField(
            model_name='activation',
            name='certificate',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='signing.clientcertificate'),
        ),
        migrations.AddField(
            model_name='signaturerecord',
            name='certificate',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='signing.clientcertificate'),
        ),
        migrations.CreateModel(
            name='ShownSignIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('state', models.CharField(choices=[('shown', 'shown'), ('opened', 'opened'), ('proved', 'proved'), ('taken', 'taken'), ('void', 'void')], default=signing.flow.SignIn['SHOWN'], max_length=8)),
                ('token_digest', models.BinaryField(max_length=32, unique=True)),
                ('shown_token', vault.fields.EncryptedTextField(null=True)),
                ('asker_digest', models.BinaryField(max_length=32)),
                ('asker', models.CharField(blank=True, default='', max_length=24)),
                ('next_path', models.TextField(blank=True, default='')),
                ('opened_digest', models.BinaryField(max_length=32, null=True)),
                ('opener', models.CharField(blank=True, default='', max_length=24)),
                ('shown_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('proved_at', models.DateTimeField(null=True)),
                ('authenticator', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to='signing.authenticator')),
            ],
        ),
        migrations.CreateModel(
            name='AuthorizationRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_digest', models.BinaryField(max_length=32, unique=True)),
                ('parameters', vault.fields.EncryptedJSONField()),
                ('is_pushed', models.BooleanField()),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('browser_digest', models.BinaryField(max_length=32, null=True)),
                ('opened_at', models.DateTimeField(null=True)),
                ('spent_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='signing.oauthclient')),
            ],
            options={
                'indexes': [models.Index(fields=['browser_digest'], name='request_browser')],
            },
        ),
        migrations.AddIndex(
            model_name='clientcertificate',
            index=models.Index(fields=['client', '-added_at'], name='client_certificates'),
        ),
        migrations.AddIndex(
            model_name='shownsignin',
            index=models.Index(fields=['asker_digest'], name='sign_in_asker'),
        ),
    ]
