"""The reset step: a user ID is asked for, and a link goes to its mailbox.

Unknown, disabled and known users take the same way: the same rows, the same page. Opening the link
proves the mailbox; whoever opens it may set a new password, once.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from idp.accounts import known_browsers, user_id
from idp.accounts.address_limits import AddressLimits
from idp.accounts.known_browsers import NOBODY
from idp.accounts.throttle import Limits, Throttle
from idp.flow.effects import OfferLink
from idp.flow.outcomes import Challenge, Outcome
from idp.flow.step import Scene, Visit
from idp.flow.waiting import must_wait
from idp.model.action_token import ActionToken
from idp.model.keyring import Keyring
from idp.model.letter import GHOST, link_letter
from idp.model.page import Message, Page
from idp.model.tokens import new_id
from idp.model.user import User
from idp.stores.ports import Stores, Work

SENT = "sent"  # the note of a conversation that has asked for a link
FAULT = "fault"  # the note of one that came with a link that does not work

_PURPOSE = "action-token"
_ID, _MAC = 22, 43  # characters of an id, and of 256 bits in Base64
_LINK = re.compile(rf"[A-Za-z0-9_-]{{{_ID + _MAC}}}")
_MOST_LIVE = 3  # links a user

# What is wrong with a link: its title, its sentence.
_FAULTS: Mapping[str, tuple[str, str]] = {
    "cut": ("link.invalid.title", "link.invalid.body"),
    "foreign": ("link.invalid.title", "link.foreign"),
    "used": ("link.used.title", "link.used.body"),
    "dead": ("link.dead.title", "link.dead"),
    "disabled": ("link.dead.title", "err.disabled"),
    "expired": ("link.expired.title", "link.expired.body"),
    "invitation_expired": ("link.expired.title", "link.expired.hours"),
}


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What a link is worth now: whose password may be set, or the name of its fault."""

    token: ActionToken | None
    user: User | None = None
    fault: str = ""


def link_secret(form_key: Keyring, token_id: str, key_version: int) -> str:
    """Return what stands in the mailed link: 65 URL-safe characters, the last a letter or digit.

    Raises KeyError when the key version has left the ring: the link is void.
    """
    mac = form_key.mac(_PURPOSE, token_id.encode(), version=key_version)
    return token_id + base64.urlsafe_b64encode(mac).rstrip(b"=").decode("ascii")


