"""From 2D poses of several cameras to 3D: triangulation, refinement over time, several animals, angles."""
