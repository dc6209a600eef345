"""What the visitor sees and sends: pages, forms, JSON. (method, path, form, visit) -> Reply."""
