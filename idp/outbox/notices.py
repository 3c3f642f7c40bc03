"""Logout notices: the back-channel logout request to a client, and when a client is left alone."""

import math
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException

from idp.model.clock import Clock
from idp.model.letter import Letter
from idp.outbox.delivery import DeliveryFailed, Fault
from idp.outbox.form_post import post_form
from idp.outbox.replies import failure_of
from idp.outbox.tls import verified_context

LEFT_ALONE = 30  # seconds after a client did not answer

_DONE = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT})  # Back-Channel Logout 1.0, 2.8
_PASSING = frozenset(  # 4xx about the moment, not about the notice
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


class LogoutNotifier:
    """Delivers logout notices (OpenID Connect Back-Channel Logout 1.0, 2.5).

    A client that did not answer is left alone for a while, so that it does not hold up the notices
    of the others. One notifier belongs to one thread.
    """

    def __init__(
        self,
        uri_of: Callable[[str], str | None],
        token_of: Callable[[Letter, int], str | None],
        clock: Clock,
        *,
        timeout: float = 5,
        ca_file: str | None = None,
    ) -> None:
        """Read the certificates. Raises SettingsRefused.

        `uri_of` tells the back-channel logout URI of a client, `token_of` makes the logout token of
        a notice at a moment (seconds since 1970 UTC); None: the client takes no notices any more.
        `timeout`: seconds for the connection, and for the rest.
        """
        self._uri_of = uri_of
        self._token_of = token_of
        self._clock = clock
        self._timeout = timeout
        self._context = verified_context(ca_file, whose="the ca_file of logout notices")
        self._alone_until: dict[str, int] = {}

    @property
    def longest(self) -> int:
        """Seconds after which a delivery has ended, well or badly."""
        return math.ceil(2 * self._timeout)

    def deliver(self, letter: Letter) -> None:
        """Tell a client that a session has ended. Raises DeliveryFailed.

        A client that answers 4xx has understood and says no: REFUSED. What passes is tried again.
        """
        client_id = letter.to
        uri = self._uri_of(client_id)
        self._check_answers(client_id)
        token = self._token_of(letter, self._clock()) if uri is not None else None
        if uri is None or token is None:
            raise DeliveryFailed(Fault.REFUSED, "the client takes no notices")
        try:
            status = self._post(uri, token)
        except DeliveryFailed as failure:
            failure.not_before = self._clock() + LEFT_ALONE
            self._alone_until[client_id] = failure.not_before
            raise
        _check_status(status)

    def _check_answers(self, client_id: str) -> None:
        until = self._alone_until.get(client_id, 0)
        if self._clock() < until:
            raise DeliveryFailed(Fault.DIAL, "left alone for a while", not_before=until)

    def _post(self, uri: str, token: str) -> int:
        form = {"logout_token": token}
        try:
            return post_form(uri, form, context=self._context, timeout=self._timeout)
        except OSError as error:
            raise failure_of(error) from None
        except (HTTPException, UnicodeError) as error:
            # By its type: the message repeats what the client sent, or the host.
            raise DeliveryFailed(Fault.DIAL, type(error).__name__) from None


def _check_status(status: int) -> None:
    """Raise DeliveryFailed for everything but success (Back-Channel Logout 1.0, 2.8)."""
    if status in _DONE:
        return
    is_no = 400 <= status < 500 and status not in _PASSING  # noqa: PLR2004 - RFC 9110 15.5
    raise DeliveryFailed(Fault.REFUSED if is_no else Fault.LATER, str(status))
