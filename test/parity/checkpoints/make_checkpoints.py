"""Writes checkpoints of one small model as the tools of the field write them, and its plain tensors as expected.safetensors.
adopt-found-checkpoints.test.ts loads each of them.

    python3 -m venv ~/.cache/gauntlet-checkpoints/venv
    ~/.cache/gauntlet-checkpoints/venv/bin/pip install -r test/parity/checkpoints/requirements.txt
    ~/.cache/gauntlet-checkpoints/venv/bin/python test/parity/checkpoints/make_checkpoints.py

The model has one of each thing that matters here: a convolution, a batch norm with its counter, a block in a list, two
names of one tensor, and a linear head on its features. Everything is written by the libraries themselves.
"""

import io
import shutil
import tempfile
from pathlib import Path

import lightning
import safetensors.torch
import timm.utils
import torch
from torch import nn

FOLDER = Path(__file__).parent / "fixtures"
FEATURES, CLASSES = 4, 3
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class Tiny(nn.Module):
    """test/parity/checkpoints/tiny-backbone.ts is the same model."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, FEATURES, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(FEATURES)
        self.blocks = nn.ModuleList([nn.Linear(FEATURES, FEATURES) for _ in range(2)])
        self.twin = self.blocks[0]
        self.fc = nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        y = self.bn1(self.conv1(x)).mean((2, 3))
        for block in self.blocks:
            y = block(y)
        return self.fc(self.twin(y))


class Normalised(nn.Module):
    """A normalisation layer before a model, as robust models are saved."""

    def __init__(self, model, mean, deviation, names=("mean", "std")):
        super().__init__()
        self.normalize = nn.Module()
        for name, values in zip(names, (mean, deviation)):
            self.normalize.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1))
        self.model = model


class Holder(nn.Module):
    """Any wrapper: modules under the names that are given."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            setattr(self, name, module)


class Training(lightning.LightningModule):
    def __init__(self, model, name="model"):
        super().__init__()
        setattr(self, name, model)
        self.name = name
        self.criterion = nn.CrossEntropyLoss()

    def training_step(self, batch, _):
        images, labels = batch
        return self.criterion(getattr(self, self.name)(images), labels)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.0)


def tiny(head=None):
    torch.manual_seed(1)
    model = Tiny()
    with torch.no_grad():
        model.bn1.running_mean.uniform_(-1, 1)
        model.bn1.running_var.uniform_(0.5, 1.5)
        model.bn1.num_batches_tracked.fill_(7)
    if head is not None:
        model.fc = head
    return model


def torch_file(name, value, **options):
    torch.save(value, FOLDER / name, **options)


def tensors_file(name, state, **options):
    safetensors.torch.save_file({key: value.clone() for key, value in state.items()}, FOLDER / name, **options)


def lightning_file(name, module):
    data = torch.utils.data.TensorDataset(torch.zeros(2, 3, 4, 4), torch.tensor([0, 1]))
    with tempfile.TemporaryDirectory() as folder:
        trainer = lightning.Trainer(
            max_epochs=1, accelerator="cpu", logger=False, enable_progress_bar=False, default_root_dir=folder, enable_checkpointing=False
        )
        module.eval()
        trainer.fit(module, torch.utils.data.DataLoader(data, batch_size=2))
        trainer.save_checkpoint(FOLDER / name)


def distributed(model):
    torch.distributed.init_process_group("gloo", init_method="tcp://127.0.0.1:29511", rank=0, world_size=1)
    try:
        return nn.parallel.DistributedDataParallel(model).state_dict()
    finally:
        torch.distributed.destroy_process_group()


