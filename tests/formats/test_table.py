import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marey.errors import FormatError, LabelsError, NotFoundError
from marey.formats.table import COLUMNS, decode_labels, encode_labels, read_table
from marey.model import FARTHEST_PX, Instance, LabeledFrame, Origin, Skeleton, Visibility

MOUSE = Skeleton(("snout", "left ear", "tail,base", ' "odd"\r\n🐭 '))
HEADER = ",".join(COLUMNS)


def decode(text: str, skeleton: Skeleton = MOUSE) -> list[LabeledFrame]:
    return decode_labels(text, skeleton, video="m1", source="m1.csv")


def rows(*lines: str) -> str:
    return "\n".join((HEADER, *lines)) + "\n"


def points(*pairs: tuple[float, float]) -> np.ndarray:
    filled = [*pairs, *[(np.nan, np.nan)] * (len(MOUSE) - len(pairs))]
    return np.array(filled, dtype=float)


# Text of every kind but lone surrogates, which UTF-8 does not hold.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
finite = st.floats(-FARTHEST_PX, FARTHEST_PX)


@st.composite
def instances(draw: st.DrawFn, individual: str | None) -> Instance:
    n = len(MOUSE)
    visibility = draw(st.lists(st.sampled_from(list(Visibility)), min_size=n, max_size=n))
    is_unlabeled = [v == Visibility.UNLABELED for v in visibility]
    return Instance(
        points=[
            (draw(finite), draw(finite)) if v >= Visibility.OCCLUDED else (np.nan, np.nan) for v in visibility
        ],
        visibility=visibility,
        origin=[Origin.PERSON if un else draw(st.sampled_from(list(Origin))) for un in is_unlabeled],
        individual=individual,
        authors=["" if un else draw(texts) for un in is_unlabeled],
        times=["" if un else draw(texts) for un in is_unlabeled],
    )


@st.composite
def frames(draw: st.DrawFn) -> list[LabeledFrame]:
    numbers = draw(st.lists(st.integers(0, 10**9), unique=True, max_size=3))
    result = []
    for number in numbers:
        names = draw(st.lists(texts.map(str.strip), max_size=2, unique=True))
        animals = [draw(instances(name or None)) for name in names]
        result.append(LabeledFrame("m1", number, animals, draw(texts) or None))
    return result


class TestRoundTrip:
    @given(frames())
    def test_everything_comes_back_bit_for_bit(self, labels):
        assert decode(encode_labels(labels, MOUSE)) == labels

    @given(frames())
    def test_line_ends_and_byte_order_mark_do_not_matter(self, labels):
        for frame in labels:
            frame.image = None
            for instance in frame.instances:
                instance.individual = None  # a name with a line break in it would be changed
                instance.authors = instance.times = ["ada"] * len(MOUSE)
        simple = Skeleton(("snout", "left ear", "tail", "paw"))
        text = encode_labels(labels, simple)
        again = decode(text, simple)
        assert decode("\ufeff" + text.replace("\n", "\r\n"), simple) == again

    def test_the_text_is_what_the_documentation_shows(self):
        instance = Instance(
            points((101.5, 77.25)),
            visibility=[Visibility.VISIBLE, Visibility.ABSENT, Visibility.UNLABELED, Visibility.UNLABELED],
            authors=["ada", "ada", "", ""],
            times=["2026-11-23T08:15:00Z", "2026-11-23T08:15:09Z", "", ""],
        )
        labels = [LabeledFrame("m1", 42, (instance,), "img00042.png"), LabeledFrame("m1", 57)]
        assert encode_labels(labels, MOUSE) == rows(
            "42,img00042.png,,0,snout,101.5,77.25,visible,person,ada,2026-11-23T08:15:00Z",
            "42,img00042.png,,0,left ear,,,absent,person,ada,2026-11-23T08:15:09Z",
            "57,,,,,,,,,,",
        )

    def test_numbers_have_as_many_digits_as_it_takes(self):
        text = encode_labels([LabeledFrame("m1", 0, (Instance(points((0.1 + 0.2, 1 / 3))),))], MOUSE)
        assert ",0.30000000000000004,0.3333333333333333," in text

    def test_an_animal_without_labels_yet_is_kept(self):
        labels = [LabeledFrame("m1", 3, (Instance(points()), Instance(points((1, 2)))))]
        assert decode(encode_labels(labels, MOUSE)) == labels

    def test_no_frames(self):
        assert encode_labels([], MOUSE) == HEADER + "\n"
        assert decode(HEADER + "\n") == []

    def test_an_instance_of_another_skeleton(self):
        labels = [LabeledFrame("m1", 3, (Instance(np.zeros((2, 2))),))]
        with pytest.raises(LabelsError, match="frame 3 of m1 has an instance of 2 keypoints"):
            encode_labels(labels, MOUSE)


