"""Runs PyTorch's side of the engine benchmark: plain APGD and torch.optim.AdamW. It reads one question per line and
writes one answer per line.

    python pytorch_side.py <assignment as JSON> [channels_last] [compiled]

The attack follows libs/science/attacks/src/balls/momentum-ascent.ts step by step, with the model in evaluation mode. It
differentiates with respect to the pixels only: parameters require no gradient while it runs, so that compiled code does
not compute theirs either. The last iteration needs only the loss, and computes no gradient.
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path

import torch
from pytorch_models import fill, is_random, make_model
from safetensors.torch import load_file
from torch.nn import functional as F

assignment = json.loads(sys.argv[1])
COMPILED = "compiled" in sys.argv[2:]
LAYOUT = torch.channels_last if "channels_last" in sys.argv[2:] else torch.contiguous_format
LAST_BIT = 2**-23  # the relative size of the last bit of float32
EPSILON, ITERATIONS = assignment["attackEpsilon"], assignment["attackIterations"]
torch.set_num_threads(assignment["threads"])
torch.set_num_interop_threads(assignment["threads"])
torch.set_flush_denormal(True)  # TensorFlow flushes them too
torch.manual_seed(0)


def inspect(points):
    """Returns the loss per image and its gradient with respect to the pixels."""
    points = points.detach().requires_grad_()
    losses = F.cross_entropy(logits(points), labels, reduction="none")
    (gradient,) = torch.autograd.grad(losses.sum(), points)
    return losses.detach(), gradient


@torch.no_grad()
def losses_of(points):
    return F.cross_entropy(logits(points), labels, reduction="none")


def rows(values):
    return values.view(-1, 1, 1, 1)


class Attack:
    """APGD in the Linf ball from the clean images. It checks after every iteration, since its windows are one iteration
    long if it has three."""

    def __init__(self):
        self.low, self.high = (images - EPSILON).clamp(0, 1), (images + EPSILON).clamp(0, 1)
        self.iterate = self.previous = self.best = images
        self.loss, self.gradient = inspect(images)
        self.best_loss, self.best_gradient, self.best_at_check = self.loss, self.gradient, self.loss
        self.step, self.halved = torch.full_like(self.loss, 2 * EPSILON), torch.ones_like(self.loss, dtype=torch.bool)

    def project(self, point):
        return torch.minimum(torch.maximum(point, self.low), self.high)

    def iterate_once(self, i, last=False):
        with torch.no_grad():
            point = self.move(0.75 if i > 0 else 1.0)
        before = self.loss if i > 0 else torch.zeros_like(self.loss)
        if last:
            self.loss, gradient = losses_of(point), None
        else:
            self.loss, gradient = inspect(point)
        with torch.no_grad():
            self.observe(point, gradient, before)

    def move(self, weight):
        climbed = self.project(self.iterate + rows(self.step) * self.gradient.sign())
        return self.project(self.iterate + (climbed - self.iterate) * weight + (self.iterate - self.previous) * (1 - weight))

    def observe(self, point, gradient, before):
        self.previous, self.iterate = self.iterate, point
        better = self.loss > self.best_loss
        self.best = torch.where(rows(better), point, self.best)
        self.best_loss = torch.where(better, self.loss, self.best_loss)
        if gradient is None:
            return
        self.best_gradient = torch.where(rows(better), gradient, self.best_gradient)
        rare = (self.loss > before).float() <= 0.75
        self.halved = rare | (~self.halved & (self.best_at_check >= self.best_loss))
        self.step = torch.where(self.halved, self.step / 2, self.step)
        self.iterate = torch.where(rows(self.halved), self.best, point)
        self.gradient = torch.where(rows(self.halved), self.best_gradient, gradient)
        self.best_at_check = self.best_loss


class Forward:
    def __init__(self):
        freeze()

    @torch.no_grad()
    def __call__(self):
        return {"squared logits": logits(images).square().sum().item()}


class Iteration:
    """Repeats the second of three iterations."""

    def __init__(self):
        freeze()
        self.attack = Attack()

    def __call__(self):
        self.attack.iterate_once(1)
        return {"loss": self.attack.loss.sum().item()}


class TrainingStep:
    def __init__(self):
        # Biases and the parameters of norm layers do not decay.
        decayed = [parameter for parameter in model.parameters() if parameter.dim() > 1]
        plain = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": assignment["weightDecay"]}, {"params": plain, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=assignment["learningRate"], betas=(0.9, 0.95), fused=True)
        self.norm = None

    def __call__(self):
        freeze()
        attack = Attack()
        for i in range(ITERATIONS):
            attack.iterate_once(i, last=i == ITERATIONS - 1)
        adversarial = attack.best
        del attack
        model.requires_grad_(True).train()
        self.optimiser.zero_grad(set_to_none=True)
        loss = F.cross_entropy(logits(adversarial), labels)
        loss.backward()
        if self.norm is None:
            squares = [parameter.grad.square().sum() for parameter in model.parameters() if parameter.grad is not None]
            self.norm = torch.stack(squares).sum().sqrt().item()
        self.optimiser.step()
        return {"loss": loss.item(), "gradient norm": self.norm}


def freeze():
    model.eval().requires_grad_(False)


WORKS = {"forward": Forward, "APGD iteration": Iteration, "training step": TrainingStep}
model = make_model(assignment, LAYOUT)
batch = load_file(assignment["batch"])
images = batch["images"].permute(0, 3, 1, 2).contiguous(memory_format=LAYOUT)
labels = batch["labels"].long()
logits = model
if COMPILED:
    import torch._inductor.config

    logits = torch.compile(model, dynamic=False)
works = {}


def prepare(work):
    """Resets the weights and does the work once. Code that another work has compiled in this process stays compiled."""
    fill(model, assignment["parameters"])
    if COMPILED and assignment["frozen"]:
        freeze_when_compiling(work == "forward")
    start = time.perf_counter()
    works[work] = WORKS[work]()
    checks = works[work]()
    seconds = time.perf_counter() - start
    note_memory(reset=True)
    random = work == "training step" and is_random(model)
    said = {"seconds": seconds, "checks": checks, "random": random}
    return said | (cold(work, seconds) if COMPILED else {"spread": spread(work, checks)})


def freeze_when_compiling(wanted):
    """Sets whether inductor treats the weights as constants and folds them. Code compiled with the other setting is
    dropped."""
    if torch._inductor.config.freezing != wanted:
        torch._inductor.config.freezing = wanted
        torch._dynamo.reset()


def spread(work, checks):
    """Measures how far the checks move with the last bit of every weight: far where an attack steps by a sign. Its
    memory is not reported."""
    if memory["steps"] is None:
        return {}
    draws = [moved(work, seed) for seed in range(1 if work == "training step" else 3)]
    Path("/proc/self/clear_refs").write_text("5")
    return {name: max(abs(draw[name] - value) for draw in draws) for name, value in checks.items()}


def moved(work, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1 + LAST_BIT * torch.randn(parameter.shape, generator=generator))
    checks = WORKS[work]()()
    fill(model, assignment["parameters"])
    return checks


def cold(work, seconds):
    """Returns the seconds to the first compiled step with an empty cache. It keeps them beside the cache."""
    file = Path(os.environ["TORCHINDUCTOR_CACHE_DIR"], "first-steps.json")
    known = json.loads(file.read_text()) if file.exists() else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({work: seconds} | known))
    return {"coldSeconds": known.get(work, seconds)}


def turn(work, at_least=0.4):
    """Returns the mean time of as many runs as fill `at_least` seconds (turnMilliseconds of side.ts)."""
    start = time.perf_counter()
    count = 0
    while count == 0 or time.perf_counter() - start < at_least:
        works[work]()
        count += 1
    return {"milliseconds": 1000 * (time.perf_counter() - start) / count}


def profile(work):
    milliseconds = sorted(turn(work)["milliseconds"] for _ in range(3))[1]
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
        observed = turn(work, at_least=0)["milliseconds"]
    averages = sorted(profiler.key_averages(), key=lambda one: -one.self_cpu_time_total)
    operators = [{"operator": one.key, "milliseconds": one.self_cpu_time_total / 1000, "calls": one.count} for one in averages]
    return {"milliseconds": milliseconds, "observedMilliseconds": observed, "operators": operators, "remark": "own time of each operator by torch.profiler"}


def status_number(name):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(name))


memory = {"loaded": status_number("VmRSS"), "whole": 0, "steps": None}


def note_memory(reset=False):
    """Notes the peak of memory so far, and resets it if asked to, where the kernel allows that (man 5 proc,
    clear_refs)."""
    peak = status_number("VmHWM")
    memory["whole"] = max(memory["whole"], peak)
    if reset:
        try:
            Path("/proc/self/clear_refs").write_text("5")
            memory["steps"] = 0
        except OSError:
            memory["steps"] = None
    elif memory["steps"] is not None:
        memory["steps"] = peak
    return memory


QUESTIONS = {"prepare": prepare, "turn": turn, "profile": profile, "memory": lambda _: note_memory()}

for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = QUESTIONS[question["ask"]](question.get("work"))
    except Exception as error:
        traceback.print_exc()
        answer = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"}
    print(json.dumps(answer), flush=True)
