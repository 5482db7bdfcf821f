"""The session: what the page needs to know first."""

from fastapi import APIRouter

from marey.server.context import WorkspaceDep
from marey.server.schemas.session import Session

router = APIRouter(tags=["session"])


@router.get("/session")
def get_session(workspace: WorkspaceDep) -> Session:
    """Say what this server is and what it may show."""
    return workspace.session()
