"""What a search has found, in reading order: selection, importance, plots, report."""
