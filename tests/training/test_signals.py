"""Who is told when a process is asked to end."""

import os
import signal
import threading
import time

import pytest

from kerascnn.training import signals


@pytest.mark.parametrize("number", signals.NAMES)
def test_a_signal_ends_at_once_what_no_except_exception_stops(number, ctrl_c):
    before = signals.listen(signals.end_at_once)
    try:
        with pytest.raises(signals.AskedToEnd, match=f"^by {signals.NAMES[number]}$") as caught:
            os.kill(os.getpid(), number)
    finally:
        signals.settled()
        signals.restore(before)
    assert caught.value.number == number
    assert not isinstance(caught.value, Exception)
    assert signals.received == [number]


def test_a_signal_that_a_library_has_dropped_comes_again(monkeypatch):
    monkeypatch.setattr(signals, "AGAIN", 0.05)
    before = signals.listen(signals.end_at_once)
    dropped = 0
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("goes on")
    except signals.AskedToEnd:
        dropped += 1
    try:
        time.sleep(10)
    except signals.AskedToEnd:
        dropped += 1
    finally:
        signals.settled()
        signals.restore(before)
    assert dropped == 2
    assert signals.received == [signal.SIGTERM] * 2
    time.sleep(0.1)


def test_the_handlers_before_come_back(ctrl_c):
    before = [signal.getsignal(number) for number in signals.NAMES]
    found = signals.listen(signals.end_at_once)
    assert [signal.getsignal(number) for number in signals.NAMES] == [signals.end_at_once] * 3
    signals.restore(found)
    assert [signal.getsignal(number) for number in signals.NAMES] == before


def test_what_is_ignored_stays_so():
    """By `nohup`, or in the background of a shell."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        found = signals.listen(signals.end_at_once)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        signals.restore(found)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_a_thread_nothing_changes():
    found = []
    thread = threading.Thread(target=lambda: found.append(signals.listen(signals.end_at_once)))
    thread.start()
    thread.join()
    assert found == [{}]
