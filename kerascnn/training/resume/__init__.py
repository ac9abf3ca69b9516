"""How a killed run goes on, in reading order: checkpoint, train_state, callback."""
