"""docker-compose.yml and Dockerfile, read without Docker: what they name exists and is explained."""

import re
from pathlib import Path

import pytest

from bhi.environment import EnvironmentFault, broker_url, database, read_environment

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
README = (ROOT / "README.md").read_text()
NAMES = re.compile(r'"((?:BHI_|DATABASE_)[A-Z_]+|REDIS_URL|EMAIL_URL)"')
READ = set(NAMES.findall((ROOT / "bhi" / "environment.py").read_text())) - {"BHI_PROCESS"}
PASSWORDS = {"POSTGRES_PASSWORD", "BHI_OWNER_PASSWORD", "BHI_APP_PASSWORD", "BHI_MAINTENANCE_PASSWORD"}
GIVEN = {
    **{name: f"password{place}" for place, name in enumerate(sorted(PASSWORDS))},
    "BHI_SECRET_KEY": "s" * 50,
    "BHI_ALLOWED_HOSTS": "bhi.example.org,bhi.example.net",
    "BHI_FILE_KEYS": "f" * 50,
    "EMAIL_URL": "smtp://user:password@host:587?tls=1",
    "BHI_ADDRESS": "https://bhi.example.org",
}
# What each part of ours connects as; beat runs with the worker's environment.
ROLES_OF = {
    "setup": {"bhi_app", "bhi_owner", "bhi_maintenance", "postgres"},
    "web": {"bhi_app"},
    "worker": {"bhi_app", "bhi_maintenance"},
    "backup": {"bhi_app", "bhi_owner", "postgres"},
}
# What belongs to the server's own image, or to how a process is run.
NOT_OURS = {"POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}


def service(name: str) -> str:
    """The lines of one service."""
    found = re.search(rf"^  {name}:.*\n((?:(?:    .*)?\n)+)", COMPOSE, re.MULTILINE)
    assert found is not None
    return found[1]


def mapping(text: str, indent: int) -> dict[str, str]:
    """The names and values of a block, with what it merges in, as Compose would give them to a container."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        pair = re.fullmatch(rf" {{{indent}}}(<<|[A-Z_]+): (.+)", line)
        if pair and pair[1] == "<<":
            found |= mapping(COMPOSE.partition(f"&{pair[2].removeprefix('*')}\n")[2].partition("\n\n")[0], 2)
        elif pair:
            found[pair[1]] = value_of(pair[2])
    return found


def value_of(text: str) -> str:
    """A value with its anchor followed and its variables filled in: what has a default keeps it."""
    if text.startswith("*"):
        return value_of(re.search(rf"&{text[1:]} (.+)", COMPOSE)[1])
    plain = re.sub(r"^&\w+ ", "", text).strip('"')
    return re.sub(r"\$\{(\w+):([-?])([^}]*)\}", lambda one: one[3] if one[2] == "-" else GIVEN[one[1]], plain)


def environment_of(name: str) -> dict[str, str]:
    own = service(name).partition("\n    environment:")[2]
    if own.startswith(" *common"):
        return mapping("  <<: *common", 2)
    return mapping(re.split(r"\n    \w", own)[0], 6)


def test_it_has_every_part_and_nothing_that_is_not_explained():
    services = COMPOSE.partition("\nservices:\n")[2].partition("\nvolumes:\n")[0]
    assert re.findall(r"^  (\w+):", services, re.MULTILINE) == [
        *("postgres", "valkey", "setup", "web", "worker", "beat", "backup"),
    ]
    assert "\t" not in COMPOSE


def test_no_value_without_quotes_is_cut_by_a_colon_or_a_hash():
    """What YAML refuses or takes for another mapping or a comment; there is no reader of YAML among our packages."""
    plain = re.findall(r"^ *(?:- |[\w<&*.-]+: +)([^\s\"'\[{>|#].*)$", COMPOSE, re.MULTILINE)
    assert len(plain) > 40
    assert [value for value in plain if ": " in value or " #" in value or value.endswith(":")] == []


def test_every_alias_is_made_before_it_is_used():
    for alias in set(re.findall(r"\*(\w+)", COMPOSE)):
        made = COMPOSE.find(f"&{alias}")
        assert 0 <= made < COMPOSE.find(f"*{alias}"), alias


def test_every_volume_is_declared():
    used = set(re.findall(r'volumes: \["(\w+):/', COMPOSE))
    assert set(re.findall(r"^  (\w+):$", COMPOSE.partition("\nvolumes:\n")[2], re.MULTILINE)) == used


def test_every_variable_it_sets_is_read_and_every_one_it_asks_for_is_named_at_its_top():
    assert set(re.findall(r"^ +([A-Z][A-Z_]+):", COMPOSE, re.MULTILINE)) - NOT_OURS <= READ
    head = COMPOSE.partition("\nx-product")[0]
    asked = set(re.findall(r"\$\{(\w+):\?", COMPOSE)) - PASSWORDS
    assert {name for name in asked if name not in head} == set()


def test_the_readme_explains_every_variable():
    assert {name for name in READ if f"`{name}`" not in README} == set()


def test_secrets_come_from_the_environment():
    assert set(re.findall(r"://\w+:([^@\s{]+)@", COMPOSE)) <= {"password"}  # the form of EMAIL_URL, in its message
    values = dict(re.findall(r"^ +(\w*(?:KEY|PASSWORD|TOKEN|DSN)\w*): (.+)$", COMPOSE, re.MULTILINE))
    assert {name: value for name, value in values.items() if not value.startswith("${")} == {}


@pytest.mark.parametrize("name", ROLES_OF)
def test_each_part_starts_with_what_it_is_given_and_as_the_roles_that_it_needs(name):
    given = environment_of(name)
    read = read_environment(given)
    urls = (read.database_url, read.database_owner_url, read.database_maintenance_url, read.database_admin_url)
    asked = [database(url) for url in urls if url]
    assert {one["USER"] for one in asked} == ROLES_OF[name]
    assert {(one["HOST"], one["PORT"]) for one in asked} == {("postgres", "5432")}
    assert (read.debug, read.require_mfa, read.proxies, len(read.file_keys)) == (False, True, 1, 1)
    assert read.allowed_hosts == ("bhi.example.org", "bhi.example.net")
    assert broker_url(read.redis_url) == "redis://valkey:6379/0"


def test_parts_on_several_machines_have_to_speak_tls():
    given = environment_of("worker") | {"BHI_PLAINTEXT": ""}
    with pytest.raises(EnvironmentFault, match="DATABASE_URL needs"):
        read_environment(given)


def test_what_web_and_worker_run_is_what_the_image_and_the_development_run():
    assert 'CMD ["gunicorn", "bhi.wsgi:application", "--config", "python:bhi.web.gunicorn"' in DOCKERFILE
    assert re.findall(r"command: celery .*-A (\S+) (\w+)", COMPOSE) == [
        ("bhi.celery", "worker"),
        ("bhi.celery", "beat"),
    ]
    assert re.findall(r"^COPY (requirements/\S+) (requirements/\S+)", DOCKERFILE, re.MULTILINE) == [
        ("requirements/uv.txt", "requirements/base.txt")
    ]
    assert DOCKERFILE.count("--require-hashes") == 2
    for named in (
        "requirements/uv.txt",
        "requirements/base.txt",
        "bhi/wsgi.py",
        "bhi/web/gunicorn.py",
        "bhi/celery.py",
    ):
        assert (ROOT / named).exists()


@pytest.mark.parametrize("name", ["web", "worker"])
def test_what_serves_holds_neither_the_owner_s_nor_the_administrator_s_password(name):
    assert [word for word in ("OWNER", "ADMIN", "POSTGRES_PASSWORD") if word in service(name)] == []


def test_web_holds_no_maintenance_role_and_no_key_of_backups():
    common = COMPOSE.partition("x-common:")[2].partition("\nservices:")[0]
    for lines in (common, service("web")):
        assert [word for word in ("MAINTENANCE", "BACKUP_KEY") if word in lines] == []


def test_every_part_of_ours_is_read_only_and_without_rights():
    product = COMPOSE.partition("x-product: &product")[2].partition("\nx-common")[0]
    for line in ("read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]'):
        assert line in product
    for name in ("setup", "web", "worker", "backup"):
        assert "<<: *product" in service(name)
    assert "<<: *worker" in service("beat")


def test_images_are_no_root_s_and_the_last_is_the_product():
    stages = re.findall(r"^FROM \S+ AS (\w+)", DOCKERFILE, re.MULTILINE)
    assert stages == ["build", "operate", "product"]
    parts = re.split(r"^FROM .*$", DOCKERFILE, flags=re.MULTILINE)[2:]
    assert [part.count("\nUSER bhi\n") for part in parts] == [1, 1]
    assert set(re.findall(r"target: (\w+)", COMPOSE)) == {"operate", "product"}


def test_the_dump_s_version_is_the_server_s():
    server = re.search(r"image: postgres:(\d+)", COMPOSE)
    programs = re.search(r"FROM postgres:(\d+)-bookworm AS operate", DOCKERFILE)
    assert (server and server[1]) == (programs and programs[1]) == "18"
