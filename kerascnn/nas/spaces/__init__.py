"""What is searched and what it costs, in reading order:
space, spec, families, keras_tuner, count, constraints, latency."""
