import pytest

from idp.theming.digits import (
    bengali_digits,
    bengali_time,
    moment,
    next_time,
    time_of_day,
    whole_minutes,
)

DHAKA = "Asia/Dhaka"
LATIN = str.maketrans("০১২৩৪৫৬৭৮৯", "0123456789")
MIDNIGHT = 1_794_938_400  # 2026-11-18 00:00 in Dhaka


def test_figures_become_bengali_and_the_rest_stays():
    assert bengali_digits(1234567890) == "১২৩৪৫৬৭৮৯০"
    assert bengali_digits("9:04 pm") == "৯:০৪ pm"


@pytest.mark.parametrize(
    ("hour", "minute", "told"),
    [
        (0, 0, "রাত ১২:০০"),
        (3, 59, "রাত ৩:৫৯"),
        (4, 0, "ভোর ৪:০০"),
        (5, 59, "ভোর ৫:৫৯"),
        (6, 0, "সকাল ৬:০০"),
        (11, 59, "সকাল ১১:৫৯"),
        (12, 0, "দুপুর ১২:০০"),
        (14, 59, "দুপুর ২:৫৯"),
        (15, 0, "বিকাল ৩:০০"),
        (17, 59, "বিকাল ৫:৫৯"),
        (18, 0, "সন্ধ্যা ৬:০০"),
        (19, 59, "সন্ধ্যা ৭:৫৯"),
        (20, 0, "রাত ৮:০০"),
        (21, 4, "রাত ৯:০৪"),
        (23, 59, "রাত ১১:৫৯"),
    ],
)
def test_a_moment_is_told_with_its_part_of_the_day(hour, minute, told):
    assert bengali_time(MIDNIGHT + hour * 3600 + minute * 60, DHAKA) == told


def test_the_timezone_decides_the_hour():
    assert bengali_time(0, "UTC") == "রাত ১২:০০"
    assert bengali_time(0, DHAKA) == "ভোর ৬:০০".replace("ভোর", "সকাল")


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (1, 1), (60, 1), (61, 2), (600, 10)])
def test_minutes_are_rounded_up_so_that_nobody_comes_too_early(seconds, minutes):
    assert whole_minutes(seconds) == minutes


def test_a_moment_is_said_as_each_language_says_it():
    evening = MIDNIGHT + 21 * 3600 + 4 * 60
    assert time_of_day(evening, DHAKA, "bn") == "রাত ৯:০৪"
    assert time_of_day(evening, DHAKA, "en") == "9:04 pm"
    assert time_of_day(MIDNIGHT + 300, DHAKA, "en") == "12:05 am"


@pytest.mark.parametrize(
    ("locale", "told"),
    [("bn", "১৮ নভেম্বর ২০২৬, রাত ৯:০৪"), ("en", "18 November 2026, 9:04 pm")],
)
def test_a_moment_is_told_with_its_day(locale, told):
    assert moment(MIDNIGHT + 21 * 3600 + 4 * 60, DHAKA, locale) == told


@pytest.mark.parametrize(
    ("now", "bn", "en"),
    [
        (MIDNIGHT, "রাত ৯:০৪", "9:04 pm"),
        (MIDNIGHT + 86_399, "রাত ৯:০৪", "9:04 pm"),
        (MIDNIGHT - 1, "১৮ নভেম্বর ২০২৬, রাত ৯:০৪", "18 November 2026, 9:04 pm"),
        (MIDNIGHT + 86_400, "১৮ নভেম্বর ২০২৬, রাত ৯:০৪", "18 November 2026, 9:04 pm"),
    ],
)
def test_a_time_stands_alone_only_on_its_own_day(now, bn, en):
    evening = MIDNIGHT + 21 * 3600 + 4 * 60
    assert next_time(evening, now=now, timezone=DHAKA, locale="bn") == bn
    assert next_time(evening, now=now, timezone=DHAKA, locale="en") == en


def test_the_timezone_decides_the_day():
    assert moment(MIDNIGHT, DHAKA, "bn") == "১৮ নভেম্বর ২০২৬, রাত ১২:০০"
    assert moment(MIDNIGHT - 1, DHAKA, "bn") == "১৭ নভেম্বর ২০২৬, রাত ১১:৫৯"
    assert moment(MIDNIGHT, "UTC", "bn") == "১৭ নভেম্বর ২০২৬, সন্ধ্যা ৬:০০"
    assert moment(0, "UTC", "en") == "1 January 1970, 12:00 am"


def test_months_are_spelled_as_the_bangla_academy_does():
    told = {moment(MIDNIGHT + days * 86_400, DHAKA, "bn").split()[1] for days in range(365)}
    assert {"জানুয়ারি", "ফেব্রুয়ারি"} < told
    assert len(told) == 12


@pytest.mark.parametrize("locale", ["bn", "en"])
@pytest.mark.parametrize("timezone", [DHAKA, "Etc/GMT+12", "Pacific/Kiritimati"])
def test_a_moment_beyond_all_calendars_is_told_as_the_last_one(locale, timezone):
    for end in (253_402_300_799, 10**15):  # the last second of 9999 in UTC, and long after
        assert "9999" in next_time(end, now=0, timezone=timezone, locale=locale).translate(LATIN)
        assert moment(end, timezone, locale)
