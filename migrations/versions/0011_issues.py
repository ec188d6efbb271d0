"""What reviews named, and why a model cannot be had."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of reviews before nobody has kept what they named; their answers are still there."""
    op.execute("ALTER TABLE step ADD COLUMN issues TEXT[]")
    op.execute("ALTER TABLE language_model ADD COLUMN trouble TEXT")


def downgrade() -> None:
    """The answers are what is left."""
    op.execute("ALTER TABLE step DROP COLUMN issues")
    op.execute("ALTER TABLE language_model DROP COLUMN trouble")
