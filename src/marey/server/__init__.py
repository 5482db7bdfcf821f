"""The browser application's server: the library over HTTP, for the pages in ``web/``.

It holds no logic of its own about poses: every route calls what the command line and the Python API call,
and long tasks are jobs (:mod:`marey.jobs`). FastAPI is imported by :mod:`marey.server.app`, not here.
"""
