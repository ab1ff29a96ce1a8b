"""What SciPy, statsmodels and mpmath make of the statistics of libs/use/analysis, for the tests of that room.

    python -m venv venv && venv/bin/pip install -r test/parity/analysis/requirements.txt
    venv/bin/python test/parity/analysis/make_fixtures.py test/parity/analysis

Takes less than a minute, most of it for the studentized range of SciPy. Writes

- distributions.json: tails and quantiles, by mpmath with 60 digits where it has them, and SciPy must agree;
- data_sets.json: 100 random data sets with ties and missing cells, each with what the references say of it;
- bootstrap.json: small outcomes and what a nested bootstrap written apart makes of them, draw by draw.
"""
import json
import pathlib
import sys

from bootstrap import bootstrap_fixture
from data_sets import data_sets
from distributions import distributions


def rounded(value):
    """15 significant digits: below every tolerance of the tests."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    number = float(f"{float(value):.14e}")
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def write(folder, name, value):
    text = json.dumps(rounded(value), separators=(",", ":"), allow_nan=False)
    (folder / name).write_text(text + "\n")
    print(name, len(text))


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    write(folder, "bootstrap.json", bootstrap_fixture())
    write(folder, "data_sets.json", data_sets())
    write(folder, "distributions.json", distributions())
