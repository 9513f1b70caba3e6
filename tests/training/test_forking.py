"""Forked children compute with one thread; importing the package changes nothing."""

import subprocess
import sys

import pytest

SETUP = """
import os, warnings
import torch
warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons: threads

def exit_code(work):
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    for _ in range(600):
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        import time; time.sleep(0.05)
    os.kill(child, 9)
    return "hangs"

def multiply():
    x = torch.randn(400, 400)
    for _ in range(20):
        x = torch.tanh(x @ x)

torch.set_num_threads(2)
"""


def run(code):
    """Run code in a process of its own, whose children are its own too."""
    code = SETUP + code
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork here")
class TestForks:
    def test_a_child_uses_one_thread_once_asked(self):
        run("""
from sklearn_seqattn.training.randomness import use_one_thread_in_forked_child
multiply()
def work():
    use_one_thread_in_forked_child()
    assert torch.get_num_threads() == 1
    multiply()
    torch.set_num_threads(2)  # the user's own wish
    use_one_thread_in_forked_child()
    assert torch.get_num_threads() == 2
assert exit_code(work) == 0
use_one_thread_in_forked_child()
assert torch.get_num_threads() == 2
""")

    def test_importing_the_package_installs_no_hook(self):
        run("""
import sklearn_seqattn.nn.networks, sklearn_seqattn.training.randomness
def work():
    assert torch.get_num_threads() == 2
assert exit_code(work) == 0
""")

    def test_a_grandchild_uses_one_thread_too(self):
        run("""
from sklearn_seqattn.training.randomness import use_one_thread_in_forked_child
multiply()
def work():
    use_one_thread_in_forked_child()
    torch.set_num_threads(1)
    def inner():
        use_one_thread_in_forked_child()
        assert torch.get_num_threads() == 1
        multiply()
    assert exit_code(inner) == 0
assert exit_code(work) == 0
""")
