"""What goes to another machine over TLS goes to the right one: its certificate is verified."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import find_redis, free_port, wait_until
from worker.errors import ServiceError
from worker.queue.app import BrokerQueue, make_app
from worker.queue.slots import Slot
from worker.settings import Settings


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that nobody has signed but itself; its key is beside it."""
    path = tmp_path_factory.mktemp("tls") / "server.crt"
    options = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-out", path, "-keyout", path.with_suffix(".key")]
    subprocess.run(["openssl", "req", *options, *name, *files], check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def port(certificate: Path) -> Iterator[int]:
    """Of a Redis that speaks TLS only."""
    port = free_port()
    options = {
        "--port": "0",
        "--tls-port": str(port),
        "--tls-cert-file": str(certificate),
        "--tls-key-file": str(certificate.with_suffix(".key")),
        "--tls-auth-clients": "no",
        "--bind": "127.0.0.1",
        "--save": "",
        "--dir": str(certificate.parent),
    }
    log = certificate.parent / "redis.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [find_redis(), *(part for pair in options.items() for part in pair)], stdout=out
        )
    try:
        wait_until(lambda: "Ready to accept connections" in log.read_text(), what="a Redis that speaks TLS")
        yield port
    finally:
        server.kill()
        server.wait()


def queue(url: str, *, of_worker: bool) -> BrokerQueue:
    return BrokerQueue(make_app(Settings(broker=url), (Slot(None, 1),) if of_worker else ()))


@pytest.mark.parametrize("of_worker", [False, True], ids=["submit", "worker"])
class TestRedis:
    def test_a_certificate_that_no_authority_has_signed_is_refused(self, port: int, of_worker: bool) -> None:
        with pytest.raises(ServiceError):
            queue(f"rediss://127.0.0.1:{port}/0", of_worker=of_worker).check()

    def test_an_authority_named_in_the_url_is_trusted(
        self, port: int, certificate: Path, of_worker: bool
    ) -> None:
        queue(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={certificate}", of_worker=of_worker).check()

    def test_a_certificate_of_another_host_is_refused(
        self, port: int, certificate: Path, of_worker: bool
    ) -> None:
        with pytest.raises(ServiceError):
            queue(f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}", of_worker=of_worker).check()

    def test_only_who_says_so_goes_without(self, port: int, of_worker: bool) -> None:
        queue(f"rediss://127.0.0.1:{port}/0?ssl_cert_reqs=none", of_worker=of_worker).check()
