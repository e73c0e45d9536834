"""Rasters in a package: their files unchanged, and their place beside the library that receives them."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from onemap.layers.delivery.package_record import DeliveredLayer, RasterFile
from onemap.layers.errors import OneMapError
from onemap.layers.files.file_hashes import file_hash
from onemap.layers.library.library import Library
from onemap.layers.library.versions import StoredFeatures
from onemap.layers.rasters.raster_folder import raster_folder, reserved_stem
from onemap.layers.rasters.raster_reference import reference_of
from onemap.layers.rasters.rasters import checked_raster

RASTERS = "rasters"  # the folder of a package's payload


def raster_file(library: Library, code: str, rows: StoredFeatures) -> tuple[RasterFile, list[Path]]:
    """Return a raster as a package records it, and its files: itself and those beside it, such as overviews.

    Raises OneMapError raster.… if it is gone, or is no longer what was added.
    """
    reference = reference_of(rows.attributes.iloc[0], library.path)
    with checked_raster(reference) as dataset:
        files = [Path(name) for name in dataset.files if Path(name).is_file()]
    main = reference.path.resolve()
    others = [path for path in files if path.resolve() != main and path.resolve().parent == main.parent]
    file = f"{RASTERS}/{code}/{main.name}"
    return RasterFile(file, reference.sha256, reference.beside_sha256), [main, *others]


def in_package(rows: StoredFeatures, raster: RasterFile) -> StoredFeatures:
    """Return a raster's row with its place in the package, without its former place."""
    path = pd.Series([raster.file], dtype=object, index=rows.attributes.index)
    return replace(rows, attributes=rows.attributes.assign(path=path))


def pack_raster(data: Path, raster: RasterFile, files: list[Path]) -> None:
    """Put a raster's files into a package's payload. Raises OneMapError out.failed."""
    folder = (data / raster.file).parent
    folder.mkdir(parents=True)
    try:
        for path in files:
            shutil.copyfile(path, folder / path.name)
    except OSError as error:
        raise OneMapError("out.failed", file=raster.file, reason=str(error)[:200]) from error


def folder_of_received(library: Library, named_folder: Path | None) -> Path:
    """Return where received rasters are put: beside the library's file, or in the named folder.

    Raises OneMapError package.no_folder on a server without one.
    """
    if named_folder is not None:
        return named_folder.resolve()
    if library.path is None:
        raise OneMapError("package.no_folder", file=library.label, field="--rasters")
    return raster_folder(library.path)


@contextlib.contextmanager
def placed_raster(data: Path, layer: DeliveredLayer, folder: Path, package: str) -> Iterator[Path]:
    """Put a package's raster into a folder; remove it again if the block fails.

    Raises OneMapError package.record, package.differs, out.failed.
    """
    if layer.raster is None:
        raise OneMapError("package.record", file=package, layer=layer.code, reason=RASTERS)
    source = data / RASTERS / layer.code / Path(layer.raster.file).name
    if layer.raster.file != f"{RASTERS}/{layer.code}/{source.name}" or not source.is_file():
        raise OneMapError("package.record", file=package, layer=layer.code, reason=layer.raster.file)
    if file_hash(source) != layer.raster.sha256:
        raise OneMapError("package.differs", file=package, layer=layer.code)
    try:
        with reserved_stem(folder, layer.code) as stem:
            for path in sorted(source.parent.iterdir()):
                end = path.name.removeprefix(source.stem) if path.name.startswith(source.stem) else f".{path.name}"
                shutil.copyfile(path, stem.with_name(stem.name + end))
            yield stem.with_name(stem.name + source.suffix)
    except OSError as error:
        raise OneMapError("out.failed", file=folder.name, reason=str(error)[:200]) from error
