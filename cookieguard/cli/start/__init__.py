"""A first policy out of what a site shows: its app, its pages, a recorded visit."""
