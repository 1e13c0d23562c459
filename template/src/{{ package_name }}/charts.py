"""Pictures of a study: how it went, and which hyperparameters mattered."""

from typing import cast

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from optuna import Study
from optuna.trial import TrialState
from optuna.visualization import matplotlib as drawing

N_COMPLETE = 4
"""Complete trials that importances are estimated from, at least."""


def of_study(study: Study, metric: str) -> dict[str, Figure]:
    """Draw what a study has found, by the name of the picture; importances need some trials."""
    with plt.rc_context():  # Optuna changes the style of every later picture.
        history = drawing.plot_optimization_history(study, target_name=metric)
        history.legend(loc="upper right")
        history.xaxis.set_major_locator(MaxNLocator(integer=True))
        pictures = {"history": _finish(history, f"Study {study.study_name}")}
        if len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) >= N_COMPLETE:
            importances = drawing.plot_param_importances(study, target_name=metric)
            importances.set(xlabel="share of the importance", ylabel="")
            if legend := importances.get_legend():  # It names the only colour.
                legend.remove()
            importances.margins(x=0.15)  # for the numbers at the bars' ends
            pictures["importances"] = _finish(importances, f"What decides {metric}")
    return pictures


def _finish(axes: Axes, title: str) -> Figure:
    axes.set_title("")  # Optuna's, in the middle.
    axes.set_title(title, loc="left")
    figure = cast("Figure", axes.get_figure(root=True))
    figure.set_size_inches(8, 5)
    figure.set_layout_engine("constrained")
    plt.close(figure)  # It stays as it is: pyplot only forgets it.
    return figure
