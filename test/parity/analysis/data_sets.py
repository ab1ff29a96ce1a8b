"""100 random data sets with ties and missing cells, and what SciPy and statsmodels say of them."""
import itertools
from fractions import Fraction

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.contingency_tables import Table2x2, mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

SIGNIFICANCE = 0.1


def data_sets(count=100):
    return [data_set(np.random.default_rng([25, i]), i) for i in range(count)]


def data_set(rng, i):
    """Values with one decimal, so that some tie; a tenth missing; effects from none to overwhelming."""
    size = int(rng.integers(14, 30))
    groups = int(rng.integers(2, 6))
    outer = [f"g{g}" for g in rng.integers(0, groups, size)]
    nested = [f"n{g}" for g in rng.integers(0, 3, size)]
    effect = [0, 0.5, 3, 1000][i % 4]
    shift = np.array([effect * int(name[1]) for name in outer]) + 0.3 * np.array([int(name[1]) for name in nested])
    y = with_gaps(rng, np.round(shift + rng.normal(0, 1, size), 1))
    x = with_gaps(rng, np.round(0.3 * shift + rng.normal(0, 1, size), 1))
    frame = pd.DataFrame({"outer": outer, "nested": nested, "x": x, "y": y})
    return {
        "outer": outer,
        "nested": nested,
        "x": values(frame.x),
        "y": values(frame.y),
        "correlation": correlations(frame.dropna(subset=["x", "y"])),
        "anova": one_way(frame.dropna(subset=["y"])),
        "nestedAnova": nested_anova(frame.dropna(subset=["y"])),
        "tukey": tukey(frame.dropna(subset=["y"])),
        "table": two_by_two(rng),
        "pairs": paired(rng),
        "proportion": proportion(rng),
        "adjusted": adjusted(rng),
    }


def with_gaps(rng, column):
    column = column.copy()
    column[rng.random(len(column)) < 0.1] = np.nan
    return column


def values(column):
    return [None if np.isnan(value) else float(value) for value in column]


def correlations(frame):
    spearman = stats.spearmanr(frame.x, frame.y)
    line = stats.linregress(frame.x, frame.y)
    width = stats.t.isf(0.025, len(frame) - 2)
    return {
        "spearman": [spearman.statistic, spearman.pvalue],
        "slope": [line.slope, line.stderr, line.slope - width * line.stderr, line.slope + width * line.stderr],
        "intercept": [line.intercept, line.intercept_stderr],
        "line": [line.rvalue**2, line.pvalue],
    }


def one_way(frame):
    rows = [effect(*spread_between(frame, ["outer"]), *spread_within(frame, ["outer"]))]
    theirs = stats.f_oneway(*(group.y.values for _, group in frame.groupby("outer")))
    assert np.allclose([rows[0][2], rows[0][3]], [theirs.statistic, theirs.pvalue], rtol=1e-6)
    return rows[0]


def nested_anova(frame):
    """Where every cell is filled, statsmodels' own table must say the same; elsewhere it miscounts."""
    cells = ["outer", "nested"]
    residual = spread_within(frame, cells)
    outer, outer_freedom = spread_between(frame, ["outer"])
    inside, inside_freedom = spread_between(frame, cells)
    rows = {
        "outer": effect(outer, outer_freedom, *residual),
        "nested": effect(inside - outer, inside_freedom - outer_freedom, *residual),
    }
    if len(set(zip(frame.outer, frame.nested))) == frame.outer.nunique() * frame.nested.nunique():
        table = sm.stats.anova_lm(smf.ols("y ~ C(outer) / C(nested)", frame).fit(), typ=2)
        assert np.allclose(table.F.iloc[:2], [rows["outer"][2], rows["nested"][2]], rtol=1e-6), (table, rows)
    return rows


def spread_within(frame, by):
    """Sum of squares and degrees of freedom inside groups, exactly: the values have one decimal."""
    groups = [[Fraction(str(value)) for value in group.y] for _, group in frame.groupby(by)]
    squares = sum(sum((value - sum(group) / len(group)) ** 2 for value in group) for group in groups)
    return squares, len(frame) - len(groups)


def spread_between(frame, by):
    total, _ = spread_within(frame.assign(all=0), ["all"])
    within, freedom = spread_within(frame, by)
    return total - within, len(frame) - 1 - freedom


