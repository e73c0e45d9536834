"""Keys of kinds whose conflict is ground."""

from onemap.rules.judge.kinds.kind import AMOUNT, AT_LEAST, Key

AREA_LIMITS = {
    "min_area_m2": Key(
        AMOUNT,
        {
            "zh": "冲突计入部分的总面积小于此值时照列，不计入结论",
            "en": "A conflict whose counted area is smaller is shown and decides nothing.",
        },
        title={"zh": "最小面积", "en": "least area"},
        unit="m²",
        default="0",
        limit=AT_LEAST,
    ),
    "min_share": Key(
        AMOUNT,
        {
            "zh": "冲突计入部分占地块面积的比例小于此值（0 到 1）时照列，不计入结论",
            "en": "A conflict whose counted area is a smaller share of the parcel (0 to 1) is shown, decides nothing.",
        },
        title={"zh": "最小比例", "en": "least share"},
        default="0",
    ),
    "min_width_m": Key(
        AMOUNT,
        {
            "zh": "向内收缩此值的一半即消失的图块为细碎图斑，不计入面积",
            "en": "A polygon that vanishes when shrunk by half of this is a sliver, and its area does not count.",
        },
        title={"zh": "最小宽度", "en": "least width"},
        unit="m",
        default="0",
        limit=AT_LEAST,
    ),
}
