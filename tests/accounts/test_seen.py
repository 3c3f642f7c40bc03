from idp.accounts.seen import Seen


def test_a_value_is_new_once_and_later_its_first_place_is_told() -> None:
    with Seen() as seen:
        assert seen.note("e-mail", "a", "line 2") is None
        assert seen.note("e-mail", "b", "line 3") is None
        assert seen.note("e-mail", "a", "line 4") == "line 2"
        assert seen.note("e-mail", "a", "line 5") == "line 2"


def test_kinds_do_not_mix() -> None:
    with Seen() as seen:
        seen.note("e-mail", "a", "line 2")
        assert seen.note("id", "a", "line 3") is None
        assert seen.place_of("id", "a") == "line 3"
        assert seen.place_of("id", "b") is None


def test_what_does_not_fit_in_memory_is_still_known() -> None:
    with Seen() as seen:
        for number in range(30_000):
            assert seen.note("id", f"{number:08}" * 100, f"line {number}") is None
        assert seen.note("id", f"{7:08}" * 100, "again") == "line 7"
