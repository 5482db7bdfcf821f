"""The command line: one command, one verb, one call into the library."""
