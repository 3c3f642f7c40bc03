"""The tables, as SQLAlchemy models; the stores use them through `__table__` with Core statements.

Times are seconds since 1970 UTC, digests 32 bytes. Tuples, mappings and text that anybody may
have typed are JSON (ASCII): PostgreSQL's text takes neither NUL nor lone surrogates.
"""

from typing import cast

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# A tagged hash of another scheme than ours (accounts/passwords.py).
IS_FOREIGN = text("substr(tagged_hash, 1, 9) != 'probesh1:'")


class Base(DeclarativeBase):
    """The root of all tables; named constraints let migrations find them."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map = {int: BigInteger, str: Text, bytes: LargeBinary}  # noqa: RUF012 - SQLAlchemy's own way


class UserRow(Base):
    """A person or office."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str]
    email_canonical: Mapped[str] = mapped_column(unique=True)
    email_verified: Mapped[bool]
    name_bn: Mapped[str]
    name_en: Mapped[str]
    office: Mapped[str]
    enabled: Mapped[bool]
    locale: Mapped[str]
    attributes: Mapped[str]  # JSON
    roles: Mapped[str]  # JSON
    credential_version: Mapped[int]
    created_at: Mapped[int]
    updated_at: Mapped[int]


class CredentialRow(Base):
    """A user's password, hashed behind a tag that names its scheme and pepper."""

    __tablename__ = "credentials"
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    tagged_hash: Mapped[str]
    updated_at: Mapped[int]
    # Hashes that were brought along, until their owners log in: few, then none. In the order of
    # their bytes, so that those of one scheme and cost are skipped in one step.
    __table_args__ = (
        Index(
            "ix_credentials_foreign",
            "tagged_hash",
            sqlite_where=IS_FOREIGN,
            postgresql_where=IS_FOREIGN,
            postgresql_ops={"tagged_hash": "text_pattern_ops"},
        ),
    )


class PasswordHistoryRow(Base):
    """A password that was replaced; `credential_version` is the last that it stood under.

    The version orders a user's passwords, however many are set within one second.
    """

    __tablename__ = "password_history"
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    credential_version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tagged_hash: Mapped[str]
    created_at: Mapped[int]


class RequiredActionRow(Base):
    """What an administrator demands of a user at the next login."""

    __tablename__ = "required_actions"
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    action: Mapped[str] = mapped_column(primary_key=True)
    required_at: Mapped[int]


class ActionTokenRow(Base):
    """A mailed link. A ghost's is here too, so its user may not exist."""

    __tablename__ = "action_tokens"
    id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str]
    user_id: Mapped[str] = mapped_column(index=True)
    credential_version: Mapped[int]
    user_typed: Mapped[str]  # JSON
    client_id: Mapped[str]
    request: Mapped[str]  # JSON
    browser_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)
    used_at: Mapped[int | None]


class AuthenticationSessionRow(Base):
    """A conversation in which something has been proven."""

    __tablename__ = "authentication_sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str]
    browser_digest: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    request: Mapped[str]  # JSON
    client_id: Mapped[str]
    flow: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)
    user_typed: Mapped[str]  # JSON
    step: Mapped[int]
    actions: Mapped[str]  # JSON
    user_id: Mapped[str | None] = mapped_column(index=True)
    amr: Mapped[str]  # JSON
    notes: Mapped[str]  # JSON
    version: Mapped[int]
    taken_at: Mapped[int | None]


class ChallengeRow(Base):
    """A mailed code that waits. A ghost's is here too, so its user may not exist."""

    __tablename__ = "challenges"
    id: Mapped[str] = mapped_column(primary_key=True)
    authentication_session_id: Mapped[str]
    user_id: Mapped[str]
    key_version: Mapped[int]
    created_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)
    tries: Mapped[int]
    sends: Mapped[int]
    last_sent_at: Mapped[int]
    spent_at: Mapped[int | None]


class CounterRow(Base):
    """Failures of one key. `resets_at` 0: never by itself; `blocked_until` 0: open."""

    __tablename__ = "counters"
    key: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    resets_at: Mapped[int] = mapped_column(index=True)
    blocked_until: Mapped[int]


