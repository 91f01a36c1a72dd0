"""The store's speed on SQLite and PostgreSQL: entities stored per second, and questions about millions of them.

    python -m benchmarks.store write                     `finish` as workers call it, in batches of 64 documents
    python -m benchmarks.store ask --folder build/store  `nerq entities` as whole processes, on 5 million entities

PostgreSQL is a private server with its own default settings. What was filled in --folder is asked again without being
filled anew.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.store_corpus import Filled, cpu_seconds, fill, make_corpus
from tests.services import PostgresServer, find_postgres
from worker.store import Database, list_jobs, open_database, upgrade_database

#: `nerq entities` with these arguments.
QUESTIONS = {
    "--label ORG --limit 50": ("--label", "ORG", "--limit", "50"),
    "--count-by text": ("--count-by", "text"),
    "--count-by text --limit 50": ("--count-by", "text", "--limit", "50"),
    "--count-by label": ("--count-by", "label"),
    "--name 'kalo mine'": ("--name", "kalo mine", "--limit", "50"),
}


def main() -> None:
    """Print a row for each measurement."""
    options = _parse()
    with _folder(options.folder) as folder, _server(folder) as server:
        name = f"nerq-{options.documents}"
        urls = {"SQLite": f"sqlite:///{folder}/{name}.db", "PostgreSQL": _database(server, name)}
        if options.what == "write":
            for kind, url in urls.items():
                if batches := _filled(url, options, folder):
                    _print_rates(kind, batches)
                else:
                    print(f"{kind:12} was filled before; name another --folder")
            return
        empty = {"SQLite": f"sqlite:///{folder}/empty.db", "PostgreSQL": _database(server, "empty")}
        for kind, url in urls.items():
            _filled(url, options, folder)
            open_database(empty[kind]).close()
            for question, arguments in QUESTIONS.items():
                _print_times(kind, question, _time(arguments, (empty[kind], url), options.rounds))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["write", "ask"])
    parser.add_argument(
        "--documents", type=int, help="of 50 entities each; default: 4,000 to write, 100,000 to ask"
    )
    parser.add_argument("--names", type=int, default=200_000, help="distinct names")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median is shown")
    parser.add_argument("--folder", type=Path, help="where the databases stay; default: a temporary one")
    options = parser.parse_args()
    options.documents = options.documents or {"write": 4_000, "ask": 100_000}[options.what]
    return options


@contextmanager
def _folder(path: Path | None) -> Iterator[Path]:
    if path is None:
        with tempfile.TemporaryDirectory() as name:
            Path(name).chmod(0o711)  # PostgreSQL runs as another user.
            yield Path(name)
    else:
        path.mkdir(parents=True, exist_ok=True)
        yield path.resolve()


@contextmanager
def _server(folder: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(find_postgres(), folder=folder / "postgresql", durable=True)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _database(server: PostgresServer, name: str) -> str:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
    upgrade_database(server.url(name))
    return server.url(name)


def _filled(url: str, options: argparse.Namespace, folder: Path) -> list[Filled]:
    """Fill it, unless that was done before."""
    mark = folder / f"filled-{options.documents}-{url.partition(':')[0]}"
    if mark.exists():
        return []
    database = open_database(url)
    if list_jobs(database, 1):
        sys.exit(f"{url} was filled in part; name another --folder.")
    batches = list(fill(database, make_corpus(options.documents, options.names)))
    _tidy(database)
    database.close()
    mark.touch()
    return batches


def _tidy(database: Database) -> None:
    """What a server that runs does by itself before long, and SQLite has no need of."""
    if not database.is_sqlite:
        with database.driver_connection() as connection:
            connection.autocommit = True
            connection.execute("VACUUM ANALYZE")


def _print_rates(kind: str, batches: Sequence[Filled]) -> None:
    rates = [batch.n_entities / batch.seconds for batch in batches]
    n_entities = sum(batch.n_entities for batch in batches)
    per_cpu_second = n_entities / sum(batch.cpu_seconds for batch in batches)
    low, median, high = statistics.quantiles(rates)
    print(
        f"{kind:12} {n_entities:>10,} entities in batches of {batches[0].n_entities:,}: {median:>8,.0f} entities/s"
        f" (quartiles {low:,.0f} and {high:,.0f}), {per_cpu_second:>8,.0f} for each second of a processor"
    )


def _time(arguments: Sequence[str], urls: Sequence[str], rounds: int) -> list[tuple[float, float]]:
    """Median seconds, and seconds of a processor, of the command on each database, in turn."""
    seconds: list[list[tuple[float, float]]] = [[] for _ in urls]
    for _ in range(rounds):
        for url, times in zip(urls, seconds, strict=True):
            busy, started = cpu_seconds(), time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "cli", "entities", *arguments],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "NERQ_DATABASE": url},
                check=True,
            )
            times.append((time.perf_counter() - started, cpu_seconds() - busy))
    return [
        (statistics.median(t for t, _ in times), statistics.median(c for _, c in times)) for times in seconds
    ]


def _print_times(kind: str, question: str, seconds: Sequence[tuple[float, float]]) -> None:
    (empty, empty_cpu), (full, full_cpu) = seconds
    print(
        f"{kind:12} {question:28} empty {empty:6.2f} s   full {full:6.2f} s   more {full - empty:6.2f} s"
        f"   (of a processor: {empty_cpu:5.2f}, {full_cpu:5.2f}, {full_cpu - empty_cpu:5.2f} s)",
        flush=True,
    )


if __name__ == "__main__":
    main()
