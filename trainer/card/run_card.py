"""What stands beside a run's checkpoint for a reader: a card and the curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainer.callbacks import METRICS
from trainer.charts import draw_training
from trainer.classifier import RUN
from trainer.documents import markdown_table, write_text

CARD = "CARD.md"
CURVES = "curves.png"


def write_run_card(run: Path) -> Path:
    """Write ``CARD.md`` and ``curves.png`` of a run that has an epoch behind it."""
    document = json.loads((run / RUN).read_text(encoding="utf-8"))
    epochs = json.loads((run / METRICS).read_text(encoding="utf-8"))
    recipe = document["recipe"]
    draw_training(epochs, title=f"{recipe['name']}: research use only", file=run / CURVES)
    write_text(_render(document, epochs), run / CARD)
    return run / CARD


def _render(document: dict[str, Any], epochs: list[dict[str, float]]) -> str:
    recipe, finished = document["recipe"], document.get("finished")
    network, patches = recipe["network"], recipe["patches"]
    lines = [
        f"# Run of recipe {recipe['name']}",
        "Research use only. A checkpoint is no model for the reading room: "
        "`mammoview-train export` makes a calibrated bundle of it.",
        "## Made from",
        f"- Data: {document['data']} (patch cache {document['cache_sha256'][:16]}).",
        f"- Split: {document['part'] or 'people by hash'} "
        f"({document['split_sha256'][:16]}): {len(document['training'])} lesions to train on, "
        f"{len(document['validation'])} to validate on.",
        f"- Weights at the start: {document['weights']} ({document['weights_sha256'][:16]}).",
        *_hard_lines(document.get("hard_negatives")),
        f"- Network: {network['backbone']}, classes {', '.join(network['classes'])}; patches of "
        f"{patches['size_px']} pixels, sampling {patches['sampling']}.",
        *(f"- Assumed: {text}." for text in recipe["assumptions"]),
        "- Made with: " + ", ".join(f"{k} {v}" for k, v in document["environment"].items()) + ".",
        "## Training",
        _end(finished),
        markdown_table(
            ["epoch", "training loss", "validation loss", "validation accuracy"],
            [
                [
                    f"{row['epoch'] + 1:.0f}",
                    *(
                        f"{row[key]:.4f}" if key in row else "–"
                        for key in ("train/loss", "validation/loss", "validation/accuracy")
                    ),
                ]
                for row in epochs
            ],
        ),
        f"![Loss and accuracy over the epochs]({CURVES})",
    ]
    return "\n\n".join(_joined(lines)) + "\n"


def _hard_lines(hard: dict[str, Any] | None) -> list[str]:
    if hard is None:
        return []
    return [
        f"- Hard negatives: {hard['share']:.0%} of the background patches are drawn around "
        f"{hard['places']} false marks of checkpoint {hard['checkpoint_sha256'][:16]} on "
        f"{hard['pictures']} training pictures."
    ]


def _end(finished: dict[str, Any] | None) -> str:
    if finished is None:
        return "Not finished: `mammoview-train fit --resume` goes on with it."
    early = ", stopped by the accuracy of its last batches" if finished["stopped_early"] else ""
    return (
        f"{finished['epochs']} epochs, {finished['steps']} steps{early}; the last sitting took "
        f"{finished['seconds']:.0f} s on {finished['device']} in {finished['precision']} with "
        f"{finished['processes']} process(es)."
    )


def _joined(lines: list[str]) -> list[str]:
    """Put items of one list together, so that blank lines stand between blocks alone."""
    blocks: list[str] = []
    for line in lines:
        if line.startswith("- ") and blocks and blocks[-1].startswith("- "):
            blocks[-1] += "\n" + line
        else:
            blocks.append(line)
    return blocks
