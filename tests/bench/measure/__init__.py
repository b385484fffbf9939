"""The parts of `make bench`: machine, processes, exchanges, load, runs, report."""
