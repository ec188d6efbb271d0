"""What a problem says of itself has columns, whatever its format: its prompt, and facts to split results by.

So has how far a verdict can be trusted: those before were all made outside of programs' processes.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

#: A record was EvalPlus's, a line of JSON, perhaps of megabytes, that need not be Postgres' JSON (NaN,
#: half a surrogate pair): each text is cut out, nearly always from the beginning, and read alone.
_READ = r"""
CREATE OR REPLACE FUNCTION pg_temp.text_in(record text, name text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(
        coalesce(
            substring(left(record, 5000) FROM '"' || name || '"\s*:\s*("(?:[^"\\]|\\.)*")'),
            substring(record FROM '"' || name || '"\s*:\s*("(?:[^"\\]|\\.)*")')
        ),
        '\\u[dD][89a-fA-F][0-9a-fA-F]{2}', '\\u003f', 'g'
    )::json #>> '{}'
$$
"""


def upgrade() -> None:
    """Add the columns, and read them in the records that there are."""
    op.execute("""
        ALTER TABLE problem
            ADD COLUMN prompt text NOT NULL DEFAULT '', ADD COLUMN facts jsonb NOT NULL DEFAULT '{}'
    """)
    op.execute("ALTER TABLE execution ADD COLUMN trust varchar")
    op.execute("UPDATE execution SET trust = 'outside' WHERE base IS NOT NULL")
    op.get_bind().exec_driver_sql(_READ)
    op.execute("""
        UPDATE problem SET
            prompt = coalesce(pg_temp.text_in(record, 'prompt'), ''),
            facts = jsonb_strip_nulls(jsonb_build_object(
                'difficulty', pg_temp.text_in(record, 'difficulty'),
                'topic', pg_temp.text_in(record, 'topic')
            ))
    """)


def downgrade() -> None:
    """Leave them out; the records have it all."""
    op.execute("ALTER TABLE execution DROP COLUMN trust")
    op.execute("ALTER TABLE problem DROP COLUMN prompt, DROP COLUMN facts")
