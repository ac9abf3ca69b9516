"""Readers of images and masks, in reading order: open, class_folder, tfds, mask_pictures, mask_folder,
synthetic_scenes, examples, decoding, file_checks.
"""
