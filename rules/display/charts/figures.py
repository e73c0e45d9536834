"""A chart before it is drawn: its numbers, for the picture on a page and for the native chart in a sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from onemap.rules.display.charts.bars import BarSeries, bar_chart, stacked_bars
from onemap.rules.display.charts.bullets import Bullet, bullet_chart
from onemap.rules.display.charts.chart_sheet import WIDTH_MM, ChartWords
from onemap.rules.display.charts.lines import HEIGHT_MM, line_chart
from onemap.rules.display.charts.quota_bars import PART_FILLS, PARTS, QuotaBar, quota_bars
from onemap.rules.display.charts.small_multiples import Panel, small_multiples
from onemap.rules.display.charts.transition_table import transition_table
from onemap.rules.display.charts.unit_bars import UnitPanel, unit_bars

BARS, STACKED, LINES = "bars", "stacked", "lines"


@dataclass(frozen=True)
class Figure:
    """Numbers by label; None if a number is unknown.

    form: bars, stacked or lines. targets: one for each label, or none. days: of the labels, if they are times.
    breaks: labels from which on numbers are not comparable with those before, with the reasons.
    height_mm: of lines, without what is above and below them.
    """

    words: ChartWords
    labels: tuple[str, ...]
    series: tuple[BarSeries, ...]
    targets: tuple[float | None, ...] = ()
    form: str = BARS
    days: tuple[date, ...] = ()
    breaks: Mapping[str, str] = field(default_factory=dict)
    height_mm: float = HEIGHT_MM

    def picture(self, width_mm: float = WIDTH_MM) -> str:
        """The chart as SVG text."""
        if self.form == STACKED:
            return stacked_bars(self.words, self.labels, self.series, width_mm)
        if self.form == LINES:
            moments = dict(zip(self.labels, (day.toordinal() for day in self.days), strict=True))
            return line_chart(self.words, moments, self.series, self.targets, self.breaks, width_mm, self.height_mm)
        return bar_chart(self.words, self.labels, self.series, self.targets, width_mm)


@dataclass(frozen=True)
class MatrixFigure:
    """Transitions of classes. areas: by (before, after), in the chart's unit; heads: of both sides."""

    words: ChartWords
    classes: tuple[str, ...]
    areas: Mapping[tuple[str, str], float]
    heads: tuple[str, str]

    def picture(self, width_mm: float = WIDTH_MM) -> str:
        """The table as SVG text."""
        return transition_table(self.words, self.classes, self.areas, self.heads, width_mm)

    @property
    def margins(self) -> Figure:
        """The sums of each class in both years, as bars side by side."""
        before = tuple(sum(self.areas.get((one, other), 0.0) for other in self.classes) for one in self.classes)
        after = tuple(sum(self.areas.get((other, one), 0.0) for other in self.classes) for one in self.classes)
        pairs = zip(self.heads, (before, after), strict=True)
        return Figure(self.words, self.classes, tuple(BarSeries(head, values) for head, values in pairs))


@dataclass(frozen=True)
class BulletFigure:
    """Values against targets, a row an indicator."""

    words: ChartWords
    rows: tuple[Bullet, ...]

    def picture(self, width_mm: float = WIDTH_MM) -> str:
        """The chart as SVG text."""
        return bullet_chart(self.words, self.rows, width_mm)


@dataclass(frozen=True)
class PanelFigure:
    """One number for every label in every unit, as a small picture for each unit."""

    words: ChartWords
    labels: tuple[str, ...]
    panels: tuple[Panel, ...]

    def picture(self, width_mm: float = WIDTH_MM) -> str:
        """The pictures as one SVG text."""
        return small_multiples(self.words, self.labels, self.panels, width_mm)

    @property
    def lines(self) -> Figure:
        """The same numbers in one chart, a series a unit."""
        series = tuple(BarSeries(panel.title, panel.values) for panel in self.panels)
        return Figure(self.words, self.labels, series, form=LINES)


@dataclass(frozen=True)
class QuotaFigure:
    """The use of quotas of one measure, a row a unit."""

    words: ChartWords
    rows: tuple[QuotaBar, ...]

    def picture(self, width_mm: float = WIDTH_MM) -> str:
        """The chart as SVG text."""
        return quota_bars(self.words, self.rows, width_mm)

    @property
    def stacked_bars(self) -> Figure:
        """The same numbers as stacked bars, for the native chart of a sheet."""
        columns = zip(*(row.parts for row in self.rows), strict=True)
        series = [
            BarSeries(self.words.word(name), tuple(values), PART_FILLS[name])
            for name, values in zip(PARTS, columns, strict=True)
        ]
        targets = tuple(row.target for row in self.rows)
        return Figure(self.words, tuple(row.title for row in self.rows), tuple(series), targets, STACKED)


@dataclass(frozen=True)
class UnitBarsFigure:
    """Several numbers of the same units, with a panel for each number."""

    words: ChartWords
    units: tuple[str, ...]
    panels: tuple[UnitPanel, ...]

    def picture(self, width_mm: float = WIDTH_MM) -> str:
        """The panels as one SVG text."""
        return unit_bars(self.words, self.units, self.panels, width_mm)


AnyFigure = Figure | MatrixFigure | BulletFigure | PanelFigure | QuotaFigure | UnitBarsFigure


def day_labels(days: Sequence[date]) -> tuple[str, ...]:
    """The labels of days under a chart: their years, if these differ."""
    years = [str(day.year) for day in days]
    return tuple(years) if len(set(years)) == len(days) else tuple(day.isoformat() for day in days)
