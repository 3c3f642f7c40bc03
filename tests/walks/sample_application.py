"""An application of somebody else: Flask and Authlib, configured by nothing but the snippet."""

import os
import secrets
import sys

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session, url_for

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
idp = OAuth(app).register(
    "idp",
    client_id=os.environ["OIDC_CLIENT_ID"],
    client_secret=os.environ["OIDC_CLIENT_SECRET"],
    server_metadata_url=os.environ["OIDC_DISCOVERY"],
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
)


@app.get("/")
def home():
    if "email" in session:
        return f"<h1>Welcome, {session['email']}</h1>"
    return idp.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback():
    token = idp.authorize_access_token()
    session["email"] = idp.userinfo(token=token)["email"]
    return redirect("/")


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]))
