"""What compose.yaml names besides the project: PostgreSQL and S3, pulled or made; and who runs it.

The stand-ins have the command line, the variables and the volumes that compose.yaml uses, not more.
"""

import re
import tempfile
from pathlib import Path

import engine
import standins
import yaml
from owner import find_python, find_uv
from servers import MOTO

PODMAN_COMPOSE = "podman-compose==1.6.0"

DEBIAN = "localhost/copier-ml/debian:bookworm"

POSTGRES = f"""
FROM {DEBIAN}
RUN printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \\
    && apt-get update && mkdir -p /etc/postgresql-common \\
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \\
    && apt-get install --yes --no-install-recommends postgresql \\
    && ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/
COPY entrypoint /entrypoint
ENV LANG=C.UTF-8 PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
ENTRYPOINT ["/entrypoint"]
"""

MAKE_DATABASE = """#!/bin/sh
set -eu
: "${POSTGRES_PASSWORD:?}"
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /run/postgresql && chown -R postgres "$PGDATA" /run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    echo "$POSTGRES_PASSWORD" > /tmp/password
    initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256
    echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
    pg_ctl start --wait --options="-c listen_addresses=''"
    PGPASSWORD=$POSTGRES_PASSWORD createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl stop --wait
fi
exec postgres -c listen_addresses='*'
"""

S3 = f"""
FROM {DEBIAN}
RUN python3 -m venv /opt/moto && /opt/moto/bin/pip install --no-cache-dir '{MOTO}'
COPY entrypoint /entrypoint
RUN printf '#!/bin/sh\\nexec /opt/moto/bin/python /entrypoint "$@"\\n' > /usr/local/bin/wget \\
    && chmod +x /usr/local/bin/wget
ENTRYPOINT ["/opt/moto/bin/python", "/entrypoint"]
"""

SERVE_S3 = '''
"""Moto with versitygw's command line; it keeps what it was told, and tells itself again."""
import os, pathlib, signal, sys, urllib.request

if sys.argv[-1].startswith("http://"):  # It is asked how it is, as wget would ask.
    urllib.request.urlopen(sys.argv[-1])
    raise SystemExit

_, _, port, _, health, _, _, folder = sys.argv
assert sys.argv[1::2] == ["--port", "--health", "--quiet", folder] and sys.argv[6] == "posix"
assert os.environ["ROOT_ACCESS_KEY"] and os.environ["ROOT_SECRET_KEY"]
(bucket,) = pathlib.Path(folder).iterdir()
kept = bucket / "recording"
os.environ |= {"MOTO_ENABLE_RECORDING": "1", "MOTO_RECORDER_FILEPATH": str(kept)}

from moto.server import ThreadedMotoServer

ThreadedMotoServer("0.0.0.0", int(port.strip(":"))).start()
here = f"http://127.0.0.1{port}"
make = urllib.request.Request
ask = lambda method, path: urllib.request.urlopen(make(here + path, method=method))
if kept.exists():
    ask("POST", f"/moto-api/recorder/replay-recording?target_host={here}")
else:
    ask("PUT", f"/{bucket.name}")
    ask("PUT", health)  # A bucket of this name: to list it succeeds.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
signal.pause()
'''


def command() -> tuple[str, dict[str, str]]:
    """Tell the program that reads compose.yaml here, and what its environment must say."""
    run = engine.find()
    if run.program == "docker":
        return "docker compose", {}
    python = find_python("3.12")
    return f"{find_uv()} tool run --quiet --python {python} {PODMAN_COMPOSE}", run.environment


def docker_compose() -> list[str]:
    """Find the genuine Compose, which reads a file without an engine; Debian has one too."""
    if engine.find().program == "docker":
        return ["docker", "compose"]
    return ["chroot", str(standins.debian("trixie", "docker-compose")), "docker-compose"]


def provide_all(compose: Path) -> None:
    """Have every image that compose.yaml names."""
    services = yaml.safe_load(compose.read_text(encoding="utf-8"))["services"].values()
    for image in {service["image"] for service in services if "image" in service}:
        standins.provide(image)


def _make_postgres(image: str, _: str) -> None:
    _build(image, POSTGRES, MAKE_DATABASE)


def _make_s3(image: str, _: str) -> None:
    _build(image, S3, SERVE_S3)


def _build(image: str, dockerfile: str, entrypoint: str) -> None:
    standins.import_files(standins.debian("bookworm", "python3", "python3-venv"), DEBIAN)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text(dockerfile)
        (Path(folder) / "entrypoint").write_text(entrypoint)
        (Path(folder) / "entrypoint").chmod(0o755)
        engine.find()("build", "--tag", image, folder)


standins.MADE |= {
    re.compile(r"docker\.io/library/postgres:(\d+)\.\d+-\w+"): _make_postgres,
    re.compile(r"ghcr\.io/versity/versitygw:v([\d.]+)"): _make_s3,
}
