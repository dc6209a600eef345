"""A site's `wsgi.py` that fails when it is imported."""

raise RuntimeError("no database, no site")
