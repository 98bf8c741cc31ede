"""Kernels forked from one process that has imported the heavy packages: a clean one for each job.

::

    wire.py      lines of JSON over a socket, and the hand-over of a socket
    preload.py   what the notebooks to come import
    server.py    the process that imports, forks, and buries
    child.py     what a fork does before the notebook begins: its own everything
    shell.py     an IPython kernel without sockets: what it would publish is recorded
    streams.py   what a notebook prints, also below Python
    outputs.py   what was recorded -> the outputs of a cell, as an ordinary client has them
    client.py    the side of the suite: starts the process, sends jobs, watches over them
    engine.py    the same as an engine of Papermill

The process holds no connection, no event loop and no lock of another thread when it forks: it does
nothing but import. Threads that importing cannot avoid are listed by `server.threads`.
"""
