"""What is shown while work goes on."""

from __future__ import annotations

import pytest

from cli.progress import Lines, Moment, make_display


def test_a_moment_reads_like_a_sentence() -> None:
    moment = Moment(done=980, total=1200, n_failed=3, chars_per_s=45_123, seconds_left=12)
    assert moment.position == "980/1,200"
    assert moment.pace == "3 failed, 45.1 k characters/s, 12 s left"


def test_while_files_are_still_read_the_total_is_open_and_no_end_is_promised() -> None:
    moment = Moment(done=1, total=256, is_reading=True, chars_per_s=1000, seconds_left=5)
    assert moment.position == "1/256+"
    assert moment.pace == "1.0 k characters/s"


def test_short_work_passes_without_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with make_display() as display:
        assert isinstance(display, Lines)  # standard error is no terminal here
        display.show(Moment(1, 2))
    assert capsys.readouterr() == ("", "")


def test_lines_are_written_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines(every_s=0.0) as lines:
        lines.show(Moment(1, 2))
        lines.show(Moment(1, 2))  # says the same
        lines.show(Moment(2, 2, n_failed=1))
    assert capsys.readouterr() == ("", "1/2 documents\n2/2 documents, 1 failed\n")


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with make_display(quiet=True, every_s=0.0) as display:
        display.show(Moment(1, 2))
    assert capsys.readouterr() == ("", "")
