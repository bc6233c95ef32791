"""`python -m pipeline` is `failings`."""

import sys

from pipeline.cli import main

if __name__ == "__main__":
    sys.exit(main())
