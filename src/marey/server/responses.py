"""Responses that are not JSON, and how they are announced in the schema."""

from typing import Any

import numpy as np
from fastapi.responses import Response

from marey.server.schemas.common import Refusal

IMMUTABLE = "private, max-age=31536000, immutable"
SHORT_LIVED = "private, max-age=10"
NEVER_KEPT = "no-store"

REFUSALS: dict[int | str, dict[str, Any]] = {
    "default": {"model": Refusal, "description": "Why the request was refused."}
}


def binary(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses`` of a route that answers with bytes."""
    schema = {"type": "string", "format": "binary"}
    return {200: {"content": {media_type: {"schema": schema}}, "description": description}, **REFUSALS}


JPEG = binary("image/jpeg", "The picture.")
FLOATS = binary(
    "application/octet-stream",
    "Little-endian numbers in C order; the header X-Shape has the shape with commas, X-Dtype the type.",
)


def numbers(array: np.ndarray, *, dtype: str = "<f4", cache: str = NEVER_KEPT, **headers: str) -> Response:
    """Return an array as bytes; NaN stays NaN.

    Parameters
    ----------
    array
        Any shape.
    dtype
        As which type it goes over the wire.
    cache
        The Cache-Control header.
    headers
        More headers, with ``_`` for ``-``.
    """
    sent = np.ascontiguousarray(array, dtype=dtype)
    return Response(
        sent.tobytes(),
        media_type="application/octet-stream",
        headers={
            "X-Shape": ",".join(map(str, sent.shape)),
            "X-Dtype": {"<f4": "float32", "<f8": "float64"}[dtype],
            "Cache-Control": cache,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )


def picture(data: bytes, *, cache: str = NEVER_KEPT) -> Response:
    """Return a JPEG."""
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": cache})
