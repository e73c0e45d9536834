"""The kinds of checks of a delivery: what a template may check, the keys of each, and the codes of its findings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onemap.layers.area_units import M2_PER_HECTARE, M2_PER_MU
from onemap.rules.contract.verdict import Verdict

FATAL, MAJOR, MINOR = "fatal", "major", "minor"
SEVERITIES = (FATAL, MAJOR, MINOR)  # most severe first
# The signs and colours of verdicts that are as severe.
SIGNS = {FATAL: Verdict.PROHIBITED, MAJOR: Verdict.RESTRICTED, MINOR: Verdict.NOTICE}

TEXT, NUMBER, TEXTS, NUMBERS, CONDITION, LAYER = "text", "number", "texts", "numbers", "condition", "layer"


@dataclass(frozen=True)
class CheckKind:
    """One kind of check. title: zh, en; keys: those it takes; needed: the keys without which it is refused.

    codes: of its findings, each with its severity unless the template says otherwise.
    by_layer: it concerns one layer, named by `layer`; geometry: that the layer must have, None for any.
    is_implied: it follows from folders and layers, and a template cannot name it.
    """

    title: Mapping[str, str]
    codes: Mapping[str, str]
    keys: Mapping[str, str] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    by_layer: bool = True
    geometry: str | None = None
    is_implied: bool = False


_SIZES = {"least_m2": NUMBER, "least_width_m": NUMBER}

KINDS: Mapping[str, CheckKind] = {
    "folders": CheckKind(
        {"zh": "文件夹和文件", "en": "Folders and files"},
        {
            "proof.root": MAJOR,
            "proof.folder_missing": FATAL,
            "template.missing": FATAL,
            "template.name": MAJOR,
            "template.number": MINOR,
            "template.number_extra": MINOR,
            "proof.file_extra": MINOR,
            "proof.partial": MINOR,
        },
        by_layer=False,
        is_implied=True,
    ),
    "files": CheckKind(
        {"zh": "文件格式", "en": "Forms of files"},
        {
            "template.form": FATAL,
            "template.dpi": MINOR,
            "template.version": MINOR,
            "proof.unread": MAJOR,
        },
        by_layer=False,
        is_implied=True,
    ),
    "list": CheckKind(
        {"zh": "文件清单", "en": "List of files"},
        {
            "proof.list_missing": MAJOR,
            "proof.list_form": MAJOR,
            "proof.list_absent": MAJOR,
            "proof.list_hash": MAJOR,
            "proof.list_extra": MINOR,
        },
        by_layer=False,
        is_implied=True,
    ),
    "layers": CheckKind(
        {"zh": "图层和坐标系", "en": "Layers and coordinate systems"},
        {
            "proof.layer_missing": FATAL,
            "proof.layer_twice": MAJOR,
            "proof.layer_extra": MINOR,
            "proof.layer_name": MINOR,
            "proof.layer_geometry": FATAL,
            "proof.layer_crs": FATAL,
            "proof.layer_empty": MAJOR,
        },
        by_layer=False,
        is_implied=True,
    ),
    "fields": CheckKind(
        {"zh": "字段结构", "en": "Fields"},
        {
            "proof.field_missing": MAJOR,
            "proof.field_title": MINOR,
            "proof.field_type": MAJOR,
        },
        is_implied=True,
    ),
    "values": CheckKind(
        {"zh": "字段取值", "en": "Values of fields"},
        {
            "proof.value_missing": MAJOR,
            "proof.value_repeated": MAJOR,
            "proof.value_range": MAJOR,
            "proof.value_form": MAJOR,
            "proof.value_decimals": MINOR,
            "value.type": MAJOR,
            "value.length": MAJOR,
            "value.code": MAJOR,
            "value.name": MINOR,
            "value.form": MINOR,
        },
        is_implied=True,
    ),
    "geometry": CheckKind(
        {"zh": "图形有效性", "en": "Sound geometry"},
        {
            "geometry.null": FATAL,
            "geometry.empty": FATAL,
            "geometry.type": FATAL,
            "geometry.not_finite": FATAL,
            "geometry.beyond": FATAL,
            "geometry.invalid": FATAL,
            "geometry.collapsed": FATAL,
            "source.record": FATAL,
        },
        is_implied=True,
    ),
    "overlap": CheckKind(
        {"zh": "层内不重叠", "en": "No overlap in a layer"}, {"topology.overlap": MAJOR}, _SIZES, geometry="polygon"
    ),
    "gap": CheckKind(
        {"zh": "层内无缝隙", "en": "No gap in a layer"},
        {"topology.gap": MAJOR},
        {"within": LAYER, **_SIZES},
        geometry="polygon",
    ),
    "duplicate": CheckKind({"zh": "图形不重复", "en": "No feature twice"}, {"topology.duplicate": MAJOR}),
    "sliver": CheckKind(
        {"zh": "无狭长碎片", "en": "No slivers"},
        {"proof.sliver": MINOR},
        {"least_width_m": NUMBER},
        ("least_width_m",),
        geometry="polygon",
    ),
    "small": CheckKind(
        {"zh": "最小上图面积", "en": "Least areas"},
        {"proof.small": MINOR},
        {"least_m2": NUMBER, "where": CONDITION},
        ("least_m2",),
        geometry="polygon",
    ),
    "angle": CheckKind(
        {"zh": "无尖锐角", "en": "No spikes"},
        {"proof.angle": MINOR},
        {"least_degrees": NUMBER},
        ("least_degrees",),
        geometry="polygon",
    ),
    "crossing": CheckKind({"zh": "线不相交", "en": "No crossing lines"}, {"proof.crossing": MAJOR}, geometry="line"),
    "vertices": CheckKind(
        {"zh": "公共边节点一致", "en": "Vertices on the neighbour's"},
        {"proof.vertex": MINOR},
        {"within_m": NUMBER},
        geometry="polygon",
    ),
    "precision": CheckKind(
        {"zh": "坐标精度", "en": "Precision of coordinates"},
        {"proof.coarse": MAJOR},
        {"least_m": NUMBER},
        ("least_m",),
    ),
    "stated_area": CheckKind(
        {"zh": "填报面积与图形面积一致", "en": "Stated areas"},
        {"area.declared": MAJOR, "area.unit": MAJOR, "proof.area_plane": MAJOR},
        {"field": TEXT, "measured": TEXT, "share": NUMBER, "least_m2": NUMBER},
        ("field",),
        geometry="polygon",
    ),
    "condition": CheckKind(
        {"zh": "行内逻辑", "en": "Logic in a row"},
        {"proof.condition": MAJOR},
        {"where": CONDITION, "only": CONDITION, "field": TEXT},
        ("where",),
    ),
    "row_sum": CheckKind(
        {"zh": "行内合计", "en": "Sums in a row"},
        {"proof.row_sum": MAJOR},
        {"field": TEXT, "plus": TEXTS, "minus": TEXTS, "times": TEXTS, "within": NUMBER},
        ("field",),
    ),
    "inside": CheckKind(
        {"zh": "位于另一图层之内", "en": "Inside another layer"},
        {"proof.outside": MAJOR},
        {"other": LAYER, "where": CONDITION, "other_where": CONDITION, **_SIZES},
        ("other",),
    ),
    "covers": CheckKind(
        {"zh": "完整覆盖另一图层", "en": "Covers another layer"},
        {"proof.uncovered": MAJOR},
        {"other": LAYER, "where": CONDITION, "other_where": CONDITION, **_SIZES},
        ("other",),
        geometry="polygon",
    ),
    "apart": CheckKind(
        {"zh": "与另一图层不冲突", "en": "Apart from another layer"},
        {"proof.meets": FATAL},
        {"other": LAYER, "where": CONDITION, "other_where": CONDITION, **_SIZES},
        ("other",),
    ),
    "same_boundary": CheckKind(
        {"zh": "外边界一致", "en": "The same outer boundary"},
        {"proof.boundary": MAJOR},
        {"other": LAYER, **_SIZES},
        ("other",),
        geometry="polygon",
    ),
    "sum": CheckKind(
        {"zh": "图数合计一致", "en": "Sums that must agree"},
        {"proof.sum": MAJOR, "proof.sum_missing": MAJOR},
        {
            "of": TEXT,
            "by": TEXT,
            "where": CONDITION,
            "other": LAYER,
            "other_of": TEXT,
            "other_by": TEXT,
            "other_where": CONDITION,
            "unit": TEXT,
            "within": NUMBER,
        },
        ("of", "other", "other_of"),
    ),
    "text_number": CheckKind(
        {"zh": "文本数字与数据一致", "en": "Numbers in texts"},
        {"proof.text_number": MAJOR, "proof.text_missing": MAJOR, "proof.text_unread": MAJOR},
        {
            "file": TEXT,
            "after": TEXT,
            "column": TEXT,
            "under": TEXT,
            "of": TEXT,
            "where": CONDITION,
            "unit": TEXT,
            "within": NUMBER,
        },
        ("file", "after", "of"),
    ),
    "units": CheckKind(
        {"zh": "单元完整", "en": "Every unit once"},
        {"proof.unit_missing": MAJOR, "proof.unit_repeated": MAJOR, "proof.unit_unknown": MAJOR},
        {"field": TEXT, "codes": TEXTS, "other": LAYER, "other_field": TEXT},
        ("field",),
    ),
}
MOST_LISTED = 10_000  # problems of one code of a check: it lists no more, and the answer says so
UNITS_M2 = {"m2": 1.0, "ha": M2_PER_HECTARE, "km2": 1_000_000.0, "mu": M2_PER_MU}
MEASURES = ("ellipsoid", "plane")
AREA = "area"  # of a sum: the measured area in place of a field
