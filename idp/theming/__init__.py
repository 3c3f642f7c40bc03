"""Pages and letters: the theme chain, catalogues, locale, digits and dates."""

from idp.theming.digits import bengali_digits, bengali_time, moment, whole_minutes
from idp.theming.frame import Frame, Support
from idp.theming.locale import choose
from idp.theming.refused import ThemeRefused, WordsMissing
from idp.theming.themes import Theme, Themes, load_all, load_themes

__all__ = [
    "Frame",
    "Support",
    "Theme",
    "ThemeRefused",
    "Themes",
    "WordsMissing",
    "bengali_digits",
    "bengali_time",
    "choose",
    "load_all",
    "load_themes",
    "moment",
    "whole_minutes",
]
