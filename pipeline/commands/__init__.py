"""One file a command: its arguments, and the plain function that it stands for."""
