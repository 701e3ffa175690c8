"""The book's figures: one visual language, from the colours of tokens.css.

Every function takes the axes first and returns the artists it drew; none makes a figure, except
`figure`, which also sets the style. Time runs to the right, depth runs up. Forward quantities are
blue, gradients orange, gates green, memory violet, data grey, and each has a label or a line
style of its own, so that nothing is told by colour alone.
"""

from itertools import pairwise

from rnnbook import extras
from rnnbook.colours import LIGHT as COLOURS

with extras.needed_by(__name__):
    import matplotlib.pyplot as plt
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
    from matplotlib.path import Path

STYLE = {
    "figure.dpi": 144,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": COLOURS["data"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "text.color": COLOURS["ink"],
    "xtick.color": COLOURS["data"],
    "ytick.color": COLOURS["data"],
    "lines.linewidth": 2,
}


def figure(columns=1, *, width=7.0, height=3.0, **options):
    """A figure in the book's style with `columns` axes side by side: returns (figure, axes).

    width, height: inches. Other options go to `matplotlib.pyplot.subplots`. The style stays on
    for the session: titles and texts that come later read it too.
    """
    plt.rcParams.update(STYLE)
    return plt.subplots(1, columns, figsize=(width, height), **options)


def curve(ax, xs, ys, name, role="forward", *, style="-", marker="", nudge=0):
    """A line with its name at its right end. `nudge` moves the name up, in points."""
    (line,) = ax.plot(xs, ys, linestyle=style, marker=marker, color=COLOURS[role], clip_on=False)
    label = ax.annotate(
        name, (xs[-1], ys[-1]), xytext=(6, nudge), textcoords="offset points",
        va="center", color=COLOURS[role], annotation_clip=False,
    )
    return line, label


def unrolled(ax, T, *, inputs=None, outputs=None, names=None, tied=None, shapes=False,
             start=True):
    """The network unrolled over T steps: inputs below, states in the middle, outputs above.

    inputs, outputs: the steps (1 to T) that have one; all by default. names: what to write in
    place of x_t, a list of T labels. tied: how to write the copies of the weights, such as
    "W^{{({t})}}", or None for arrows without names. shapes: add the size of each vector.
    start: draw h_0. Returns the node artists.
    """
    inputs = range(1, T + 1) if inputs is None else inputs
    outputs = range(1, T + 1) if outputs is None else outputs
    nodes = {}
    if start:
        nodes["h", 0] = _node(ax, 0, 1, "$h_0$", "data", dashed=True)
    for t in range(1, T + 1):
        nodes["h", t] = _node(ax, t, 1, f"$h_{t}$", "forward")
        if ("h", t - 1) in nodes:
            _arrow(ax, (t - 1, 1), (t, 1), _copy(tied, "hh", t), above=True)
        if t in inputs:
            text = f"$x_{t}$" if names is None else names[t - 1]
            nodes["x", t] = _node(ax, t, 0, text, "data")
            _arrow(ax, (t, 0), (t, 1), _copy(tied, "xh", t))
        if t in outputs:
            nodes["y", t] = _node(ax, t, 2, f"$y_{t}$", "forward")
            _arrow(ax, (t, 1), (t, 2), _copy(tied, "hy", t))
    if shapes:
        for row, size in enumerate(["$D$ numbers", "$H$ numbers", "$K$ numbers"]):
            ax.text(T + 0.42, row, size, va="center", color=COLOURS["data"])
    ax.set_xlim(-0.5 if start else 0.5, T + (1.35 if shapes else 0.5))
    _bare(ax)
    return nodes


def path_back(ax, t, s):
    """On an `unrolled` network: the way from y_t back to the use of W_hh at step s, in orange."""
    rights = [(t - 0.1, 1.8), (t - 0.1, 1.1)] + [(j - 0.1, 1.1) for j in range(t - 1, s - 1, -1)]
    stops = [*rights, (s - 0.62, 1.1)]
    (line,) = ax.plot(*zip(*stops, strict=True), linestyle=(0, (2.5, 1.2)), linewidth=2.6,
                      color=COLOURS["gradient"], zorder=0.5)
    end = ax.plot(*stops[-1], marker="o", markersize=7, color=COLOURS["gradient"], zorder=6)
    ax.text(s - 0.5, 0.78, rf"$W_{{hh}}^{{({s})}}$", ha="center", va="top", fontsize=9,
            color=COLOURS["gradient"])
    return line, *end


