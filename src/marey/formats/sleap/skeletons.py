"""Skeletons as SLEAP files hold them: a graph in jsonpickle's notation."""

from typing import Any

from marey.errors import FormatError, LabelsError
from marey.model import Skeleton

_EDGE, _SYMMETRY = 1, 2


def decode_skeletons(metadata: dict[str, Any], where: str) -> list[Skeleton]:
    """Return the skeletons of a ``.slp`` file's metadata.

    Raises
    ------
    FormatError
        The metadata is not what it should be.
    """
    try:
        names = [str(node["name"]) for node in metadata["nodes"]]
        return [_decode_one(item.get("nx_graph", item), names) for item in metadata["skeletons"]]
    except (KeyError, IndexError, TypeError, LabelsError) as error:
        raise FormatError(f"the skeleton in {where} is not as SLEAP writes it: {error!r}") from error


def _decode_one(graph: dict[str, Any], names: list[str]) -> Skeleton:
    keypoints = tuple(names[int(node["id"])] for node in graph["nodes"])
    kinds: list[int] = []  # jsonpickle numbers objects from 1 in the order of their first occurrence
    edges: list[tuple[int, tuple[str, str]]] = []
    symmetries: dict[frozenset[str], tuple[str, str]] = {}
    for position, link in enumerate(graph["links"]):
        pair = (names[int(link["source"])], names[int(link["target"])])
        if _edge_kind(link["type"], kinds) == _EDGE:
            edges.append((int(link.get("edge_insert_idx", position)), pair))
        else:  # older files hold each pair in both directions
            symmetries.setdefault(frozenset(pair), pair)
    edges.sort(key=lambda edge: edge[0])
    name = str(graph.get("graph", {}).get("name") or "animal")
    return Skeleton(keypoints, tuple(pair for _, pair in edges), tuple(symmetries.values()), name)


def _edge_kind(value: dict[str, Any], kinds: list[int]) -> int:
    if "py/reduce" in value:
        kinds.append(int(value["py/reduce"][1]["py/tuple"][0]))
        return kinds[-1]
    number = int(value["py/id"])
    return kinds[number - 1] if number <= len(kinds) else number


def encode_skeleton(skeleton: Skeleton) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the graph and the list of nodes that a ``.slp`` file holds for one skeleton."""
    links = [
        {"edge_insert_idx": i, "key": 0, **_pair(skeleton, pair), "type": _kind(_EDGE, i == 0, 1)}
        for i, pair in enumerate(skeleton.edges)
    ]
    reference = 2 if skeleton.edges else 1
    links += [
        {"key": 0, **_pair(skeleton, pair), "type": _kind(_SYMMETRY, i == 0, reference)}
        for i, pair in enumerate(skeleton.symmetries)
    ]
    graph = {
        "directed": True,
        "graph": {"name": skeleton.name, "num_edges_inserted": len(skeleton.edges)},
        "links": links,
        "multigraph": True,
        "nodes": [{"id": i} for i in range(len(skeleton))],
    }
    return graph, [{"name": name, "weight": 1.0} for name in skeleton.keypoints]


def _pair(skeleton: Skeleton, pair: tuple[str, str]) -> dict[str, int]:
    return {"source": skeleton.index(pair[0]), "target": skeleton.index(pair[1])}


def _kind(kind: int, is_first: bool, reference: int) -> dict[str, Any]:
    if not is_first:
        return {"py/id": reference}
    return {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [kind]}]}
