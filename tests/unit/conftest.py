"""Hypothesis without its deadline: a busy machine must not fail a test."""

import hypothesis

hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")
