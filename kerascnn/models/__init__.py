"""One paper a file. `kerascnn.build` imports the one it needs."""
