"""Steps for the authors of patterns: prompts of their own, tests and inputs that models write, and notes."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KINDS_BEFORE = "'draft', 'plan', 'review', 'fix', 'trial', 'judge'"
_SUITES_BEFORE = "'visible', 'hidden'"


def upgrade() -> None:
    """Admit the new kinds of steps and executions; what a pattern gives a program, and notes down."""
    _admit(
        f"{_KINDS_BEFORE}, 'ask', 'tests', 'inputs', 'run', 'compare', 'trace'",
        f"{_SUITES_BEFORE}, 'written', 'compared', 'traced'",
    )
    op.execute("ALTER TABLE execution ADD COLUMN given text[]")
    op.execute("ALTER TABLE attempt ADD COLUMN notes jsonb NOT NULL DEFAULT '[]'")


def downgrade() -> None:
    """Leave them out, and with them the attempts that have such steps."""
    op.execute("""
        DELETE FROM attempt USING step WHERE attempt_id = attempt.id
            AND step.kind IN ('ask', 'tests', 'inputs', 'run', 'compare', 'trace')
    """)
    # a step of before may have asked the very same
    op.execute("UPDATE completion SET kind = 'draft' WHERE kind IN ('ask', 'tests', 'inputs')")
    op.execute("DELETE FROM execution WHERE suite IN ('written', 'compared', 'traced')")
    op.execute("ALTER TABLE attempt DROP COLUMN notes")
    op.execute("ALTER TABLE execution DROP COLUMN given")
    _admit(_KINDS_BEFORE, _SUITES_BEFORE)


def _admit(kinds: str, suites: str) -> None:
    for table in ("completion", "step"):
        op.execute(f"""
            ALTER TABLE {table} DROP CONSTRAINT kind, ADD CONSTRAINT kind CHECK (kind IN ({kinds}))
        """)
    op.execute(f"""
        ALTER TABLE execution
            DROP CONSTRAINT suite, ADD CONSTRAINT suite CHECK (suite IN ({suites}))
    """)
