"""The command line as a shell sees it: real processes, on a pipe and on a pseudo-terminal."""
