"""The WSGI callable for servers that want a module: `gunicorn wsgi:app`."""

from idp.serving import create_app

app = create_app()
