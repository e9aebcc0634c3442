"""Whatever ends a session, a token or a client is told to the hot path's processes (decision 11): NOTIFY at commit.

A trigger, so that no statement can forget it, an operator's own neither. PostgreSQL only; SQLite has no listener.
"""

from django.db import migrations

CHANNEL = "inkan_signing"
FUNCTION = f"""
CREATE OR REPLACE FUNCTION signing_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('{CHANNEL}', CASE TG_TABLE_NAME
        WHEN 'signing_signingsession' THEN 'session ' || NEW.id
        WHEN 'signing_accesstoken' THEN 'session ' || (to_jsonb(NEW) ->> 'session_id')
        ELSE 'everything' END);
    RETURN NULL;
END $$
"""
TRIGGERS = {
    "signing_signingsession": "OF ended_at, expires_at",
    "signing_accesstoken": "OF revoked_at, expires_at, client_id, session_id",
    "signing_oauthclient": "OF is_active, is_certificate_bound, is_oauth2code",
    "signing_clientcertificate": "OF not_before, not_after, ends_at",
}


def tell(apps, editor):
    if editor.connection.vendor != "postgresql":
        return
    editor.execute(FUNCTION)
    for table, columns in TRIGGERS.items():
        editor.execute(
            f"CREATE TRIGGER signing_tell AFTER UPDATE {columns} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION signing_tell()"
        )


def tell_no_more(apps, editor):
    if editor.connection.vendor != "postgresql":
        return
    for table in TRIGGERS:
        editor.execute(f"DROP TRIGGER signing_tell ON {table}")
    editor.execute("DROP FUNCTION signing_tell()")


class Migration(migrations.Migration):
    dependencies = [("signing", "0013_beside_approvals")]
    operations = [migrations.RunPython(tell, tell_no_more)]
