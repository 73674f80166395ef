"""``python -m cxstudy`` is the command line."""

import sys

from cxstudy.cli import main

if __name__ == "__main__":
    sys.exit(main())
