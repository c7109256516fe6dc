"""ImageNet weights into a trunk, strictly: from a file, or from torchvision's own server."""

from __future__ import annotations

import re
from http.client import HTTPException
from pathlib import Path
from pickle import UnpicklingError
from urllib.parse import urlparse

import torch
from torch import Tensor

from mammoview.errors import DataError, MissingPartError, ModelError
from trainer.backbones.nets import CamNet, PatchNet
from trainer.backbones.trunks import imagenet_url
from trainer.documents import file_sha256

_COUNTER = ".num_batches_tracked"  # older files lack it, and nothing here reads it


def load_weights(net: CamNet | PatchNet, file: Path) -> str:
    """Load weights strictly into the trunk and return the file's SHA-256.

    The file's last layer (and with a map all of AlexNet's and VGG's classifier, and GoogLeNet's
    auxiliary heads) is left out; half precision is cast up.

    Parameters
    ----------
    net : CamNet or PatchNet
    file : Path
        A safetensors file, or a state dictionary of ``torch.save``, with torchvision's names; or
        the checkpoint of a run of this trainer, to go on from its trunk with another recipe.

    Raises
    ------
    ModelError
        If the file cannot be read, or a weight is missing, unknown or of another shape.
    MissingPartError
        If safetensors is needed and not installed.
    """
    given = {
        name: value.float() if value.is_floating_point() else value
        for name, value in _read(file).items()
        if not name.startswith(net.left_out)
    }
    _check(net, given, file)
    net.trunk.load_state_dict(given, strict=True)
    return file_sha256(file)


def load_imagenet(net: CamNet | PatchNet) -> str:
    """Load torchvision's ImageNet weights, fetched once into torch's own cache.

    Returns
    -------
    str
        SHA-256 of the file.

    Raises
    ------
    DataError
        If the weights cannot be fetched.
    SettingsError
        If torchvision has none for this backbone.
    """
    url = imagenet_url(net.recipe.backbone)
    name = Path(urlparse(url).path).name
    file = Path(torch.hub.get_dir()) / "checkpoints" / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        found = re.search(r"-([0-9a-f]+)\.", name)  # torchvision's own spelling of the hash
        try:
            torch.hub.download_url_to_file(url, str(file), found.group(1) if found else None)
        except (
            OSError,
            RuntimeError,
            HTTPException,
        ) as error:  # no network; not what the hash says
            raise DataError(
                f"the ImageNet weights {name} cannot be fetched ({type(error).__name__}: {error})",
                expected="a network connection to torchvision's server, or the file",
                todo=f"give the file with --weights FILE, or put it at {file}",
            ) from error
    return load_weights(net, file)


def _read(file: Path) -> dict[str, Tensor]:
    try:
        if file.suffix == ".safetensors":
            return _read_safetensors(file)
        content = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, UnpicklingError) as error:
        raise _unreadable(file, f"{type(error).__name__}: {str(error).splitlines()[0]}") from error
    if isinstance(content, dict) and "pytorch-lightning_version" in content:
        content = _trunk_of(content["state_dict"])
    if not isinstance(content, dict) or not content:
        raise _unreadable(file, "no state dictionary")
    for name, value in content.items():
        if not (isinstance(name, str) and isinstance(value, Tensor)):
            raise _unreadable(file, f"{name!r} is no weight")
    return {name: value.detach() for name, value in content.items()}


def _trunk_of(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the trunk of a run's network under torchvision's names."""
    prefix = "net.trunk."
    return {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ModuleNotFoundError as error:
        raise MissingPartError(
            f"{file.name} needs the package safetensors, which is not installed",
            expected="safetensors, or weights as .pth",
            todo="pip install safetensors",
        ) from error
    try:
        return dict(load_file(file))
    except SafetensorError as error:
        raise _unreadable(file, str(error)) from error


def _unreadable(file: Path, why: str) -> ModelError:
    return ModelError(
        f"weights {file.name} cannot be read ({why[:200]})",
        expected="a .safetensors file, or a .pth state dictionary",
        todo="give the right file with --weights",
    )


def _check(net: CamNet | PatchNet, given: dict[str, Tensor], file: Path) -> None:
    """Refuse weights that are not exactly the trunk's."""
    wanted = net.trunk.state_dict()
    missing = [n for n in wanted if n not in given and not n.endswith(_COUNTER)]
    unknown = [n for n in given if n not in wanted]
    if missing and not unknown and all(n.startswith("classifier.") for n in missing):
        raise ModelError(
            f"weights {file.name} hold the convolutions alone: {missing[0]} is missing",
            expected=f"all of {net.recipe.backbone}, with fc6 and fc7",
            todo="give a whole file with --weights, or set [network] cam = true in the recipe: "
            "that network ends with the convolutions",
        )
    for what, names in (("is missing", missing), ("is unknown", unknown)):
        if names:
            raise _misfit(net, file, f"{names[0]} {what} ({len(names)} such keys)")
    for name, value in given.items():
        if value.shape != wanted[name].shape:
            shapes = f"{tuple(value.shape)}, not {tuple(wanted[name].shape)}"
            raise _misfit(net, file, f"{name} has shape {shapes}")


def _misfit(net: CamNet | PatchNet, file: Path, why: str) -> ModelError:
    return ModelError(
        f"weights {file.name} do not fit: {why}",
        expected=f"torchvision's names and shapes for {net.recipe.backbone}",
        todo="give the right file with --weights",
    )
