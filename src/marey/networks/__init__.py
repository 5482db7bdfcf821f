"""Networks: backbones, decoders, targets, decoding, and the views of a frame that they are shown.

``decoding`` and ``views`` need NumPy only; the rest imports torch when it is used.
"""

from marey.networks.approach import Approach
from marey.networks.decoding import FEATURE_NAMES, Decoded, decode_heatmaps
from marey.networks.views import View, ViewPlan, plan_views

__all__ = ["FEATURE_NAMES", "Approach", "Decoded", "View", "ViewPlan", "decode_heatmaps", "plan_views"]
