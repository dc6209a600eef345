"""What Django's admin lists by the name of receipts: its permission and its place, without a table.

Receipts stand in the ledger's own database; `admin` reads them there.
"""

from __future__ import annotations

from typing import Any

from django.db import models


class _Nothing(models.Manager):
    def get_queryset(self) -> Any:
        """Find nothing, without a query: `dumpdata` asks every model."""
        return super().get_queryset().none()


class Receipt(models.Model):
    """A proof of one decision. Staff need the permission `cookieguard.view_receipt`."""

    id = models.CharField(primary_key=True, max_length=22)

    objects = _Nothing()

    class Meta:
        """No table, and nothing to add, change or delete."""

        managed = False
        default_permissions = ("view",)
        base_manager_name = "objects"

    def __str__(self) -> str:
        """Return the id."""
        return str(self.id)
