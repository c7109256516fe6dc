from __future__ import annotations

import json
from pathlib import Path

from trainer.callbacks import METRICS
from trainer.card.run_card import CARD, CURVES, write_run_card
from trainer.classifier import RUN

PNG = b"\x89PNG"


def write_run(folder: Path, finished: object) -> None:
    document: dict[str, object] = {
        "data": "made discs",
        "cache_sha256": "c" * 64,
        "split_sha256": "5" * 64,
        "part": "fold-2",
        "training": ["a", "b", "c"],
        "validation": ["d"],
        "weights": "resnet.pth",
        "weights_sha256": "3" * 64,
        "environment": {"python": "3.11", "torch": "2.7"},
        "recipe": {
            "name": "tiny",
            "assumptions": ["the moon is round"],
            "network": {"backbone": "resnet18", "classes": ["mass", "calcification"]},
            "patches": {"size_px": 64, "sampling": "roi"},
        },
    }
    if finished:
        document["finished"] = finished
    (folder / RUN).write_text(json.dumps(document))
    rows = [
        {"epoch": n, "train/loss": 0.5 - n / 10, "validation/loss": 0.6, "validation/accuracy": 0.8}
        for n in range(2)
    ]
    (folder / METRICS).write_text(json.dumps(rows))


def test_the_card_of_a_run_says_what_it_was_made_from(tmp_path: Path) -> None:
    finished = {
        "epochs": 2,
        "steps": 20,
        "stopped_early": True,
        "seconds": 61.4,
        "device": "cpu",
        "precision": "32-true",
        "processes": 1,
    }
    write_run(tmp_path, finished)
    text = write_run_card(tmp_path).read_text()
    for said in (
        "Research use only",
        "made discs",
        "fold-2",
        "3 lesions to train on, 1 to validate on",
        "resnet.pth",
        "the moon is round",
        "stopped by the accuracy of its last batches",
        "| 2 | 0.4000 | 0.6000 | 0.8000 |",
    ):
        assert said in text
    assert (tmp_path / CURVES).read_bytes().startswith(PNG)


def test_a_run_that_was_broken_off_says_so(tmp_path: Path) -> None:
    write_run(tmp_path, None)
    write_run_card(tmp_path)
    assert "fit --resume" in (tmp_path / CARD).read_text()
