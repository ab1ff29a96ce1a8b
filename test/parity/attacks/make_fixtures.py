"""Pieces and trajectories of AutoAttack in float64, with the noise that they drew, for the tests of libs/science/attacks.

    python test/parity/attacks/make_fixtures.py --reference auto-attack     (torch 2.15.0)

`--reference` is a checkout of github.com/fra31/auto-attack at a3922004. The reference casts to float32 in some places.
Here `Tensor.float` gives float64, so that the fixtures are the exact side of the comparison. Its draws are recorded,
and the tests replay them. Images are NHWC in the file and NCHW in the reference. The script writes fixtures.json beside
this file; arrays are base64 of float32.
"""

import argparse
import base64
import json
import math
from pathlib import Path

import numpy as np
import torch

from reference import load_reference

CLASSES, SIDE, HIDDEN, IMAGES = 6, 6, 8, 2
COORDINATES = SIDE * SIDE * 3
EPSILONS = {"Linf": 0.04, "L2": 0.35, "L1": 2.5}


def packed(values):
    """A tensor as base64 of float32."""
    return base64.b64encode(torch.as_tensor(values).detach().numpy().astype("<f4").tobytes()).decode()


def channels_last(images):
    return images.permute(0, 2, 3, 1).contiguous()


def exact(*shape, generator, low=0.0, high=1.0):
    """Random numbers that float32 holds exactly."""
    return (torch.rand(shape, generator=generator) * (high - low) + low).float32().double()


class Smooth(torch.nn.Module):
    """x -> tanh(x A) B on channels-last coordinates, with the same trajectory in any precision. It records its inputs."""

    def __init__(self, generator):
        super().__init__()
        self.first = exact(COORDINATES, HIDDEN, generator=generator, low=-0.5, high=0.5)
        self.second = exact(HIDDEN, CLASSES, generator=generator, low=-2, high=2)
        self.asked = []

    def forward(self, x):
        self.asked.append(channels_last(x.detach()).reshape(len(x), -1).clone())
        return (channels_last(x).reshape(len(x), -1) @ self.first).tanh() @ self.second


class Draws:
    """Records what torch.rand, torch.randn and torch.randn_like return."""

    def __enter__(self):
        self.kept, self.former = [], (torch.rand, torch.randn, torch.randn_like)
        rand, randn, randn_like = self.former
        keep = lambda draw: lambda *a, **k: self.kept.append(draw(*a, **k).float32().double()) or self.kept[-1]  # noqa: E731
        torch.rand, torch.randn, torch.randn_like = keep(rand), keep(randn), keep(randn_like)
        return self

    def __exit__(self, *_):
        torch.rand, torch.randn, torch.randn_like = self.former


