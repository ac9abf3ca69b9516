"""Augmentation of training images, in reading order: policies, warp, crop, color, randaugment, mixup, interpolation."""
