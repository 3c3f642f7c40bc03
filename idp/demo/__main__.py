"""`python -m idp.demo`: provider, both relying parties and mailbox until Ctrl-C."""

import sys

from idp.demo.launch import main

if __name__ == "__main__":
    sys.exit(main())
