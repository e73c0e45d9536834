"""The coverage of a new version: as given, as for the layer's last version, or the district."""

from dataclasses import dataclass
from datetime import datetime
from math import floor

import numpy as np
import shapely

from onemap.layers.catalogue.coverage_names import DISTRICT, EXTENT, FEATURES, FILE
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, require_value
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.geometry.coverage_ground import united_ground
from onemap.layers.geometry.parts import polygon_part
from onemap.layers.library.district import district_at, district_changes
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, coverage_of, last_version

_LEAST_SHARE = 0.5  # of the district's box that features must reach over for them to speak for all of it
_NEARLY_ALL = 0.9  # with less it is said that they do


@dataclass(frozen=True)
class Coverage:
    """The coverage of a version, and its origin: DISTRICT, EXTENT (assumed), FEATURES or FILE.

    share: the share of the district's box that the features span, if nobody stated the coverage.
    """

    ground: shapely.Geometry
    kind: str
    share: float | None = None

    def assumption(self, place: ProblemPlace) -> Problem | None:
        """Return the remark that features leave much of the district empty although nobody stated their coverage.

        place: of their file.
        """
        if self.share is None or self.share >= _NEARLY_ALL:
            return None
        return Problem("coverage.assumed", {**place, "field": "--covers", "share": _percent(self.share)})


