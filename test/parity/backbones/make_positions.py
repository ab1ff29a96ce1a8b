"""Writes positions.json: hash-filled positions resized by timm, for resized-positions.test.ts. Run as make_fixtures.py."""

import json
from pathlib import Path

import torch
from hash_filling import filled
from timm.layers import resample_abs_pos_embed, resize_rel_pos_bias_table

WIDTH, HEADS = 2, 2


def grid(before, source, target):
    shape = (1, before + source**2, WIDTH)
    values = torch.from_numpy(filled("pos_embed", shape))
    resized = resample_abs_pos_embed(values, [target, target], num_prefix_tokens=before)
    return {"before": before, "from": source, "to": target, "values": resized.flatten().tolist()}


def window(source, target):
    values = torch.from_numpy(filled("relative_position_bias_table", ((2 * source - 1) ** 2, HEADS)))
    resized = resize_rel_pos_bias_table(values, (target, target), ((2 * target - 1) ** 2, HEADS))
    return {"from": source, "to": target, "values": resized.flatten().tolist()}


grids = [grid(*sizes) for sizes in [(1, 14, 6), (1, 7, 12), (0, 7, 1), (2, 5, 11), (1, 16, 15), (0, 1, 3)]]
windows = [window(*sizes) for sizes in [(7, 1), (7, 2), (7, 4), (7, 6), (7, 8), (7, 12), (12, 7), (4, 16)]]
path = Path(__file__).parent / "positions.json"
rounded = json.loads(json.dumps({"grids": grids, "windows": windows}), parse_float=lambda text: float(f"{float(text):.7g}"))
path.write_text(json.dumps(rounded, separators=(",", ":")) + "\n")
