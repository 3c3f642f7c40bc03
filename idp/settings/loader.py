"""From files to `Settings`: everything is read and judged, then accepted or refused as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from idp.settings.checks import check_client_fields, run_checks
from idp.settings.clients import Client
from idp.settings.diagnostics import Finding, KeyPath, Mistake, MistakesFound, did_you_mean
from idp.settings.documents import (
    NO_DRAFTS,
    Document,
    Drafts,
    included_files,
    read_document,
    unlistable_folder,
)
from idp.settings.explain import explain, known_keys
from idp.settings.loaded import Loaded, Origins, Source
from idp.settings.looks import Looks
from idp.settings.partial import right_fields
from idp.settings.references import Resolver
from idp.settings.renames import RENAMED, rename
from idp.settings.sections import Settings
from idp.settings.snapshot import digest_of, fingerprint_key, masked_snapshot
from idp.settings.values import under

_WILDCARDS = "*?["
_SECRETS_DIR = "secrets"


def load(path: Path, environ: Mapping[str, str], drafts: Drafts = NO_DRAFTS) -> Settings:
    """Return the settings that `path` declares; see `read_configuration`."""
    return read_configuration(path, environ, drafts=drafts).settings


def read_configuration(
    path: Path,
    environ: Mapping[str, str],
    *,
    looks: Looks | None = None,
    drafts: Drafts = NO_DRAFTS,
    renamed: Mapping[str, str] = RENAMED,
) -> Loaded:
    """Return what `path` and the files it includes declare, with its sources and warnings.

    Relative paths in them, that of an SQLite file too, are relative to the directory of `path`.
    Themes and languages are judged when `looks` tells which there are; `drafts` are read instead
    of the files that they are about to become. Raises MistakesFound (a
    SettingsRefused) with all mistakes of all files.
    """
    loading = _Loading(path, environ, looks, drafts, renamed)
    main = loading.read(path)
    if main is None:
        raise MistakesFound(loading.mistakes)
    if not main.tables:
        hint = "Run idp init, which writes one"
        raise MistakesFound([main.locate(Finding((), "E002", "holds no key", hint))])
    loading.take_main(main)
    for document in loading.read_included(main):
        loading.take_included(document)
    loading.check(main)
    if loading.mistakes:
        raise MistakesFound(loading.in_order(loading.mistakes))
    settings = Settings.model_construct(**loading.values, clients=tuple(loading.clients.values()))
    snapshot = masked_snapshot(settings, fingerprint_key(settings.secrets_dir))
    origins = Origins(main, loading.references, loading.origins_of_clients())
    warnings = tuple(loading.in_order(loading.warnings))
    return Loaded(settings, origins, warnings, snapshot, digest_of(snapshot))


@dataclass
class _Loading:
    """What one run has read, accepted and refused so far."""

    path: Path
    environ: Mapping[str, str]
    looks: Looks | None
    drafts: Drafts
    renamed: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)
    references: dict[tuple[str, KeyPath], Source] = field(default_factory=dict)
    _files: list[str] = field(default_factory=list)
    _client_places: dict[str, Mistake] = field(default_factory=dict)
    _accepted: list[tuple[Document, KeyPath, Client]] = field(default_factory=list)
    _judged: list[tuple[Document, KeyPath, Mapping[str, Any]]] = field(default_factory=list)
    _wanted_flows: set[str] = field(default_factory=set)
    _secrets_dir: Path = Path(_SECRETS_DIR)

    @property
    def base(self) -> Path:
        return self.path.absolute().parent

    def in_order(self, mistakes: list[Mistake]) -> list[Mistake]:
        """Return each once, in the order in which a reader of the files meets them."""
        return sorted(set(mistakes), key=lambda mistake: (self._files.index(mistake.file), mistake))

    def origins_of_clients(self) -> dict[str, tuple[Document, KeyPath]]:
        return {client.client_id: (document, path) for document, path, client in self._accepted}

    def read(self, file: Path) -> Document | None:
        self._files.append(str(file))
        document = read_document(file, self.drafts)
        if isinstance(document, Mistake):
            self.mistakes.append(document)
            return None
        document, warnings, findings = rename(document, self.renamed)
        self.warnings.extend(document.locate(finding) for finding in warnings)
        self.report(document, *findings)
        return document

    def read_included(self, main: Document) -> list[Document]:
        """Read the files that `include` names, each once, in the order of their names."""
        files: dict[Path, None] = {}
        for number, pattern in enumerate(self.values.get("include", ())):
            found = list(included_files(self.path.parent, pattern, self.drafts))
            if not found and not any(sign in pattern for sign in _WILDCARDS):
                finding = Finding(("include", number), "E001", f'names no file: "{pattern}"')
                self.report(main, finding)
            self._check_folder(main, number, pattern, is_drafted=bool(found))
            files.update(dict.fromkeys(found))
        documents = [self.read(file) for file in files]
        return [document for document in documents if document is not None]

    def _check_folder(self, main: Document, number: int, pattern: str, *, is_drafted: bool) -> None:
        """Refuse a pattern whose folder is gone: its clients would all be taken for removed."""
        unlistable = unlistable_folder(self.path.parent, pattern)
        if unlistable is None:
            return
        folder, error = unlistable
        # Who drafts the configuration or a file of the pattern makes the folder, too.
        is_new = is_drafted or self.path.absolute() in self.drafts
        if not (is_new and isinstance(error, FileNotFoundError | NotADirectoryError)):
            message = f'cannot list the folder "{folder}": {error.strerror}'
            self.report(main, Finding(("include", number), "E001", message))

    def report(self, document: Document, *findings: Finding) -> None:
        self.mistakes.extend(document.locate(finding) for finding in findings)

    def take_main(self, document: Document) -> None:
        self._secrets_dir = self._find_secrets_dir(document.tables)
        tables, failed = self._resolved(document)
        tables.setdefault("secrets_dir", _SECRETS_DIR)
        tables.setdefault("theme", {})  # its folder is relative to the file, too
        hints = get_type_hints(Settings, include_extras=True)
        self._refuse_unknown(document, tables, known_keys(Settings, ()))
        for name, model_field in Settings.model_fields.items():
            if name == "clients":
                self._take_clients(document, tables.get(name, ()), failed)
            elif name in tables:
                self._accept(document, (name,), TypeAdapter(hints[name]), tables[name], failed)
            elif model_field.is_required():
                self.report(document, Finding((name,), "E102", "is missing"))
            else:
                self.values[name] = model_field.default

    def take_included(self, document: Document) -> None:
        """Take a file of clients: nothing else may stand in it."""
        tables, failed = self._resolved(document)
        self._refuse_unknown(document, tables, ["clients"])
        self._take_clients(document, tables.get("clients", ()), failed)

    def check(self, main: Document) -> None:
        """Judge the keys against each other, as far as they are right by themselves."""
        wanted = frozenset(self._wanted_flows)
        known = {**self.values, "wanted_flows": wanted}
        if self.looks is not None and "theme" in self.values:
            known["looks"] = self.looks.with_own(self.values["theme"].folder)
        self.report(main, *run_checks(known))
        for document, path, fields in self._judged:
            for finding in check_client_fields(fields, known):
                inner = Finding((*path, *finding.path), finding.code, finding.message, finding.hint)
                self.report(document, inner)

    def _find_secrets_dir(self, tables: Mapping[str, Any]) -> Path:
        # References to files need it before anything is judged; what is wrong is told later.
        resolver = Resolver(self.environ, self.base)
        name = resolver.resolve(tables.get("secrets_dir", _SECRETS_DIR))
        try:
            return under(self.base, name if isinstance(name, str) else _SECRETS_DIR)
        except ValueError:
            return self.base / _SECRETS_DIR

    def _resolved(self, document: Document) -> tuple[dict[str, Any], set[KeyPath]]:
        resolver = Resolver(self.environ, self._secrets_dir)
        tables = {key: resolver.resolve(value, (key,)) for key, value in document.tables.items()}
        self.report(document, *resolver.findings)
        for path, name in resolver.variables.items():
            self.references[document.name, path] = Source("env", name=name)
        for path, name in resolver.files.items():
            self.references[document.name, path] = Source("secret", name=name)
        return tables, resolver.failed

    def _refuse_unknown(
        self, document: Document, tables: Mapping[str, Any], known: list[str]
    ) -> None:
        for key in tables.keys() - set(known):
            message = "is not a key" if len(known) > 1 else "must not stand in an included file"
            self.report(document, Finding((key,), "E101", message, did_you_mean(key, known)))

    def _accept(
        self,
        document: Document,
        path: KeyPath,
        adapter: TypeAdapter[Any],
        value: Any,
        failed: set[KeyPath],
    ) -> None:
        try:
            self.values[str(path[0])] = self._validated(adapter, value)
        except ValidationError as error:
            self._report_invalid(document, error, path, failed)

    def _validated(self, adapter: TypeAdapter[Any], value: Any) -> Any:
        context = {"base": self.base}
        return adapter.validate_python(
            value, strict=True, context=context, by_alias=True, by_name=False
        )

    def _report_invalid(
        self, document: Document, error: ValidationError, path: KeyPath, failed: set[KeyPath]
    ) -> None:
        for finding in explain(error, Settings, path):
            if not any(finding.path[: len(known)] == known for known in failed):
                self.report(document, finding)

    def _take_clients(self, document: Document, tables: Any, failed: set[KeyPath]) -> None:
        if not isinstance(tables, tuple):
            self.report(document, Finding(("clients",), "E103", "must be written as [[clients]]"))
            return
        for number, table in enumerate(tables):
            path: KeyPath = ("clients", number)
            if isinstance(table, dict) and isinstance(table.get("flow"), str):
                self._wanted_flows.add(table["flow"])
            wrong = [known[len(path) :] for known in failed if known[: len(path)] == path]
            try:
                client = self._validated(TypeAdapter(Client), table)
            except ValidationError as error:
                self._report_invalid(document, error, path, failed)
                wrong += [details["loc"] for details in error.errors(include_url=False)]
            else:
                self._accepted.append((document, path, client))
                self.clients.setdefault(client.client_id, client)
            fields = right_fields(table, wrong, {"base": self.base})
            self._judged.append((document, path, fields))
            if "client_id" in fields:
                self._check_declared_once(document, path, fields["client_id"])

    def _check_declared_once(self, document: Document, path: KeyPath, client_id: str) -> None:
        message = f'"{client_id}" is declared twice'
        here = document.locate(Finding((*path, "client_id"), "E202", message))
        first = self._client_places.setdefault(client_id, here)
        if first is not here:
            hint = f"First at {first.file}:{first.line}:{first.column}"
            finding = Finding((*path, "client_id"), "E202", message, hint)
            self.report(document, finding)
