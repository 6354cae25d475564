import pytest

from chatwright.corpus.docstrings import take_apart


def test_summary_and_body_share_no_sentence() -> None:
    parsed = take_apart("Copy a file. Links are followed.\n\nReturn the path of the new file.", "shutil.copy")
    assert parsed.summary == "Copy a file."
    assert parsed.body == "Links are followed.\n\nReturn the path of the new file."


def test_lines_are_joined() -> None:
    assert take_apart("Return a list\nof all items.", "x").summary == "Return a list of all items."


def test_backslashes_that_continue_a_line_are_taken_off() -> None:
    parsed = take_apart("Change the owner and group of a path.\\\n\nUse -1 to leave\\\none of them as it is.", "m.f")
    assert parsed.summary == "Change the owner and group of a path."
    assert parsed.body == "Use -1 to leave one of them as it is."


def test_leading_signatures_are_taken_off_and_the_fullest_kept() -> None:
    doc = "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\nReturn an object of numbers."
    parsed = take_apart(doc, "range")
    assert parsed.signature == "(start, stop[, step])"
    assert parsed.summary == "Return an object of numbers."


def test_prose_behind_the_arrow_is_a_summary() -> None:
    parsed = take_apart("D.clear() -> None.  Remove all items from D.", "dict.clear")
    assert (parsed.signature, parsed.summary) == ("()", "Remove all items from D.")


def test_of_several_ways_of_calling_the_text_after_them_is_the_summary() -> None:
    doc = "set() -> new empty set object\nset(iterable) -> new set object\n\nBuild a collection of unique elements."
    parsed = take_apart(doc, "set")
    assert (parsed.signature, parsed.summary) == ("(iterable)", "Build a collection of unique elements.")


def test_the_name_of_the_result_is_no_part_of_the_summary() -> None:
    assert take_apart("D.pop(k[,d]) -> v, remove the key and return it.", "dict.pop").summary == (
        "remove the key and return it."
    )


def test_a_result_in_brackets_is_not_a_summary() -> None:
    parsed = take_apart("f(host) -> (name, aliases, more, addresses)\n\nReturn the true host name.", "m.f")
    assert parsed.summary == "Return the true host name."


@pytest.mark.parametrize(
    ("doc", "reason"),
    [
        ("Point(x, y)", "docstring only restates the signature"),
        ("Alias for field number 0", "boilerplate"),
        ("The options are:", "first sentence only leads to a list or code"),
        ("Short one.", "fewer than 3 words"),
        ("x" * 20 + " word" * 60 + ".", "first sentence longer than 240 characters"),
        (">>> f(1)\n2", "no prose"),
    ],
)
def test_what_makes_no_fact_has_a_reason(doc: str, reason: str) -> None:
    parsed = take_apart(doc, "Point")
    assert parsed.summary is None and parsed.reason == reason


def test_headings_fields_and_notices_are_passed_over() -> None:
    doc = "Title\n=====\n\nNew in version 3.5.\n\nDoes the real work here.\n:param x: a number"
    assert take_apart(doc, "m").summary == "Does the real work here."


def test_a_body_needs_a_sentence() -> None:
    assert take_apart("Return the value of it.\n\nYes.", "m.f").body is None


def test_arrows_and_repeated_names_are_no_part_of_the_summary() -> None:
    doc = "map(func, *iterables) --> map object\n\nMake an iterator that computes the function."
    parsed = take_apart(doc, "map")
    assert (parsed.signature, parsed.summary) == (
        "(func, *iterables)",
        "Make an iterator that computes the function.",
    )
    assert take_apart("stat_result: Result from stat or lstat.\n\nMore.", "os.stat_result").summary == (
        "Result from stat or lstat."
    )
    assert take_apart("Warning: do not use this one.", "os.other").summary == "Warning: do not use this one."
