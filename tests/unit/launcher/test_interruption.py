"""Ctrl-C gets through once, and clean-up is not disturbed."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from launcher.interruption import SIGNALS, Interruption, release_signals, signals_held_back


@pytest.mark.parametrize("number", SIGNALS)
def test_each_of_the_signals_interrupts(number: signal.Signals) -> None:
    """Ctrl-C, a plain kill and a closed terminal."""
    # Given somebody who can be interrupted
    # When the signal arrives
    # Then it is a KeyboardInterrupt
    with Interruption(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_an_impatient_second_signal_does_not_disturb() -> None:
    """Whoever caught the first one gets to say that it is ending."""
    with Interruption():
        # Given a first interruption that was caught
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

        # When a second one follows
        # Then it raises nothing
        signal.raise_signal(signal.SIGTERM)


def test_nothing_interrupts_the_ending() -> None:
    """Clean-up runs to its end."""
    # Given somebody who is ending
    with Interruption() as interruption:
        interruption.ending = True

        # When signals arrive
        # Then they raise nothing
        for number in SIGNALS:
            signal.raise_signal(number)


def test_afterwards_the_signals_are_as_before() -> None:
    """The rest of the program has its own ways."""
    # Given the handlers before
    before = [signal.getsignal(number) for number in SIGNALS]

    # When the interruption was entered and left
    with Interruption():
        pass

    # Then they are back
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_held_signal_arrives_when_it_is_released() -> None:
    """A fork is not interrupted, but nothing is lost."""
    order = []
    with Interruption():
        try:
            # Given signals that are held back
            with signals_held_back():
                # When one arrives
                signal.raise_signal(signal.SIGINT)
                order.append("the end of the block")
        except KeyboardInterrupt:
            order.append("the interruption")

    # Then it interrupts only after the block
    assert order == ["the end of the block", "the interruption"]


def test_a_child_forked_while_signals_were_held_can_be_ended() -> None:
    """It does not inherit our deafness."""
    # Given a child that was started while signals were held back
    with signals_held_back():
        child = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(600)"], preexec_fn=release_signals
        )

    # When it is asked to end
    child.terminate()

    # Then it does
    assert child.wait(timeout=30) == -signal.SIGTERM
