"""The species that can be rendered. Another one is another :class:`~marey.synthesis.body.Body`."""

from marey.errors import NotFoundError
from marey.model import Skeleton
from marey.synthesis.body import Body
from marey.synthesis.parts import Coat, Landmark, Leg, Patch, Style, Tube

_PINK = (196.0, 150.0, 140.0)

MOUSE = Body(
    skeleton=Skeleton(
        name="mouse",
        keypoints=(
            "snout",
            "left_ear",
            "right_ear",
            "neck",
            "back",
            "left_hip",
            "right_hip",
            "tailbase",
            "tail_mid",
            "tail_tip",
        ),
        edges=(
            ("snout", "left_ear"),
            ("snout", "right_ear"),
            ("left_ear", "neck"),
            ("right_ear", "neck"),
            ("neck", "back"),
            ("back", "left_hip"),
            ("back", "right_hip"),
            ("left_hip", "tailbase"),
            ("right_hip", "tailbase"),
            ("tailbase", "tail_mid"),
            ("tail_mid", "tail_tip"),
        ),
        symmetries=(("left_ear", "right_ear"), ("left_hip", "right_hip")),
    ),
    landmarks=(
        Landmark(0.5),
        Landmark(part="left_ear"),
        Landmark(part="right_ear"),
        Landmark(28.0),
        Landmark(50.0),
        Landmark(69.0, 11.0),
        Landmark(69.0, -11.0),
        Landmark(88.0),
        Landmark(126.0),
        Landmark(164.0),
    ),
    joints_mm=(0.0, 13.0, 26.0, 42.0, 58.0, 74.0, 88.0, 101.0, 114.0, 127.0, 140.0, 153.0, 165.0),
    leader=2,
    bend_deg=(0, 30, 36, 24, 20, 20, 32, 26, 26, 26, 26, 26, 0),
    stiffness_per_s=(0, 0, 1.0, 1.4, 1.6, 1.6, 0.8, 0.5, 0.5, 0.5, 0.5, 0.5, 0),
    height_mm=((0, 8), (22, 14), (60, 20), (80, 14), (90, 5), (165, 2)),
    tubes=(
        Tube(
            ((84, 2.6), (92, 2.2), (120, 1.6), (150, 1.05), (165, 0.7)),
            coat=Coat((172, 134, 126), (132, 98, 92), grain=0.12, sheen=0.1),
        ),
        Tube(
            (
                (0.5, 1.9),
                (3, 3.8),
                (7, 6.0),
                (12, 8.2),
                (18, 9.6),
                (23, 10.0),
                (29, 10.2),
                (36, 11.6),
                (45, 13.4),
                (55, 14.8),
                (64, 15.4),
                (72, 14.8),
                (79, 12.2),
                (84, 8.8),
                (88, 5.0),
                (91, 2.4),
            ),
            fur=True,
        ),
    ),
    patches=(
        Patch(
            "hindpaw",
            72,
            13.0,
            (6.2, 2.3),
            _PINK,
            (150, 108, 100),
            angle_deg=-18,
            lift_mm=-12,
            below=True,
            step_mm=6.5,
        ),
        Patch(
            "forepaw",
            27,
            9.2,
            (3.4, 1.9),
            _PINK,
            (150, 108, 100),
            angle_deg=-12,
            lift_mm=-11,
            below=True,
            step_mm=6.5,
            step_phase=0.5,
        ),
        Patch(
            "ear",
            22.5,
            8.2,
            (6.2, 4.8),
            (198, 160, 150),
            (140, 108, 100),
            angle_deg=52,
            lift_mm=2,
            opacity=0.95,
            coat_share=0.36,
        ),
        Patch("eye", 11.8, 5.6, (1.5, 1.2), (12, 11, 12), (26, 24, 24), angle_deg=20),
        Patch("nose", 0.9, 0.0, (1.2, 1.5), (150, 104, 98), (96, 70, 66), paired=False),
    ),
    coats={
        "black": Coat((40, 37, 36), (28, 26, 26), grain=0.36, sheen=0.22),
        "agouti": Coat((112, 88, 62), (142, 116, 86), grain=0.27, sheen=0.10),
        "white": Coat((226, 220, 210), (206, 199, 189), grain=0.06, sheen=0.06),
        "grey": Coat((112, 108, 106), (96, 93, 92), grain=0.28, sheen=0.12),
    },
    style=Style(
        walk_mm_s=85.0,
        dash_mm_s=230.0,
        pause_share=0.3,
        dash_share=0.12,
        bout_s=1.3,
        turn_deg_s=75.0,
        head_yaw_deg=17.0,
        stride_mm=62.0,
        wave_deg=(0, 0, 1.2, 1.6, 1.8, 1.8, 5.0, 6.0, 6.5, 7.0, 7.5, 8.0, 0),
        wave_hz=1.1,
        wave_lag=0.09,
        idle_wave=0.25,
    ),
    length_mm=87.5,
    arena_mm=(370.0, 270.0),
)

