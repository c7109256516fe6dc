"""What happens beside the training steps: the paper's stop, the log, checkpoints that last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor

from mammoview.errors import DataError
from trainer.documents import replace_whole, write_text

METRICS = "metrics.json"
_CHECK_EVERY = 10


class MeanAccuracyStop(Callback):
    """Stops once the mean accuracy of the last batches reaches a goal (Xi, Shu, Goubran 2018).

    Looked at every ten batches, so that a GPU need not wait at each; its state is in the
    checkpoint.

    Parameters
    ----------
    goal : float
        Mean accuracy, 0..1; above 1 never stops.
    batches : int
        How many of the last batches.
    """

    def __init__(self, goal: float, batches: int) -> None:
        self.goal = goal
        self.batches = batches
        self._last: list[Tensor] = []
        self.has_stopped = False

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Take in a batch's accuracy, over all processes, and stop when they are good enough."""
        self._last = [*self._last, outputs["accuracy"]][-self.batches :]
        if trainer.global_step % _CHECK_EVERY or len(self._last) < self.batches:
            return
        mean = trainer.strategy.reduce(torch.stack(self._last).mean(), reduce_op="mean")
        if float(mean) >= self.goal:
            self.has_stopped = True
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """Return the accuracies of the last batches, and whether the goal was reached."""
        return {"last": [float(value) for value in self._last], "has_stopped": self.has_stopped}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._last = [torch.tensor(value) for value in state_dict["last"]]
        self.has_stopped = bool(state_dict["has_stopped"])

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Move restored accuracies to the device."""
        self._last = [value.to(pl_module.device) for value in self._last]


class FiniteLoss(Callback):
    """Ends a training whose loss is no number any more, instead of wasting hours on it.

    Looked at every ten batches and at the end of an epoch, before its checkpoint takes the place of
    the last good one.
    """

    def __init__(self) -> None:
        self._loss = torch.zeros(())

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Look at the loss every ten batches.

        Raises
        ------
        DataError
            If it is not finite.
        """
        self._loss = outputs["loss"]
        if trainer.global_step % _CHECK_EVERY == 0:
            self._check(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look at the last loss.

        Raises
        ------
        DataError
            If it is not finite.
        """
        self._check(trainer)

    def _check(self, trainer: Trainer) -> None:
        if bool(torch.isfinite(self._loss)):
            return
        raise DataError(
            f"the training diverged: the loss is no number after {trainer.global_step} steps",
            expected="a loss that falls",
            todo="lower learning_rate or head_factor in the recipe and start a new run",
        )


class RunLog(Callback):
    """Keeps ``metrics.json`` of the run up to date after every epoch."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / METRICS

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add the epoch's figures; an epoch run again after a resume takes its place."""
        if not trainer.is_global_zero:
            return
        kept = json.loads(self.file.read_text("utf-8")) if self.file.exists() else []
        kept = [row for row in kept if row["epoch"] < trainer.current_epoch]
        values = {key: float(value) for key, value in trainer.callback_metrics.items()}
        kept.append({"epoch": trainer.current_epoch, "step": trainer.global_step, **values})
        write_text(json.dumps(kept, indent=1), self.file)


class LastingCheckpoint(TorchCheckpointIO):
    """Writes a checkpoint beside the old one and then takes its place.

    Neither a kill nor a full disk nor a loss of power spoils the old one.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        """Write the checkpoint."""
        partial = Path(f"{path}.part")
        super().save_checkpoint(checkpoint, partial, storage_options)
        replace_whole(partial, Path(path))
