"""Form tokens: a form is genuine if this browser was shown it, in this conversation."""

import hmac
import secrets
from typing import Any

from flask import Request
from typing_extensions import override
from wtforms import Form, StringField
from wtforms.csrf.core import CSRF
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from idp.model.keyring import Keyring
from idp.signin.answers import Submission

_NONCE = 16  # hexadecimal characters


class FormTokens:
    """Makes and judges form tokens: a MAC over browser key and conversation, fresh each time.

    The nonce in front keeps two copies of a compressed page from being alike (BREACH).
    """

    def __init__(self, form_key: Keyring) -> None:
        self._form_key = form_key

    def make(self, browser_key: str, conversation: str) -> str:
        nonce = secrets.token_hex(_NONCE // 2)
        version = self._form_key.newest
        return f"{nonce}{version}.{self._mac(nonce, version, browser_key, conversation)}"

    def is_right(self, token: str, browser_key: str, conversation: str) -> bool:
        nonce, rest = token[:_NONCE], token[_NONCE:]
        version, _, mac = rest.partition(".")
        if version not in {str(v) for v in self._form_key.versions}:
            return False
        expected = self._mac(nonce, int(version), browser_key, conversation)
        return hmac.compare_digest(expected.encode(), mac.encode("utf-8", "replace"))

    def _mac(self, nonce: str, version: int, browser_key: str, conversation: str) -> str:
        message = f"{nonce}|{browser_key}|{conversation}".encode("utf-8", "replace")
        return self._form_key.mac("form-token", message, version=version).hex()[:40]


class _BoundToken(CSRF):
    """WTForms' CSRF hook over our tokens; `csrf_context` is (tokens, browser key, conversation)."""

    @override
    def setup_form(self, form: BaseForm) -> list[tuple[str, Any]]:
        context: Any = form.meta.csrf_context
        self.tokens, self.browser_key, self.conversation = context
        return super().setup_form(form)

    @override
    def generate_csrf_token(self, csrf_token_field: Any) -> str:
        token: str = self.tokens.make(self.browser_key, self.conversation)
        return token

    @override
    def validate_csrf_token(self, form: BaseForm, field: Any) -> None:
        if not self.tokens.is_right(field.data or "", self.browser_key, self.conversation):
            raise ValidationError


class SignInForm(Form):
    """Every field that a page of the conversation may send."""

    class Meta:
        """The token's field is called `form_token`."""

        csrf = True
        csrf_class = _BoundToken
        csrf_field_name = "form_token"

    conversation = StringField()
    userid = StringField()
    password = StringField()
    code = StringField()
    new_password = StringField()
    confirm_password = StringField()
    logout_others = StringField()
    action = StringField()
    language = StringField()
    cookies = StringField()  # set on a page that was shown for want of cookies


def read_submission(
    request: Request, tokens: FormTokens, *, browser_key: str | None, conversation: str
) -> Submission:
    """Read a posted form and judge its token."""
    context = (tokens, browser_key or "", conversation)
    form = SignInForm(request.form, meta={"csrf_context": context})
    is_genuine = bool(form.validate()) and browser_key is not None
    fields = {name: value or "" for name, value in form.data.items() if name != "form_token"}
    return Submission(fields, is_genuine)
