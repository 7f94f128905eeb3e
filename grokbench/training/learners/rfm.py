"""The recursive feature machine of Mallinar et al., "Emergence in non-neural models" (arXiv 2407.20199).

A kernel machine f(x) = Σ_i A_i k_M(x, x_i) on two concatenated one-hot vectors x. One iteration:

    solve (K_M + ρ I) A = Y                              Y: one-hot answers
    M ← [(1/n) Σ_j G_jᵀ G_j]^s                           G_j = ∂f(x_j)/∂x (classes, 2p), s = ½

M starts as the identity. Step t of a run is evaluated with the solution under M_t. The numbers are those of
nmallinar/rfm-grokking @73181df. A row of x has two ones, so that products with it are gathers and sums over few rows: a fifth of
the work, exact in real arithmetic. ``plain_rfm`` is the definition, which this is tested against.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grokbench.analysis.circulant import LOGARITHMIC, OPERATIONS, powers_of_the_least_root, random_features
from grokbench.networks.architecture import Size
from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Recipe, Section, TaskSpec
from grokbench.tasks.domain import modulus
from grokbench.training.kinds import Facts, Learner, Streams

Array = NDArray[np.floating]
Rows = NDArray[np.int64]
KERNELS = ("quadratic", "gaussian")
STARTS = ("identity", *OPERATIONS, "unstructured")
CLASSES_AT_ONCE = 16  # gradients of so many outputs are held together


@dataclass(frozen=True)
class Fields:
    """recursive feature machine: kernel regression, then features from its mean gradient product (2407.20199)"""

    kernel: str = field(
        "quadratic", choices=KERNELS, help="(xᵀMx′)², or exp(−(x − x′)ᵀM(x − x′) / (2 bandwidth²))"
    )
    bandwidth: float = field(
        2.5,
        help="of the Gaussian kernel, as the code has it; √(L/2) for the L of the paper's text",
        above=0.0,
    )
    ridge: float = field(0.0, help="ρ, added to the kernel matrix's diagonal", least=0.0)
    power: float = field(0.5, help="s, to which the mean gradient product is raised", above=0.0)
    centred: bool = field(
        True, help="whether gradients lose their mean over the training rows, as in the code"
    )
    start: str = field(
        "identity",
        choices=STARTS,
        help="M before the first iteration; else random, with the circulant structure of an operation or without any",
    )


class RecursiveFeatureMachine:
    """The state of one machine: M (2p, 2p), the training rows, and the coefficients A (n, p) under M."""

    KEPT = ("_features", "_coefficients")

    def __init__(self, fields: Section, facts: Facts, streams: Streams, dtype: np.dtype[np.floating]) -> None:
        self._fields, self._p, self._dtype, self._streams = fields, facts.n_elements, dtype, streams

    def initial(self, rows: Rows) -> None:
        """Begin with the first M and the solution under it. rows: (n, 3) element indices x, y, x∘y."""
        self._x = self._columns(rows)
        self._answers: Array = np.eye(self._p, dtype=self._dtype)[rows[:, 2]]  # Y (n, p)
        self._features = first_features(self._fields, self._p, self._streams).astype(self._dtype)  # M
        self._solve()

    def step(self) -> None:
        """One iteration: M from the gradients of the present solution, and the solution under it."""
        self._features = self._matrix_power(self._gradient_product())
        self._solve()

    def predict(self, rows: Rows) -> Array:
        """f of these rows, (m, p)."""
        return self._kernel(self._products(self._columns(rows))) @ self._coefficients

    def state(self) -> dict[str, Array]:
        """M and A."""
        return {"M": self._features, "coefficients": self._coefficients}

    def _columns(self, rows: Rows) -> Rows:
        """The two ones of each row's x, (m, 2)."""
        return rows[:, :2] + np.array([0, self._p])

    def _products(self, x: Rows) -> tuple[Array, Array, Array]:
        """xᵀMx′ of rows with the training rows (m, n), and each side's xᵀMx."""
        m = self._features
        to_train = m[:, self._x[:, 0]] + m[:, self._x[:, 1]]  # M x_i, (2p, n)
        return to_train[x[:, 0]] + to_train[x[:, 1]], self._own(x), self._own(self._x)

    def _own(self, x: Rows) -> Array:
        first, second = x.T
        m = self._features
        own: Array = m[first, first] + m[second, second] + m[first, second] + m[second, first]
        return own

    def _kernel(self, products: tuple[Array, Array, Array]) -> Array:
        inner, left, right = products
        if self._fields["kernel"] == "quadratic":
            return inner**2
        distance = np.maximum(left[:, None] + right - 2 * inner, 0)
        kernel: Array = np.exp(-distance / (2 * self._fields["bandwidth"] ** 2))
        return kernel

    def _solve(self) -> None:
        """A by LU: K may be indefinite. Without a solution A is nan, and the run ends as diverged."""
        kernel = self._kernel(self._products(self._x))
        kernel[np.diag_indices_from(kernel)] += self._fields["ridge"]
        try:
            self._coefficients: Array = np.linalg.solve(kernel, self._answers)
        except np.linalg.LinAlgError:
            self._coefficients = np.full_like(self._answers, np.nan)

    def _gradient_product(self) -> Array:
        """(1/n) Σ_j G_jᵀ G_j (2p, 2p).

        G_j = c T_j M. Quadratic: T_j = Σ_i A_i (x_iᵀMx_j) x_iᵀ, c = 2. Gaussian: T_j = Σ_i A_i k_ij (x_i − x_j)ᵀ, c = 1/b².
        """
        quadratic = self._fields["kernel"] == "quadratic"
        products = self._products(self._x)
        weight = products[0] if quadratic else self._kernel(products)  # (n, n)
        scale = 2.0 if quadratic else 1 / self._fields["bandwidth"] ** 2
        n, everyone = len(self._x), np.arange(len(self._x))
        total: Array = np.zeros_like(self._features)
        for begin in range(0, self._p, CLASSES_AT_ONCE):
            a = self._coefficients[:, begin : begin + CLASSES_AT_ONCE]  # (n, c)
            t = np.zeros((2 * self._p, n, a.shape[1]), dtype=self._dtype)
            for column in self._x.T:
                for value in np.unique(column):
                    with_it = np.flatnonzero(column == value)
                    t[value] = weight[with_it].T @ a[with_it]  # the kernel is symmetric
            if not quadratic:
                outputs = weight @ a
                for column in self._x.T:
                    t[column, everyone] -= outputs
            if self._fields["centred"]:
                t -= t.mean(axis=1, keepdims=True)
            flat = t.reshape(2 * self._p, -1)
            total += flat @ flat.T
        return scale**2 / n * (self._features.T @ total @ self._features)

    def _matrix_power(self, product: Array) -> Array:
        """product^s by its eigenvalues; those below 0 are rounding and count as 0."""
        if not np.isfinite(product).all():
            return np.full_like(product, np.nan)
        values, vectors = np.linalg.eigh((product + product.T) / 2)
        raised: Array = (vectors * np.maximum(values, 0) ** self._fields["power"]) @ vectors.T
        return raised


