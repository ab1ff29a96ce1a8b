"""Extracts the study's facts about each backbone from the authors' table of results, for catalogue.test.ts.

    python3 test/parity/backbones/extract_measured_backbones.py <measurements.csv>

The table: results_dataset.csv of GitHub MaxHeuillet/robust_training (arXiv:2508.14079), 1,440 rows. All rows of a
backbone must state the same facts.
"""

import csv
import json
import sys
from pathlib import Path

COLUMNS = ("model_size", "model_type", "pre_training_dataset", "pre_training_strategy", "volume_pre_training_data", "backbone_name")
TARGET = Path(__file__).parent / "measured-backbones.json"

facts, rows = {}, 0
with open(sys.argv[1], newline="") as table:
    for row in csv.DictReader(table):
        said = {column: row[column] for column in COLUMNS}
        said["volume_pre_training_data"] = int(float(said["volume_pre_training_data"]))
        assert facts.setdefault(row["backbone"], said) == said, f"the rows of {row['backbone']} state different facts"
        rows += 1
TARGET.write_text(json.dumps({"rows": rows, "backbones": dict(sorted(facts.items()))}, indent=2) + "\n")
