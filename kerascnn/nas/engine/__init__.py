"""What runs trials and loses none, in reading order: durable_oracle, tuner, workers, protocol, trials, progress."""
