"""Where images come from, in reading order: open, class_folder, mask_folder, tfds, synthetic_scenes, examples,
decoding, file_checks.
"""
