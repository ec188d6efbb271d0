"""Whom a run's pattern can ask, so that one whose models are at work need not wait for another's."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of what was enqueued before nobody knows: it counts as asking both."""
    op.execute("ALTER TABLE run ADD COLUMN roles TEXT[]")


def downgrade() -> None:
    """Take it back."""
    op.execute("ALTER TABLE run DROP COLUMN roles")