def units(generator):
    from autoattack.autopgd_base import APGDAttack, APGDAttack_targeted, L1_projection
    from autoattack.fab_projections import projection_l1, projection_l2, projection_linf
    from autoattack.square import SquareAttack

    found = {}
    images = exact(5, 3, 4, 4, generator=generator)
    offsets = exact(5, 3, 4, 4, generator=generator, low=-1.5, high=1.5)
    found["l1Projection"] = [
        {"epsilon": epsilon, "projected": packed(channels_last(images + offsets + L1_projection(images, offsets, epsilon)))} for epsilon in (0.5, 3.0, 12.0)
    ]
    found["l1ProjectionInputs"] = {"images": packed(channels_last(images)), "offsets": packed(channels_last(offsets))}

    points = exact(12, 40, generator=generator)
    slopes = exact(12, 40, generator=generator, low=-1, high=1)
    slopes[3, :20] = 0
    points[4, :10], points[5, :10] = 0, 1
    middle = (slopes * 0.5).sum(1)
    levels = ((slopes * points).sum(1) + (middle - (slopes * points).sum(1)) * exact(12, generator=generator, low=-2, high=3)).float32().double()
    levels[0], levels[1] = 50, -50  # beyond every point of the box
    found["hyperplanes"] = {"points": packed(points), "slopes": packed(slopes), "levels": packed(levels)}
    for norm, project in (("Linf", projection_linf), ("L2", projection_l2), ("L1", projection_l1)):
        found["hyperplanes"][norm] = packed(project(points.clone(), slopes.clone(), levels.clone()))

    logits = exact(8, 7, generator=generator, low=-5, high=5)
    labels, targets = torch.arange(8) % 7, (torch.arange(8) + 3) % 7
    labels[:3] = logits[:3].argmax(1)
    plain = APGDAttack(None, eps=1.0, device="cpu")
    targeted = APGDAttack_targeted(None, eps=1.0, device="cpu")
    targeted.y_target = targets
    leaf = logits.clone().requires_grad_()
    found["ratios"] = {"logits": packed(logits), "labels": labels.tolist(), "targets": targets.tolist()}
    for name, loss in (("plain", plain.dlr_loss), ("targeted", targeted.dlr_loss_targeted)):
        values = loss(leaf, labels)
        found["ratios"][name] = packed(values)
        found["ratios"][name + "Gradient"] = packed(torch.autograd.grad(values.sum(), leaf)[0])

    square = SquareAttack(None, norm="L2", eps=1.0, device="cpu", resc_schedule=False)
    queries = [0, 10, 11, 50, 51, 200, 201, 500, 501, 1000, 1001, 2000, 2001, 4000, 4001, 4999]
    found["windows"] = {"queries": queries, "shares": [square.p_selection(i) for i in queries]}
    found["windows"]["sides"] = {
        str(side): [max(int(round(math.sqrt(square.p_selection(i) * 3 * side * side / 3))), 1) for i in queries] for side in (28, 32, 224)
    }
    bumps = {}
    for norm in ("L2", "L1"):
        square.norm = norm
        for side in (1, 3, 4, 9, 44):
            torch.manual_seed(0)
            while True:
                state = torch.get_rng_state()
                turned = bool(torch.rand([1]) > 0.5)
                torch.set_rng_state(state)
                bump = square.eta(side)
                if not turned:
                    break
            bumps[f"{norm} {side}"] = packed(bump)
    found["bumps"] = bumps
    return found


def pushed(model, generator):
    """Images with the labels the model gives them."""
    images = exact(IMAGES, 3, SIDE, SIDE, generator=generator)
    return images, model(images).argmax(1)


def trajectories(generator):
    from autoattack import autopgd_base
    from autoattack.autopgd_base import APGDAttack, APGDAttack_targeted
    from autoattack.fab_pt import FABAttack_PT
    from autoattack.square import SquareAttack

    # The index of the threshold, (1 - topk) * n, is often a whole number. Whether it is rounded down to the one below
    # depends on float32, as where the reference is used.
    count = autopgd_base.L0_norm
    autopgd_base.L0_norm = lambda x: count(x).to(torch.float32)
    model = Smooth(generator)
    images, labels = pushed(model, generator)
    targets = model(images).sort(dim=1)[1][:, -3]
    found = {"first": packed(model.first), "second": packed(model.second), "images": packed(channels_last(images))}
    found |= {"labels": labels.tolist(), "targets": targets.tolist(), "epsilons": EPSILONS}
    for norm, eps in EPSILONS.items():
        for loss in ("ce", "dlr", "dlr-targeted"):
            attack = (APGDAttack_targeted if loss == "dlr-targeted" else APGDAttack)(model, n_iter=25, norm=norm, eps=eps, device="cpu")
            attack.loss, attack.y_target = loss, targets
            attack.init_hyperparam(images)
            found[f"apgd {loss} {norm}"] = recorded(model, lambda a=attack: a.attack_single_run(images, labels), norm == "Linf")
            criterion = {"ce": lambda z, y: torch.nn.functional.cross_entropy(z, y, reduction="none"), "dlr": attack.dlr_loss}.get(loss)
            origin = channels_last(images).reshape(IMAGES, -1) if norm == "L1" else None
            exact_until = resolved(model, criterion or attack.dlr_loss_targeted, labels, origin)
            found[f"apgd {loss} {norm}"]["resolved"] = exact_until
        if norm == "L1":
            attack = APGDAttack(model, n_iter=25, norm=norm, eps=eps, device="cpu")
            attack.loss = "ce"
            attack.init_hyperparam(images)
            phases, lengths = [3 * eps, 2 * eps, eps], [8, 8, 9]
            found["apgd phases L1"] = recorded(model, lambda a=attack: a.decr_eps_pgd(images, labels, phases, lengths))
        fab = FABAttack_PT(model, n_iter=20, norm=norm, eps=eps, device="cpu", targeted=True)
        fab.target_class = 3
        run = recorded(model, lambda: fab.attack_single_run(images, labels, is_targeted=True), pick=lambda asked: asked[3::2])
        found[f"fab-t {norm}"] = run
        fab.targeted = False
        found[f"fab {norm}"] = recorded(
            model, lambda: fab.attack_single_run(images, labels, use_rand_start=True), norm == "Linf", pick=lambda asked: asked[2::2]
        )
        found[f"square {norm}"] = squares(SquareAttack, model, images, labels, norm, eps)
    return found


