"""Debian's own Postgres with TLS, for one run of tests: another version, over a network, with verified certificates."""

import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bhi.local.account import Account, account_for, make_folder, open_way, run_as, write_file
from bhi.local.errors import SetupError
from bhi.local.places import SUPERUSER, Places
from bhi.local.saying import say

DEBIAN = Path("/usr/lib/postgresql")
# What the embedded server does not have: a certificate of its own for "localhost". Run with the checkout's Python.
MAKE_CERTIFICATE = """
import sys, datetime, ipaddress
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
now = datetime.datetime.now(datetime.timezone.utc)
certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
    .not_valid_after(now + datetime.timedelta(days=2))
    .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256()))
pem = serialization.Encoding.PEM
sys.stdout.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode())
sys.stdout.write(certificate.public_bytes(pem).decode())
"""
# Whoever comes without TLS is not let in.
ACCESS = "hostssl all all 127.0.0.1/32 scram-sha-256\nlocal all all reject\n"


def installed() -> Path | None:
    """The programs of the oldest Debian Postgres from 15 on, which the product promises; None where there is none."""
    found = [path for path in DEBIAN.glob("*/bin") if path.parent.name.isdigit() and int(path.parent.name) >= 15]
    return min(found, key=lambda path: int(path.parent.name), default=None)


@contextmanager
def tls_server(places: Places) -> Iterator[str]:
    """A server made for this run and removed after it; the administrator's URL, which verifies its certificate."""
    programs = installed()
    if programs is None:
        raise SetupError("There is no Postgres of Debian's here: apt install postgresql-15.")
    folder = places.local / "tls"
    shutil.rmtree(folder, ignore_errors=True)
    places.local.mkdir(exist_ok=True)  # a checkout in which nothing ran yet
    account = account_for(folder)
    open_way(account, places.root, places.local)
    make_folder(folder, account)
    data, port, password = folder / "data", _free_port(), secrets.token_hex(16)
    try:
        _make(places, programs, account, folder, password, port)
        say(f"Starting Postgres {programs.parent.name} with TLS")
        _run(account, [programs / "pg_ctl", "start", "-D", data, "-w", "-t", "60", "-l", folder / "log"], folder)
        root = f"sslmode=verify-full&sslrootcert={places.local / 'tls.crt'}"
        yield f"postgresql://{SUPERUSER}:{password}@localhost:{port}/postgres?{root}"
    finally:
        if (data / "postmaster.pid").exists():
            run_as(account, [programs / "pg_ctl", "stop", "-D", data, "-w", "-m", "fast"], folder=folder)
        shutil.rmtree(folder, ignore_errors=True)
        (places.local / "tls.crt").unlink(missing_ok=True)


def _make(places: Places, programs: Path, account: Account, folder: Path, password: str, port: int) -> None:
    data = folder / "data"
    write_file(folder / "password", password, account)
    _run(
        account,
        [programs / "initdb", "-D", data, "-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile", folder / "password",
         "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
        folder,
    )  # fmt: skip
    both = subprocess.run([places.python, "-c", MAKE_CERTIFICATE], capture_output=True, text=True, check=True).stdout
    key, mark, certificate = both.partition("-----BEGIN CERTIFICATE")
    write_file(data / "server.key", key, account)
    write_file(data / "server.crt", mark + certificate, account)
    (places.local / "tls.crt").write_text(mark + certificate, encoding="ascii")
    write_file(data / "pg_hba.conf", ACCESS, account)
    settings = [
        "listen_addresses = '127.0.0.1'", f"port = {port}", "unix_socket_directories = ''", "ssl = on",
        "ssl_min_protocol_version = 'TLSv1.2'", "timezone = 'UTC'", "max_connections = 200", "jit = off",
        "fsync = off", "synchronous_commit = off", "full_page_writes = off",
    ]  # fmt: skip
    own = (data / "postgresql.conf").read_text(encoding="utf-8")
    write_file(data / "postgresql.conf", own + "\n" + "\n".join(settings) + "\n", account)


def _run(account: Account, command: list[Path | str], folder: Path) -> None:
    done = run_as(account, command, folder=folder)
    if done.returncode:
        raise SetupError(f"{Path(command[0]).name} failed:\n{(done.stderr or done.stdout).strip()[-1500:]}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