@dataclass(frozen=True)
class CoverageChoice:
    """How the coverage of a new version is determined. file: the ground of a file, if one was given.

    asked: DISTRICT, EXTENT, FEATURES or FILE; None if nothing was said. renewed: the version from which files are taken
    over, including the ground that it leaves out because features there were bad.
    """

    library: Library
    code: str
    asked: str | None
    file: shapely.Geometry | None
    place: ProblemPlace
    renewed: Version | None = None

    @property
    def kind(self) -> str | None:
        """The requested coverage, else that of the layer's last version; None without either."""
        if self.asked is not None:
            return self.asked
        last = self._last
        return last.coverage_kind if last is not None else None

    def refuse_impossible(self) -> None:
        """Refuse what can be refused without the data.

        Raises OneMapError coverage.missing, coverage.no_district, coverage.district_changed if the version would cover
        the district only because the one before it did, but the district has changed, and coverage.renewed if it is to
        cover the district but takes files over from a version that did not.
        """
        if self.renewed is not None and self.asked is not None and self.renewed.coverage_kind != DISTRICT:
            facts = {**self.place, "label": self.renewed.label, "field": "--covers"}
            raise OneMapError("coverage.renewed", **facts)
        if self.library.district() is None:
            if self.kind is None:
                raise OneMapError("coverage.missing", field="--covers", **self.place)
            if self.kind == DISTRICT:
                raise OneMapError("coverage.no_district", field="--covers", **self.place)
        last = self._last
        if self.asked is None and last is not None and last.coverage_kind == DISTRICT:
            recorded_at = datetime.fromisoformat(last.recorded_at)
            if any(datetime.fromisoformat(one.at) > recorded_at for one in district_changes(self.library)):
                facts = {**self.place, "label": last.label, "field": "--covers"}
                raise OneMapError("coverage.district_changed", **facts)

    def coverage(self, frame: FrameBlocks) -> Coverage:
        """Return the coverage of some features.

        Raises OneMapError coverage.missing, coverage.no_district, coverage.no_polygons, overlay.union; coverage.of_none
        for a layer without features, if it is not stated on which ground there are none; and coverage.doubtful for
        features in a corner of the district, if nobody stated that they speak for all of it.
        """
        self.refuse_impossible()
        if not frame.count and self.asked not in (DISTRICT, FILE):
            raise OneMapError("coverage.of_none", field="--covers", **self.place)
        if self.kind == EXTENT:
            box = shapely.box(*frame.bounds())
            # A single point, or points in one row, speak for no ground.
            return Coverage(self._without_left_out(box) if box.is_valid else shapely.Polygon(), EXTENT)
        if self.kind == FEATURES:
            return Coverage(self._features_ground(frame), FEATURES)
        if self.kind == FILE:
            return Coverage(self.file if self.file is not None else self._last_ground(), FILE)
        if self.renewed is not None:
            return Coverage(self._renewed_district(self.renewed), DISTRICT)
        district = require_value(self.library.district(), "the district, or it would be refused above")
        if self.kind is not None:
            return Coverage(district, DISTRICT)
        share = _share_of_box(frame.bounds(), district.bounds)
        if share < _LEAST_SHARE:
            raise OneMapError("coverage.doubtful", field="--covers", share=_percent(share), **self.place)
        return Coverage(district, DISTRICT, share)

    def of_table(self) -> Coverage:
        """Return the coverage of rows without ground: that of a given file, else the district, if there is one."""
        if self.file is not None:
            return Coverage(self.file, FILE)
        if self.renewed is not None:
            return Coverage(self._last_ground(), self.kind or DISTRICT)
        return Coverage(self.library.district() or shapely.Polygon(), DISTRICT)

    @property
    def _last(self) -> Version | None:
        return self.renewed or last_version(self.library, self.code)

    def _without_left_out(self, box: shapely.Geometry) -> shapely.Geometry:
        """Return the box of all features without the ground that the renewed version leaves out of its own box."""
        if self.renewed is None:
            return box
        ground = self._last_ground()
        extent = self.library.connection.extent(self.renewed.table)
        boxes = [ground, *([] if extent is None else [shapely.box(*extent)])]
        left_ground = shapely.difference(shapely.box(*shapely.total_bounds(boxes)), ground)
        return _polygons(shapely.difference(box, left_ground))

    def _renewed_district(self, renewed: Version) -> shapely.Geometry:
        """Return the renewed version's ground; if the coverage was stated, add what the district gained since."""
        ground, district = self._last_ground(), self.library.district()
        before = district_at(self.library, datetime.fromisoformat(renewed.recorded_at))
        if self.asked is None or district is None or before is None:
            return ground
        return united_ground(np.array([ground, _polygons(shapely.difference(district, before))], dtype=object))

    def _last_ground(self) -> shapely.Geometry:
        return coverage_of(self.library, require_value(self._last, "the last version, whose ground is asked for"))

    def _features_ground(self, frame: FrameBlocks) -> shapely.Geometry:
        unions = [united_ground(frame.geometries(rows)) for rows in frame.blocks()]
        ground = united_ground(np.array(unions, dtype=object))
        if shapely.get_dimensions(ground) != 2:
            raise OneMapError("coverage.no_polygons", field="--covers", **self.place)
        return ground


def _polygons(geometry: shapely.Geometry) -> shapely.Geometry:
    polygons = polygon_part(geometry)
    return shapely.Polygon() if polygons is None else polygons


def _percent(share: float) -> str | dict[str, str]:
    """Whole percents, rounded down: what is refused as less than half does not read as half."""
    return f"{floor(100 * share + 1e-9)}" if share >= 0.01 else {"en": "less than 1", "zh": "不足 1"}


def reaches_over(bounds: np.ndarray, district: shapely.Geometry) -> bool:
    """Whether features with these bounds (4,) may speak for all of a district, not only for a corner."""
    return _share_of_box(bounds, district.bounds) >= _LEAST_SHARE


def _share_of_box(bounds: np.ndarray, district: tuple[float, float, float, float]) -> float:
    """Return the share of the district's box that features with these bounds (4,) span; 1 without bounds."""
    if not np.isfinite(bounds).all():
        return 1.0
    west, south = np.maximum(bounds[:2], district[:2])
    east, north = np.minimum(bounds[2:], district[2:])
    whole = (district[2] - district[0]) * (district[3] - district[1])
    return float(max(east - west, 0.0) * max(north - south, 0.0) / whole)
