import asyncio
def test_x(stores, redis_url, clock):
    with stores.read() as r: assert r.users.find("x") is None
    assert stores.purge(now=5)==0
def test_y():
    asyncio.run(asyncio.sleep(0))
