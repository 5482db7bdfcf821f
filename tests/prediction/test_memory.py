import subprocess
import sys

TELL = "from marey.prediction.memory import peak_memory_mb; print(peak_memory_mb())"


def told_by(program: str) -> float:
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(result.stdout)


def test_memory_that_was_given_back_counts():
    assert 600 < told_by(f"held = b'x' * 600_000_000\ndel held\n{TELL}") < 1000


def test_memory_of_the_process_that_started_this_one_does_not_count():
    program = f"""
import subprocess, sys
held = b"x" * 800_000_000
print(subprocess.run([sys.executable, "-c", {TELL!r}], capture_output=True, text=True, check=True).stdout)
"""
    assert 1 < told_by(program) < 500
