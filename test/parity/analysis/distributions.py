"""Tails and quantiles of distributions: lists of arguments, the last of which is the result."""
import itertools

import numpy as np
from mpmath import betainc, binomial, erfc, findroot, log, mp, mpf, quad, sqrt
from scipy import special, stats

mp.dps = 60

#: Upper tails to reach, from the middle to where doubles end.
TAILS = [0.9, 0.5, 0.1, 0.01, 1e-4, 1e-8, 1e-20, 1e-50, 1e-100, 1e-150, 1e-200, 1e-290]


def agree(name, ours, scipys, limit=1e-9):
    """SciPy is the second opinion wherever it gives a number."""
    if scipys > 1e-280 and abs(float(ours) / float(scipys) - 1) > limit:
        raise AssertionError(f"{name}: mpmath {float(ours)} but SciPy {float(scipys)}")
    return float(ours)


def short(value):
    return float(f"{value:.5e}")


def normal_upper_tail():
    points = [-8, -3, -1, -0.2, 0, 0.3, 0.7, 1, 1.6, 1.99, 2, 2.3, 3, 4, 5.5, 7, 9, 12, 16, 20, 25, 30, 33, 36, 37.4]
    return [[z, agree("normal", erfc(mpf(z) / sqrt(2)) / 2, stats.norm.sf(z))] for z in points]


def normal_upper_quantile():
    points = [p for p in TAILS if p != 0.5] + [0.975, 0.95, 0.7, 0.3, 0.05, 0.025, 0.005]
    return [[p, float(stats.norm.isf(p))] for p in points]


def f_upper():
    cases = []
    for numerator, denominator in [(1, 5), (2, 77), (5, 74), (12, 67), (39, 1000), (3, 7000), (200, 7000), (1, 100000)]:
        for p in TAILS:
            x = short(stats.f.isf(p, numerator, denominator))
            if 0 < x < 1e12:
                share = mpf(denominator) / (mpf(denominator) + mpf(numerator) * mpf(x))
                ours = beta_lower(share, mpf(denominator) / 2, mpf(numerator) / 2)
                cases.append([x, numerator, denominator, agree("F", ours, stats.f.sf(x, numerator, denominator), 1e-6)])
    return cases


def beta_lower(x, a, b):
    """I_x(a, b): by mpmath, or by integrating where its series would need too many terms."""
    try:
        return betainc(a, b, 0, x, regularized=True)
    except Exception:
        density = lambda t: t ** (a - 1) * (1 - t) ** (b - 1)
        return quad(density, [0, x]) / (quad(density, [0, x, 1]))


def t_two_sided():
    cases = []
    for freedom in [1, 2, 5, 14, 78, 478, 10000]:
        for p in TAILS:
            t = short(stats.t.isf(p / 2, freedom))
            if 0 < t < 1e100:
                ours = beta_lower(freedom / (freedom + mpf(t) ** 2), mpf(freedom) / 2, mpf(1) / 2)
                cases.append([t, freedom, agree("t", ours, 2 * stats.t.sf(t, freedom), 1e-6)])
    return cases


def t_two_sided_quantile():
    cases = itertools.product([1, 3, 12, 78, 478], [0.5, 0.1, 0.05, 0.001, 1e-8])
    return [[p, freedom, float(stats.t.isf(p / 2, freedom))] for freedom, p in cases]


def beta_quantile():
    cases = [(0.025, 1, 10), (0.975, 1, 10), (0.5, 3, 3), (0.025, 8, 3), (0.975, 900, 101), (0.025, 5, 996)]
    cases.append((0.005, 0.5, 0.5))
    return [[p, a, b, float(special.betaincinv(a, b, p))] for p, a, b in cases]


def binomial_lower_tail():
    cases = []
    for n, p in [(10, 0.5), (37, 0.1), (420, 0.5), (1000, 0.5), (1000, 0.003), (5000, 0.9)]:
        mean, deviation = n * p, (n * p * (1 - p)) ** 0.5
        for k in sorted({int(mean + step * deviation) for step in [-25, -8, -2, -0.5, 0, 0.5, 2, 8, 25]}):
            if 0 <= k <= n:
                lower = sum_of_terms(range(0, k + 1), n, p)
                agree("binomial", lower, stats.binom.cdf(k, n, p), 1e-8)
                if lower > mpf(10) ** -300:
                    cases.append([k, n, p, float(lower)])
    return cases


def sum_of_terms(ks, n, p):
    p = mpf(p)
    return sum(binomial(n, k) * p**k * (1 - p) ** (n - k) for k in ks)


def studentized_range_upper():
    cases = []
    for groups in [2, 3, 5, 11, 18, 40, 100]:
        for freedom in [1, 2, 5, 20, 77, 1000, np.inf]:
            for q in [0.4, 1.5, 3, 4.5, 7, 12]:
                value = stats.studentized_range.sf(q, groups, freedom)
                cases.append([q, groups, None if freedom == np.inf else freedom, float(value)])
    return cases


def studentized_range_quantile():
    """At infinite freedom by a root of SciPy's tail; its own quantile is less exact."""
    cases = []
    for p, groups, freedom in [(0.05, 2, 10), (0.1, 6, 74), (0.05, 9, 71), (0.05, 40, np.inf), (0.01, 4, 3)]:
        value = findroot(
            lambda q: log(stats.studentized_range.sf(float(q), groups, freedom)) - log(p),
            (3, 4),
            tol=1e-20,
            solver="secant",
        )
        cases.append([p, groups, None if freedom == np.inf else freedom, float(value)])
    return cases


def distributions():
    return {
        "normalUpperTail": normal_upper_tail(),
        "normalUpperQuantile": normal_upper_quantile(),
        "fUpper": f_upper(),
        "tTwoSided": t_two_sided(),
        "tTwoSidedQuantile": t_two_sided_quantile(),
        "betaQuantile": beta_quantile(),
        "binomialLowerTail": binomial_lower_tail(),
        "studentizedRangeQuantile": studentized_range_quantile(),
        "studentizedRangeUpper": studentized_range_upper(),
    }
