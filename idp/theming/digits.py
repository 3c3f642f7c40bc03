"""Numbers and times of day as Bengali people write them; Babel prints Latin digits for bn."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

MINUTE = 60  # seconds: waits below it are told in seconds, all others in minutes
_BENGALI = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")
_DAY_PARTS = (  # until that hour
    (4, "রাত"),
    (6, "ভোর"),
    (12, "সকাল"),
    (15, "দুপুর"),
    (18, "বিকাল"),
    (20, "সন্ধ্যা"),
    (24, "রাত"),
)
_NOON = 12
_LAST = 253_402_214_400  # 9999-12-31 in UTC, as calendars end there in every zone


def bengali_digits(value: str | int) -> str:
    """Write a number with ০–৯; anything else in the text stays as it is."""
    return str(value).translate(_BENGALI)


def bengali_time(epoch: int, timezone: str) -> str:
    """Tell a moment (seconds since 1970 UTC) as a time of day: `রাত ৯:০৪`."""
    at = _at(epoch, timezone)
    part = next(name for end, name in _DAY_PARTS if at.hour < end)
    return f"{part} {bengali_digits(f'{at.hour % 12 or 12}:{at.minute:02}')}"


def time_of_day(epoch: int, timezone: str, locale: str) -> str:
    """Tell a moment (seconds since 1970 UTC) as people of a language say it."""
    if locale == "bn":
        return bengali_time(epoch, timezone)
    at = _at(epoch, timezone)
    return f"{at.hour % 12 or 12}:{at.minute:02} {'am' if at.hour < _NOON else 'pm'}"


def moment(epoch: int, timezone: str, locale: str) -> str:
    """Tell a moment (seconds since 1970 UTC) with its day: `২২ নভেম্বর ২০২৬, রাত ৯:০৪`."""
    day = format_date(_at(epoch, timezone), "d MMMM y", locale=locale)
    if locale == "bn":  # the Bangla Academy spells two months with a short i, CLDR does not
        day = bengali_digits(day).replace("ারী ", "ারি ")
    return f"{day}, {time_of_day(epoch, timezone, locale)}"


def next_time(epoch: int, *, now: int, timezone: str, locale: str) -> str:
    """Tell a moment that stands alone: the time if it is today, else with its day."""
    days = {_at(one, timezone).date() for one in (epoch, now)}
    return (time_of_day if len(days) == 1 else moment)(epoch, timezone, locale)


def _at(epoch: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(min(epoch, _LAST), ZoneInfo(timezone))


def whole_minutes(seconds: int) -> int:
    """Seconds as whole minutes, rounded up: who waits that long never comes too early."""
    return -(-seconds // 60)
