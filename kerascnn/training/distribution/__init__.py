"""Several devices and machines, in reading order: devices, replicas."""
