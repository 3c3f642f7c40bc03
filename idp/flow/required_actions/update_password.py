"""The required action `update_password`: a new password, demanded by a link or an administrator.

Nothing of it happens before the new password is accepted; then all of it does, in one unit of work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from idp.accounts import known_browsers
from idp.accounts.credentials import UPDATE_PASSWORD
from idp.accounts.passwords import Hasher, is_hashable, normalise
from idp.accounts.policy import Policy
from idp.accounts.sign_out import SignOut
from idp.accounts.throttle import Throttle
from idp.flow.effects import ChangePassword, Effect, EndOthers, Send, SpendLink
from idp.flow.notices import notice
from idp.flow.outcomes import Challenge, Outcome, Refused, Succeeded
from idp.flow.step import Scene
from idp.flow.waiting import must_wait_for
from idp.model.page import Message, Page
from idp.model.user import User
from idp.stores.ports import Stores

LINK = "link"  # the note that names the action token which demands the new password
OTHER = "other"  # the note that names somebody else who is logged in in this browser

_OTHERS = "others"  # the note of a check mark that was taken away
_OFF = "off"


@dataclass(frozen=True)
class UpdatePassword:
    """Sets a new password (`amr` "pwd": who has just chosen it knows it)."""

    stores: Stores
    hasher: Hasher
    throttle: Throttle
    policy: Policy
    sign_out: SignOut
    name: str = UPDATE_PASSWORD
    amr: tuple[str, ...] = ("pwd",)

    def enter(self, scene: Scene) -> Challenge:
        return Challenge()

    def show(self, scene: Scene) -> Page:
        view = {
            "email": scene.user.email if scene.user else "",
            "rules": self.policy.rules,
            "others": scene.notes.get(_OTHERS) != _OFF,
            "other": scene.notes.get(OTHER, ""),
        }
        return Page("update", view, notice=Message(self._warning(scene)))

    def _warning(self, scene: Scene) -> str:
        """Return what the page begins with: who has no password yet changes none."""
        with self.stores.read() as work:
            has_one = scene.user and work.credentials.password_hash(scene.user.id)
        return "upd.warn" if has_one else "upd.first"

    def submit(self, scene: Scene, form: Mapping[str, str]) -> Outcome:
        user = scene.user
        if user is None or not user.enabled:
            return Refused(error=Message("err.disabled"))
        new, others = form.get("new_password", ""), form.get("logout_others") == "on"
        faults = self._faults(new, form.get("confirm_password", ""), user)
        if faults:
            return _again(scene, faults, others=others)
        now = scene.visit.now
        blocked = self.throttle.reserve_update(user.id, now=now)
        if blocked is not None:
            return must_wait_for(blocked, now=now, user_typed=scene.user_typed)
        known, earlier = self._look_up(user, scene)
        # Each hash takes a turn of its own: others are let in between. Every earlier password is
        # compared, whichever fits: the time tells nobody how long ago it was in use.
        matches = [self.hasher.verify(new, old, known_browser=known) for old in earlier]
        if any(matches):
            return _again(scene, (Message("err.reuse", field="new_password"),), others=others)
        tagged_hash = self.hasher.hash(new, known_browser=known)
        effects = self._effects(scene, user, tagged_hash, others=others)
        return Succeeded(user=user, amr=self.amr, notice=Message("upd.done"), effects=effects)

    def _faults(self, new: str, confirm: str, user: User) -> tuple[Message, ...]:
        faults = self.policy.faults(new, user) if new else (Message("err.pw.empty"),)
        about_new = tuple(replace(fault, field="new_password") for fault in faults)
        if not confirm:
            return (*about_new, Message("err.confirm.empty", field="confirm_password"))
        if not _is_same(new, confirm):
            return (*about_new, Message("err.mismatch", field="confirm_password"))
        return about_new

    def _look_up(self, user: User, scene: Scene) -> tuple[bool, Sequence[str]]:
        """Return whether the browser is known, and the hashes that may not come back."""
        cookie, now = scene.visit.known_browser, scene.visit.now
        with self.stores.read() as work:
            known = known_browsers.is_known(work, user.id, cookie, now=now)
            return known, work.credentials.recent_hashes(user.id, most=self.policy.history)

    def _effects(
        self, scene: Scene, user: User, tagged_hash: str, *, others: bool
    ) -> tuple[Effect, ...]:
        visit = scene.visit
        effects: list[Effect] = []
        if LINK in scene.notes:
            otp_key = self.throttle.otp_key(user.id)
            forgotten = self.throttle.keys_of_password(user.id)
            effects.append(SpendLink(scene.notes[LINK], user.id, otp_key, forgotten))
        effects.append(ChangePassword(user, tagged_hash, self.policy.history, scene.session_id))
        if others:
            effects.append(
                EndOthers(
                    self.sign_out, user.id, scene.reference, visit.session, visit.known_browser
                )
            )
        return (*effects, Send(notice(scene, "changed", user.email)))


def _is_same(new: str, confirm: str) -> bool:
    """Compare as the hasher would: two keyboards may spell one password in two ways."""
    if is_hashable(new) and is_hashable(confirm):
        return normalise(new) == normalise(confirm)
    return new == confirm


def _again(scene: Scene, errors: tuple[Message, ...], *, others: bool) -> Challenge:
    notes = {name: note for name, note in scene.notes.items() if name in {LINK, OTHER}}
    return Challenge(errors=errors, notes=notes if others else {**notes, _OTHERS: _OFF})
