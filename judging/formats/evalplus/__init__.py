"""EvalPlus's format: its records, what their prompts show, and how outputs are compared."""
