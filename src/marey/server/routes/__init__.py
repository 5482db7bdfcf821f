"""The routes, one module for each resource; what they answer with is in :mod:`marey.server.schemas`."""