class TestHandMadeTables:
    def test_only_the_columns_that_matter(self):
        text = "keypoint,x,y,frame\nsnout,1,2.5,7\nleft ear,,,7\nsnout,-3,4e1,5\n"
        seven, five = decode(text)
        assert (seven.frame, five.frame) == (7, 5)
        assert seven.instances[0].points[0].tolist() == [1, 2.5]
        assert seven.instances[0].visibility.tolist() == [3, 1, 0, 0]
        assert five.instances[0].points[0].tolist() == [-3, 40]

    def test_animals_by_name_without_numbers(self):
        text = "frame,individual,keypoint,x,y\n1,ben,snout,1,1\n1,anna,snout,2,2\n1,ben,left ear,3,3\n"
        (frame,) = decode(text)
        assert [i.individual for i in frame.instances] == ["ben", "anna"]
        assert frame.instances[0].points[1].tolist() == [3, 3]

    @pytest.mark.parametrize("separator", [";", "\t"])
    def test_separators_and_decimal_commas_of_other_countries(self, separator):
        lines = [
            ["frame", "keypoint", "x", "y", "", ""],
            ["7.0", " snout ", "1,5", " 2 ", "", ""],
            ["", "", "", "", "", ""],
        ]
        (frame,) = decode("\r\n".join(separator.join(line) for line in lines))
        assert frame.frame == 7
        assert frame.instances[0].points[0].tolist() == [1.5, 2]

    def test_words_may_have_capitals_and_spaces_around(self):
        (frame,) = decode(rows("1,,  ben ,0,snout,1,2, Occluded ,MODEL,,"))
        (instance,) = frame.instances
        assert instance.individual == "ben"
        assert (instance.visibility[0], instance.origin[0]) == (Visibility.OCCLUDED, Origin.MODEL)

    def test_rows_sorted_by_a_spreadsheet_give_the_same_instances(self):
        labels = [LabeledFrame("m1", 1, [Instance(points((i, i))) for i in range(12)])]
        header, *body = encode_labels(labels, MOUSE).splitlines()
        assert decode("\n".join([header, *sorted(body, reverse=True)])) == labels

    def test_nan_is_no_position(self):
        (frame,) = decode(rows("1,,,0,snout,NaN,nan,,,,"))
        assert frame.instances[0].visibility[0] == Visibility.ABSENT


