"""A refusal is an outcome of its own."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Attempts may end as refused."""
    _admit("'solved', 'unsolved', 'refused', 'error'")


def downgrade() -> None:
    """What was refused counts as not solved."""
    op.execute("UPDATE attempt SET outcome = 'unsolved' WHERE outcome = 'refused'")
    _admit("'solved', 'unsolved', 'error'")


def _admit(outcomes: str) -> None:
    op.execute("ALTER TABLE attempt DROP CONSTRAINT outcome")
    op.execute(f"ALTER TABLE attempt ADD CONSTRAINT outcome CHECK (outcome IN ({outcomes}))")
