"""Augmentation of training images, in reading order: policies, augment, warp, crop, color, randaugment, mixup,
interpolation."""