class UserSessionRow(Base):
    """Somebody who is logged in in one browser."""

    __tablename__ = "user_sessions"
    sid: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    amr: Mapped[str]  # JSON
    auth_time: Mapped[int]
    created_at: Mapped[int]
    last_seen_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)
    ended_at: Mapped[int | None]


class KnownBrowserRow(Base):
    """A browser in which a user has logged in before."""

    __tablename__ = "known_browsers"
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    seen_at: Mapped[int] = mapped_column(index=True)


class GrantRow(Base):
    """An authorization, and the code that carried it: one row, so that a code costs one insert."""

    __tablename__ = "grants"
    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    sid: Mapped[str] = mapped_column(index=True)
    redirect_uri: Mapped[str]
    scope: Mapped[str]  # JSON
    nonce: Mapped[str]  # JSON: the client's own text
    code_challenge: Mapped[str | None]
    auth_time: Mapped[int]
    amr: Mapped[str]  # JSON
    acr: Mapped[str]
    created_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)
    ended_at: Mapped[int | None]
    code_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    code_expires_at: Mapped[int]
    code_used_at: Mapped[int | None]


class RefreshTokenRow(Base):
    """One refresh token of a grant's family."""

    __tablename__ = "refresh_tokens"
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"), index=True)
    issued_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)
    rotated_at: Mapped[int | None]


class LetterRow(Base):
    """A promise of a mail or notice. `due_at` moves on when a courier leases it."""

    __tablename__ = "outbox"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    to: Mapped[str]
    lane: Mapped[str]
    batch: Mapped[str]
    locale: Mapped[str]
    reference: Mapped[str]
    facts: Mapped[str]  # JSON
    created_at: Mapped[int]
    expires_at: Mapped[int]
    attempts: Mapped[int]
    due_at: Mapped[int]
    closed_at: Mapped[int | None] = mapped_column(index=True)  # delivered or buried
    delivered: Mapped[bool]
    answer: Mapped[str]
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "lane",
            "due_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_outbox_batch",
            "batch",
            sqlite_where=text("batch != ''"),
            postgresql_where=text("batch != ''"),
        ),
    )


class SigningKeyRow(Base):
    """A signing key under the key-encryption key."""

    __tablename__ = "signing_keys"
    kid: Mapped[str] = mapped_column(primary_key=True)
    alg: Mapped[str]
    sealed: Mapped[bytes]
    created_at: Mapped[int]
    signs_from: Mapped[int]


class ConfigurationGenerationRow(Base):
    """What the processes of one node were last told to serve."""

    __tablename__ = "configuration_generations"
    node: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    digest: Mapped[str]
    snapshot: Mapped[str]  # JSON, secrets masked
    stored_at: Mapped[int]


class ServingProcessRow(Base):
    """A process that serves, and what it made of the generation that it was told."""

    __tablename__ = "serving_processes"
    id: Mapped[str] = mapped_column(primary_key=True)
    node: Mapped[str] = mapped_column(index=True)
    pid: Mapped[int]
    number: Mapped[int]
    digest: Mapped[str]
    fault: Mapped[str]
    seen_at: Mapped[int]


class ClientSecretUseRow(Base):
    """When a client secret was last right; `secret` is the beginning of its hash."""

    __tablename__ = "client_secret_uses"
    client_id: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[int]


def _table(row: type[Base]) -> Table:
    return cast("Table", row.__table__)


users = _table(UserRow)
credentials = _table(CredentialRow)
password_history = _table(PasswordHistoryRow)
required_actions = _table(RequiredActionRow)
action_tokens = _table(ActionTokenRow)
authentication_sessions = _table(AuthenticationSessionRow)
challenges = _table(ChallengeRow)
counters = _table(CounterRow)
user_sessions = _table(UserSessionRow)
known_browsers = _table(KnownBrowserRow)
grants = _table(GrantRow)
refresh_tokens = _table(RefreshTokenRow)
outbox = _table(LetterRow)
signing_keys = _table(SigningKeyRow)
configuration_generations = _table(ConfigurationGenerationRow)
serving_processes = _table(ServingProcessRow)
client_secret_uses = _table(ClientSecretUseRow)
metadata = Base.metadata
