"""A password in the URL of a store is found however it is written, and shown nowhere."""

import pytest
from redis import ConnectionPool
from sqlalchemy import make_url

from idp.settings.snapshot import mask_url
from idp.settings.store_urls import has_password
from tests.settings.conftest import LEAST, Load, Mistakes

HUSH = "Kx9SECRET"
UNESCAPED = [
    f"postgresql://idp:7/{HUSH}@db/idp",
    f"postgresql://idp:12?{HUSH}@db/idp",
    f"postgresql://idp:#{HUSH}@db/idp",
    f"postgresql://idp:p@{HUSH}@db/idp",
    f"postgresql://:/{HUSH}@db/idp",
]
QUERIES = ["sslpassword", "PASSWORD", "pass%77ord", "x=1&password", "x=1#&sslpassword"]
WRITE = "write it percent-encoded (%2F %3F %23 %40)"
DATABASE = '"sqlite:///idp.sqlite"'


@pytest.mark.parametrize("url", [*UNESCAPED, f"redis://:7/{HUSH}@r/0", f"unix://u:7?{HUSH}@/r"])
def test_a_password_with_an_unescaped_sign_is_seen_and_masked(url: str) -> None:
    assert has_password(url)
    assert HUSH not in mask_url(url)
    assert HUSH not in mask_url(url, b"k" * 32)


@pytest.mark.parametrize("key", QUERIES)
def test_whatever_a_query_calls_a_password_is_masked(key: str) -> None:
    url = f"postgresql://idp@db/idp?{key}={HUSH}&sslmode=require"
    assert mask_url(url) == f"postgresql://idp@db/idp?{key}=***&sslmode=require"
    assert HUSH not in mask_url(f"postgresql://db/idp?{key}={HUSH}@x")


@pytest.mark.parametrize("user", ["", "idp", "idp%40x"])
@pytest.mark.parametrize("password", ["a", "%2F%3F%23%40", "a:b", "'\"&="])
@pytest.mark.parametrize("query", ["", "?password=q", "?sslpassword=q&x=1"])
def test_no_library_reads_a_password_that_is_not_masked(
    user: str, password: str, query: str
) -> None:
    shown = mask_url(f"postgresql://{user}:{password}@db:5432/idp{query}")
    read = make_url(shown)
    assert (read.host, read.port, read.password) == ("db", 5432, "***")
    assert all(value == "***" for name, value in read.query.items() if "password" in name)
    pool = ConnectionPool.from_url(mask_url(f"redis://{user}:{password}@r:1/0{query}"))
    assert pool.connection_kwargs["password"] == "***"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite:////srv/a:b@c/idp.sqlite",
        "unix:///run/a:b@c/redis.sock?db=1",
        "postgresql:///idp?host=/run/postgresql",
        "postgresql://idp@[::1]:5432/idp?sslpassword=",
        "postgresql://idp:@db/idp",
    ],
)
def test_an_address_without_a_password_is_shown_as_it_is(url: str) -> None:
    assert not has_password(url)
    assert mask_url(url, b"k" * 32) == url


@pytest.mark.parametrize("url", [*UNESCAPED, f"postgresql://db/idp?sslpassword={HUSH}"])
def test_a_password_in_the_file_is_refused_however_it_is_written(
    mistakes: Mistakes, url: str
) -> None:
    told = 'holds a password: write {env = "NAME"} or {file = "name"} instead'
    text = LEAST.replace(DATABASE, f'"{url}"')
    assert mistakes(text) == [f"idp.toml:4:14 E104 database.url {told}"]


@pytest.mark.parametrize("url", UNESCAPED)
def test_a_referenced_database_that_can_be_read_in_two_ways_is_refused(
    mistakes: Mistakes, url: str
) -> None:
    (found,) = mistakes(LEAST.replace(DATABASE, '{ env = "U" }'), U=url)
    assert "E104 database.url holds an unescaped / ? # or @ before its last @" in found
    assert WRITE in found
    assert HUSH not in found


def test_a_referenced_redis_that_can_be_read_in_two_ways_is_refused(mistakes: Mistakes) -> None:
    (found,) = mistakes(LEAST + 'redis.url = { env = "U" }\n', U=f"redis://:7/{HUSH}@r/0")
    assert "redis.url" in found
    assert WRITE in found
    assert HUSH not in found


def test_an_escaped_password_by_reference_and_a_path_with_an_at_sign_are_right(
    configured: Load,
) -> None:
    url = "postgresql://idp:7%2FKx9@db/idp"
    assert configured(LEAST.replace(DATABASE, '{ env = "U" }'), U=url).database.url == url
    file = "sqlite:////srv/a@b/idp.sqlite"
    assert configured(LEAST.replace(DATABASE, f'"{file}"')).database.url == file
