"""What a network makes of labels drawn at random: the phases of Doshi, Das, He and Gromov (arXiv 2310.13061, Table 2)."""

from __future__ import annotations

PHASES = ("forgetting", "confusion", "memorisation", "coexistence", "partial-inversion", "full-inversion")
HIGH = 0.9  # an accuracy that counts as high
SLACK = 0.05  # above the share of rows that kept their labels, within which all others are given up


def phase(train: float, test: float, best_test: float, noise: float) -> str:
    """The phase of accuracies at the end of training, ``best_test`` the largest test accuracy on the way; one of ``PHASES``.

    noise: ξ, the share of training rows whose label was drawn. The paper's table asks for no time at which anything is
    fitted, which a network that gives rows up need not have. "forgetting": neither is high, and the test accuracy once was.

    >>> phase(0.978, 0.983, 0.99, 0.35), phase(0.786, 1.0, 1.0, 0.35), phase(0.6537, 1.0, 1.0, 0.35)
    ('coexistence', 'partial-inversion', 'full-inversion')
    """
    if test >= HIGH:
        if train >= HIGH:
            return "coexistence"
        return "partial-inversion" if train >= 1 + SLACK - noise else "full-inversion"
    if train >= HIGH:
        return "memorisation"
    return "forgetting" if best_test >= HIGH else "confusion"
