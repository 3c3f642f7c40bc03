"""Pages and letters: the theme chain, catalogues, locale, digits and dates."""

from idp.theming.digits import bengali_digits, bengali_time, moment, next_time, whole_minutes
from idp.theming.folders import Folders, Stamp, fingerprint
from idp.theming.frame import Frame, Support
from idp.theming.loading import load_all, load_themes
from idp.theming.locale import choose
from idp.theming.look import SUBMIT_HASH
from idp.theming.refused import ThemeRefused, WordsMissing
from idp.theming.static import Asset
from idp.theming.themes import Theme, Themes

__all__ = [
    "SUBMIT_HASH",
    "Asset",
    "Folders",
    "Frame",
    "Stamp",
    "Support",
    "Theme",
    "ThemeRefused",
    "Themes",
    "WordsMissing",
    "bengali_digits",
    "bengali_time",
    "choose",
    "fingerprint",
    "load_all",
    "load_themes",
    "moment",
    "next_time",
    "whole_minutes",
]
