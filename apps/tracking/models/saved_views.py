"""Tables of runs as somebody set them up, kept under a name."""

from django.db import models

from apps.tracking.limits import SAVED_VIEW_NAME
from apps.tracking.models.experiments import Experiment


class SavedView(models.Model):
    """What a table of runs shows and how. Whoever may read the experiment saves their own and opens everybody's."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="saved_views", db_index=False)
    name = models.CharField(max_length=SAVED_VIEW_NAME)
    state = models.TextField(help_text="The query of the table's address")
    created_by = models.CharField(max_length=150, help_text="Username of whoever saved it")
    creation_time = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["experiment", "created_by", "name"], name="saved_view_once_each")
        ]

    def __str__(self) -> str:
        return self.name