def first_features(fields: Section, p: int, streams: Streams) -> Array:
    """M (2p, 2p) before the first iteration; what is random in it comes from the stream "features"."""
    if fields["start"] == "identity":
        return np.eye(2 * p)
    return random_features(fields["start"], p, streams("features"))


def fits(task: TaskSpec, recipe: Recipe) -> None:
    """Discrete logarithms need a prime modulus. Errors: InputError."""
    start, p = recipe.learner.get("start"), modulus(task)
    if start not in LOGARITHMIC:
        return
    try:
        powers_of_the_least_root(p or 0)
    except ValueError:
        raise InputError(
            f"learner.start = {start!r} needs residues modulo a prime; this task has {task.domain}"
        ) from None


def size(fields: Section, n_elements: int, n_rows: int) -> Size:
    """Multiply-adds of one iteration: the solution, gradients, and their product; numbers in M and A.

    They count three times: a solution and products of few columns run at about a third of the rate of square ones.
    """
    d, c, n = 2 * n_elements, n_elements, n_rows
    return Size(3 * (n**3 / 3 + 4 * n * n * c + d * d * n * c), d * d + n * c)


RFM = Learner(
    "rfm", Fields, build="grokbench.training.learners.rfm:RecursiveFeatureMachine", size=size, fits=fits
)
