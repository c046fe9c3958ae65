"""Test the processes that draw charts: they end with the command, and a killed process gives a clear error."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from reports.errors import DrawingError
from reports.site.drawing import Drawing

COMMAND = """
import signal
from reports.site.drawing import Drawing
if __name__ == "__main__":
    with Drawing() as drawing:
        drawing.library()
        print("ready", flush=True)
        signal.pause()
"""


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL])
def test_drawing_processes_end_with_a_killed_command(stop: signal.Signals) -> None:
    command = subprocess.Popen([sys.executable, "-c", COMMAND], stdout=subprocess.PIPE, text=True)
    assert command.stdout is not None
    assert command.stdout.readline() == "ready\n"
    command.send_signal(stop)

    # The drawing processes hold the other end of this pipe until they end.
    assert command.communicate(timeout=60)[0] == ""
    assert command.returncode == -stop


def test_a_killed_drawing_process_gives_an_error() -> None:
    with Drawing() as drawing:
        for process in drawing._workers._processes:
            os.kill(process, signal.SIGKILL)
        with pytest.raises(DrawingError, match="was killed, possibly because the memory was full"):
            drawing.library()
