"""The Python interface: what the command line does, for scripts and notebooks. Its functions are names of `pipeline` itself."""