def effect(squares, freedom, residual, residual_freedom):
    f = squares * residual_freedom / residual / freedom
    p = stats.f.sf(float(f), freedom, residual_freedom)
    return [float(number) for number in (squares, freedom, f, p, squares / (squares + residual))]


def tukey(frame):
    """Tukey and Kramer's formula on SciPy's studentized range; SciPy's tukey_hsd must say the same where it can."""
    groups = {name: group.y.values for name, group in frame.groupby("outer")}
    freedom = len(frame) - len(groups)
    variance = sum(((group - group.mean()) ** 2).sum() for group in groups.values()) / freedom
    order = sorted(groups, key=lambda name: -groups[name].mean())
    p_values = {}
    for first, second in itertools.combinations(order, 2):
        difference = groups[first].mean() - groups[second].mean()
        error = np.sqrt(variance / 2 * (1 / len(groups[first]) + 1 / len(groups[second])))
        p_values[first, second] = stats.studentized_range.sf(difference / error, len(groups), freedom)
    if min(map(len, groups.values())) > 1:
        theirs = stats.tukey_hsd(*(groups[name] for name in order)).pvalue
        for (first, second), p in p_values.items():
            assert abs(theirs[order.index(first), order.index(second)] - p) < 1e-6
    return {
        "order": order,
        "pValues": [[first, second, p] for (first, second), p in p_values.items()],
        "letters": letters(order, p_values),
    }


def letters(order, p_values):
    """The maximal sets of groups without a difference inside, by trying all sets."""
    alike = lambda names: all(p_values[pair] >= SIGNIFICANCE for pair in itertools.combinations(names, 2))
    subsets = itertools.chain.from_iterable(itertools.combinations(order, size) for size in range(1, len(order) + 1))
    sets = [set(names) for names in subsets if alike(names)]
    largest = [names for names in sets if not any(names < other for other in sets)]
    largest.sort(key=lambda names: sorted(order.index(name) for name in names))
    return ["".join(chr(97 + at) for at, names in enumerate(largest) if name in names) for name in order]


def two_by_two(rng):
    counts = rng.integers(0, [3, 40, 300][rng.integers(0, 3)], 4)
    counts[0] += 1
    counts[3] += 1
    # Haldane and Anscombe add a half to all four counts; statsmodels says it does, and adds it to the zeros only.
    table = Table2x2(counts.reshape(2, 2) + (0.5 if 0 in counts else 0))
    low, high = table.oddsratio_confint()
    p = stats.fisher_exact(counts.reshape(2, 2)).pvalue
    return [*counts.tolist(), table.oddsratio, table.oddsratio_pvalue(), low, high, p]


def paired(rng):
    counts = rng.integers(0, [5, 60, 900][rng.integers(0, 3)], 4)
    counts[0] += 1
    p = mcnemar(counts.reshape(2, 2), exact=True).pvalue
    return [*counts.tolist(), p, *newcombe(*counts.tolist())]


def newcombe(a, b, c, d):
    """Method 10 of Newcombe (1998), written from the paper."""
    n = a + b + c + d
    ends = [proportion_confint(k, n, 0.05, "wilson") for k in (a + b, a + c)]
    (l1, u1), (l2, u2) = ends
    p1, p2 = (a + b) / n, (a + c) / n
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    numerator = a * d - b * c
    if numerator > n / 2:
        numerator -= n / 2
    elif numerator >= 0:
        numerator = 0
    phi = 0 if margins == 0 else numerator / float(margins) ** 0.5
    down = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    up = (u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2
    return p1 - p2 - down**0.5, p1 - p2 + up**0.5


def proportion(rng):
    total = int(rng.integers(1, 1001))
    correct = int(rng.integers(0, total + 1))
    wilson = proportion_confint(correct, total, 0.05, "wilson")
    exact = proportion_confint(correct, total, 0.05, "beta")
    return [correct, total, *wilson, *(0 if np.isnan(end) else end for end in exact)]


def adjusted(rng):
    p = [float(f"{value:.3e}") for value in rng.random(int(rng.integers(1, 9))) ** 4]
    p += p[:1]
    return {"p": p, "holm": multipletests(p, method="holm")[1].tolist()}
