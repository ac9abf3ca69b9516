"""Readers of images and masks, in reading order: open, class_folder, folder_tree, split_folders, tfds, mask_pictures,
mask_folder, drawn_letters, synthetic_scenes, examples, decoding, file_checks.
"""
