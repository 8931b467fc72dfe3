"""Three questions to patients about how the program is for them."""

from django.db import models
from django.db.models import Q

from bhi.tenancy.fields import TenantForeignKey
from registry.models import Fact, fact_wall


class ExperienceAsked(Fact):
    """A link to the three questions, for one patient, answered once or never. The link itself is not stored."""

    patient = TenantForeignKey("registry.Patient")
    episode = TenantForeignKey("registry.Episode")
    language = models.CharField(max_length=5, default="en")
    sent_by = models.CharField(max_length=20, help_text="email, or handed over: copied or printed")
    token_sha256 = models.BinaryField(max_length=32)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_on = models.DateField(null=True, blank=True, help_text="The clinic's local day")
    reached = models.PositiveSmallIntegerField(null=True, blank=True, help_text="I could reach somebody: 1 to 5")
    heard = models.PositiveSmallIntegerField(null=True, blank=True, help_text="I was listened to: 1 to 5")
    recommend = models.PositiveSmallIntegerField(null=True, blank=True, help_text="I would recommend it: 1 to 5")
    remark = models.TextField(blank=True)
    client_token = models.UUIDField()

    class Meta:
        constraints = [
            *fact_wall(
                "outcomes_experienceasked",
                *("patient", "episode"),
                may_change=("patient", "answered_at", "answered_on", "reached", "heard", "recommend", "remark"),
            ),
            models.UniqueConstraint(fields=["organization", "client_token"], name="outcomes_experienceasked_once"),
            models.UniqueConstraint(fields=["organization", "token_sha256"], name="outcomes_experienceasked_token"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answered_on__isnull=True)
                | Q(
                    answered_at__isnull=False,
                    answered_on__isnull=False,
                    reached__range=(1, 5),
                    heard__range=(1, 5),
                    recommend__range=(1, 5),
                ),
                name="outcomes_experienceasked_whole",
            ),
        ]
        indexes = [models.Index(fields=["organization", "patient"], name="outcomes_experience_by_patient")]
