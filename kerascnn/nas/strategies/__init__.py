"""What to try next, in reading order: oracles, budgeted, evolution, surrogate, extrapolation, proxies."""
