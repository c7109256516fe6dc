"""The table of an ablation: sensitivity of each row by both hit rules, and what it gains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trainer.ablation.measure import AblationRow
from trainer.bootstrap import estimate_document
from trainer.card.sections import Section, SectionName, write_section
from trainer.card.tables import with_interval
from trainer.detect import scored
from trainer.documents import markdown_table, write_csv, write_json
from trainer.evaluate import RULES
from trainer.froc import FALSE_MARKS, pointing_game, score_froc, sensitivity_gain

DOCUMENT = "ablation.json"
TABLE = "ablation.csv"
# The rate at which the tables tell what a row gains.
_TOLD_RATE = "1"
_HEADER = ("row", "class", "hit rule", "false marks an image", "sensitivity", "low", "high")
_GAIN_HEADER = ("gain on", "gain", "gain low", "gain high")


def ablation_document(rows: Sequence[AblationRow]) -> dict[str, Any]:
    """Return the document: each row with its training and its figures, class by class.

    A row's gain is that on the row whose network it started from, or else on the row before it; of
    both the same people are drawn.
    """
    pictures = rows[0].detected
    present = {lesion.kind for item in pictures for lesion in item.image.lesions}
    kinds = dict.fromkeys(k for row in rows for k in row.manifest.findings if k in present)
    return {
        "pictures": len(pictures),
        "people": len({item.image.person for item in pictures}),
        "classes": {kind: _class_facts(rows[0], kind) for kind in kinds},
        "hit_rules": {key: rule.text for key, rule in RULES},
        "rows": [_row_document(rows, number, list(kinds)) for number in range(len(rows))],
    }


def write_ablation(document: dict[str, Any], out: Path) -> None:
    """Write document, table and the section for the card."""
    write_json(document, out / DOCUMENT)
    write_csv([*_HEADER, *_GAIN_HEADER], _table_rows(document), out / TABLE)
    write_section(ablation_section(document), out)


def ablation_section(document: dict[str, Any]) -> Section:
    """Return the part of the card that tells of the ablation."""
    networks = sum(1 for row in document["rows"] if row["run"])
    return Section(
        name=SectionName.ABLATION,
        model=f"{networks} networks on {document['pictures']} validation pictures",
        network_sha256="",
        text=ablation_text(document),
        commands=tuple(_commands(document)),
    )


def ablation_text(document: dict[str, Any]) -> str:
    """Return the document as Markdown: one table a class and hit rule, and one of the training."""
    rows = document["rows"]
    parts = [
        "### What each step of the method is worth",
        "",
        f"Every row is a network of its own, judged on the same {document['pictures']} validation "
        f"pictures of {document['people']} people whom none was trained on. Sensitivity at false "
        "marks an image; gains are on the row that the network started from, else on the row "
        "before, at 1 false mark an image. Budgets are small and equal but for rows that start "
        "from another: read the order of the rows, not the height of the figures.",
    ]
    for kind, facts in document["classes"].items():
        for key, text in document["hit_rules"].items():
            of = f"{facts['lesions']} {'simulated' if facts['simulated'] else 'real'} lesions"
            parts += ["", f"#### {kind}, {of}; hit: {text}", ""]
            header = ["row", *(f"{rate:g}" for rate in FALSE_MARKS), "gain at 1"]
            parts.append(markdown_table(header, [_cells(row, kind, key) for row in rows]))
    parts += ["", "#### Training", ""]
    header = ["row", "recipe", "from", "patches or pictures seen", "minutes"]
    parts.append(markdown_table(header, [_training(row) for row in rows if row["run"]]))
    parts.append("")
    for row in rows:
        if row["hard_negatives"] is not None:
            parts.append(f"- {row['name']}: {_hard_text(row['hard_negatives'])}.")
        for said in row["uncalibrated"] if row["run"] else ():
            parts.append(f"- {row['name']}: scores could not be calibrated ({said}).")
    return "\n".join(parts)


def _class_facts(row: AblationRow, kind: str) -> dict[str, Any]:
    lesions = [x for item in row.detected for x in item.image.lesions if x.kind == kind]
    return {
        "lesions": len(lesions),
        "simulated": all(lesion.simulated is not None for lesion in lesions),
    }


def _row_document(rows: Sequence[AblationRow], number: int, kinds: Sequence[str]) -> dict[str, Any]:
    row = rows[number]
    base = _base(rows, number)
    return {
        "name": row.name,
        "run": row.run,
        "recipe": row.recipe,
        "start": _start(rows, row),
        "hard_negatives": None if row.hard is None else asdict(row.hard),
        "steps": row.steps,
        "samples": row.samples,
        "minutes": row.minutes,
        "checkpoint_sha256": row.checkpoint_sha256,
        "uncalibrated": list(row.uncalibrated),
        "gain_on": None if base is None else base.name,
        "per_class": {
            kind: _figures(row, base, kind) if kind in row.manifest.findings else None
            for kind in kinds
        },
    }


def _base(rows: Sequence[AblationRow], number: int) -> AblationRow | None:
    """Return the row that another is compared with."""
    earlier = rows[:number]
    for other in earlier:
        if other.name == rows[number].start:
            return other
    for other in earlier:
        if other.checkpoint_sha256 == rows[number].start_sha256:
            return other
    return earlier[-1] if earlier else None


def _start(rows: Sequence[AblationRow], row: AblationRow) -> str:
    """Return what a row started from: another row by its name, or the weights."""
    for other in rows:
        if other is not row and other.checkpoint_sha256 == row.start_sha256:
            return other.name
    return row.start


def _figures(row: AblationRow, base: AblationRow | None, kind: str) -> dict[str, Any]:
    images = scored(row.detected, kind)
    figures: dict[str, Any] = {"pointing_game": estimate_document(pointing_game(images))}
    before = None
    if base is not None and kind in base.manifest.findings:
        before = scored(base.detected, kind)
    for key, rule in RULES:
        froc = score_froc(images, rule=rule)
        gain = () if before is None else sensitivity_gain(before, images, rule=rule)
        figures[key] = {
            "sensitivity_at": {
                f"{rate:g}": {"mean": value, "ci95": [low, high]}
                for (rate, value), (_, low, high) in zip(
                    froc.sensitivity_at, froc.ci95, strict=True
                )
            },
            "gain_at": {f"{rate:g}": estimate_document(value) for rate, value in gain},
        }
    return figures


def _table_rows(document: dict[str, Any]) -> Iterator[list[object]]:
    for row in document["rows"]:
        for kind, figures in row["per_class"].items():
            for key, text in document["hit_rules"].items():
                for rate, value in (figures or {}).get(key, {}).get("sensitivity_at", {}).items():
                    gain = figures[key]["gain_at"].get(rate)
                    yield [
                        *(row["name"], kind, text, rate, value["mean"], *value["ci95"]),
                        *(
                            (None, None, None, None)
                            if gain is None
                            else (row["gain_on"], gain["mean"], *gain["ci95"])
                        ),
                    ]


def _cells(row: dict[str, Any], kind: str, key: str) -> list[str]:
    figures = row["per_class"][kind]
    if figures is None:
        return [row["name"], *("no such class" for _ in FALSE_MARKS), ""]
    told = [with_interval(value) for value in figures[key]["sensitivity_at"].values()]
    gain = figures[key]["gain_at"].get(_TOLD_RATE)
    if gain is None:
        return [row["name"], *told, ""]
    low, high = gain["ci95"]
    return [row["name"], *told, f"{gain['mean']:+.2f} ({low:+.2f} to {high:+.2f})"]


def _hard_text(hard: dict[str, Any]) -> str:
    return (
        f"{hard['share']:.0%} of the background patches are drawn around {hard['places']} false "
        f"marks mined on {hard['pictures']} training pictures"
    )


def _training(row: dict[str, Any]) -> list[str]:
    minutes = "–" if row["minutes"] is None else f"{row['minutes']:.0f}"
    return [row["name"], row["recipe"], row["start"], f"{row['samples']}", minutes]


def _commands(document: dict[str, Any]) -> Iterator[str]:
    """Yield the commands that make the rows and the table again."""
    rows = [row for row in document["rows"] if row["run"]]
    runs = {row["name"]: row["run"] for row in rows}
    if any(facts["simulated"] for facts in document["classes"].values()):
        yield (
            "mammoview-train simulate $MAMMOVIEW_DATA/cbis-ddsm/mass-800/train --calcification-csv "
            "$MAMMOVIEW_DATA/cbis-ddsm/csv --out LABELLED"
        )
    for recipe in dict.fromkeys(row["recipe"] for row in rows):
        yield f"mammoview-train prepare LABELLED --recipe {recipe} --out cache-{recipe}"
    mined: set[str] = set()
    for row in rows:
        yield from _mine_commands(row, rows, mined)
        start = {"none": "", "imagenet": " --weights imagenet"}.get(
            row["start"], f" --weights $MAMMOVIEW_DATA/weights/{row['start']}"
        )
        if row["start"] in runs:
            start = f" --weights {runs[row['start']]}/last.ckpt"
        hard = row["hard_negatives"]
        drawn = f" --hard-negatives hard.json --hard-share {hard['share']:g}" if hard else ""
        yield (
            f"mammoview-train fit cache-{row['recipe']} --recipe {row['recipe']}{start}{drawn} "
            f"--max-steps {row['steps']} --out {row['run']}"
        )
    named = " ".join(f'--row "{row["name"]}={row["run"]}"' for row in rows)
    views = next((row["gain_on"] for row in document["rows"] if not row["run"]), None)
    of = f' --views-of "{views}"' if views else ""
    yield f"mammoview-train ablation {named}{of} --data LABELLED --out FOLDER"


def _mine_commands(
    row: dict[str, Any], rows: Sequence[dict[str, Any]], mined: set[str]
) -> Iterator[str]:
    """Yield how a row's hard negatives were mined, once for each network."""
    hard = row["hard_negatives"]
    if hard is None or hard["checkpoint_sha256"] in mined:
        return
    mined.add(hard["checkpoint_sha256"])
    for other in rows:
        if other["checkpoint_sha256"] == hard["checkpoint_sha256"]:
            yield (
                f"mammoview-train mine {other['run']} --cache cache-{other['recipe']} "
                f"--pictures {hard['pictures']} --most {hard['places']} --out hard.json"
            )
