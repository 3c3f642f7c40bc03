"""What a change of password takes with it, whoever makes it."""

from idp.model.user import User
from idp.stores.ports import Work

UPDATE_PASSWORD = "update_password"  # noqa: S105 - the required action that a new password meets


def change_password(
    work: Work, user: User, tagged_hash: str, *, history: int, now: int, goes_on: str = ""
) -> None:
    """Store a new password; `history` passwords may not come back, this one included.

    Open links become worthless, and logins that the old password began end: all but the
    conversation `goes_on`. Raises AlreadySpent if password or mailbox were changed meanwhile.
    """
    work.credentials.set_password(
        user.id,
        tagged_hash,
        version=user.credential_version,
        keep=max(0, history - 1),
        now=now,
    )
    work.authentication_sessions.take_all_of_user(user.id, but=goes_on, now=now)
    work.required_actions.clear(user.id, UPDATE_PASSWORD)
