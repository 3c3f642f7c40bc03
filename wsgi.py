"""The WSGI callable for servers that want a module: `gunicorn wsgi:app`."""

from idp.app import create_app

app = create_app()
