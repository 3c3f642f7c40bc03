def test_it(house):
    t = house.tokens(scope="openid profile email offline_access")
    print(t); print(house.claims(t["id_token"])); print(house.claims(t["access_token"],"at+jwt"))
    r = house.userinfo(t["access_token"]); print(r.status_code, r.get_json(), r.headers)
    print(house.introspect(t["access_token"])); print(house.introspect(t["refresh_token"]))
    r=house.refresh(t["refresh_token"]); print(r.status_code, r.get_json())
    p=house.public_tokens(); print(p); print(house.refresh_public(p["refresh_token"]).get_json()); print(house.refresh_public(p["refresh_token"]).get_json())
    print(house.revoke(t["access_token"]).status_code, house.userinfo(t["access_token"]).headers)
    print(house.provider.discovery.body.decode())
    print(house.redeem("x").get_json(), house.redeem("x",headers=basic("nobody","x")).headers)
    print(house.token({"grant_type":"client_credentials"},headers=basic("robot","robot-secret")).get_json())
from tests.oidc.relying_party import basic
