"""How a letter becomes a mail: rendered at the moment of delivery, and handed to the post."""

from collections.abc import Callable
from typing import TypeAlias

from idp.model.clock import Clock
from idp.model.letter import Letter, RenderedLetter
from idp.outbox.delivery import Delivery, Post

Renderer: TypeAlias = Callable[[Letter], RenderedLetter]


def mailed(post: Post, renderer: Renderer, clock: Clock) -> Delivery:
    """Return the delivery of one kind of mail; a renderer raises KeyError when its key is gone."""

    def deliver(letter: Letter) -> None:
        rendered = renderer(letter)
        post.send(rendered, to=letter.to, letter_id=letter.id, now=clock())

    return deliver
