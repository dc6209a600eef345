"""A Django project as `startproject` makes it, guarded by its settings and one import."""
