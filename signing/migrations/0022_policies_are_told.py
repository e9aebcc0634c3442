"""A change of a step-up policy is told to the hot path's processes at once, as 0014 tells what has ended."""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION signing_tell_everything() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('inkan_signing', 'everything');
    RETURN NULL;
END $$
"""


def tell(apps, editor):
    if editor.connection.vendor != "postgresql":
        return
    editor.execute(FUNCTION)
    editor.execute(
        "CREATE TRIGGER signing_tell AFTER INSERT OR UPDATE OR DELETE ON signing_stepuppolicy "
        "FOR EACH STATEMENT EXECUTE FUNCTION signing_tell_everything()"
    )


def tell_no_more(apps, editor):
    if editor.connection.vendor != "postgresql":
        return
    editor.execute("DROP TRIGGER signing_tell ON signing_stepuppolicy")
    editor.execute("DROP FUNCTION signing_tell_everything()")


class Migration(migrations.Migration):
    dependencies = [("signing", "0021_approvals_and_policies")]
    operations = [migrations.RunPython(tell, tell_no_more)]
