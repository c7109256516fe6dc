"""The network with its loss and optimiser, as Lightning trains it."""

from __future__ import annotations

import math
from pathlib import Path
from pickle import UnpicklingError

import torch
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor
from torch.nn import functional

from mammoview.errors import ModelError, SettingsError
from trainer.backbones import CamNet, build_network, geometry, map_side
from trainer.draw import IGNORED, sample_seed
from trainer.recipe import Recipe, recipe_from_values

# What a run writes into its folder: the checkpoint, and the description of the run.
LAST = "last.ckpt"
RUN = "run.json"


class PatchClassifier(LightningModule):
    """The network with its loss and optimiser; all of its state is in the checkpoint.

    Attributes
    ----------
    total_steps : int
        Over which a cosine schedule runs; ``fit`` sets it.
    """

    def __init__(self, recipe: Recipe, *, weights_sha256: str, cache_sha256: str) -> None:
        super().__init__()
        self.save_hyperparameters(
            {
                "recipe": recipe.as_dict(),
                "weights_sha256": weights_sha256,
                "cache_sha256": cache_sha256,
            }
        )
        self.recipe = recipe
        self.total_steps = 1
        self.net = build_network(recipe.network).to(memory_format=torch.channels_last)
        weight = torch.full((len(recipe.network.classes),), recipe.training.lesion_weight)
        if recipe.network.background:
            weight[recipe.network.classes.index(recipe.network.background)] = 1.0
        self.register_buffer("class_weight", weight, persistent=False)

    def on_train_start(self) -> None:
        """Leave the mode of a fresh or loaded network, but for its normalisation, to training."""
        self.net.train()

    def on_train_epoch_start(self) -> None:
        """Seed dropout by the epoch and the process, so that a resumed run drops the same."""
        number = -2 - self.global_rank
        torch.manual_seed(sample_seed(self.recipe.seed, self.current_epoch, number))

    def training_step(self, batch: list[Tensor], _index: int) -> dict[str, Tensor]:
        """Return loss and accuracy of a batch of patches."""
        loss, accuracy = self._step(batch, "train")
        return {"loss": loss, "accuracy": accuracy}

    def validation_step(self, batch: list[Tensor], _index: int) -> None:
        """Log loss and accuracy of a batch of held-out patches."""
        self._step(batch, "validation")

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """Return the optimiser: trunk and head with their own rates, warm-up, schedule."""
        training = self.recipe.training
        head_rate = training.learning_rate * training.head_factor
        groups = [
            {"params": list(self.net.trunk_parameters()), "lr": training.learning_rate},
            {"params": list(self.net.head_parameters()), "lr": head_rate},
        ]
        groups = [group for group in groups if group["params"]]
        optimizer: torch.optim.Optimizer
        if training.optimizer == "sgd":
            optimizer = torch.optim.SGD(
                groups, momentum=training.momentum, weight_decay=training.weight_decay
            )
        else:
            optimizer = torch.optim.AdamW(groups, weight_decay=training.weight_decay, fused=True)

        def factor(step: int) -> float:
            warm = min(1.0, (step + 1) / max(1, training.warmup_steps))
            if training.schedule == "constant":
                return warm
            return warm * (0.5 + 0.5 * math.cos(math.pi * min(1.0, step / self.total_steps)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def scores(self, image: Tensor) -> Tensor:
        """Return what is judged: the map (n, classes, h, w), or the logits (n, classes)."""
        if self.recipe.patches.supervision == "cells":
            if not isinstance(self.net, CamNet):  # the recipe's check has refused it
                raise TypeError("a network without a map cannot be judged by cells")
            cam: Tensor = self.net(image)[0]
            return cam.float()
        return self.net.logits(image).float()

    def _step(self, batch: list[Tensor], stage: str) -> tuple[Tensor, Tensor]:
        image, labels = batch
        scores = self.scores(image)
        loss = functional.cross_entropy(
            scores, labels, weight=self.get_buffer("class_weight"), ignore_index=IGNORED
        )
        accuracy = (scores.argmax(1) == labels)[labels != IGNORED].float().mean().detach()
        values = {f"{stage}/loss": loss, f"{stage}/accuracy": accuracy}
        self.log_dict(values, prog_bar=True, batch_size=len(image), on_epoch=stage != "train")
        return loss, accuracy


def label_stride(module: PatchClassifier) -> int:
    """Return the map's stride; for a network without a map one cell a patch.

    Raises
    ------
    SettingsError
        If cell labels do not fit the network's map.
    """
    patches = module.recipe.patches
    if not isinstance(module.net, CamNet):
        if patches.supervision == "cells":
            raise SettingsError(
                f"cell labels for {module.recipe.network.backbone} with fc6 and fc7",
                expected="a network with a map",
                todo='set [network] cam = true, or supervision = "patch"',
            )
        return patches.size_px
    stride = geometry(module.net).stride_px
    cells = map_side(module.net, patches.size_px)
    if patches.supervision == "cells" and cells * stride != patches.size_px:
        raise SettingsError(
            f"a map of {cells} cells of {stride} px on patches of {patches.size_px} px",
            expected="cells that fill the patch, for cell labels",
            todo='correct [patches] size_px, or set supervision = "patch"',
        )
    return stride


def load_checkpoint(file: Path) -> PatchClassifier:
    """Return the network of a checkpoint, on the CPU and ready to run.

    Raises
    ------
    ModelError
        If the file is no checkpoint of this trainer, or a weight is no number.
    """
    try:
        stored = torch.load(file, map_location="cpu", weights_only=True)
        values = stored["hyper_parameters"]
        module = PatchClassifier(
            recipe_from_values(values["recipe"]),
            weights_sha256=values["weights_sha256"],
            cache_sha256=values["cache_sha256"],
        )
        module.load_state_dict(stored["state_dict"], strict=True)
    except (OSError, EOFError, KeyError, RuntimeError, ValueError, UnpicklingError) as error:
        raise ModelError(
            f"checkpoint {file} cannot be loaded ({type(error).__name__}: {error})",
            expected=f"the {LAST} of a mammoview-train run",
            todo="give the run's folder",
        ) from error
    if spoilt := [n for n, v in module.state_dict().items() if not bool(torch.isfinite(v).all())]:
        raise ModelError(
            f"checkpoint {file}: {spoilt[0]} holds values that are no numbers",
            expected="finite weights; a statistic beyond 65,504 does not fit into float16",
            todo="give the checkpoint as the run wrote it, or train again",
        )
    return module.eval()
