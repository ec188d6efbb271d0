"""A refusal is an outcome of its own; and from here on views are files (`migrations/views`)."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_VIEWS = (
    "v_steps, v_attempts, v_scores, v_pass_at_k, v_flips, v_compare, v_reviewer, v_features, "
    "v_moderator, v_cost, v_progress, v_errors"
)
#: What the views of 0008 were made by, one revision after the other.
_BY_HAND = {
    "0002": ("VIEWS",),
    "0003": ("VIEWS",),
    "0005": ("VIEWS",),
    "0006": ("SCORES", "PAIRS", "REVIEWER", "FEATURES", "COST", "ERRORS"),
    "0007": ("STEPS", "FEATURES", "MODERATOR"),
}


def upgrade() -> None:
    """Attempts may end as refused."""
    op.execute(f"DROP VIEW {_VIEWS}")
    _admit("'solved', 'unsolved', 'refused', 'error'")


def downgrade() -> None:
    """What was refused counts as not solved. The views are those of the revisions before."""
    op.execute("UPDATE attempt SET outcome = 'unsolved' WHERE outcome = 'refused'")
    _admit("'solved', 'unsolved', 'error'")
    script = op.get_context().script
    assert script is not None
    for made, names in _BY_HAND.items():
        if made == "0006":
            op.execute("DROP VIEW v_flips, v_scores")
        for name in names:
            op.execute(getattr(script.get_revision(made).module, name))


def _admit(outcomes: str) -> None:
    op.execute("ALTER TABLE attempt DROP CONSTRAINT outcome")
    op.execute(f"ALTER TABLE attempt ADD CONSTRAINT outcome CHECK (outcome IN ({outcomes}))")
