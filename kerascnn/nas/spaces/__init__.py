"""What is searched and what it costs, in reading order: space, families, keras_tuner, count, constraints, latency."""
