import pytest
from hypothesis import given
from hypothesis import strategies as st

from marey.errors import LabelsError
from marey.model import Skeleton, guess_symmetries

names = st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=8, unique=True)


@st.composite
def skeletons(draw):
    keypoints = draw(names)
    pairs = list(zip(keypoints[0::2], keypoints[1::2], strict=False))
    edges = draw(st.lists(st.sampled_from(pairs))) if pairs else []
    return Skeleton(keypoints, edges, draw(st.permutations(pairs)), name=draw(st.text()))


class TestSkeleton:
    def test_indices(self):
        fly = Skeleton(
            ("head", "wingL", "wingR", "abdomen"),
            edges=(("head", "abdomen"), ("abdomen", "wingR")),
            symmetries=(("wingL", "wingR"),),
        )
        assert fly.edge_indices.tolist() == [[0, 3], [3, 2]]
        assert fly.flip_indices.tolist() == [0, 2, 1, 3]
        assert fly.index("abdomen") == 3
        assert len(fly) == 4

    def test_without_edges_the_array_has_two_columns(self):
        assert Skeleton(("a",)).edge_indices.shape == (0, 2)

    @given(skeletons())
    def test_mirroring_twice_changes_nothing(self, skeleton):
        flip = skeleton.flip_indices
        assert flip[flip].tolist() == list(range(len(skeleton)))

    @given(skeletons())
    def test_comes_back_from_plain_lists(self, skeleton):
        assert Skeleton.from_dict(skeleton.to_dict()) == skeleton

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"keypoints": ("a", " ")}, "must not be empty"),
            ({"keypoints": ("a", "b", "a")}, "'a' occurs twice"),
            ({"keypoints": "abc"}, "expected a list of keypoints, got the text 'abc'"),
            ({"keypoints": ("a",), "edges": (("a", "b"),)}, r"edge \(a, b\) names 'b'"),
            ({"keypoints": ("a",), "edges": (("a", "a"),)}, "joins a keypoint with itself"),
            ({"keypoints": ("a",), "symmetries": (("c", "a"),)}, r"symmetry \(c, a\) names 'c'"),
            (
                {"keypoints": ("a", "b", "c"), "symmetries": (("a", "b"), ("c", "a"))},
                "'a' is in several",
            ),
        ],
    )
    def test_contradictions(self, arguments, message):
        with pytest.raises(LabelsError, match=message):
            Skeleton(**arguments)

    def test_an_unknown_keypoint_lists_the_known_ones(self):
        with pytest.raises(LabelsError, match="no keypoint 'tail'") as raised:
            Skeleton(("nose", "ear")).index("tail")
        assert raised.value.hint == "the keypoints are nose, ear"

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ({"name": "x"}, "expected a skeleton with keypoints, got the fields name"),
            ({"keypoints": ["a", "b"], "edges": [["a", "b", "a"]]}, "pairs of keypoints in edges"),
        ],
    )
    def test_bad_plain_lists(self, data, message):
        with pytest.raises(LabelsError, match=message):
            Skeleton.from_dict(data)


class TestGuessSymmetries:
    @pytest.mark.parametrize(
        ("keypoints", "pairs"),
        [
            ("snout leftear rightear tailbase", "leftear/rightear"),
            ("LeftEar RightEar", "LeftEar/RightEar"),
            ("RIGHT_EYE LEFT_EYE", "LEFT_EYE/RIGHT_EYE"),
            ("ear_left_tip ear_right_tip ear_left_base", "ear_left_tip/ear_right_tip"),
            ("wing-left wing-right", "wing-left/wing-right"),
            ("hip.l hip.r", "hip.l/hip.r"),
            ("L_ear R_ear", "L_ear/R_ear"),
            ("pupil_top_r pupil_bottom_r pupil_top_l", "pupil_top_l/pupil_top_r"),
            ("earL earR nose left right", "earL/earR left/right"),
            ("L1 R1 L2 R2", "L1/R1 L2/R2"),
            ("forelegL1 forelegR1 forelegL2 forelegR2", "forelegL1/forelegR1 forelegL2/forelegR2"),
            ("LF RF LH RH", "LF/RF LH/RH"),
            ("FL FR HL HR", "FL/FR HL/HR"),
            ("LF RF LR RR", "LF/RF LR/RR"),
            ("LFTclaw RFTclaw", "LFTclaw/RFTclaw"),
            ("Lknee Rknee", "Lknee/Rknee"),
            (
                "paw1LH_top paw2LF_top paw3RF_top paw4RH_top nose_top",
                "paw1LH_top/paw4RH_top paw2LF_top/paw3RF_top",
            ),
        ],
    )
    def test_the_names_of_the_field(self, keypoints, pairs):
        expected = tuple(tuple(pair.split("/")) for pair in pairs.split())
        assert guess_symmetries(keypoints.split()) == expected

    @pytest.mark.parametrize(
        "keypoints", ["nose tail", "bright leg", "lear rear", "leftmost", "left_ear", ""]
    )
    def test_nothing_where_there_is_no_pair(self, keypoints):
        assert guess_symmetries(keypoints.split()) == ()

    def test_nothing_where_the_partner_is_not_clear(self):
        assert guess_symmetries(["ear_left", "ear_right", "EAR_RIGHT"]) == ()

    @given(names)
    def test_any_names_give_a_valid_skeleton(self, keypoints):
        Skeleton(keypoints, symmetries=guess_symmetries(keypoints))

    @given(st.lists(st.sampled_from(["L", "R", "left", "Right", "ear", "_", "1"]), min_size=1, max_size=5))
    def test_sided_names_give_a_valid_skeleton(self, parts):
        keypoints = {"".join(parts), "".join(reversed(parts)), "".join(parts).replace("L", "R")}
        Skeleton(sorted(keypoints), symmetries=guess_symmetries(sorted(keypoints)))
