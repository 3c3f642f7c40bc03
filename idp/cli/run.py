"""`idp run`: the server. The settings of granian and their reasons are in docs/performance.md."""

import os
import signal
import socket
import threading
from types import FrameType

import click
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from idp.admin.generations import reload
from idp.admin.installation import upgrade_database
from idp.app import Foundation, assemble
from idp.cli.command import CommandFailed, Invocation, shared_options
from idp.cli.reload import tell
from idp.model.errors import ProbeshError
from idp.settings import Settings, load_secrets
from idp.verdict import read_and_judge

_BACKPRESSURE = 64  # requests a worker holds at once; more wait in the kernel
_HEADER_BYTES = 16_384  # more is answered 431: granian's own limit is 408 KiB
_HEADER_TIMEOUT = 5_000  # milliseconds for all headers of a request
_KILL_AFTER = 10  # seconds that requests under way get when the server stops


@click.command("run")
@click.option("--host", help="Listen on this address instead of listen.host.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Instead of listen.port.")
@click.option("--workers", type=click.IntRange(1, 256), help="Instead of listen.workers.")
@shared_options
@click.pass_obj
def run_command(
    invocation: Invocation, host: str | None, port: int | None, workers: int | None
) -> None:
    """Upgrade the database, then serve until Ctrl-C. SIGHUP does what `idp reload` does.

    Example: idp run --config /etc/probesh/idp.toml
    """
    settings = read_and_judge(invocation.config).settings
    host, port = host or settings.listen.host, port or settings.listen.port
    _check_free(host, port)
    upgrade_database(settings)
    _check_startable(settings)
    os.environ["IDP_CONFIG"] = str(invocation.config.absolute())  # the workers read it there
    invocation.say(
        f"Serving {settings.issuer} on {host}:{port}.", issuer=settings.issuer, host=host, port=port
    )
    _serve(settings, (host, port), workers or settings.listen.workers, invocation)


def _serve(
    settings: Settings, address: tuple[str, int], workers: int, invocation: Invocation
) -> None:
    server = Granian(
        "idp.serving:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=address[0],
        port=address[1],
        workers=workers,
        blocking_threads=settings.listen.threads,
        backpressure=_BACKPRESSURE,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_TIMEOUT, max_buffer_size=_HEADER_BYTES
        ),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_KILL_AFTER,
        log_level=LogLevels(settings.logging.level),
    )
    # Granian's own handler would respawn the workers. Hooks run after it is set, before they start.
    server.on_startup(lambda: _reload_on_hangup(invocation))
    # A worker inherits the server's handlers and sets its own only when the application is there:
    # told to stop before, it would not hear it and be killed at the end of the patience above.
    os.register_at_fork(after_in_child=_stop_when_told)
    server.serve()


def _stop_when_told() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def _reload_on_hangup(invocation: Invocation) -> None:
    """Let SIGHUP reload the configuration, beside the loop that looks after the workers."""
    ours = os.getpid()

    def on_hangup(_number: int, _frame: FrameType | None) -> None:
        if os.getpid() == ours:  # the workers inherit the handler and have no use for it
            threading.Thread(target=_reload, args=(invocation,), daemon=True).start()

    signal.signal(signal.SIGHUP, on_hangup)


def _reload(invocation: Invocation) -> None:
    try:
        tell(invocation, reload(invocation.config))
    except ProbeshError as error:
        invocation.complain(error)


def _check_startable(settings: Settings) -> None:
    """Put all rooms together once before the workers do: what is wrong is told in one sentence."""
    foundation = Foundation(settings)
    assemble(settings, load_secrets(settings.secrets_dir), foundation=foundation)
    foundation.engine.dispose()  # the workers must not inherit a connection


def _check_free(host: str, port: int) -> None:
    """Raise CommandFailed when the address cannot be listened on, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"Cannot listen on {host}:{port}: {error.strerror or error}."
            raise CommandFailed(message) from error
