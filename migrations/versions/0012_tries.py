"""How often an attempt has moved, and how often somebody has tried to move it in vain."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of attempts under way nothing is known: they begin with none."""
    op.execute("ALTER TABLE attempt ADD COLUMN moves INTEGER NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE attempt ADD COLUMN tries INTEGER NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE attempt ADD COLUMN trying_since TIMESTAMPTZ")


def downgrade() -> None:
    """What was counted is only of use to workers that count."""
    op.execute("ALTER TABLE attempt DROP COLUMN trying_since")
    op.execute("ALTER TABLE attempt DROP COLUMN tries")
    op.execute("ALTER TABLE attempt DROP COLUMN moves")