def with_prefix(state, prefix):
    return {f"{prefix}{name}": value for name, value in state.items()}


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    model = tiny()
    state = model.state_dict()
    other = {name: value + 1 for name, value in state.items()}
    tensors_file("expected.safetensors", state)

    # As the libraries write them.
    torch_file("plain.pth", state)
    torch_file("legacy.pth", state, _use_new_zipfile_serialization=False)
    safetensors.torch.save_model(model, FOLDER / "save-model.safetensors")
    tensors_file("save-file.safetensors", state)
    torch_file("data-parallel.pth", nn.DataParallel(model).state_dict())
    torch_file("distributed.pth", {"epoch": 3, "model": distributed(model)})
    torch_file("compiled.pth", torch.compile(model).state_dict())
    torch_file("compiled-distributed.pth", with_prefix(torch.compile(model).state_dict(), "module."))
    safetensors.torch.save_model(torch.compile(model), str(FOLDER / "compiled-save-model.safetensors"))
    blockwise = tiny()
    blockwise.blocks[1] = torch.compile(blockwise.blocks[1])
    torch_file("compiled-block.pth", blockwise.state_dict())
    averaged = torch.optim.swa_utils.AveragedModel(model)
    torch_file("averaged.pth", averaged.state_dict())
    torch_file("timm-ema.pth", timm.utils.ModelEmaV3(model).state_dict())
    optimiser = torch.optim.AdamW(model.parameters())
    torch_file("timm-train.pth", {"epoch": 1, "arch": "tiny", "state_dict": state, "optimizer": optimiser.state_dict(), "version": 2, "state_dict_ema": other, "metric": 71.5})
    lightning_file("lightning.ckpt", Training(tiny()))
    lightning_file("lightning-net.ckpt", Training(tiny(), "net"))
    lightning_file("lightning-compiled.ckpt", Training(torch.compile(tiny(), backend="eager")))

    # As training scripts write them.
    torch_file("model-state-dict.pth", {"model_state_dict": state, "optimizer_state_dict": optimiser.state_dict(), "loss": torch.tensor(0.5)})
    torch_file("model-ema.pth", {"model_ema": state, "epoch": 9})
    torch_file("ema.pth", {"ema": with_prefix(state, "module."), "updates": 10})
    torch_file("net.pth", {"net": with_prefix(state, "module."), "acc": 93.1, "epoch": 199})
    torch_file("own-key.pth", {"my_weights": state, "step": 7})
    torch_file("backbone.pth", Holder(backbone=model).state_dict())
    torch_file("deep-prefix.pth", with_prefix(state, "module.encoder.net.model."))

    # Normalisation inside.
    torch_file("normalised.pth", Normalised(model, *IMAGENET).state_dict())
    torch_file("normalised-sequential.pth", nn.Sequential(Normalised(nn.Identity(), *IMAGENET).normalize, model).state_dict())
    torch_file("normalised-otherwise.pth", Normalised(model, (0.5,) * 3, (0.5,) * 3).state_dict())
    robust = Holder(normalizer=Normalised(nn.Identity(), *IMAGENET, ("new_mean", "new_std")).normalize, model=model, attacker=Holder(model=model))
    torch_file("madry.pt", {"model": with_prefix(robust.state_dict(), "module."), "epoch": 5})

    # Other numbers.
    half = tiny().half().state_dict()
    torch_file("half.pth", half)
    tensors_file("half.safetensors", half)
    tensors_file("bfloat16.safetensors", tiny().bfloat16().state_dict())
    torch_file("all-half.pth", {name: value.half() for name, value in state.items()})
    torch_file("double.pth", tiny().double().state_dict())
    torch_file("no-counters.pth", {name: value for name, value in state.items() if "num_batches" not in name})
    tensors_file("tied-left-out.safetensors", {name: value for name, value in state.items() if not name.startswith("twin.")})

    # Other heads.
    torch_file("other-classes.pth", tiny(nn.Linear(FEATURES, 7)).state_dict())
    torch_file("no-head.pth", tiny(nn.Identity()).state_dict())
    torch_file("mlp-head.pth", tiny(nn.Sequential(nn.Linear(FEATURES, 8), nn.ReLU(), nn.Linear(8, CLASSES))).state_dict())
    torch_file("dropout-head.pth", tiny(nn.Sequential(nn.Dropout(0.2), nn.Linear(FEATURES, CLASSES))).state_dict())
    headless = tiny(nn.Identity())
    torch.manual_seed(2)
    torch_file("own-head.pth", Holder(backbone=headless, classifier=nn.Linear(FEATURES, CLASSES)).state_dict())
    torch_file("no-bias.pth", tiny(nn.Linear(FEATURES, CLASSES, bias=False)).state_dict())

    # What must be refused.
    torch_file("two-models.pth", {**with_prefix(state, "student."), **with_prefix(other, "teacher.")})
    torch_file("other-model.pth", nn.Sequential(nn.Conv2d(3, 2, 1), nn.Linear(2, 2)).state_dict())
    torch_file("lacks-a-tensor.pth", {name: value for name, value in state.items() if name != "blocks.1.weight"})
    torch_file("extra-tensor.pth", {**state, "adapter.weight": torch.zeros(2)})
    torch_file("other-shape.pth", {**state, "conv1.weight": torch.zeros(FEATURES, 3, 5, 5)})
    torch_file("not-a-number.pth", {**state, "bn1.bias": torch.full((FEATURES,), float("nan"))})
    torch_file("whole-model.pth", model)
    torch.jit.script(tiny()).save(FOLDER / "torchscript.pt")
    (FOLDER / "lfs-pointer.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 46000000\n")
    (FOLDER / "login.pth").write_text("<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n")


if __name__ == "__main__":
    main()
