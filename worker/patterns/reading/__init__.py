"""Reading answers: programs and verdicts in text that nobody trusts."""
