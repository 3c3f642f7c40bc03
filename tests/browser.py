"""A browser without script: it keeps cookies, reads real forms, presses real buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

from typing_extensions import override
from werkzeug.test import Client, TestResponse


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text: list[str] = []
        self._hidden = 0
        self._open: Form | None = None

    @override
    def handle_starttag(self, tag, attrs):
        facts = {k: v or "" for k, v in attrs}
        self._hidden += tag in {"style", "script"}
        if tag == "form":
            self._open = Form(facts.get("action", ""))
            self.forms.append(self._open)
        if self._open is None:
            return
        if tag == "input" and facts.get("name"):
            self._open.fields[facts["name"]] = facts.get("value", "")
        if tag == "button" and facts.get("name"):
            self._open.buttons.append((facts["name"], facts.get("value", "")))

    @override
    def handle_endtag(self, tag):
        self._hidden -= tag in {"style", "script"}
        if tag == "form":
            self._open = None

    @override
    def handle_data(self, data):
        if not self._hidden and data.strip():
            self.text.append(data.strip())


def form_with(forms: list[Form], name: str, value: str) -> Form | None:
    """Find the form that has a button."""
    return next((form for form in forms if (name, value) in form.buttons), None)


class Browser:
    """Follows redirects as long as they stay at the provider; stops where a client would answer."""

    def __init__(self, wsgi, origin: str, *, address: str = "198.51.100.7") -> None:
        self.client = Client(wsgi)
        self.origin = origin
        self.address = address
        self._response: TestResponse | None = None
        self.url = ""
        self.left_to = ""  # a redirect away from the provider

    def get(self, url: str, **headers: str) -> "Browser":
        return self._go("GET", url, headers=headers)

    def post(self, url: str, data, **headers: str) -> "Browser":
        headers.setdefault("Origin", self.origin)
        return self._go("POST", url, data=data, headers=headers)

    def press(self, value: str = "submit", *, name: str = "action", **fields: str) -> "Browser":
        """Fill the form that has this button and press it."""
        form = form_with(self.forms, name, value)
        assert form, f"no button {name}={value} on {self.url}: {self.text[:300]}"
        return self.post(form.action, {**form.fields, **fields, name: value})

    @property
    def response(self) -> TestResponse:
        assert self._response is not None, "no page has been asked for"
        return self._response

    @property
    def forms(self) -> list[Form]:
        return self._read().forms

    @property
    def text(self) -> str:
        return " ".join(self._read().text)

    @property
    def html(self) -> str:
        return self.response.get_data(as_text=True)

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def answer(self) -> dict[str, str]:
        """The parameters of the redirect that left the provider."""
        return dict(parse_qsl(urlsplit(self.left_to).query))

    def forget(self, name: str) -> None:
        self.client.delete_cookie(name, domain=urlsplit(self.origin).hostname or "")

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name, domain=urlsplit(self.origin).hostname or "")
        return found.value if found else None

    def take_cookie(self, name: str, value: str | None) -> "Browser":
        """Plant a cookie, as a thief or another window would."""
        assert value is not None, f"there is no cookie {name} to take"
        self.client.set_cookie(name, value, domain=urlsplit(self.origin).hostname or "")
        return self

    def _read(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.html)
        return reader

    def _go(self, method: str, url: str, **options) -> "Browser":
        self.left_to = ""
        for _ in range(5):
            url = urljoin(self.url or self.origin, url)
            parts = urlsplit(url)
            if f"{parts.scheme}://{parts.netloc}" != self.origin:
                self.left_to = url
                return self
            self.url = url
            self._response = self.client.open(
                f"{parts.path}?{parts.query}" if parts.query else parts.path,
                method=method,
                base_url=self.origin,
                environ_overrides={"REMOTE_ADDR": self.address},
                **options,
            )
            if self.status not in {301, 302, 303}:
                return self
            method, options, url = "GET", {}, self.response.headers["Location"]
        msg = f"too many redirects at {url}"
        raise AssertionError(msg)
