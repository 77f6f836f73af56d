"""`python -m wa_bulk` is `wa-bulk`."""

from wa_bulk.cli import main

if __name__ == "__main__":
    main()
