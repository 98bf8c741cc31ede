"""A forked kernel gives the notebook that an ordinary one gives, whatever a cell does."""

from __future__ import annotations

import difflib

import pytest

from workbench.suite.execute import Executed
from workbench.suite.kernels import FRESH, ForkedKernels
from workbench.suite.normalise import to_bytes
from workbench.workspace import Workspace

from ..conftest import MakeNotebook
from .conftest import run

ZOO = {
    "results": ("1 + 1", "'text'", "None", "{'a': [1, 2]}", "x = 3; x", "_, __, In[1], Out[1]"),
    "rich": (
        "import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': ['x', '<y>']})",
        "from IPython.display import HTML, SVG, Image, JSON, Latex, Markdown, display\n"
        "display(HTML('<b>b</b>'), Markdown('# m'), Latex('$x$'))\nJSON({'a': 1})",
        "display({'text/plain': 'p', 'application/x-own+json': {'k': [1]}}, raw=True)",
        "class R:\n    def _repr_html_(self):\n        return '<i>r</i>'\n"
        "    def _repr_mimebundle_(self, **k):\n        return {'a/b': 'c'}, {'a/b': {'m': 1}}\n"
        "R()",
        "class Bad:\n    def _repr_html_(self):\n        raise ValueError('no picture')\nBad()",
    ),
    "figures": (
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(2, 1))\nax.plot([1, 2])",
        "plt.plot([3, 1]); print('after')",
        "from matplotlib.figure import Figure\nf = Figure(figsize=(1, 1)); f.subplots()\nf",
        "plt.get_backend(), plt.get_fignums()",
    ),
    "streams": (
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('out again')",
        "sys.stdout.write('no newline')\nsys.stdout.flush()\n1",
        "for n in range(3):\n    print(f'\\rprogress {n}', end='')\nprint()\nprint('ab\\bc')",
        "from IPython.display import display\nprint('one'); display('two'); print('three')",
        "sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.writable()",
        "print('\\x1b[31mred\\x1b[0m', '\\u202e', '\\U0001f600')",
        "import warnings\nwarnings.warn('careful')",
        "import logging\nlogging.warning('logged')",
    ),
    "below_python": (
        "import os\nos.write(1, b'written below\\n');",
        "import subprocess\nsubprocess.run(['echo', 'from a child process'], check=True);",
        "!echo shell words",
        "lines = !echo caught\nlines",
        "%%bash\necho of bash\necho to err >&2",
        "%%python\nprint('another python')",
    ),
    "displays": (
        "from IPython.display import clear_output, display\nh = display('first', display_id='d')",
        "h.update('second')\nprint('updated')",
        "print('gone')\nclear_output()\nprint('kept')",
        "print('gone later')\nclear_output(wait=True)\nprint('replaces')",
        "display('again', display_id='d')\n_ = display('third', display_id='d', update=True)",
    ),
    "magics": (
        "%who_ls int",
        "%env WORKBENCH_X=1\nimport os\nos.environ['WORKBENCH_X']",
        "%precision 2\n1/3",
        "%precision %r\nget_ipython().__class__.__name__",
        "%%capture caught\nprint('hidden')",
        "caught.stdout",
        "?len",
        "%load_ext not_there_at_all",
    ),
    "awaits": (
        "import asyncio\nawait asyncio.sleep(0)\n'awaited'",
        "async def f():\n    return 5\nawait f()",
        "asyncio.get_running_loop().is_running()",
        "task = asyncio.ensure_future(f())\nawait task",
    ),
    "surroundings": (
        "import os, sys\nsorted(os.environ)",
        "{k: os.environ[k] for k in ('MPLBACKEND', 'PYTHONHASHSEED', 'TZ', 'LANG', 'TERM')}",
        "os.listdir('.') == [] or sorted(n for n in os.listdir('.') if not n.startswith('.'))[:1]",
        "__name__, __file__ if '__file__' in globals() else 'no file', sys.path[0], '' in sys.path",
        "hash('abc'), time.tzname if 'time' in globals() else None",
        "import time\ntime.tzname, time.localtime(0)[:5]",
        "sys.argv[0].rsplit('/', 1)[-1], len(sys.argv)",
        "import __main__\nmade_here = 1\n__main__.made_here",
        "import tempfile\nos.path.dirname(tempfile.mkdtemp()) == os.getcwd()",
        "os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid() or 'own group'",
        "import signal\nsignal.getsignal(signal.SIGINT).__name__",
        "os.read(0, 10) if not sys.stdin.closed else b''",
        "import importlib.util\nimportlib.util.find_spec('rfc3987_syntax') is None",
    ),
    "pickles": (
        "import pickle\nclass Own:\n    def __eq__(self, o):\n        return isinstance(o, Own)\n"
        "pickle.loads(pickle.dumps(Own())) == Own()",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(2) as p:\n    print(list(p.map(abs, [-1, -2])))",
        "import multiprocessing as mp\nctx = mp.get_context('fork')\nq = ctx.Queue()\n"
        "c = ctx.Process(target=q.put, args=(7,)); c.start(); got = q.get(); c.join(); got",
    ),
}
ERRORS = {
    "exception": ("print('before')", "def f(x):\n    return 1 / x\nf(0)", "print('never')"),
    "syntax": ("a = (1,\nb = 2",),
    "indent": ("if 1:\nx",),
    "name": ("undefined_name",),
    "input": ("input('who? ')",),
    "getpass": ("import getpass\ngetpass.getpass()",),
    "system_exit": ("import sys\nsys.exit(3)",),
    "keyboard": ("raise KeyboardInterrupt",),
    "chained": ("try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('second') from e",),
    "group": ("raise ExceptionGroup('many', [ValueError(1), TypeError('two')])",),
    "own": (
        "class Own(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise Own()",
    ),
    "magic": ("%no_such_magic",),
    "cell_magic": ("%%no_such_magic\nx",),
    "deep": ("def f(n):\n    return f(n + 1)\nf(0)",),
    "assertion": ("assert 1 == 2, 'not so'",),
    "await_error": ("import asyncio\nasync def f():\n    raise OSError(2, 'gone')\nawait f()",),
    "in_library": ("import json\njson.loads('{')",),
    "figure_then_error": (
        "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1))\nraise ValueError('late')",
    ),
}


def difference(fresh: Executed, forked: Executed) -> str:
    """Return where two notebooks differ, line by line."""
    old, new = (to_bytes(one.notebook).decode().splitlines() for one in (fresh, forked))
    return "\n".join(difflib.unified_diff(old, new, "ordinary", "forked", lineterm="", n=2))


@pytest.mark.parametrize("name", ZOO)
def test_cells_that_succeed(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels, name: str
) -> None:
    path = make_notebook(name, *ZOO[name])
    forked_run, fresh_run = run(workspace, path, forked), run(workspace, path, FRESH)
    for _ in range(3 if name == "below_python" else 0):
        # An ordinary kernel reads such output beside the cell, and on a busy machine too late.
        if difference(fresh_run, forked_run):
            fresh_run = run(workspace, path, FRESH)
    assert difference(fresh_run, forked_run) == ""
    assert forked_run.failure == fresh_run.failure


@pytest.mark.parametrize("name", ERRORS)
def test_cells_that_fail(
    workspace: Workspace, make_notebook: MakeNotebook, forked: ForkedKernels, name: str
) -> None:
    path = make_notebook(name, *ERRORS[name])
    forked_run, fresh_run = run(workspace, path, forked), run(workspace, path, FRESH)
    assert difference(fresh_run, forked_run) == ""
    assert forked_run.failure is not None
    assert forked_run.failure == fresh_run.failure
