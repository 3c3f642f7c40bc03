"""Users page by page, on both databases."""

from pathlib import Path

import pytest

from idp.accounts.directory import UserUnknown
from idp.admin import users as module
from idp.admin.users import EVERYBODY, export_users, pages, require_user, user_import
from idp.stores.sql import SqlStores
from tests.contract.builders import stored_user
from tests.system import System


@pytest.fixture
def emails(stores: SqlStores, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(module, "_PAGE", 2)
    return [stored_user(stores, email=f"a{n}@example.gov.bd").email for n in range(5)]


def read(stores: SqlStores, **options: object) -> list[list[str]]:
    found = pages(stores, EVERYBODY, **options)  # type: ignore[arg-type]  # as they come
    return [[one.user.email for one in page] for page in found]


def test_pages_hold_everybody_once(stores: SqlStores, emails: list[str]) -> None:
    assert read(stores) == [emails[:2], emails[2:4], emails[4:]]
    assert read(stores, after=emails[3]) == [emails[4:]]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 9])
def test_no_more_are_read_than_asked_for(stores: SqlStores, emails: list[str], limit: int) -> None:
    assert [email for page in read(stores, limit=limit) for email in page] == emails[:limit]


def test_an_export_tells_how_far_it_is(
    stores: SqlStores, emails: list[str], tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    out = tmp_path / "out.csv"
    number = export_users(stores, out, hashes=False, progress=lambda *how: told.append(how))
    assert (number, told) == (5, [(2, 5), (4, 5), (5, 5)])
    assert [line.split(",")[0] for line in out.read_text().splitlines()] == ["email", *emails]


def test_an_export_of_nobody_is_a_header(stores: SqlStores, tmp_path: Path) -> None:
    assert export_users(stores, tmp_path / "out.csv", hashes=True) == 0
    assert (tmp_path / "out.csv").read_text().startswith("email,")


def test_a_user_is_found_by_any_spelling(stores: SqlStores, emails: list[str]) -> None:
    with stores.read() as work:
        assert require_user(work, " A1@Example.gov.bd").user.email == emails[1]
        with pytest.raises(UserUnknown):
            require_user(work, "nobody@example.gov.bd")


def test_a_hash_in_a_file_may_cost_what_is_configured_or_what_is_there(small: System) -> None:
    settings = small.assembly.settings
    assert user_import(settings, small.stores).highest_cost == settings.password.bcrypt_cost == 4
    dear = "probesh1:1:$2b$07$" + "." * 53
    with small.stores.write() as work:
        user = work.users.find_by_email("office@example.gov.bd")
        assert user is not None
        work.credentials.set_password(
            user.id, dear, version=user.credential_version, keep=0, now=small.clock()
        )
    assert user_import(settings, small.stores).highest_cost == 7
