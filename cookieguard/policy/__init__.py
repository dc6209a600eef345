"""What the site declares: read, checked, and asked about a cookie's name."""
