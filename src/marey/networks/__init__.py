"""Networks: backbones, decoders, targets, decoding, and the views of a frame that they are shown.

``decoding`` and ``views`` need NumPy only; the rest imports torch when it is used.
"""

import os

from marey.networks.approach import Approach
from marey.networks.decoding import FEATURE_NAMES, Decoded, decode_heatmaps
from marey.networks.views import View, ViewPlan, plan_views

__all__ = ["FEATURE_NAMES", "Approach", "Decoded", "View", "ViewPlan", "decode_heatmaps", "plan_views"]

# Idle threads of OpenMP that spin take the cores from other work (decoding, augmentation, a second training).
# It reads this when torch is loaded, which everything here does later.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
