"""Organizations, seats, people and clinics. Nothing is random; what differs is counted."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from bhi.accounts.models import User
from bhi.tenancy.models import Clinic, Membership, Organization

# A Monday, 11:00 in Chicago. Not the machine's clock: tests give the same result every day.
NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
PASSWORD = "correct-horse-battery-staple"


class OrganizationFactory(DjangoModelFactory):
    class Meta:
        model = Organization

    slug = factory.Sequence(lambda n: f"organization-{n}")
    name = factory.Sequence(lambda n: f"Organization {n}")
    created_at = NOW


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person-{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class: type[User], *args: object, **fields: object) -> User:
        return model_class.objects.create_user(password=PASSWORD, **fields)


class MembershipFactory(DjangoModelFactory):
    """A seat with a person in it, in the `organization` that is given."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory, name=factory.SelfAttribute("..name"))
    name = factory.Sequence(lambda n: f"Person {n}")
    roles = factory.LazyFunction(lambda: ["care_manager"])


class SystemMembershipFactory(DjangoModelFactory):
    """The organization's own actor."""

    class Meta:
        model = Membership

    user = None
    name = "System"
    is_system = True


class ClinicFactory(DjangoModelFactory):
    """A site in Chicago, in the `organization` that is given."""

    class Meta:
        model = Clinic

    name = factory.Sequence(lambda n: f"Clinic {n}")
    time_zone = "America/Chicago"
