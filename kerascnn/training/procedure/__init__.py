"""How a network is trained, in reading order: presets, schedules, optimizers, losses, initializers, auxiliary_heads,
gradient_accumulation, weight_average, epochs.
"""
