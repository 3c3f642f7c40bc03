"""Checks of what lies on this machine: the files, the rights, the themes, the room that is left."""

import datetime as dt
import shutil
import stat
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from idp.admin.doctor.findings import Finding, Patient, counted, failed, fine, warning
from idp.settings import load_secrets
from idp.verdict import open_themes

_SQLITE: Final = "sqlite:///"
_SOON: Final = 14  # days before a client secret ends
_MIB: Final = 1024 * 1024
_LITTLE, _TOO_LITTLE = 1024 * _MIB, 100 * _MIB
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def configuration(patient: Patient) -> Finding:
    """Look who may change it, and what in it soon ends: it was read already."""
    settings = patient.settings
    if patient.config.stat().st_mode & stat.S_IWOTH:
        advice = f"Run chmod o-w {patient.config}."
        return failed(f"Every user of this machine may change {patient.config}.", advice)
    today = dt.datetime.fromtimestamp(patient.clock(), dt.UTC).date()
    ending = [
        client.client_id
        for client in settings.clients
        if client.secrets and all(_ends_soon(secret.expires, today) for secret in client.secrets)
    ]
    if ending:
        named = ", ".join(ending)
        advice = "Run idp client rotate for each and hand the new secret over."
        return warning(f"No secret outlives the next {_SOON} days: {named}.", advice)
    return fine(f"{patient.config} is valid, with {counted(len(settings.clients), 'client')}.")


def secrets(patient: Patient) -> Finding:
    """Look whether the three secrets are whole and nobody else's."""
    folder = patient.settings.secrets_dir
    load_secrets(folder)
    if folder.stat().st_mode & _OTHERS_WRITE:
        return failed(f"Others may put files into {folder}.", f"Run chmod 700 {folder}.")
    return fine(f"The secrets in {folder} are complete and closed to others.")


def themes(patient: Patient) -> Finding:
    """Read every page and every word of each configured language."""
    open_themes(patient.settings)
    look = patient.settings.theme
    return fine(f"The theme {look.name} has its pages and words in {', '.join(look.locales)}.")


def time_zone(patient: Patient) -> Finding:
    """Tell local time from this machine's data."""
    name = patient.settings.theme.timezone
    local = dt.datetime.fromtimestamp(patient.clock(), ZoneInfo(name))
    return fine(f"It is {local:%H:%M} in {name}.")


def disk(patient: Patient) -> Finding:
    """Measure the room for what is written here."""
    folders = [patient.settings.secrets_dir]
    url = patient.settings.database.url
    if url.startswith(_SQLITE):
        folders.append(Path(url.removeprefix(_SQLITE)).parent)
    # What is not there yet will be made on the disk of the first folder above it that is.
    there = [next(f for f in (folder, *folder.parents) if f.exists()) for folder in folders]
    free, folder = min((shutil.disk_usage(folder).free, folder) for folder in there)
    told = f"{folder} has {free // _MIB} MiB left."
    if free < _TOO_LITTLE:
        return failed(told, "Make room now: logins fail when nothing can be written.")
    if free < _LITTLE:
        return warning(told, "Make room, or give the disk more.")
    return fine(told)


def _ends_soon(expires: dt.date | None, today: dt.date) -> bool:
    return expires is not None and (expires - today).days < _SOON
