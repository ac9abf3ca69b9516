"""What is judged and reported, task by task, in reading order: classification, segmentation, sliding_window,
verification, contrastive, reconstruction, comparison.
"""
