"""Which example comes when, in reading order: split, shuffling, stateless_random."""