FLY = Body(
    skeleton=Skeleton(
        name="fly",
        keypoints=(
            "head",
            "thorax",
            "abdomen",
            "left_wing",
            "right_wing",
            "left_foreleg",
            "right_foreleg",
            "left_midleg",
            "right_midleg",
            "left_hindleg",
            "right_hindleg",
        ),
        edges=(
            ("head", "thorax"),
            ("thorax", "abdomen"),
            ("thorax", "left_wing"),
            ("thorax", "right_wing"),
            ("thorax", "left_foreleg"),
            ("thorax", "right_foreleg"),
            ("thorax", "left_midleg"),
            ("thorax", "right_midleg"),
            ("thorax", "left_hindleg"),
            ("thorax", "right_hindleg"),
        ),
        symmetries=(
            ("left_wing", "right_wing"),
            ("left_foreleg", "right_foreleg"),
            ("left_midleg", "right_midleg"),
            ("left_hindleg", "right_hindleg"),
        ),
    ),
    landmarks=(
        Landmark(0.12),
        Landmark(0.95),
        Landmark(2.55),
        Landmark(1.12, part="left_wing"),
        Landmark(1.12, part="right_wing"),
        Landmark(part="left_foreleg"),
        Landmark(part="right_foreleg"),
        Landmark(part="left_midleg"),
        Landmark(part="right_midleg"),
        Landmark(part="left_hindleg"),
        Landmark(part="right_hindleg"),
    ),
    joints_mm=(0.0, 0.45, 0.95, 1.5, 2.1, 2.6),
    leader=2,
    bend_deg=(0, 8, 3, 4, 5, 0),
    stiffness_per_s=(0, 0, 12, 12, 12, 0),
    height_mm=((0, 0.7), (2.6, 0.7)),
    tubes=(
        Tube(
            ((1.25, 0.34), (1.5, 0.48), (1.8, 0.52), (2.1, 0.46), (2.4, 0.3), (2.6, 0.1)),
            coat=Coat((168, 122, 66), (120, 80, 40), grain=0.1, sheen=0.4),
            bands=5,
        ),
        Tube(
            ((0.55, 0.26), (0.75, 0.42), (1.0, 0.47), (1.25, 0.4), (1.45, 0.24)),
            coat=Coat((128, 92, 54), (92, 62, 34), grain=0.2, sheen=0.35),
        ),
        Tube(((0.08, 0.14), (0.2, 0.28), (0.4, 0.3), (0.5, 0.2)), coat=Coat((150, 108, 62), (120, 82, 46))),
    ),
    patches=(
        Patch("eye", 0.3, 0.3, (0.2, 0.14), (158, 42, 30), (98, 22, 18), angle_deg=-14),
        Patch(
            "wing",
            2.0,
            0.36,
            (1.2, 0.42),
            (188, 190, 194),
            (120, 116, 112),
            angle_deg=11,
            lift_mm=0.2,
            opacity=0.42,
        ),
    ),
    legs=(
        Leg("foreleg", (0.7, 0.3), (0.35, 0.75), (-0.15, 0.85), 0.07, (104, 74, 42), 0.22, 0.0),
        Leg("midleg", (0.95, 0.4), (0.9, 1.0), (1.15, 1.45), 0.07, (104, 74, 42), 0.25, 0.5),
        Leg("hindleg", (1.2, 0.35), (1.7, 0.95), (2.35, 1.15), 0.07, (104, 74, 42), 0.25, 0.0),
    ),
    coats={"wild": Coat((128, 92, 54), (92, 62, 34)), "yellow": Coat((188, 150, 80), (150, 110, 50))},
    style=Style(
        walk_mm_s=9.0,
        dash_mm_s=20.0,
        pause_share=0.4,
        dash_share=0.1,
        bout_s=0.8,
        turn_deg_s=110.0,
        head_yaw_deg=3.0,
        stride_mm=1.6,
        wave_deg=(0, 0, 0, 0, 0, 0),
        wave_hz=1.0,
    ),
    length_mm=2.43,
    arena_mm=(14.0, 14.0),
)