def recorded(model, run, uniform=False, pick=lambda asked: asked):
    """The noise of a run's start, and the points at which it evaluated the model."""
    model.asked.clear()
    with Draws() as draws:
        run()
    points = pick(model.asked)
    centred = 2 if uniform else 1  # the reference draws in [0, 1) and takes 2 u - 1
    start = [channels_last(draw).reshape(IMAGES, -1) * centred - (centred - 1) for draw in draws.kept if draw.shape == (IMAGES, 3, SIDE, SIDE)]
    return {"noise": packed(start[0]) if start else None, **kept(points)}


def resolved(model, criterion, labels, origin=None):
    """How many steps float32 can follow.

    It can until two losses, a slope and 0 or, in the L1 ball, an offset and 0 are so close that its rounding decides.
    """
    losses = []
    for step, points in enumerate(list(model.asked)):
        leaf = points.clone().requires_grad_()
        loss = criterion((leaf @ model.first).tanh() @ model.second, labels)
        slope = torch.autograd.grad(loss.sum(), leaf)[0].abs()
        steep = slope.max(1, keepdim=True)[0]
        if any((loss - former).abs().min() < 2e-6 for former in losses) or (slope / steep).min() < 1e-5:
            return step
        if origin is not None and any(0 < offset < 1e-7 for offset in (points - origin).abs().flatten().tolist()):
            return step
        losses.append(loss.detach())
    return len(losses)


def kept(points):
    """Some of the points: the first eight, every fifth and the last."""
    steps = [step for step in range(len(points)) if step < 8 or step % 5 == 0 or step == len(points) - 1]
    return {"steps": steps, "points": packed(torch.stack([points[step] for step in steps]))}


def squares(SquareAttack, model, images, labels, norm, eps):
    """The draws of a run as rows, one for each image. Draws that the batch shares are repeated."""
    small = eps / 8  # no image falls, so that all rows are in every query
    attack = SquareAttack(model, norm=norm, eps=small, n_queries=30, device="cpu", resc_schedule=False)
    attack.init_hyperparam(images)
    model.asked.clear()
    with Draws() as draws:
        attack.attack_single_run(images, labels)
    assert all(len(asked) == IMAGES for asked in model.asked) and len(model.asked) == 31
    rows = [channels_last(draw).reshape(IMAGES, -1) if draw.dim() == 4 else draw.reshape(1, -1).expand(IMAGES, -1) for draw in draws.kept]
    # A 6 x 6 image has tiles of one pixel, six rows of six; a query draws two corners, a turn and the signs.
    of_start, of_query = (1, 3) if norm == "Linf" else (2 * (SIDE // (SIDE // 5)) ** 2, 6)
    return {
        "epsilon": small,
        "start": packed(torch.cat(rows[:of_start], 1)),
        "queries": packed(torch.stack([torch.cat(rows[i : i + of_query], 1) for i in range(of_start, len(rows), of_query)])),
        **kept(model.asked),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--reference", required=True, help="checkout of fra31/auto-attack at a3922004")
    load_reference(parser.parse_args().reference)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float32 = lambda tensor: tensor.to(torch.float32)
    torch.Tensor.float = torch.Tensor.double
    generator = torch.Generator().manual_seed(6)
    torch.manual_seed(6)
    fixtures = {"units": units(generator), "trajectories": trajectories(generator)}
    (Path(__file__).parent / "fixtures.json").write_text(json.dumps(fixtures, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
