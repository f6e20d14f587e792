"""`python -m esc_simulator`: start the practice portal."""

from esc_simulator.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
