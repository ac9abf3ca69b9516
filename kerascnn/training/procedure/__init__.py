"""How a network is trained, in reading order: procedure, presets, schedules, optimizers, losses, class_weights,
initializers, auxiliary_heads, network_wrapper, gradient_accumulation, weight_average, epochs.
"""
