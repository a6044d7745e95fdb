"""The image: time against size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.runs import Took


def draw(results: Mapping[tuple[str, str, int], Took], path: Path) -> None:
    """Draw a panel a stream and a line a contender."""
    mpl.rcParams |= {"svg.hashsalt": "the same each time", "svg.fonttype": "none", "font.size": 9}
    streams = list(dict.fromkeys(stream for _, stream, _ in results))
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    for axes, stream in zip(figure.subplots(1, len(streams)), streams, strict=True):
        for contender in dict.fromkeys(contender for contender, _, _ in results):
            runs = [took for key, took in results.items() if key[:2] == (contender, stream)]
            sizes, seconds = [took.records for took in runs], [took.seconds for took in runs]
            axes.plot(sizes, seconds, marker="o", markersize=4, label=contender)
        axes.set(title=stream, xlabel="records", ylabel="seconds", xlim=0, ylim=0)
        axes.grid(visible=True, alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
