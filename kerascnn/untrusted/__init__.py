"""Readers of what others may have made; nothing in it is run: `local_files` (regular, of bounded size), `archives` (zip),
`json_records` (of bounded depth, of a given shape), `network_config` (an allow-list of layers), `weight_file` (HDF5),
`keras_file`."""
