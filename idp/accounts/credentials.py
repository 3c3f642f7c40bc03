"""What a change of password, mailbox or state takes with it, whoever makes it."""

from idp.accounts.sign_out import Cause, SignOut
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


def change_mailbox(work: Work, user_id: str, email: str, email_canonical: str, *, now: int) -> None:
    """Give an account another mailbox, not verified yet.

    Open links become worthless and logins under way end, for a code on its way to the old mailbox
    must not open the account any more; sessions stay. Raises AlreadySpent when it is taken.
    """
    work.users.set_email(user_id, email, email_canonical, now=now)
    work.authentication_sessions.take_all_of_user(user_id, but="", now=now)


def switch(work: Work, user_id: str, sign_out: SignOut, *, enabled: bool, now: int) -> None:
    """Switch an account on or off; either ends its sessions and the logins under way.

    On too: a login that was under way while it was off may have left something.
    """
    work.users.set_enabled(user_id, enabled=enabled, now=now)
    work.authentication_sessions.take_all_of_user(user_id, but="", now=now)
    sign_out.end_all(work, user_id, Cause(), now=now)
