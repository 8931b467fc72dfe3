from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"

    def ready(self) -> None:
        from bhi.accounts.narrowing import narrow
        from bhi.audit.denials import names_patients
        from bhi.audit.shown import covers_patients
        from bhi.tenancy.sight import limits_sight
        from registry import tasks
        from registry.queries.part_two import any_on_paper
        from registry.queries.programs import REVIEWING, without_review
        from registry.queries.sight import sight_of_seat
        from registry.queries.who_saw import is_on_record

        tasks.register()
        limits_sight("registry", sight_of_seat)
        names_patients("registry", is_on_record)
        covers_patients("registry", any_on_paper)
        narrow("review", among=REVIEWING, taken=without_review)
