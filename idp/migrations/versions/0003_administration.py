"""Attributes, roles and locales of users, generations of the configuration, uses of client secrets"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

_IS_FOREIGN = sa.text("substr(tagged_hash, 1, 9) != 'probesh1:'")
_NEW_OF_USERS = {'locale': '', 'attributes': '{}', 'roles': '{}'}


def upgrade() -> None:
    with op.batch_alter_table('users') as batch_op:
        for name in _NEW_OF_USERS:
            batch_op.add_column(sa.Column(name, sa.Text(), nullable=True))
    users = sa.table('users', *map(sa.column, _NEW_OF_USERS))
    op.get_bind().execute(sa.update(users).values(**_NEW_OF_USERS))
    with op.batch_alter_table('users') as batch_op:
        for name in _NEW_OF_USERS:
            batch_op.alter_column(name, existing_type=sa.Text(), nullable=False)
    with op.batch_alter_table('signing_keys') as batch_op:
        batch_op.add_column(sa.Column('signs_from', sa.BigInteger(), nullable=True))
    keys = sa.table('signing_keys', sa.column('signs_from'), sa.column('created_at'))
    op.get_bind().execute(sa.update(keys).values(signs_from=keys.c.created_at))
    with op.batch_alter_table('signing_keys') as batch_op:
        batch_op.alter_column('signs_from', existing_type=sa.BigInteger(), nullable=False)
        batch_op.drop_column('retired_at')  # nothing ever set it: the next key's signs_from tells it
    op.create_index('ix_credentials_foreign', 'credentials', ['tagged_hash'], sqlite_where=_IS_FOREIGN, postgresql_where=_IS_FOREIGN, postgresql_ops={'tagged_hash': 'text_pattern_ops'})
    op.create_table('configuration_generations',
    sa.Column('node', sa.Text(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('snapshot', sa.Text(), nullable=False),
    sa.Column('stored_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('node', name=op.f('pk_configuration_generations'))
    )
    op.create_table('serving_processes',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('node', sa.Text(), nullable=False),
    sa.Column('pid', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('fault', sa.Text(), nullable=False),
    sa.Column('seen_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_serving_processes'))
    )
    op.create_index(op.f('ix_serving_processes_node'), 'serving_processes', ['node'])
    op.create_table('client_secret_uses',
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('secret', sa.Text(), nullable=False),
    sa.Column('used_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('client_id', 'secret', name=op.f('pk_client_secret_uses'))
    )


def downgrade() -> None:
    op.drop_table('client_secret_uses')
    op.drop_table('serving_processes')
    op.drop_table('configuration_generations')
    op.drop_index('ix_credentials_foreign', 'credentials')
    with op.batch_alter_table('signing_keys') as batch_op:
        batch_op.add_column(sa.Column('retired_at', sa.BigInteger(), nullable=True))
        batch_op.drop_column('signs_from')
    with op.batch_alter_table('users') as batch_op:
        for name in reversed(_NEW_OF_USERS):
            batch_op.drop_column(name)
