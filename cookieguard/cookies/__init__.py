"""The two cookie headers, read as browsers read them."""
