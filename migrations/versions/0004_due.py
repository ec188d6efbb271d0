"""What the reaper looks for, by index: rows whose messages may be sent again."""

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_QUEUED = text("state = 'queued'")


def upgrade() -> None:
    """Make the indexes."""
    columns = ["model_id", "send_again_at"]
    op.create_index("ix_completion_due", "completion", columns, postgresql_where=_QUEUED)
    op.create_index("ix_execution_due", "execution", ["send_again_at"], postgresql_where=_QUEUED)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_execution_due", "execution")
    op.drop_index("ix_completion_due", "completion")
