"""What a pooled connection forgets before the next request borrows it."""

from typing import Any

SETTING = "app.organization_id"
# What a seat may see (bhi.tenancy.sight): its clinics, records besides, records not.
CLINICS = "app.clinics"
ALSO = "app.also"
HIDDEN = "app.hidden"


def forget_tenant(connection: Any) -> None:
    """The pool's reset hook: a second belt, should anything have set a tenant or limits for the whole session."""
    names = [SETTING, CLINICS, ALSO, HIDDEN]
    connection.execute("SELECT set_config(%s, '', false)" + ", set_config(%s, '', false)" * 3, names)
    connection.commit()
