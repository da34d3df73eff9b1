"""Test runs do not get in each other's way."""

import os
import subprocess
import sys

from django.conf import settings


def test_a_second_run_in_the_same_folder_of_data_is_refused_in_words():
    command = [sys.executable, "-m", "pytest", "--numprocesses=0", "--collect-only", "tests/portal/test_size.py"]
    environment = {**os.environ, "DATA_DIR": str(settings.DATA_DIR)}
    for name in [name for name in environment if name.startswith("PYTEST_")]:
        del environment[name]
    second = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert second.returncode == 4
    assert f"Another test run uses {settings.DATA_DIR}" in second.stderr
    assert "Wait until it ends, or set DATA_DIR to a folder of your own." in second.stderr
