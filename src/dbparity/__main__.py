"""``python -m dbparity``: the command line."""

from __future__ import annotations

import sys

from dbparity.cli import main

sys.exit(main())
