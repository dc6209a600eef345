"""What other tools know of a site's cookies, read into ours; never a cookie's value."""