class TestErrors:
    @pytest.mark.parametrize(
        ("line", "kind", "message"),
        [
            ("1,,,0,nose,1,2,visible,person,,", LabelsError, "column 'keypoint'.*keypoint of.*'nose'"),
            ("1,,,0,snout,1o,2,visible,person,,", FormatError, "column 'x': expected a number, got '1o'"),
            ("1,,,0,snout,1_0,2,visible,person,,", FormatError, "column 'x': expected a number, got '1_0'"),
            ("1,,,0,snout,1,inf,visible,person,,", FormatError, "column 'y': expected a number, got 'inf'"),
            ("1,,,0,snout,1,1e999,visible,person,,", FormatError, "'y': expected a number, got '1e999'"),
            ("1,,,0,snout,1,-1e300,visible,person,,", FormatError, r"a place within 1e\+07 px, got '-1e300'"),
            ("1,,,0,snout,1,,visible,person,,", FormatError, "column 'y': expected a number beside"),
            ("1,,,0,snout,,1,visible,person,,", FormatError, "column 'x': expected a number beside"),
            ("-1,,,0,snout,1,2,visible,person,,", FormatError, "'frame': expected a whole number from 0"),
            ("1.5,,,0,snout,1,2,visible,person,,", FormatError, "'frame': expected a whole number from 0"),
            ("one,,,0,snout,1,2,visible,person,,", FormatError, "'frame'.*got 'one'"),
            (",,,0,snout,1,2,visible,person,,", FormatError, "'frame'.*got ''"),
            ("1,,,-2,snout,1,2,visible,person,,", FormatError, "'instance': expected a whole number"),
            ("1,,,0,snout,1,2,seen,person,,", FormatError, "absent, occluded, visible, got 'seen'"),
            ("1,,,0,snout,1,2,unlabeled,person,,", FormatError, "got 'unlabeled'"),
            ("1,,,0,snout,1,2,absent,person,,", FormatError, "visible or occluded for a keypoint with a"),
            ("1,,,0,snout,,,visible,person,,", FormatError, "absent for a keypoint without a position"),
            ("1,,,0,snout,1,2,visible,dog,,", FormatError, "person, accepted, model, got 'dog'"),
            ("1,,,0,,1,2,visible,person,,", FormatError, "expected the name of the keypoint"),
            ("1,,,0,snout,1,2", FormatError, "expected 11 cells, got 7"),
            ("1,,,0,snout,1,2,visible,person,,,more", FormatError, "expected 11 cells, got 12"),
            ('1,,,0,"snout"x,1,2,visible,person,,', FormatError, "not a valid CSV line"),
            ('1,,,0,"snout,1,2,visible,person,,', FormatError, "not a valid CSV line"),
        ],
    )
    def test_a_bad_cell_is_named_with_line_and_column(self, line, kind, message):
        with pytest.raises(kind, match=message) as raised:
            decode(rows("0,,,0,snout,1,2,visible,person,,", line))
        assert raised.value.message.startswith("m1.csv, line 3")

    def test_an_unknown_keypoint_lists_the_known_ones(self):
        with pytest.raises(LabelsError) as raised:
            decode(rows("1,,,0,nose,1,2,visible,person,,"))
        assert "snout, left ear, tail,base" in raised.value.hint

    def test_duplicate_rows_name_both_lines(self):
        row = "1,,,0,snout,1,2,visible,person,,"
        with pytest.raises(LabelsError, match=r"line 4.*'snout' of the same animal.*line 2"):
            decode(rows(row, "1,,,1,snout,1,2,visible,person,,", row))

    def test_a_duplicate_empty_frame(self):
        with pytest.raises(LabelsError, match=r"line 3.*already in line 2"):
            decode(rows("5,,,,,,,,,,", "5,,,,,,,,,,"))

    def test_a_frame_that_is_empty_and_is_not(self):
        with pytest.raises(LabelsError, match=r"line 2: says that frame 5 has no animal, but line 3"):
            decode(rows("5,,,,,,,,,,", "5,,,0,snout,1,2,,,,"))

    def test_one_instance_with_two_names(self):
        with pytest.raises(LabelsError, match=r"line 3.*expected 'ben' as in line 2.*got 'anna'"):
            decode(rows("5,,ben,0,snout,1,2,,,,", "5,,anna,0,left ear,1,2,,,,"))

    def test_one_individual_in_two_instances(self):
        with pytest.raises(LabelsError, match=r"line 3.*'ben' is already another animal.*line 2"):
            decode(rows("5,,ben,0,snout,1,2,,,,", "5,,ben,1,snout,1,2,,,,"))

    def test_one_frame_with_two_images(self):
        with pytest.raises(LabelsError, match=r"line 3, column 'image': expected 'a.png' as in line 2"):
            decode(rows("5,a.png,,0,snout,1,2,,,,", "5,b.png,,0,left ear,1,2,,,,"))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "got an empty file"),
            ("\ufeff\n", "missing frame, keypoint, x, y"),
            ("a picture", "missing frame, keypoint, x, y"),
            ("frame,keypoint,x,y,likelihood\n", "unknown column 'likelihood'"),
            ("frame,keypoint,x,y,x\n", "'x' occurs twice"),
        ],
    )
    def test_a_bad_header(self, text, message):
        with pytest.raises(FormatError, match=message):
            decode(text)

    def test_lines_are_counted_across_names_with_line_breaks(self):
        text = encode_labels([LabeledFrame("m1", 1, (Instance(np.zeros((4, 2))),))], MOUSE)
        with pytest.raises(FormatError, match="line 7, column 'frame'"):
            decode(text + "x,,,0,snout,1,2,,,,\n")


class TestReadTable:
    def test_leaves_the_byte_order_mark_out(self, tmp_path):
        (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbfframe\r\n")
        assert read_table(tmp_path / "x.csv") == "frame\r\n"

    def test_another_encoding(self, tmp_path):
        (tmp_path / "x.csv").write_bytes("Mäuse".encode("cp1252"))
        with pytest.raises(FormatError, match="not UTF-8 text: byte 1 is 0xe4") as raised:
            read_table(tmp_path / "x.csv")
        assert "CSV UTF-8" in raised.value.hint

    def test_no_file(self, tmp_path):
        with pytest.raises(NotFoundError, match="expected a table of labels"):
            read_table(tmp_path / "x.csv")
