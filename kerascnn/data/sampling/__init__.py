"""Splits, orders and random numbers, in reading order: split, shuffling, stateless_random."""
