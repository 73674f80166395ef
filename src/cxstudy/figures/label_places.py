"""Where the labels of points go so that none lies on another, on a point, or outside the frame."""

import numpy as np

DOT = 0.07  # inches that a point keeps free around its middle
STEPS, TURNS = 40, 24
ROUNDS = 4


def places(points, sizes, frame):
    """The lower left corner of each label, in the unit of all arguments (inches); None where they cannot all be placed.

    ``points``: (x, y) of each; ``sizes``: (width, height) of its label; ``frame``: (left, bottom, right, top). Each
    label takes the free place nearest to its point, those with the most neighbours first; a label that finds none is
    placed first in the next round.

    >>> places([(1, 1), (1, 1.02)], [(0.5, 0.2), (0.5, 0.2)], (0, 0, 2, 2)) is None
    False
    """
    if not points:
        return []
    at, size = np.asarray(points, dtype=float), np.asarray(sizes, dtype=float)
    near = (np.abs(at[:, None] - at[None]) < 2 * size.max(axis=0)).all(axis=2).sum(axis=1)
    order = sorted(range(len(at)), key=lambda i: (-near[i], i))
    for _ in range(ROUNDS):
        found, homeless = _one_round(at, size, np.asarray(frame, dtype=float), order)
        if not homeless:
            return [tuple(found[i]) for i in range(len(at))]
        order = homeless + [i for i in order if i not in homeless]
    return None


def _one_round(at, size, frame, order):
    found, homeless, taken = {}, [], [np.column_stack([at - DOT, at + DOT])]
    for i in order:
        corners = _candidates(at[i], size[i], frame)
        boxes = np.column_stack([corners, corners + size[i]])
        used = np.vstack(taken)
        hit = (
            (boxes[:, None, 0] < used[None, :, 2])
            & (boxes[:, None, 2] > used[None, :, 0])
            & (boxes[:, None, 1] < used[None, :, 3])
            & (boxes[:, None, 3] > used[None, :, 1])
        ).any(axis=1)
        inside = (boxes[:, :2] >= frame[:2]).all(axis=1) & (boxes[:, 2:] <= frame[2:]).all(axis=1)
        free = np.flatnonzero(~hit & inside)
        if len(free):
            found[i] = corners[free[0]]
            taken.append(boxes[free[0]][None])
        else:
            homeless.append(i)
    return found, homeless


def _candidates(point, size, frame):
    """Corners around a point, the nearest first: to the right, left, above, below, then all around and further off."""
    gap = DOT + 0.01
    sides = [(gap, -size[1] / 2), (-gap - size[0], -size[1] / 2), (-size[0] / 2, gap), (-size[0] / 2, -gap - size[1])]
    far = float(np.hypot(frame[2] - frame[0], frame[3] - frame[1]))
    distance = np.repeat(np.linspace(gap, far, STEPS) ** 2 / far + gap, TURNS)
    turn = np.tile(np.linspace(0, 2 * np.pi, TURNS, endpoint=False), STEPS)
    way = np.column_stack([np.cos(turn), np.sin(turn)])
    # the label's edge, not its middle, stands at this distance
    middle = way * distance[:, None] + way * size / 2
    return point + np.vstack([sides, middle - size / 2])
