"""How training images are changed, in reading order: policies, warp, crop, color, randaugment, mixup, interpolation."""