@dataclass(frozen=True)
class ResetCredentials:
    """Proves access to the mailbox by a link. Times are in seconds.

    It earns no `amr`: a link to set a password never stands for the code that follows a password.
    """

    stores: Stores
    throttle: Throttle
    limits: AddressLimits
    form_key: Keyring
    lifetime: int
    resend_after: int
    invitation_lifetime: int = 24 * 3600
    name: str = "reset_credentials"
    amr: tuple[str, ...] = ()

    def enter(self, scene: Scene) -> Challenge:
        return Challenge()

    def show(self, scene: Scene) -> Page:
        if FAULT in scene.notes:
            title, body = _FAULTS[scene.notes[FAULT]]
            is_first = scene.notes[FAULT] == "invitation_expired"
            facts = {"n": self.invitation_lifetime // 3600 if is_first else self.lifetime // 60}
            go_on = "already.switch" if scene.notes[FAULT] == "disabled" else "link.new"
            return Page("link", {"title": title, "body": body, "facts": facts, "next": go_on})
        if SENT in scene.notes:
            return self._sent(scene)
        return Page("reset", {"user_id": scene.user_typed, "can_return": scene.can_return})

    def submit(self, scene: Scene, form: Mapping[str, str]) -> Outcome:
        is_again = form.get("action") == "resend" and SENT in scene.notes
        typed = scene.user_typed if is_again else form.get("userid", "")
        fault = user_id.fault(typed)
        if fault:
            return Challenge(errors=(Message(fault, field="userid"),), user_typed=typed, notes={})
        canonical, now = user_id.canonical(typed), scene.visit.now
        if is_again and self._wait(canonical, scene.visit):
            return Challenge(notice=Message("resend.early"))
        wait = self.limits.wait_for_reset(scene.visit.address, canonical)
        if wait is not None:
            return must_wait(wait, now=now, user_typed=typed)
        return Challenge(
            notes={SENT: "yes"},
            notice=Message("sent.resent") if is_again else None,
            user_typed=typed,
            effects=(self._offer(scene, typed, canonical),),
        )

    def open(self, text: str, *, now: int) -> OpenedLink:
        """Look at a link without using it up: mail scanners open links too."""
        if not _LINK.fullmatch(text):
            return OpenedLink(None, fault="cut")
        token_id = text[:_ID]
        if not self._is_ours(text, token_id):
            return OpenedLink(None, fault="foreign")
        return self.look_up(token_id, now=now)

    def look_up(self, token_id: str, *, now: int) -> OpenedLink:
        """Say what a link whose secret has been seen is worth now."""
        with self.stores.read() as work:
            token = work.action_tokens.find(token_id)
            user = work.users.find(token.user_id) if token else None
            fault = _fault_of(token, user, now)
            if fault == "dead":  # maybe by its own use, a moment after it was read
                token = work.action_tokens.find(token_id)
                fault = _fault_of(token, user, now)
        return OpenedLink(token, None if fault else user, fault)

    def _is_ours(self, text: str, token_id: str) -> bool:
        secrets = (link_secret(self.form_key, token_id, v) for v in self.form_key.versions)
        return any(hmac.compare_digest(secret, text) for secret in secrets)

    def _sent(self, scene: Scene) -> Page:
        view = {
            "email": scene.user_typed,
            "minutes": self.lifetime // 60,
            "wait": self._wait(user_id.canonical(scene.user_typed), scene.visit),
            "can_return": scene.can_return,
        }
        return Page("sent", view, notice=Message("sent.flash"))

    def _wait(self, canonical: str, visit: Visit) -> int:
        """Return the seconds until this user ID may be asked for again, known or not."""
        with self.stores.read() as work:
            _, limits = self._look_up(work, canonical, visit)
            waits = [work.counters.blocked(key, now=visit.now) for key, _ in limits]
        return max((wait.until - visit.now for wait in waits if wait and wait.until), default=0)

    def _look_up(self, work: Work, canonical: str, visit: Visit) -> tuple[User | None, Limits]:
        """Return the user, and the limits of a link to this mailbox.

        A browser in which the owner has logged in before only pauses: whoever floods a mailbox from
        elsewhere must not shut its owner out.
        """
        limits = self.throttle.reset_limits(canonical, resend_after=self.resend_after)
        user = work.users.find_by_email(canonical)
        account = user.id if user else NOBODY
        cookie, now = visit.known_browser, visit.now
        is_known = known_browsers.is_known(work, account, cookie, now=now)
        return user, limits[:1] if is_known else limits

    def _offer(self, scene: Scene, typed: str, canonical: str) -> OfferLink:
        with self.stores.read() as work:
            user, limits = self._look_up(work, canonical, scene.visit)
        token, kind, to = self._token(scene, typed, canonical), GHOST, user_id.mailbox(typed)
        if user is not None and user.enabled:
            token = replace(token, user_id=user.id, credential_version=user.credential_version)
            kind, to = "reset", user.email
        letter = link_letter(
            token,
            self.form_key.newest,
            kind=kind,
            to=to,
            locale=scene.locale,
            where=scene.visit.whereabouts,
        )
        return OfferLink(token, letter, limits, _MOST_LIVE)

    def _token(self, scene: Scene, typed: str, canonical: str) -> ActionToken:
        now, origin = scene.visit.now, scene.origin
        return ActionToken(
            id=new_id(),
            reference=scene.reference,
            user_id=self.form_key.mac("ghost", canonical.encode()).hex(),
            credential_version=0,
            user_typed=typed,
            client_id=origin.client_id,
            request=origin.request,
            browser_digest=origin.browser_digest,
            created_at=now,
            expires_at=now + self.lifetime,
        )


def _fault_of(token: ActionToken | None, user: User | None, now: int) -> str:
    if token is None:  # rows outlive their links by a day
        return "expired"
    if token.used_at is not None:
        return "used"
    if user is not None and not user.enabled:
        return "disabled"
    if user is None or user.credential_version != token.credential_version:
        return "dead"
    if token.expires_at > now:
        return ""
    return "invitation_expired" if token.is_invitation else "expired"
