"""Failures apart from lost workers."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is open starts to count anew."""
    for table in ("completion", "execution"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN failures INTEGER NOT NULL DEFAULT 0")


def downgrade() -> None:
    """Tries are what is left."""
    for table in ("completion", "execution"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN failures")
