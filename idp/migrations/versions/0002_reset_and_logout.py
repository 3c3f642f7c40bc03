"""Mailed links, histories of passwords, required actions, lanes of the outbox"""

import json

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

_IS_OPEN = sa.text('closed_at IS NULL')
_HAS_BATCH = sa.text("batch != ''")


def upgrade() -> None:
    op.create_table('action_tokens',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('credential_version', sa.BigInteger(), nullable=False),
    sa.Column('user_typed', sa.Text(), nullable=False),
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('request', sa.Text(), nullable=False),
    sa.Column('browser_digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.Column('used_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_action_tokens'))
    )
    op.create_index(op.f('ix_action_tokens_expires_at'), 'action_tokens', ['expires_at'])
    op.create_index(op.f('ix_action_tokens_user_id'), 'action_tokens', ['user_id'])

    op.create_table('password_history',
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('credential_version', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('tagged_hash', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_password_history_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', 'credential_version', name=op.f('pk_password_history'))
    )
    op.create_table('required_actions',
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('required_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_required_actions_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', 'action', name=op.f('pk_required_actions'))
    )
    _widen_authentication_sessions()
    _widen_outbox()


def _widen_authentication_sessions() -> None:
    with op.batch_alter_table('authentication_sessions') as batch_op:
        batch_op.add_column(sa.Column('client_id', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('actions', sa.Text(), nullable=True))
    _fill_authentication_sessions()
    with op.batch_alter_table('authentication_sessions') as batch_op:
        batch_op.alter_column('client_id', existing_type=sa.Text(), nullable=False)
        batch_op.alter_column('actions', existing_type=sa.Text(), nullable=False)
        batch_op.create_index(batch_op.f('ix_authentication_sessions_browser_digest'), ['browser_digest'])
        batch_op.create_index(batch_op.f('ix_authentication_sessions_user_id'), ['user_id'])


def _fill_authentication_sessions() -> None:
    sessions = sa.table(
        'authentication_sessions', sa.column('id'), sa.column('request'), sa.column('client_id'), sa.column('actions')
    )
    connection = op.get_bind()
    # Read here, not with the database's functions: PostgreSQL's refuse the NUL that a request may hold.
    found = [
        {'of_id': row.id, 'of_client': _client_of(row.request)}
        for row in connection.execute(sa.select(sessions.c.id, sessions.c.request))
    ]
    fill = (
        sa.update(sessions)
        .where(sessions.c.id == sa.bindparam('of_id'))
        .values(client_id=sa.bindparam('of_client'), actions='[]')
    )
    if found:
        connection.execute(fill, found)


def _client_of(request: str) -> str:
    fields = json.loads(request)
    return str(fields.get('client_id', '')) if isinstance(fields, dict) else ''


def _widen_outbox() -> None:
    with op.batch_alter_table('outbox') as batch_op:
        batch_op.drop_index('ix_outbox_due')
        batch_op.add_column(sa.Column('lane', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('batch', sa.Text(), nullable=True))
    outbox = sa.table('outbox', sa.column('lane'), sa.column('batch'))
    op.get_bind().execute(sa.update(outbox).values(lane='mail', batch=''))
    with op.batch_alter_table('outbox') as batch_op:
        batch_op.alter_column('lane', existing_type=sa.Text(), nullable=False)
        batch_op.alter_column('batch', existing_type=sa.Text(), nullable=False)
    op.create_index('ix_outbox_due', 'outbox', ['lane', 'due_at'], sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN)
    op.create_index('ix_outbox_batch', 'outbox', ['batch'], sqlite_where=_HAS_BATCH, postgresql_where=_HAS_BATCH)


def downgrade() -> None:
    op.drop_index('ix_outbox_batch', 'outbox')
    op.drop_index('ix_outbox_due', 'outbox')
    # The first schema has couriers of mails alone.
    op.execute(sa.text("DELETE FROM outbox WHERE lane != 'mail'"))
    with op.batch_alter_table('outbox') as batch_op:
        batch_op.drop_column('batch')
        batch_op.drop_column('lane')
    op.create_index('ix_outbox_due', 'outbox', ['due_at'], sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN)
    # Nor can it read a conversation without a request.
    op.execute(sa.text("DELETE FROM authentication_sessions WHERE request = 'null'"))
    with op.batch_alter_table('authentication_sessions') as batch_op:
        batch_op.drop_index(batch_op.f('ix_authentication_sessions_user_id'))
        batch_op.drop_index(batch_op.f('ix_authentication_sessions_browser_digest'))
        batch_op.drop_column('actions')
        batch_op.drop_column('client_id')
    op.drop_table('required_actions')
    op.drop_table('password_history')
    op.drop_table('action_tokens')
