"""The logout request (OpenID Connect RP-Initiated Logout 1.0, 2), once it has been looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """What a client asked for. Nothing in it is an error: what is not proven is left out."""

    client_id: str = ""  # of a valid id_token_hint, or as claimed by a client that we know
    subject: str = ""  # `sub` and `sid` of a valid id_token_hint
    sid: str = ""
    redirect_uri: str = ""  # registered for that client; "": nowhere
    state: str | None = None
    ui_locales: tuple[str, ...] = ()
    fault: str = ""  # for the relying party's developer: why something was left out

    @property
    def is_hinted(self) -> bool:
        """Tell whether the request carries a valid ID token of ours."""
        return bool(self.subject)
