"""The way a stranger starts the system: `./run demo`, `test`, `up`, `lint`, `bench`, `faults`."""
