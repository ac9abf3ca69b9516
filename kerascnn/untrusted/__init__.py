"""Readers of what others may have made; nothing in it is run: `local_files` (regular, of bounded size), `archives`
(zip), `json_records` (of bounded depth, of a given shape), `network_config` (a list of layers), `layers_by_name`,
`weight_file`, `keras_file`."""
