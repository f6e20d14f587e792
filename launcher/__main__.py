"""`python -m launcher COMMAND`: what ./run hands over to."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command that was typed."""
    # A Ctrl-C during the imports ends us without a word; then the commands see to it themselves.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from launcher.command_line import app

    signal.signal(signal.SIGINT, signal.default_int_handler)
    app(prog_name="./run")


if __name__ == "__main__":
    main()
