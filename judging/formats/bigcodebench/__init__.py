"""BigCodeBench: functions that call libraries, judged by the unit tests that come with each."""
