"""Exceptions from what one address may try."""

from typing import Annotated

from pydantic import Field

from idp.settings.values import Network, Section, Whole, between


class Office(Section):
    """A network with many people behind one address."""

    network: Network = Field(description="The office's network.")
    factor: Annotated[Whole, between(1, 1_000)] = Field(
        description="How many times as often as other addresses it may try."
    )


class Limits(Section):
    """Exceptions from the limits by address."""

    offices: tuple[Office, ...] = Field(
        default=(),
        description="Networks with many people behind one address, each with its factor.",
        examples=[[{"network": "203.0.113.0/24", "factor": 25}]],
    )
