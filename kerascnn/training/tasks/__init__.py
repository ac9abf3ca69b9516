"""What is judged and reported, task by task, in reading order: scores, classification, segmentation, sliding_window,
verification, contrastive, reconstruction, comparison.
"""
