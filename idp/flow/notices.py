"""Letters that only tell what has happened: nothing in them opens anything."""

from idp.flow.step import Scene
from idp.model.letter import Letter
from idp.model.tokens import new_id

_LIFE = 24 * 3600  # seconds: older news helps nobody


def notice(scene: Scene, kind: str, to: str) -> Letter:
    """Return the letter of a kind that tells a mailbox when, where and at which client it was."""
    now = scene.visit.now
    return Letter(
        id=new_id(),
        kind=kind,
        to=to,
        locale=scene.locale,
        reference=scene.reference,
        facts={"client": scene.origin.client_id, **scene.visit.whereabouts},
        created_at=now,
        expires_at=now + _LIFE,
    )
