"""What a finished run shows, in reading order: page, plots, trend."""