def wired(ax, T, *, hidden=True, fed="free", routes=()):
    """The unrolled network with chosen edges: hidden recurrence or none; outputs fed back
    ("free"), targets fed in ("forced") or neither ("none").

    routes: ways back to draw in orange, each a sequence of names such as ("y_3", "h_3", "h_2").
    Returns the node artists.
    """
    places = {"h": (0, 1), "x": (0, 0), "y": (0, 2), "d": (0.5, 2)}

    def place(name):
        (dx, row), t = places[name[0]], int(name[2:])
        return t + dx, row

    pieces = {piece for stations in routes for piece in pairwise(stations)}  # each drawn once
    for piece in sorted(pieces):
        xs, ys = zip(*map(place, piece), strict=True)
        aside = -0.07 if 0 in (xs[1] - xs[0], ys[1] - ys[0]) else 0.07  # beside a slanted arrow too
        ax.plot([x + aside for x in xs], [y + 0.09 for y in ys], linestyle=(0, (2.5, 1.2)),
                linewidth=2.4, color=COLOURS["gradient"], zorder=0.5)
    nodes = {}
    for t in range(1, T + 1):
        for letter, role in (("x", "data"), ("h", "forward"), ("y", "forward")):
            nodes[letter, t] = _node(ax, *place(f"{letter}_{t}"), f"${letter}_{t}$", role)
        _arrow(ax, (t, 0), (t, 1), "")
        _arrow(ax, (t, 1), (t, 2), "")
        if t > 1 and hidden:
            _arrow(ax, (t - 1, 1), (t, 1), "", above=True)
        if t > 1 and fed != "none":
            start = place(f"{'y' if fed == 'free' else 'd'}_{t - 1}")
            arrow = FancyArrowPatch(
                start, (t, 1), arrowstyle="-|>", mutation_scale=11, shrinkA=13, shrinkB=16,
                color=COLOURS["forward" if fed == "free" else "data"], linewidth=1.4,
            )
            ax.add_patch(arrow)
            if fed == "forced":
                ax.text(*start, f"$d_{t - 1}$", ha="center", va="center", fontsize=11,
                        color=COLOURS["data"])
    ax.set_xlim(0.6, T + 0.4)
    _bare(ax)
    return nodes


def folded(ax, tied=None):
    """The same network before unrolling: one state, with an arrow to itself."""
    nodes = {
        ("x", "t"): _node(ax, 0, 0, "$x_t$", "data"),
        ("h", "t"): _node(ax, 0, 1, "$h_t$", "forward"),
        ("y", "t"): _node(ax, 0, 2, "$y_t$", "forward"),
    }
    _arrow(ax, (0, 0), (0, 1), _copy(tied, "xh", None))
    _arrow(ax, (0, 1), (0, 2), _copy(tied, "hy", None))
    loop = FancyArrowPatch(
        path=Path([(0.24, 1.12), (0.72, 1.42), (0.72, 0.58), (0.26, 0.88)],
                  [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]),
        arrowstyle="-|>", mutation_scale=11, color=COLOURS["forward"], linewidth=1.4,
    )
    ax.add_patch(loop)
    if tied:
        ax.text(0.66, 1, _copy(tied, "hh", None), va="center", color=COLOURS["ink"])
    ax.set_xlim(-0.6, 1.05)
    _bare(ax)
    return nodes


def _copy(tied, name, t):
    """How to write the copy of W_name that step t uses."""
    if tied is None:
        return ""
    if t is None:
        return f"$W_{{{name}}}$"
    return "$" + tied.format(name=name, t=t) + "$"


def _node(ax, column, row, text, role, *, dashed=False):
    box = FancyBboxPatch(
        (column - 0.24, row - 0.2), 0.48, 0.4, boxstyle="round,pad=0,rounding_size=0.09",
        facecolor="white", edgecolor=COLOURS[role], linewidth=1.6,
        linestyle="--" if dashed else "-",
    )
    ax.add_patch(box)
    ax.text(column, row, text, ha="center", va="center", color=COLOURS[role], fontsize=11)
    return box


def _arrow(ax, start, end, text, *, above=False):
    (x0, y0), (x1, y1) = start, end
    dx, dy = (0.26, 0) if above else (0, 0.22)
    arrow = FancyArrowPatch(
        (x0 + dx, y0 + dy), (x1 - dx, y1 - dy), arrowstyle="-|>", mutation_scale=11,
        shrinkA=0, shrinkB=0, color=COLOURS["forward"], linewidth=1.4,
    )
    ax.add_patch(arrow)
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    if above:
        ax.text(middle[0], middle[1] + 0.1, text, ha="center", va="bottom", fontsize=9)
    else:
        ax.text(middle[0] + 0.05, middle[1], text, ha="left", va="center", fontsize=9)
    return arrow


def _bare(ax):
    ax.set_ylim(-0.35, 2.35)
    ax.set_aspect("equal")
    ax.axis("off")