FISH = Body(
    skeleton=Skeleton(
        name="fish",
        keypoints=("snout", "left_eye", "right_eye", "head", "trunk", "tailbase", "tail_tip"),
        edges=(
            ("snout", "left_eye"),
            ("snout", "right_eye"),
            ("left_eye", "head"),
            ("right_eye", "head"),
            ("head", "trunk"),
            ("trunk", "tailbase"),
            ("tailbase", "tail_tip"),
        ),
        symmetries=(("left_eye", "right_eye"),),
    ),
    landmarks=(
        Landmark(0.3),
        Landmark(part="left_eye"),
        Landmark(part="right_eye"),
        Landmark(6.5),
        Landmark(14.0),
        Landmark(25.0),
        Landmark(31.0),
    ),
    joints_mm=(0.0, 3.0, 6.5, 10.0, 14.0, 18.0, 21.5, 25.0, 28.0, 32.0),
    leader=2,
    bend_deg=(0, 6, 14, 18, 22, 26, 30, 30, 30, 0),
    stiffness_per_s=(0, 0, 5, 5, 5, 5, 5, 5, 5, 0),
    height_mm=((0, 20), (32, 20)),
    tubes=(
        Tube(
            ((24, 0.35), (26.5, 0.5), (29, 0.75), (32, 0.95)),
            coat=Coat((150, 146, 124), (130, 128, 112), grain=0.2, sheen=0.0),
            roundness=0.0,
            opacity=0.5,
        ),
        Tube(
            (
                (0.3, 0.7),
                (1.5, 1.5),
                (3.5, 2.2),
                (6.5, 2.6),
                (9, 2.7),
                (13, 2.4),
                (17, 1.8),
                (21, 1.1),
                (25, 0.6),
                (26.5, 0.4),
            ),
        ),
    ),
    patches=(
        Patch(
            "pectoral_fin",
            8.6,
            3.9,
            (2.0, 0.9),
            (158, 152, 130),
            (140, 134, 116),
            angle_deg=52,
            lift_mm=-1,
            opacity=0.38,
            below=True,
        ),
        Patch("eye", 3.6, 2.15, (1.0, 0.62), (18, 18, 22), (70, 66, 56)),
    ),
    coats={
        "wild": Coat((92, 84, 58), (150, 144, 118), grain=0.3, sheen=0.3),
        "golden": Coat((196, 158, 84), (214, 190, 130), grain=0.2, sheen=0.35),
    },
    style=Style(
        walk_mm_s=45.0,
        dash_mm_s=150.0,
        pause_share=0.3,
        dash_share=0.15,
        bout_s=0.7,
        turn_deg_s=90.0,
        head_yaw_deg=2.0,
        stride_mm=18.0,
        wave_deg=(0, 0, 2, 4, 6, 8, 10, 12, 13, 0),
        wave_hz=5.0,
        wave_lag=0.11,
        idle_wave=0.08,
    ),
    length_mm=24.7,
    arena_mm=(150.0, 112.0),
)

SPECIES = {body.name: body for body in (MOUSE, FLY, FISH)}


def find_species(name: str) -> Body:
    """Return the body of a species.

    Raises
    ------
    NotFoundError
        There is none of that name.
    """
    try:
        return SPECIES[name]
    except KeyError:
        raise NotFoundError(
            f"there is no species {name!r} to render", hint=f"there are {', '.join(SPECIES)}"
        ) from None
