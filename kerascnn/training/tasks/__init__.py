"""What is judged and reported, task by task, in reading order: scores, classification, multi_label, segmentation,
sliding_window, verification, contrastive, reconstruction, comparison.
"""
