"""What a sweep is said to take, from what each of its models does."""

from foureyes.producer.sweeps.estimate import Load, SweepEstimate


def test_models_that_work_at_the_same_time_take_as_long_as_the_busier_one() -> None:
    """Their speeds are those beside each other: added up, a sweep looked twice as long as it is."""
    found = SweepEstimate(attempts=10)
    found.models["coder"] = Load(calls=10, seconds=7200)
    found.models["reviewer"] = Load(calls=5, seconds=3600)
    assert found.seconds == 7200
    assert found.price({"coder": 2.0, "reviewer": 4.0}) == 8.0  # each is paid for what it does
    found.models["coder"].already_done = 10
    assert found.seconds == 3600
    found.models["reviewer"].seconds = None
    assert found.seconds is None
