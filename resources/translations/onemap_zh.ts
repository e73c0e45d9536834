<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>onemap</name>
    <message>
        <source>Add to the one map</source>
        <translation>加入一张图</translation>
    </message>
    <message>
        <source>Reads a file that a department sent, checks it, and adds it to the library as a new version of one layer: all of it or nothing. Nothing is guessed: a file without a coordinate system, with invalid geometry or without a field that the rules need is refused, with what to do about it.

Layer: its code in the catalogue, such as YJJBNTTB. Coverage: the ground for which the file speaks: district (the default), extent (its bounding box, marked as assumed) or a file of polygons.</source>
        <translation>读取部门报送的文件，检查后作为某一图层的新版本加入资料库：要么全部加入，要么一条也不加。不作任何猜测：没有坐标系、几何无效或缺少规则所需字段的文件会被拒绝，并说明如何处理。

图层：目录中的代码，例如 YJJBNTTB。覆盖范围：该文件所说明的范围：district（行政区，默认）、extent（外接矩形，标为“推定”）或一个面文件。</translation>
    </message>
    <message>
        <source>Layer (code)</source>
        <translation>图层（代码）</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>资料库</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Label of this version</source>
        <translation>版本名称</translation>
    </message>
    <message>
        <source>Valid from</source>
        <translation>生效日期</translation>
    </message>
    <message>
        <source>Valid to</source>
        <translation>失效日期</translation>
    </message>
    <message>
        <source>Coverage (district, extent, or a file)</source>
        <translation>覆盖范围（district、extent 或文件）</translation>
    </message>
    <message>
        <source>Repair invalid geometry</source>
        <translation>修复无效几何</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Features</source>
        <translation>要素数</translation>
    </message>
    <message>
        <source>Repaired features</source>
        <translation>修复的要素数</translation>
    </message>
    <message>
        <source>Layer in the source</source>
        <translation>来源中的图层</translation>
    </message>
    <message>
        <source>Coordinate system of the source</source>
        <translation>来源的坐标系</translation>
    </message>
    <message>
        <source>Transformation (PROJ pipeline or file)</source>
        <translation>坐标转换（PROJ 管线或参数文件）</translation>
    </message>
    <message>
        <source>Encoding of the source</source>
        <translation>来源的字符编码</translation>
    </message>
    <message>
        <source>Fields (target=source, …)</source>
        <translation>字段对应（目标=来源，…）</translation>
    </message>
    <message>
        <source>Accuracy in metres</source>
        <translation>精度（米）</translation>
    </message>
    <message>
        <source>Define a new layer (name=…, …)</source>
        <translation>定义新图层（name=…, …）</translation>
    </message>
    <message>
        <source>Library (*.gpkg)</source>
        <translation>资料库 (*.gpkg)</translation>
    </message>
    <message>
        <source>The coordinate system of the QGIS layer is used, which the file does not have: {crs}</source>
        <translation>采用 QGIS 图层的坐标系（文件没有声明或声明不同）：{crs}</translation>
    </message>
    <message>
        <source>Incorrect parameter value for {name}</source>
        <translation>参数 {name} 的值不正确</translation>
    </message>
    <message>
        <source>Check parcels</source>
        <translation>检测地块</translation>
    </message>
    <message>
        <source>Checks parcels against every layer of the library by its rule packs. Checked parcels carry the most severe verdict of each; findings are one row for each parcel and rule that is not clear; overlaps are the pieces in conflict, feature by feature. Where a layer is missing, not in force or does not cover the ground, the verdict is unknown, never clear.

If the threshold of severity is reached the results are written, and the algorithm ends as failed.</source>
        <translation>按资料库的规则包，将地块与资料库中每个图层逐一比对。“已检测地块”带有各地块最严重的结论；“结论”为每个地块与每条未通过规则一行；“压占图斑”为逐要素的冲突部分。图层缺失、未生效或未覆盖该处时，结论为“无法判定”，绝不会是“无冲突”。

达到所设严重程度时，先写出结果，再以失败结束。</translation>
    </message>
    <message>
        <source>Checked parcels</source>
        <translation>已检测地块</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>Overlaps</source>
        <translation>压占图斑</translation>
    </message>
    <message>
        <source>All results in one file</source>
        <translation>全部结果写入一个文件</translation>
    </message>
    <message>
        <source>The delivery has problems that are at least: {threshold}.</source>
        <translation>成果有问题达到所设级别：{threshold}。</translation>
    </message>
    <message>
        <source>fatal</source>
        <translation>致命</translation>
    </message>
    <message>
        <source>major</source>
        <translation>重</translation>
    </message>
    <message>
        <source>minor</source>
        <translation>轻</translation>
    </message>
    <message>
        <source>The most severe verdict is {verdict}: the threshold {threshold} is reached.</source>
        <translation>最严重的结论为“{verdict}”，已达到所设的“{threshold}”。</translation>
    </message>
    <message>
        <source>Parcels</source>
        <translation>地块</translation>
    </message>
    <message>
        <source>Field that names each parcel</source>
        <translation>地块编号字段</translation>
    </message>
    <message>
        <source>Rule packs (names or files, semicolons between)</source>
        <translation>规则包（名称或文件，以分号隔开）</translation>
    </message>
    <message>
        <source>As of</source>
        <translation>基准日期</translation>
    </message>
    <message>
        <source>As of (empty: today)</source>
        <translation>基准日期（空：今天）</translation>
    </message>
    <message>
        <source>Most severe verdict</source>
        <translation>最严重的结论</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>检测</translation>
    </message>
    <message>
        <source>Only these layers (codes, commas between)</source>
        <translation>仅限这些图层（代码，以逗号隔开）</translation>
    </message>
    <message>
        <source>Layer in the file of parcels</source>
        <translation>地块文件中的图层</translation>
    </message>
    <message>
        <source>Coordinate system of the parcels</source>
        <translation>地块的坐标系</translation>
    </message>
    <message>
        <source>Encoding of the parcels</source>
        <translation>地块的字符编码</translation>
    </message>
    <message>
        <source>Codes of the parcels' use</source>
        <translation>地块用途代码的分类</translation>
    </message>
    <message>
        <source>Add it in spite of this</source>
        <translation>仍然入库</translation>
    </message>
    <message>
        <source>As known at</source>
        <translation>按此时刻已入库的数据</translation>
    </message>
    <message>
        <source>Workers</source>
        <translation>并行数</translation>
    </message>
    <message>
        <source>Cluster (local, or a scheduler's address)</source>
        <translation>计算集群（local，或调度器地址）</translation>
    </message>
    <message>
        <source>Folder that all workers of the cluster see</source>
        <translation>集群全部计算节点都能访问的文件夹</translation>
    </message>
    <message>
        <source>Fail from this severity on</source>
        <translation>自此严重程度起视为失败</translation>
    </message>
    <message>
        <source>Overwrite an existing file</source>
        <translation>覆盖已有文件</translation>
    </message>
    <message>
        <source>New library</source>
        <translation>新建资料库</translation>
    </message>
    <message>
        <source>Makes a library: one GeoPackage file that keeps every layer of the one map, with its versions. Areas are measured in the library's coordinate system, which must be a projected one in metres. The district is the ground for which the library speaks; where a layer says nothing of its own coverage, it is taken to cover the district.</source>
        <translation>新建资料库：一个 GeoPackage 文件，保存一张图的全部图层及其各个版本。面积在资料库的坐标系中量算，该坐标系须为以米为单位的投影坐标系。行政区是资料库所说明的范围；图层未说明自身覆盖范围时，视为覆盖整个行政区。</translation>
    </message>
    <message>
        <source>Coordinate system</source>
        <translation>坐标系</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>District</source>
        <translation>行政区范围</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在启动…</translation>
    </message>
    <message>
        <source>Rules</source>
        <translation>规则</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>检测</translation>
    </message>
    <message>
        <source>Cancel (Esc)</source>
        <translation>取消 (Esc)</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>请选择</translation>
    </message>
    <message>
        <source>Choose the parcels, then press Check.</source>
        <translation>选择地块，然后点击“检测”。</translation>
    </message>
    <message>
        <source>Use the rules of another pack, a file</source>
        <translation>使用另一规则包文件</translation>
    </message>
    <message>
        <source>Rule pack</source>
        <translation>规则包</translation>
    </message>
    <message>
        <source>Rule pack (*.toml)</source>
        <translation>规则包 (*.toml)</translation>
    </message>
    <message>
        <source>Cancelling…</source>
        <translation>正在取消…</translation>
    </message>
    <message>
        <source>the library's own</source>
        <translation>资料库自带规则</translation>
    </message>
    <message>
        <source>There are no parcels to check. Add a layer of polygons to the map, draw one, or paste its corners.</source>
        <translation>没有可检测的地块。请在地图中加入面图层、绘制一个地块，或粘贴界址点坐标。</translation>
    </message>
    <message>
        <source>not kept: the library may only be read</source>
        <translation>未留存：资料库只能读取</translation>
    </message>
    <message>
        <source>What is typed here was not saved. The opinion stands: {conclusion}, {who}</source>
        <translation>此处填写的内容未保存。现有意见：{conclusion}，{who}</translation>
    </message>
    <message>
        <source>One Map's core has not answered for some time, and what is shown may be old.</source>
        <translation>一张图的核心程序已有一段时间没有应答，所显示的内容可能不是最新的。</translation>
    </message>
    <message>
        <source>Start it again</source>
        <translation>重新启动</translation>
    </message>
    <message>
        <source>Run {id} of library {library}</source>
        <translation>检测 {id}，资料库 {library}</translation>
    </message>
    <message>
        <source>Read the results</source>
        <translation>读取结果</translation>
    </message>
    <message>
        <source>One Map's core is not set up: the Python environment in which it works is missing.</source>
        <translation>一张图的核心程序尚未安装：缺少其运行所需的 Python 环境。</translation>
    </message>
    <message>
        <source>Open the One Map panel and press “Set up the core”.</source>
        <translation>请打开一张图面板，点击“安装核心程序”。</translation>
    </message>
    <message>
        <source>One Map's core ended unexpectedly (code {code}). Nothing in the library is lost; try again.</source>
        <translation>一张图的核心程序意外退出（代码 {code}）。资料库没有任何损失，请重试。</translation>
    </message>
    <message>
        <source>Cancelled.</source>
        <translation>已取消。</translation>
    </message>
    <message>
        <source>Map</source>
        <translation>地图</translation>
    </message>
    <message>
        <source>Reading the library…</source>
        <translation>正在读取资料库…</translation>
    </message>
    <message>
        <source>Open a library</source>
        <translation>打开资料库</translation>
    </message>
    <message>
        <source>Make the sample city in this folder</source>
        <translation>在此文件夹中生成示例城市</translation>
    </message>
    <message>
        <source>Open the library that keeps your city's plans, make a new one, or try the sample city.</source>
        <translation>打开保存本市各类规划的资料库，或新建资料库，或用示例城市试一试。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Sample parcels</source>
        <translation>示例地块</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>One Map's core was made for an older version of the plugin.</source>
        <translation>现有核心程序是为较早版本的插件安装的。</translation>
    </message>
    <message>
        <source>Bring it up to date</source>
        <translation>更新核心程序</translation>
    </message>
    <message>
        <source>Open a library…</source>
        <translation>打开资料库…</translation>
    </message>
    <message>
        <source>New library…</source>
        <translation>新建资料库…</translation>
    </message>
    <message>
        <source>The sample city is made.</source>
        <translation>示例城市已生成。</translation>
    </message>
    <message>
        <source>Make the sample city…</source>
        <translation>生成示例城市…</translation>
    </message>
    <message>
        <source>Making the sample city</source>
        <translation>正在生成示例城市</translation>
    </message>
    <message>
        <source>mu</source>
        <translation>亩</translation>
    </message>
    <message>
        <source>One Map: user guide</source>
        <translation>一张图：使用手册</translation>
    </message>
    <message>
        <source>“{name}” cannot be handed to the core: {reason}</source>
        <translation>“{name}”无法交给核心程序：{reason}</translation>
    </message>
    <message>
        <source>today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>As of which day: the versions in force on it are shown and checked against</source>
        <translation>基准日期：显示并检测该日有效的版本</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Read the library again</source>
        <translation>重新读取资料库</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Set up the core</source>
        <translation>安装核心程序</translation>
    </message>
    <message>
        <source>User guide</source>
        <translation>使用手册</translation>
    </message>
    <message>
        <source>Choose a library</source>
        <translation>选择资料库</translation>
    </message>
    <message>
        <source>One Map panel</source>
        <translation>一张图面板</translation>
    </message>
    <message>
        <source>In force on that day, for the whole district</source>
        <translation>该日有效，覆盖整个行政区</translation>
    </message>
    <message>
        <source>Not in force on that day: a check does not use it</source>
        <translation>该日无效：检测时不使用</translation>
    </message>
    <message>
        <source>In force on that day, but only for a part of the ground: outside it nothing is known</source>
        <translation>该日有效，但仅覆盖部分范围：范围之外无法判定</translation>
    </message>
    <message>
        <source>In force on that day; its coverage is only assumed, from the extent of its features</source>
        <translation>该日有效；覆盖范围按要素外接矩形推定</translation>
    </message>
    <message>
        <source>The library has no version of this layer: what depends on it is unknown, not clear</source>
        <translation>资料库中没有该图层：依据它的结论为“无法判定”，而非“无冲突”</translation>
    </message>
    <message>
        <source>Add to the one map…</source>
        <translation>加入一张图…</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>图层</translation>
    </message>
    <message>
        <source>Go to it on the map</source>
        <translation>在地图上查看</translation>
    </message>
    <message>
        <source>Add a version…</source>
        <translation>加入新版本…</translation>
    </message>
    <message>
        <source>old</source>
        <translation>已失效</translation>
    </message>
    <message>
        <source>part</source>
        <translation>局部</translation>
    </message>
    <message>
        <source>assumed</source>
        <translation>推定</translation>
    </message>
    <message>
        <source>no data</source>
        <translation>无数据</translation>
    </message>
    <message>
        <source>“{layer}” cannot be opened from {library}.</source>
        <translation>无法从 {library} 打开“{layer}”。</translation>
    </message>
    <message>
        <source>QGIS reads “{part}” in a file's path as another letter. Rename the file or the folder.</source>
        <translation>QGIS 会把文件路径中的“{part}”当作另一个字符。请给文件或文件夹改名。</translation>
    </message>
    <message>
        <source>Version {label}, {count:# feature|# features}</source>
        <translation>版本 {label}，{count} 个要素</translation>
    </message>
    <message>
        <source>Valid {start} to {end}</source>
        <translation>有效期 {start} 至 {end}</translation>
    </message>
    <message>
        <source>Recorded {moment}</source>
        <translation>入库时间 {moment}</translation>
    </message>
    <message>
        <source>(nothing loaded)</source>
        <translation>（未加载）</translation>
    </message>
    <message>
        <source>Close this message</source>
        <translation>关闭此消息</translation>
    </message>
    <message>
        <source>The core is not set up; the One Map panel offers it.</source>
        <translation>核心程序尚未安装，可在一张图面板中安装。</translation>
    </message>
    <message>
        <source>found by the plugin</source>
        <translation>由插件自动查找</translation>
    </message>
    <message>
        <source>from the Python Package Index</source>
        <translation>取自 Python 软件包索引 (PyPI)</translation>
    </message>
    <message>
        <source>Python of the core</source>
        <translation>核心程序的 Python</translation>
    </message>
    <message>
        <source>Folder of wheels</source>
        <translation>离线安装包文件夹</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Another language is used from the next start of QGIS on.</source>
        <translation>语言在下次启动 QGIS 后生效。</translation>
    </message>
    <message>
        <source>The core runs in {python}</source>
        <translation>核心程序运行于 {python}</translation>
    </message>
    <message>
        <source>As QGIS</source>
        <translation>与 QGIS 相同</translation>
    </message>
    <message>
        <source>Parcels (*.shp *.gpkg *.geojson *.json *.txt *.zip);;All files (*)</source>
        <translation>地块 (*.shp *.gpkg *.geojson *.json *.txt *.zip);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Check the parcels of a file</source>
        <translation>检测文件中的地块</translation>
    </message>
    <message>
        <source>Draw</source>
        <translation>绘制</translation>
    </message>
    <message>
        <source>Draw a parcel: click its corners, finish with the right button or Enter</source>
        <translation>绘制地块：依次点击拐点，按右键或回车结束</translation>
    </message>
    <message>
        <source>Click the corners; the right button or Enter ends. Backspace takes the last corner back, Esc gives up.</source>
        <translation>依次点击拐点，按右键或回车结束；退格键撤回上一拐点，Esc 放弃。</translation>
    </message>
    <message>
        <source>Undo last</source>
        <translation>撤销上一步</translation>
    </message>
    <message>
        <source>Take the last drawing back, or bring back what was removed (Ctrl+Z)</source>
        <translation>撤回上一次绘制，或恢复刚清除的地块（Ctrl+Z）</translation>
    </message>
    <message>
        <source>Start afresh</source>
        <translation>全部重画</translation>
    </message>
    <message>
        <source>Remove all that is drawn; it can be undone</source>
        <translation>清除全部绘制的地块，可以撤销</translation>
    </message>
    <message>
        <source>The outline crosses or touches itself. Take corners back with Backspace.</source>
        <translation>边界自相交或自相接，请用退格键撤回拐点。</translation>
    </message>
    <message>
        <source>Drawn parcels</source>
        <translation>绘制的地块</translation>
    </message>
    <message>
        <source>Parcels to check</source>
        <translation>待检测的地块</translation>
    </message>
    <message>
        <source>This file has several layers. Which has the parcels?</source>
        <translation>该文件有多个图层，哪一个是地块？</translation>
    </message>
    <message>
        <source>{layer}: selection ({count})</source>
        <translation>{layer}：所选 ({count})</translation>
    </message>
    <message>
        <source>Check of {moment}</source>
        <translation>{moment} 的检测</translation>
    </message>
    <message>
        <source>The results cannot be read: {path} has no table {table}.</source>
        <translation>无法读取结果：{path} 中没有表 {table}。</translation>
    </message>
    <message>
        <source>Data: {layer} · {department}</source>
        <translation>数据：{layer} · {department}</translation>
    </message>
    <message>
        <source>Reported, but not counted in the parcel's verdict</source>
        <translation>已列出，但不计入地块结论</translation>
    </message>
    <message>
        <source>{finding} (not counted)</source>
        <translation>{finding}（不计入）</translation>
    </message>
    <message>
        <source>Parcel and rule</source>
        <translation>地块与规则</translation>
    </message>
    <message>
        <source>Area</source>
        <translation>面积</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>占比</translation>
    </message>
    <message>
        <source>Findings: {count}</source>
        <translation>结论数：{count}</translation>
    </message>
    <message>
        <source>{layer}, {count:# rule|# rules}</source>
        <translation>{layer}（{count} 条规则）</translation>
    </message>
    <message>
        <source>Reason: {reason}</source>
        <translation>原因：{reason}</translation>
    </message>
    <message>
        <source>Basis: {basis}</source>
        <translation>依据：{basis}</translation>
    </message>
    <message>
        <source>Make the sample city</source>
        <translation>生成示例城市</translation>
    </message>
    <message>
        <source>Name a Python of your own, or a folder of wheels for a place without internet</source>
        <translation>指定自己的 Python，或在无网络处指定离线安装包文件夹</translation>
    </message>
    <message>
        <source>No Python from 3.11 to 3.14 was found on this computer. Install one from python.org (or name one in the settings), then press “Set up the core” again.</source>
        <translation>本机未找到 Python 3.11 至 3.14。请从 python.org 安装（或在设置中指定），然后再次点击“安装核心程序”。</translation>
    </message>
    <message>
        <source>The Python that was found has no pip. Put the wheel of pip into the folder of wheels, or install Python from python.org, then press “Set up the core” again.</source>
        <translation>找到的 Python 没有 pip。请把 pip 的安装包放入离线安装包文件夹，或从 python.org 安装 Python，然后再次点击“安装核心程序”。</translation>
    </message>
    <message>
        <source>The packages could not be installed. Without internet, choose a folder of wheels in the settings (the user guide, F1, says how to make one); otherwise see to the connection, then press “Set up the core” again.</source>
        <translation>软件包安装失败。没有网络时，请在设置中选择离线安装包文件夹（做法见使用手册，按 F1）；否则请检查网络，然后再次点击“安装核心程序”。</translation>
    </message>
    <message>
        <source>Nothing was installed: {names} is not what One Map was tested with, its hash is another. If it comes from a folder of wheels, make that folder anew with the lists of this version (the user guide, F1, says how); if from the network, ask whoever looks after the package mirror. Then press “Set up the core” again.</source>
        <translation>未安装任何内容：{names} 的散列值与一张图测试时所用的不符。若来自离线安装包文件夹，请按本版本的清单重新制作该文件夹（做法见使用手册，按 F1）；若来自网络，请联系软件包镜像的管理人员。然后再次点击“安装核心程序”。</translation>
    </message>
    <message>
        <source>The core was made but does not start. Press “Set up the core” again, or name another Python.</source>
        <translation>核心程序已安装但无法启动。请再次点击“安装核心程序”，或指定另一个 Python。</translation>
    </message>
    <message>
        <source>The core could not be set up: {reason}</source>
        <translation>核心程序安装失败：{reason}</translation>
    </message>
    <message>
        <source>Contents</source>
        <translation>目录</translation>
    </message>
    <message>
        <source>Back to the library</source>
        <translation>返回资料库</translation>
    </message>
    <message>
        <source>One Map's core is set up: {path}. Setting it up again makes a new one beside it in your QGIS profile (some minutes, 0.9 GB); the former one is removed when no QGIS uses it any more.</source>
        <translation>一张图的核心程序已安装：{path}。重新安装会在 QGIS 配置文件夹中原有的旁边另装一个（几分钟，约 0.9 GB）；无人使用时再删除原来的。</translation>
    </message>
    <message>
        <source>Set up One Map's core</source>
        <translation>安装一张图的核心程序</translation>
    </message>
    <message>
        <source>Cancelled; nothing was changed.</source>
        <translation>已取消，未作任何更改。</translation>
    </message>
    <message>
        <source>Counted</source>
        <translation>计入</translation>
    </message>
    <message>
        <source>Not counted</source>
        <translation>不计入</translation>
    </message>
    <message>
        <source>Show only the parcels that are: {verdict}</source>
        <translation>只显示结论为“{verdict}”的地块</translation>
    </message>
    <message>
        <source>Copy a raster beside the library</source>
        <translation>把栅格复制到资料库旁</translation>
    </message>
    <message>
        <source>Parcels whose verdict changes (JSON)</source>
        <translation>结论改变的地块（JSON）</translation>
    </message>
    <message>
        <source>Try with files instead of layers (CODE=FILE, semicolons between)</source>
        <translation>用文件代替图层试算（代码=文件，以分号分隔）</translation>
    </message>
    <message>
        <source>Compare with an earlier run (its id)</source>
        <translation>与以前的检测比较（检测编号）</translation>
    </message>
    <message>
        <source>Inspect a file</source>
        <translation>查看文件内容</translation>
    </message>
    <message>
        <source>Says what is in a file that a department sent, without loading it: its format and layers, their encoding, coordinate system (declared, or what the numbers suggest), counts, fields and problems.</source>
        <translation>说明部门送来的文件里有什么，而不入库：格式、图层、编码、坐标系（文件声明的，或由数值推测的）、数量、字段和问题。</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>All that was found (JSON)</source>
        <translation>查看到的全部内容（JSON）</translation>
    </message>
    <message>
        <source>Web page (*.html)</source>
        <translation>网页 (*.html)</translation>
    </message>
    <message>
        <source>Fields</source>
        <translation>字段</translation>
    </message>
    <message>
        <source>Problems</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Convert red-line coordinates (TXT)</source>
        <translation>转换红线坐标（TXT）</translation>
    </message>
    <message>
        <source>Turns the coordinate TXT of a land red line into a vector file, or polygons into such a TXT. The target's ending says which: .txt, or .gpkg, .shp, .geojson and others. Points, names and unknown sections of a TXT are kept.</source>
        <translation>把用地红线坐标 TXT 转为矢量文件，或把面要素转为这样的 TXT。由目标文件的扩展名决定：.txt，或 .gpkg、.shp、.geojson 等。TXT 中的点、名称和未知段落原样保留。</translation>
    </message>
    <message>
        <source>Red-line coordinates (*.txt)</source>
        <translation>红线坐标 (*.txt)</translation>
    </message>
    <message>
        <source>Float</source>
        <translation>浮动</translation>
    </message>
    <message>
        <source>Encoding</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>meets it</source>
        <translation>相接或相交</translation>
    </message>
    <message>
        <source>points: {count}</source>
        <translation>{count} 个点</translation>
    </message>
    <message>
        <source>{distance} away</source>
        <translation>相距 {distance}</translation>
    </message>
    <message>
        <source>Measured by a second method: {area}; the two do not agree</source>
        <translation>用第二种方法量算：{area}，两者不一致</translation>
    </message>
    <message>
        <source>Estimated: a distance from a centreline stands for the official zone</source>
        <translation>估算：以距中心线的距离代替主管部门划定的范围</translation>
    </message>
    <message>
        <source>Assumed: of the data's coverage only the extent of its features is known</source>
        <translation>推定：数据的覆盖范围仅由要素的外接范围推定</translation>
    </message>
    <message>
        <source>Within the boundary error: it may be that there is no conflict</source>
        <translation>在边界误差以内：可能并无冲突</translation>
    </message>
    <message>
        <source>The rule takes the place of another one</source>
        <translation>本规则代替了另一条规则</translation>
    </message>
    <message>
        <source>By the data's accuracy between {low} and {high}</source>
        <translation>按数据精度，面积在 {low} 与 {high} 之间</translation>
    </message>
    <message>
        <source>Explain</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>How this finding came about, step by step (Space)</source>
        <translation>逐步说明该结论是如何得出的（空格键）</translation>
    </message>
    <message>
        <source>Try with a file instead…</source>
        <translation>用文件代替试算…</translation>
    </message>
    <message>
        <source>What would change if this layer were another file</source>
        <translation>如果该图层换成另一个文件，结论会有什么变化</translation>
    </message>
    <message>
        <source>Add to the map</source>
        <translation>加到地图</translation>
    </message>
    <message>
        <source>Add the results to the map, as layers in a file that stays</source>
        <translation>把结果作为图层加到地图，存于会保留的文件中</translation>
    </message>
    <message>
        <source>“{layer}” has a new version, {version}, of {count} features.</source>
        <translation>“{layer}”已有新版本 {version}，共 {count} 个要素。</translation>
    </message>
    <message>
        <source>Reading the file…</source>
        <translation>正在读取文件…</translation>
    </message>
    <message>
        <source>What is in it</source>
        <translation>文件内容</translation>
    </message>
    <message>
        <source>Validity and more</source>
        <translation>有效期及其他</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>加入</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>It is in the library.</source>
        <translation>已在资料库中。</translation>
    </message>
    <message>
        <source>Choose a file.</source>
        <translation>请选择文件。</translation>
    </message>
    <message>
        <source>Choose the coordinate system.</source>
        <translation>请选择坐标系。</translation>
    </message>
    <message>
        <source>Choose the layer that it becomes.</source>
        <translation>请选择加入为哪个图层。</translation>
    </message>
    <message>
        <source>Add {layer}</source>
        <translation>加入 {layer}</translation>
    </message>
    <message>
        <source>What was noticed is in the list; a click shows where.</source>
        <translation>发现的情况见列表，单击可查看位置。</translation>
    </message>
    <message>
        <source>Repair and add</source>
        <translation>修复并加入</translation>
    </message>
    <message>
        <source>Still without a field of the file: {fields}</source>
        <translation>尚未对应文件字段：{fields}</translation>
    </message>
    <message>
        <source>Layer of the one map: type a part of its name</source>
        <translation>一张图的图层：可输入名称的一部分</translation>
    </message>
    <message>
        <source>choose it</source>
        <translation>请选择</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Layer in it</source>
        <translation>文件中的图层</translation>
    </message>
    <message>
        <source>Becomes</source>
        <translation>加入为</translation>
    </message>
    <message>
        <source>not stated</source>
        <translation>未注明</translation>
    </message>
    <message>
        <source>the day from which it is valid</source>
        <translation>默认为生效日期</translation>
    </message>
    <message>
        <source>the district</source>
        <translation>行政区</translation>
    </message>
    <message>
        <source>as the last version said</source>
        <translation>同上一版本</translation>
    </message>
    <message>
        <source>the extent of its features (assumed)</source>
        <translation>要素的外接范围（推定）</translation>
    </message>
    <message>
        <source>A file of polygons: the ground for which the data speaks</source>
        <translation>面文件：数据所覆盖的范围</translation>
    </message>
    <message>
        <source>PROJ pipeline or file, for another datum</source>
        <translation>PROJ 管线或参数文件，用于不同基准</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>版本名称</translation>
    </message>
    <message>
        <source>Covers</source>
        <translation>覆盖范围</translation>
    </message>
    <message>
        <source>Accuracy (m)</source>
        <translation>精度（米）</translation>
    </message>
    <message>
        <source>Transformation</source>
        <translation>坐标转换</translation>
    </message>
    <message>
        <source>A file of polygons</source>
        <translation>面文件</translation>
    </message>
    <message>
        <source>as found</source>
        <translation>自动识别</translation>
    </message>
    <message>
        <source>Field of the layer</source>
        <translation>图层字段</translation>
    </message>
    <message>
        <source>Field of the file</source>
        <translation>文件字段</translation>
    </message>
    <message>
        <source>Required: without it the file is refused</source>
        <translation>必填：没有它文件将被拒绝</translation>
    </message>
    <message>
        <source>It lies in the district (dark outline), and reaches beyond it.</source>
        <translation>位于行政区范围（深色轮廓）内，并有部分超出。</translation>
    </message>
    <message>
        <source>The library has no district to compare it with.</source>
        <translation>资料库没有行政区范围可供对照。</translation>
    </message>
    <message>
        <source>It lies in the district (dark outline).</source>
        <translation>位于行政区范围（深色轮廓）内。</translation>
    </message>
    <message>
        <source>In this coordinate system it would lie nowhere on earth.</source>
        <translation>按此坐标系，数据不在地球上任何位置。</translation>
    </message>
    <message>
        <source>It has nothing to show on a map.</source>
        <translation>没有可在地图上显示的内容。</translation>
    </message>
    <message>
        <source>It lies {distance} km away from the district.</source>
        <translation>距行政区范围 {distance} 千米。</translation>
    </message>
    <message>
        <source>Click: go to it on the small map</source>
        <translation>单击：在小地图上定位</translation>
    </message>
    <message>
        <source>Drop a file here, or choose one</source>
        <translation>把文件拖到这里，或选择文件</translation>
    </message>
    <message>
        <source>Choose a file</source>
        <translation>选择文件</translation>
    </message>
    <message>
        <source>A file that a department sent</source>
        <translation>部门送来的文件</translation>
    </message>
    <message>
        <source>A folder of data</source>
        <translation>数据文件夹</translation>
    </message>
    <message>
        <source>File…</source>
        <translation>文件…</translation>
    </message>
    <message>
        <source>Folder, such as a FileGDB…</source>
        <translation>文件夹，如 FileGDB…</translation>
    </message>
    <message>
        <source>A layer of the map</source>
        <translation>地图中的图层</translation>
    </message>
    <message>
        <source>Choose a file, or drop one here: what is in it is shown before it is loaded.</source>
        <translation>选择文件，或把文件拖到这里：入库前先显示其内容。</translation>
    </message>
    <message>
        <source>Where it lies is not known before its coordinate system is chosen.</source>
        <translation>选择坐标系之后才知道它的位置。</translation>
    </message>
    <message>
        <source>Problems: {count}</source>
        <translation>问题：{count} 个</translation>
    </message>
    <message>
        <source>Every change is listed, with its area</source>
        <translation>每处改动都会列出，并注明面积</translation>
    </message>
    <message>
        <source>Try with another file</source>
        <translation>用另一文件试算</translation>
    </message>
    <message>
        <source>A file in place of “{layer}”</source>
        <translation>用于代替“{layer}”的文件</translation>
    </message>
    <message>
        <source>If “{layer}” were {file}, {count} of {all:# parcel|# parcels} would have another verdict.</source>
        <translation>如以 {file} 代替“{layer}”，{all} 个地块中有 {count} 个结论改变。</translation>
    </message>
    <message>
        <source>Back to the check</source>
        <translation>返回检测结果</translation>
    </message>
    <message>
        <source>A case, a decision or a layer rests on it; it cannot be deleted.</source>
        <translation>会审、处理意见或图层以它为依据，不能删除。</translation>
    </message>
    <message>
        <source>Nothing in the library has changed.</source>
        <translation>资料库没有任何改动。</translation>
    </message>
    <message>
        <source>The first {count} are listed.</source>
        <translation>仅列出前 {count} 个。</translation>
    </message>
    <message>
        <source>Set bad features aside, and add the rest</source>
        <translation>隔离有问题的要素，其余加入</translation>
    </message>
    <message>
        <source>Layers of its own (a TOML file)</source>
        <translation>资料库自有的图层（TOML 文件）</translation>
    </message>
    <message>
        <source>Set bad parcels aside, and check the rest</source>
        <translation>无法使用的地块另列，其余照常检测</translation>
    </message>
    <message>
        <source>They are kept in a table of their own; where they are a check says unknown</source>
        <translation>它们存于单独的表中；其所在之处，检测结论为“无法判定”</translation>
    </message>
    <message>
        <source>a sheet of the problems, to send back</source>
        <translation>问题清单，可发回部门</translation>
    </message>
    <message>
        <source>Where to write the report</source>
        <translation>报告保存位置</translation>
    </message>
    <message>
        <source>Report (.xlsx)</source>
        <translation>报告（.xlsx）</translation>
    </message>
    <message>
        <source>Report of the problems, to send back</source>
        <translation>问题报告，可发回部门</translation>
    </message>
    <message>
        <source>Features set aside</source>
        <translation>隔离的要素数</translation>
    </message>
    <message>
        <source>Reading {file} with QGIS's GDAL</source>
        <translation>正在用 QGIS 自带的 GDAL 读取 {file}</translation>
    </message>
    <message>
        <source>“{file}” holds no layer with geometry.</source>
        <translation>“{file}”中没有带几何的图层。</translation>
    </message>
    <message>
        <source>Read {file}</source>
        <translation>读取 {file}</translation>
    </message>
    <message>
        <source>“{file}” is a drawing of AutoCAD {version}, and QGIS's GDAL reads only those of AutoCAD 2000. Save it in CAD as DXF (2000 to 2018), and choose that file.</source>
        <translation>“{file}”是 AutoCAD {version} 的图形，而 QGIS 自带的 GDAL 只能读取 AutoCAD 2000 的图形。请在 CAD 中另存为 DXF（2000 至 2018），再选择该文件。</translation>
    </message>
    <message>
        <source>Read by this QGIS's GDAL from {file}</source>
        <translation>由本机 QGIS 自带的 GDAL 从 {file} 读出</translation>
    </message>
    <message>
        <source>{parameter} in the Processing toolbox</source>
        <translation>处理工具箱中的参数 {parameter}</translation>
    </message>
    <message>
        <source>a file of polygons</source>
        <translation>一个面文件</translation>
    </message>
    <message>
        <source>Choose the coordinate system…</source>
        <translation>选择坐标系…</translation>
    </message>
    <message>
        <source>Choose the layer…</source>
        <translation>选择图层…</translation>
    </message>
    <message>
        <source>Choose the field…</source>
        <translation>选择字段…</translation>
    </message>
    <message>
        <source>Choose the encoding…</source>
        <translation>选择编码…</translation>
    </message>
    <message>
        <source>Repair and check</source>
        <translation>修复并检测</translation>
    </message>
    <message>
        <source>The encoding of its text</source>
        <translation>文字的编码</translation>
    </message>
    <message>
        <source>Which field names each parcel, once?</source>
        <translation>哪个字段给每个地块唯一的编号？</translation>
    </message>
    <message>
        <source>Read it with QGIS's GDAL</source>
        <translation>用 QGIS 自带的 GDAL 读取</translation>
    </message>
    <message>
        <source>A service is shown on the map; what a check uses is a snapshot of it, never the live server.</source>
        <translation>服务可在地图上显示；检测只用它的快照，不用在线服务器。</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Responsible: {department}</source>
        <translation>责任部门：{department}</translation>
    </message>
    <message>
        <source>Ask the server</source>
        <translation>询问服务器</translation>
    </message>
    <message>
        <source>Asking the server</source>
        <translation>询问服务器</translation>
    </message>
    <message>
        <source>Asking the server…</source>
        <translation>正在询问服务器……</translation>
    </message>
    <message>
        <source>Asking {service}</source>
        <translation>询问“{service}”</translation>
    </message>
    <message>
        <source>Authentication</source>
        <translation>认证</translation>
    </message>
    <message>
        <source>Change what is registered…</source>
        <translation>修改登记内容…</translation>
    </message>
    <message>
        <source>Choose its layer: ask the server, or type its name.</source>
        <translation>请选择图层：询问服务器，或直接填写图层名。</translation>
    </message>
    <message>
        <source>Print query sheets: what every plan says of the chosen parcels, a page or two for each, in one file</source>
        <translation>打印用地查询表：各类规划对所选地块的要求，每个地块一至两页，合为一个文件</translation>
    </message>
    <message>
        <source>Print query sheets</source>
        <translation>打印用地查询表</translation>
    </message>
    <message>
        <source>Query sheets</source>
        <translation>用地查询表</translation>
    </message>
    <message>
        <source>{count:# query sheet|# query sheets}: {path}</source>
        <translation>{count} 个地块的用地查询表：{path}</translation>
    </message>
    <message>
        <source>Add up the land in the polygons of a file</source>
        <translation>统计文件中各面的用地</translation>
    </message>
    <message>
        <source>Ground to add up</source>
        <translation>统计范围</translation>
    </message>
    <message>
        <source>each of: {layer}</source>
        <translation>按{layer}分别统计</translation>
    </message>
    <message>
        <source>all that the layer covers</source>
        <translation>图层的全部覆盖范围</translation>
    </message>
    <message>
        <source>Areas are on the ellipsoid</source>
        <translation>面积为椭球面积</translation>
    </message>
    <message>
        <source>Plane area, m²</source>
        <translation>平面面积（m²）</translation>
    </message>
    <message>
        <source>Ellipsoidal area, m²</source>
        <translation>椭球面积（m²）</translation>
    </message>
    <message>
        <source>Layers on the tab Map</source>
        <translation>地图页的图层列表</translation>
    </message>
    <message>
        <source>{command} on the command line</source>
        <translation>命令行的 {command}</translation>
    </message>
    <message>
        <source>The map shows nothing of the ground of the library. Move it there, then add up again.</source>
        <translation>地图当前范围不在资料库所在地区。请将地图移到该地区后重新统计。</translation>
    </message>
    <message>
        <source>Land use to add up</source>
        <translation>要统计的用地图层</translation>
    </message>
    <message>
        <source>Add up</source>
        <translation>统计</translation>
    </message>
    <message>
        <source>Printing the map…</source>
        <translation>正在打印地图…</translation>
    </message>
    <message>
        <source>Print the map</source>
        <translation>出图</translation>
    </message>
    <message>
        <source>Legend</source>
        <translation>图例</translation>
    </message>
    <message>
        <source>Legend: page 2</source>
        <translation>图例见第 2 页</translation>
    </message>
    <message>
        <source>Legend: pages 2 to {last}</source>
        <translation>图例见第 2 至 {last} 页</translation>
    </message>
    <message>
        <source>Title of the map</source>
        <translation>图名</translation>
    </message>
    <message>
        <source>Data as of {day}, printed {today}</source>
        <translation>数据日期 {day}，制图日期 {today}</translation>
    </message>
    <message>
        <source>{path} could not be written. Choose another folder, or close the file where it is open.</source>
        <translation>无法写入 {path}。请换一个文件夹，或关闭正打开该文件的程序。</translation>
    </message>
    <message>
        <source>The map was not printed: a layer of it was removed meanwhile. Print it again.</source>
        <translation>地图未打印：打印期间有图层被移除。请重新打印。</translation>
    </message>
    <message>
        <source>The map as it lies here, with title, legend, scale, north and the date of the data</source>
        <translation>按当前视图出图：图名、图例、比例尺、指北针、数据日期</translation>
    </message>
    <message>
        <source>Land-use totals</source>
        <translation>用地平衡表</translation>
    </message>
    <message>
        <source>Land use</source>
        <translation>用地图层</translation>
    </message>
    <message>
        <source>Ground</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>Query sheets of parcels</source>
        <translation>用地查询表</translation>
    </message>
    <message>
        <source>Prints a sheet of one or two pages for each parcel into one file: a map, what it is today, what each plan and control line says, the findings with their law, what was not checked, and the boundary points. Nothing of it is kept in the library.</source>
        <translation>把每个地块印成一至两页，全部合为一个文件：附图、土地利用现状、各类规划与控制线、检测结论与法律依据、未检测事项、界址点。资料库中不留存。</translation>
    </message>
    <message>
        <source>Number of parcels</source>
        <translation>地块数</translation>
    </message>
    <message>
        <source>Number of pages</source>
        <translation>页数</translation>
    </message>
    <message>
        <source>Choose the department that answers for it.</source>
        <translation>请选择责任部门。</translation>
    </message>
    <message>
        <source>Date of the data</source>
        <translation>数据时点</translation>
    </message>
    <message>
        <source>Data of {day}</source>
        <translation>数据时点 {day}</translation>
    </message>
    <message>
        <source>Department</source>
        <translation>部门</translation>
    </message>
    <message>
        <source>Give it a name.</source>
        <translation>请填写名称。</translation>
    </message>
    <message>
        <source>Give its address.</source>
        <translation>请填写地址。</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>密钥</translation>
    </message>
    <message>
        <source>Key of {name}</source>
        <translation>{name} 的密钥</translation>
    </message>
    <message>
        <source>Kind of service</source>
        <translation>服务类型</translation>
    </message>
    <message>
        <source>Last snapshot {moment}</source>
        <translation>最近快照 {moment}</translation>
    </message>
    <message>
        <source>Layer on it</source>
        <translation>服务器上的图层</translation>
    </message>
    <message>
        <source>Layer on the server: {layer}</source>
        <translation>服务器上的图层：{layer}</translation>
    </message>
    <message>
        <source>Group on the map</source>
        <translation>所属资料库（六库）</translation>
    </message>
    <message>
        <source>Live: shown on the map, never checked against</source>
        <translation>在线服务：只显示，不用于检测</translation>
    </message>
    <message>
        <source>No snapshot has been taken</source>
        <translation>尚未取快照</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Put the key into QGIS's authentication store</source>
        <translation>把密钥存入 QGIS 认证库</translation>
    </message>
    <message>
        <source>QGIS's authentication store cannot be used: {reason}</source>
        <translation>无法使用 QGIS 认证库：{reason}</translation>
    </message>
    <message>
        <source>Reading “{service}”…</source>
        <translation>正在读取“{service}”……</translation>
    </message>
    <message>
        <source>Register</source>
        <translation>登记</translation>
    </message>
    <message>
        <source>Register a service</source>
        <translation>登记服务</translation>
    </message>
    <message>
        <source>Register a service…</source>
        <translation>登记服务…</translation>
    </message>
    <message>
        <source>Registered {moment} by {who}</source>
        <translation>{who} 登记于 {moment}</translation>
    </message>
    <message>
        <source>Layer it serves</source>
        <translation>对应图层</translation>
    </message>
    <message>
        <source>Snapshot of {service}</source>
        <translation>“{service}”的快照</translation>
    </message>
    <message>
        <source>Remove from the register</source>
        <translation>注销</translation>
    </message>
    <message>
        <source>Take a snapshot…</source>
        <translation>取快照入库…</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>模板</translation>
    </message>
    <message>
        <source>The key is in QGIS's authentication store; the library keeps only the number of its entry.</source>
        <translation>密钥已存入 QGIS 认证库；资料库只保存条目编号。</translation>
    </message>
    <message>
        <source>The key was not stored: QGIS's authentication store is locked. Open it, and try again.</source>
        <translation>密钥没有存入：QGIS 认证库已锁定。解锁后再试。</translation>
    </message>
    <message>
        <source>The server does not answer: {reason}</source>
        <translation>服务器没有应答：{reason}</translation>
    </message>
    <message>
        <source>The server offers no layer.</source>
        <translation>服务器没有提供图层。</translation>
    </message>
    <message>
        <source>The server offers {count:# layer. Choose it|# layers. Choose one of them}.</source>
        <translation>服务器提供 {count} 个图层，请选择其一。</translation>
    </message>
    <message>
        <source>The server's answer is not that of such a service. It begins: {words}</source>
        <translation>服务器的应答不是这类服务的应答，开头为：{words}</translation>
    </message>
    <message>
        <source>Key of Tianditu (tk), kept in QGIS's store only</source>
        <translation>天地图密钥（tk），只存入 QGIS 认证库</translation>
    </message>
    <message>
        <source>its name on the server</source>
        <translation>服务器上的图层名</translation>
    </message>
    <message>
        <source>no layer of the one map</source>
        <translation>不对应一张图的图层</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>the usual one</source>
        <translation>按惯例</translation>
    </message>
    <message>
        <source>{count} features</source>
        <translation>{count} 个要素</translation>
    </message>
    <message>
        <source>{service} (live)</source>
        <translation>{service}（在线）</translation>
    </message>
    <message>
        <source>“{service}” broke off, and does not say how many features it has; nothing was taken. {reason}</source>
        <translation>“{service}”中途断开，又没有说明要素总数，因此没有入库任何内容。{reason}</translation>
    </message>
    <message>
        <source>“{service}” cannot be read: {reason}</source>
        <translation>“{service}”无法读取：{reason}</translation>
    </message>
    <message>
        <source>“{service}” cannot be shown: {reason}</source>
        <translation>“{service}”无法显示：{reason}</translation>
    </message>
    <message>
        <source>“{service}” gave {count} of {expected:# feature|# features}, so nothing was taken. Try again later. {reason}</source>
        <translation>“{service}”应有 {expected} 个要素，只给出 {count} 个，因此没有入库任何内容。请稍后再试。{reason}</translation>
    </message>
    <message>
        <source>“{service}” has no features.</source>
        <translation>“{service}”没有要素。</translation>
    </message>
    <message>
        <source>Lines that cross or are near</source>
        <translation>穿越或邻近的线</translation>
    </message>
    <message>
        <source>Points inside or near</source>
        <translation>范围内或邻近的点</translation>
    </message>
    <message>
        <source>As a Cloud-Optimised GeoTIFF; otherwise the library refers to the file where it lies</source>
        <translation>存为云优化 GeoTIFF；否则资料库只引用原位置的文件</translation>
    </message>
    <message>
        <source>It is a raster: choose a layer that is kept as one, such as imagery or heights.</source>
        <translation>该文件是栅格：请选择按栅格保存的图层，如影像或高程。</translation>
    </message>
    <message>
        <source>This layer is kept as a raster, and the file is none.</source>
        <translation>该图层按栅格保存，而此文件不是栅格。</translation>
    </message>
    <message>
        <source>A snapshot of “{service}” ({kind}) of {moment}.</source>
        <translation>“{service}”（{kind}）的快照，取于 {moment}。</translation>
    </message>
    <message>
        <source>The server does not say how many features it has; nothing failed while they were read.</source>
        <translation>服务器没有说明要素总数；读取过程没有出错。</translation>
    </message>
    <message>
        <source>Registered service of which the source is a snapshot</source>
        <translation>数据是哪个已登记服务的快照</translation>
    </message>
    <message>
        <source>When the snapshot was taken</source>
        <translation>取得快照的时间</translation>
    </message>
    <message>
        <source>No feature of “{name}” is selected, or fits the filter. Select the features that are meant, or use the whole layer.</source>
        <translation>“{name}”中没有选中的要素，或没有符合筛选条件的要素。请选中所需的要素，或使用整个图层。</translation>
    </message>
    <message>
        <source>“{name}” is a layer of a live server, of which nobody can say whether it came whole. Register the service and take a snapshot of it, or save the layer as a file.</source>
        <translation>“{name}”是在线服务的图层，无法确认要素是否完整。请登记该服务并取快照，或先把图层另存为文件。</translation>
    </message>
    <message>
        <source>“{service}” is no longer registered; snapshots of it stay.</source>
        <translation>“{service}”已注销；已取得的快照保留。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>“{layer}” has a new version, {version}.</source>
        <translation>“{layer}”已有新版本 {version}。</translation>
    </message>
    <message>
        <source>Set aside as bad: {count}; where they are nothing is known.</source>
        <translation>隔离的问题要素：{count} 个；其所在之处无法判定。</translation>
    </message>
    <message>
        <source>Its numbers look like {crs}: take it</source>
        <translation>数值像 {crs}：采用</translation>
    </message>
    <message>
        <source>it gives no reason</source>
        <translation>未给出原因</translation>
    </message>
    <message>
        <source>“{file}” cannot be read, neither by the core nor by QGIS's GDAL: {reason}. Save it in CAD as DXF (2000 to 2018), and choose that file.</source>
        <translation>“{file}”无法读取，核心程序和 QGIS 自带的 GDAL 都不能：{reason}。请在 CAD 中另存为 DXF（2000 至 2018），再选择该文件。</translation>
    </message>
    <message>
        <source>“{file}” cannot be read, neither by the core nor by QGIS's GDAL: {reason}. GDAL needs an ODBC driver for Access: on Windows Microsoft's Access Database Engine, on Linux odbc-mdbtools. Or export it as a file geodatabase (.gdb) in ArcGIS.</source>
        <translation>“{file}”无法读取，核心程序和 QGIS 自带的 GDAL 都不能：{reason}。GDAL 需要 Access 的 ODBC 驱动：Windows 上为 Microsoft Access Database Engine，Linux 上为 odbc-mdbtools。也可在 ArcGIS 中导出为文件地理数据库（.gdb）。</translation>
    </message>
    <message>
        <source>points</source>
        <translation>点</translation>
    </message>
    <message>
        <source>lines</source>
        <translation>线</translation>
    </message>
    <message>
        <source>polygons</source>
        <translation>面</translation>
    </message>
    <message>
        <source>Fields of the schema that the file lacks: {fields}</source>
        <translation>文件缺少的规范字段：{fields}</translation>
    </message>
    <message>
        <source>Compare two plans</source>
        <translation>比对两个规划</translation>
    </message>
    <message>
        <source>Finds where two plans of a library disagree: every place is classified by a matrix that says which codes are construction, and measured. Nothing is snapped, eliminated or lost; thin and small spots are set apart.

A plan is a layer's code, or code@label for one of its versions.</source>
        <translation>找出资料库中两个规划不一致之处：按矩阵（哪些代码是建设用地）逐处分类并量算面积。不作捕捉、不合并、不丢弃；细碎图斑另归一类。

规划用图层代码表示，或用 代码@版本 指定某一版本。</translation>
    </message>
    <message>
        <source>First plan (code)</source>
        <translation>规划一（代码）</translation>
    </message>
    <message>
        <source>Second plan (code)</source>
        <translation>规划二（代码）</translation>
    </message>
    <message>
        <source>Matrix (name or file)</source>
        <translation>矩阵（名称或文件）</translation>
    </message>
    <message>
        <source>Smallest spot, m² (empty: 200)</source>
        <translation>最小图斑面积（m²，空：200）</translation>
    </message>
    <message>
        <source>Thinnest spot, m (empty: 2)</source>
        <translation>最小图斑宽度（m，空：2）</translation>
    </message>
    <message>
        <source>Difference spots</source>
        <translation>差异图斑</translation>
    </message>
    <message>
        <source>Compared ground, m²</source>
        <translation>比对范围面积（m²）</translation>
    </message>
    <message>
        <source>Cut parcels until they pass</source>
        <translation>裁出可通过的部分</translation>
    </message>
    <message>
        <source>Cuts from every parcel the ground that stands against it, the most severe rule first, and checks what remains again until nothing more severe than the verdict to keep is found. The remainder, what each rule cut and what was dropped make up the parcel.</source>
        <translation>从每个地块裁去与之冲突的部分，最严重的规则在先，并对剩余部分重新检测，直到没有重于所保留结论的发现。剩余、各规则裁去与舍弃的面积之和等于地块面积。</translation>
    </message>
    <message>
        <source>Verdict to keep (empty: notice)</source>
        <translation>可保留的结论（空：提示）</translation>
    </message>
    <message>
        <source>Smallest part, m²</source>
        <translation>最小保留面积（m²）</translation>
    </message>
    <message>
        <source>Thinnest part, m</source>
        <translation>最小保留宽度（m）</translation>
    </message>
    <message>
        <source>Only the largest part</source>
        <translation>只保留最大的一块</translation>
    </message>
    <message>
        <source>Parcels that pass in part or whole</source>
        <translation>全部或部分可行的地块数</translation>
    </message>
    <message>
        <source>Cut, m²</source>
        <translation>裁去面积（m²）</translation>
    </message>
    <message>
        <source>Dropped, m²</source>
        <translation>舍弃面积（m²）</translation>
    </message>
    <message>
        <source>Number of difference spots</source>
        <translation>差异图斑数</translation>
    </message>
    <message>
        <source>Matrix of differences</source>
        <translation>差异矩阵</translation>
    </message>
    <message>
        <source>Clusters of differences</source>
        <translation>差异图斑组</translation>
    </message>
    <message>
        <source>What remains</source>
        <translation>可行范围</translation>
    </message>
    <message>
        <source>What was cut</source>
        <translation>裁去部分</translation>
    </message>
    <message>
        <source>Only these parcels (ids, semicolons between)</source>
        <translation>只算这些地块（编号，用分号分隔）</translation>
    </message>
    <message>
        <source>Decided</source>
        <translation>已有处理意见</translation>
    </message>
    <message>
        <source>Layer, place, or parcel</source>
        <translation>图层、地名或地块</translation>
    </message>
    <message>
        <source>Farthest move, m</source>
        <translation>最远移动（m）</translation>
    </message>
    <message>
        <source>Widest turn, degrees</source>
        <translation>最大转角（度）</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>会审</translation>
    </message>
    <message>
        <source>More working days</source>
        <translation>增加工作日</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>理由</translation>
    </message>
    <message>
        <source>needed</source>
        <translation>必填</translation>
    </message>
    <message>
        <source>may be left empty</source>
        <translation>可不填</translation>
    </message>
    <message>
        <source>Import a reply file…</source>
        <translation>导入回函文件…</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新查找</translation>
    </message>
    <message>
        <source>Back to the cases (Esc)</source>
        <translation>返回项目列表（Esc）</translation>
    </message>
    <message>
        <source>Import a reply file</source>
        <translation>导入回函文件</translation>
    </message>
    <message>
        <source>Reply of a review pack (*.reply.json *.json)</source>
        <translation>会审包回函 (*.reply.json *.json)</translation>
    </message>
    <message>
        <source>Opinion</source>
        <translation>意见</translation>
    </message>
    <message>
        <source>Rounds</source>
        <translation>轮次</translation>
    </message>
    <message>
        <source>History</source>
        <translation>办理过程</translation>
    </message>
    <message>
        <source>Written: {path}</source>
        <translation>已写出：{path}</translation>
    </message>
    <message>
        <source>Recheck of “{project}”</source>
        <translation>“{project}”复检</translation>
    </message>
    <message>
        <source>Nothing would change: by today's layers and rules the case stands as it is.</source>
        <translation>没有变化：按今天的图层和规则，项目结论不变。</translation>
    </message>
    <message>
        <source>Nothing was written. To take it over, revise the case with the same parcels.</source>
        <translation>未写入任何内容。如需采用，请以相同地块开启新一轮。</translation>
    </message>
    <message>
        <source>By state</source>
        <translation>按状态</translation>
    </message>
    <message>
        <source>solid: overdue</source>
        <translation>实色为逾期</translation>
    </message>
    <message>
        <source>By verdict</source>
        <translation>按结论</translation>
    </message>
    <message>
        <source>running cases, by the gravest of their parcels</source>
        <translation>在办项目，取地块中最重的结论</translation>
    </message>
    <message>
        <source>By department</source>
        <translation>按部门</translation>
    </message>
    <message>
        <source>Indicators of area units</source>
        <translation>统计单元的指标</translation>
    </message>
    <message>
        <source>Measures the indicators of a pack in every area unit: value, target and status (met, near the limit, broken), each with its terms, layer versions and features. Where a layer, a year, a denominator or ground is missing the value is unknown, and the reason is given. The run is kept in the library, where it can be explained and repeated.

Several days with semicolons between make a series.</source>
        <translation>按指标包计算各统计单元的指标：指标值、目标和状态（达标、预警、突破），每个数都附各项、图层版本和要素。缺图层、缺年份、缺分母或缺覆盖的，结果为无法判定并说明原因。计算存入资料库，可以说明来由、可以重算核对。

几个日期用分号分隔，成为序列。</translation>
    </message>
    <message>
        <source>Packs of indicators (names or files, semicolons between)</source>
        <translation>指标包（名称或文件，用分号分隔）</translation>
    </message>
    <message>
        <source>Area units (layer code; empty: the whole district)</source>
        <translation>统计单元（图层代码；空：整个辖区）</translation>
    </message>
    <message>
        <source>Only these indicators (ids, commas between)</source>
        <translation>只算这些指标（代码，用逗号分隔）</translation>
    </message>
    <message>
        <source>Days (YYYY-MM-DD, semicolons between)</source>
        <translation>日期（YYYY-MM-DD，用分号分隔）</translation>
    </message>
    <message>
        <source>Indicators by unit</source>
        <translation>各单元指标</translation>
    </message>
    <message>
        <source>Terms with their versions</source>
        <translation>各项及其版本</translation>
    </message>
    <message>
        <source>Features behind the terms</source>
        <translation>各项所依据的要素</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>指标值个数</translation>
    </message>
    <message>
        <source>Alerts</source>
        <translation>预警提醒</translation>
    </message>
    <message>
        <source>Lists the alerts: quotas that are near their limit or broken, permits that end, layers overdue for an update, tables whose districts do not add up, and candidates for change without approval, with the nearest approval. A candidate is a question to be answered on the ground, never an offence.</source>
        <translation>列出预警提醒：接近或突破的约束指标、将到期的许可、逾期未更新的图层、上下级合计不符的表、疑似未经批准的变化及最近的批准。疑似图斑只是须到实地核实的线索，不是违法认定。</translation>
    </message>
    <message>
        <source>Permits that end within so many days (empty: 90)</source>
        <translation>多少天内到期的许可（空：90）</translation>
    </message>
    <message>
        <source>Rhythm of layers in days (CODE=DAYS, commas between)</source>
        <translation>图层更新周期（代码=天数，用逗号分隔）</translation>
    </message>
    <message>
        <source>Number of alerts</source>
        <translation>件数</translation>
    </message>
    <message>
        <source>Statistics of a layer</source>
        <translation>图层统计</translation>
    </message>
    <message>
        <source>Adds up a layer by class and by area unit: areas of the union (ground under two features counts once), in the plane and on the ellipsoid, lengths, counts, and sums of fields. A feature that crosses a unit's border is shared out by its ground. Beside each unit stands what is not known: ground without a feature, ground for which the layer does not speak, ground where the condition is unknown.</source>
        <translation>按类别和统计单元汇总一个图层：并集面积（两个要素重叠处只计一次；平面面积与椭球面积）、长度、个数、字段合计。跨单元界线的要素按面积分摊。每个单元旁列出未知部分：没有要素的范围、图层覆盖范围以外的范围、条件无法判断的范围。</translation>
    </message>
    <message>
        <source>Fields to add up</source>
        <translation>要合计的字段</translation>
    </message>
    <message>
        <source>Readings of sensors</source>
        <translation>传感器读数</translation>
    </message>
    <message>
        <source>Hour or day means with their share of valid readings, and the status of each sensor at a moment: normal, warning, alarm, or unknown with its reason. What is silent is never normal.</source>
        <translation>小时或日均值及其有效读数占比，以及各传感器在某一时刻的状态：正常、预警、报警，或未知及其原因。没有读数的一律不算正常。</translation>
    </message>
    <message>
        <source>Table of readings (code, default JCSJ)</source>
        <translation>监测数据表（代码，默认 JCSJ）</translation>
    </message>
    <message>
        <source>Layer of sensors (code, default WLWJD)</source>
        <translation>节点图层（代码，默认 WLWJD）</translation>
    </message>
    <message>
        <source>Means by hour or day (empty: day)</source>
        <translation>均值的时段（空：日）</translation>
    </message>
    <message>
        <source>Only this property</source>
        <translation>只列该指标</translation>
    </message>
    <message>
        <source>File of limits</source>
        <translation>限值文件</translation>
    </message>
    <message>
        <source>Status at (empty: now)</source>
        <translation>状态所指的时刻（空：现在）</translation>
    </message>
    <message>
        <source>Time zone, such as +08:00</source>
        <translation>时区，例如 +08:00</translation>
    </message>
    <message>
        <source>Status of the sensors</source>
        <translation>传感器状态</translation>
    </message>
    <message>
        <source>Means</source>
        <translation>均值</translation>
    </message>
    <message>
        <source>Page with a chart</source>
        <translation>带图表的一页</translation>
    </message>
    <message>
        <source>Keep the list in the library</source>
        <translation>把清单记入库中</translation>
    </message>
    <message>
        <source>Statistics by unit and class</source>
        <translation>按单元与类别统计</translation>
    </message>
    <message>
        <source>Units with what is known of them</source>
        <translation>统计单元及其已知、未知面积</translation>
    </message>
    <message>
        <source>Length, m</source>
        <translation>长度，m</translation>
    </message>
    <message>
        <source>What became what between two versions</source>
        <translation>两个版本之间的转移矩阵</translation>
    </message>
    <message>
        <source>The transition matrix of two versions of a layer, by area unit: how much ground of each class became which other. Rows sum to the older version, columns to the newer one.

A version is a layer's code, or code@label.</source>
        <translation>同一图层两个版本之间的转移矩阵，可按统计单元：每一类有多少变成了哪一类。行合计为旧版本，列合计为新版本。

版本写作图层代码或“代码@版本”。</translation>
    </message>
    <message>
        <source>Older version (code@label)</source>
        <translation>旧版本（代码@版本）</translation>
    </message>
    <message>
        <source>Newer version (code@label)</source>
        <translation>新版本（代码@版本）</translation>
    </message>
    <message>
        <source>Transitions by unit and class</source>
        <translation>按单元与类别的转移</translation>
    </message>
    <message>
        <source>Classes before and after</source>
        <translation>各类前后面积</translation>
    </message>
    <message>
        <source>Units with what changed in them</source>
        <translation>统计单元及其变化面积</translation>
    </message>
    <message>
        <source>Changed ground, m²</source>
        <translation>变化面积，m²</translation>
    </message>
    <message>
        <source>Classes (fields, commas between)</source>
        <translation>分类字段（逗号相隔）</translation>
    </message>
    <message>
        <source>Area units (layer code or file)</source>
        <translation>统计单元（图层代码或文件）</translation>
    </message>
    <message>
        <source>Field that names the units</source>
        <translation>单元名称字段</translation>
    </message>
    <message>
        <source>Which features are units (CQL2)</source>
        <translation>哪些要素作为单元（CQL2）</translation>
    </message>
    <message>
        <source>Which features count (CQL2)</source>
        <translation>统计哪些要素（CQL2）</translation>
    </message>
    <message>
        <source>cases that wait for its opinion; solid: overdue</source>
        <translation>等待其意见的项目，实色为逾期</translation>
    </message>
    <message>
        <source>{count} overdue</source>
        <translation>逾期 {count}</translation>
    </message>
    <message>
        <source>Documents</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Attachments</source>
        <translation>附件</translation>
    </message>
    <message>
        <source>The project, as it was stated</source>
        <translation>项目概况</translation>
    </message>
    <message>
        <source>Nothing was stated of the project.</source>
        <translation>未填报项目情况。</translation>
    </message>
    <message>
        <source>What this body has answered on paper, with its letter: {body}. The last answer holds.</source>
        <translation>录入{body}的书面答复及来函。以最后一次答复为准。</translation>
    </message>
    <message>
        <source>Answer on paper</source>
        <translation>书面答复</translation>
    </message>
    <message>
        <source>Enter the answer</source>
        <translation>录入答复</translation>
    </message>
    <message>
        <source>Files of the step</source>
        <translation>选择文件</translation>
    </message>
    <message>
        <source>Enter the answer of: {body}</source>
        <translation>录入书面答复：{body}</translation>
    </message>
    <message>
        <source>Query sheets of the parcels</source>
        <translation>用地查询表</translation>
    </message>
    <message>
        <source>Save the attachment</source>
        <translation>保存附件</translation>
    </message>
    <message>
        <source>Write the document</source>
        <translation>写出文件</translation>
    </message>
    <message>
        <source>Report of the findings</source>
        <translation>合规性审查报告</translation>
    </message>
    <message>
        <source>Statement of all opinions</source>
        <translation>会审意见书</translation>
    </message>
    <message>
        <source>{department}: review pack for work without QGIS…</source>
        <translation>{department}：离线会审包（无需 QGIS）…</translation>
    </message>
    <message>
        <source>{department}: opinion</source>
        <translation>{department}：部门意见</translation>
    </message>
    <message>
        <source>{department}: reply form</source>
        <translation>{department}：回函</translation>
    </message>
    <message>
        <source>Reply form</source>
        <translation>回函</translation>
    </message>
    <message>
        <source>Review pack</source>
        <translation>离线会审包</translation>
    </message>
    <message>
        <source>Somebody changed this opinion since you began to write. It now stands: {conclusion}, {who}</source>
        <translation>在您填写期间，此意见已被他人修改。现为：{conclusion}，{who}</translation>
    </message>
    <message>
        <source>An answer that was saved can be changed, but not be taken back.</source>
        <translation>已保存的答复可以修改，不能收回。</translation>
    </message>
    <message>
        <source>returned by {name}, {day}: {reason}</source>
        <translation>{name} 退回，{day}：{reason}</translation>
    </message>
    <message>
        <source>This was typed in round {round}, and the parcels are others now. It now stands: {conclusion}, {who}</source>
        <translation>以下内容填写于第 {round} 轮，此后用地已修改。现为：{conclusion}，{who}</translation>
    </message>
    <message>
        <source>law and article; needed to disagree</source>
        <translation>法律及条款；不同意时必填</translation>
    </message>
    <message>
        <source>Acting as {name}</source>
        <translation>经办人：{name}</translation>
    </message>
    <message>
        <source>Your name is asked for first</source>
        <translation>请先填写姓名</translation>
    </message>
    <message>
        <source>Discard what is typed</source>
        <translation>放弃已填内容</translation>
    </message>
    <message>
        <source>Conclusion</source>
        <translation>意见结论</translation>
    </message>
    <message>
        <source>Basis</source>
        <translation>依据</translation>
    </message>
    <message>
        <source>Save draft</source>
        <translation>保存拟稿</translation>
    </message>
    <message>
        <source>your answer</source>
        <translation>核实结果</translation>
    </message>
    <message>
        <source>Save what is typed first, or give it up: what is signed is the saved draft.</source>
        <translation>请先保存或放弃已填内容：签署的是已保存的拟稿。</translation>
    </message>
    <message>
        <source>No deadline is running.</source>
        <translation>未在计时。</translation>
    </message>
    <message>
        <source>Not checked by machine: {title} ({reason})</source>
        <translation>未经机器检测：{title}（{reason}）</translation>
    </message>
    <message>
        <source>All departments</source>
        <translation>全部部门</translation>
    </message>
    <message>
        <source>Reading the findings…</source>
        <translation>正在读取检测结论…</translation>
    </message>
    <message>
        <source>{title} → {verdict} ({name})</source>
        <translation>{title} → {verdict}（{name}）</translation>
    </message>
    <message>
        <source>{count:# finding|# findings} on {parcels:# parcel|# parcels}, {rest} not counted; a click goes there on the map</source>
        <translation>{parcels} 个地块共 {count} 条结论，其中 {rest} 条不计入；单击在地图上定位</translation>
    </message>
    <message>
        <source>{count:# finding|# findings} on {parcels:# parcel|# parcels}; a click goes there on the map</source>
        <translation>{parcels} 个地块共 {count} 条结论；单击在地图上定位</translation>
    </message>
    <message>
        <source>Choose a finding first.</source>
        <translation>请先选择一条结论。</translation>
    </message>
    <message>
        <source>Judge this finding otherwise</source>
        <translation>对此结论另作判定</translation>
    </message>
    <message>
        <source>No finding stands against these parcels.</source>
        <translation>这些地块没有检测结论。</translation>
    </message>
    <message>
        <source>No finding concerns this department.</source>
        <translation>没有涉及本部门的检测结论。</translation>
    </message>
    <message>
        <source>{count:# step|# steps} since you looked: {what}. It is now: {state}.</source>
        <translation>上次查看后有 {count} 步变化：{what}。现为：{state}。</translation>
    </message>
    <message>
        <source>Day</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Who</source>
        <translation>经办人</translation>
    </message>
    <message>
        <source>What</source>
        <translation>事项</translation>
    </message>
    <message>
        <source>What these rest on was superseded: {departments}</source>
        <translation>依据已更新：{departments}</translation>
    </message>
    <message>
        <source>Open a case…</source>
        <translation>新建项目…</translation>
    </message>
    <message>
        <source>All cases at a glance</source>
        <translation>全部项目概览</translation>
    </message>
    <message>
        <source>Read the cases again</source>
        <translation>重新读取项目</translation>
    </message>
    <message>
        <source>Bring the layers of approvals and projects up to date</source>
        <translation>更新审批成果库和项目库</translation>
    </message>
    <message>
        <source>Search the cases</source>
        <translation>项目、编号、部门…</translation>
    </message>
    <message>
        <source>All states</source>
        <translation>全部状态</translation>
    </message>
    <message>
        <source>Overdue</source>
        <translation>已逾期</translation>
    </message>
    <message>
        <source>round {round}</source>
        <translation>第 {round} 轮</translation>
    </message>
    <message>
        <source>Project</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Due, outcome</source>
        <translation>期限、结论</translation>
    </message>
    <message>
        <source>Waiting for my department</source>
        <translation>等待本部门</translation>
    </message>
    <message>
        <source>No case yet. Open one on the parcels of a project: it is checked and drafted at once.</source>
        <translation>还没有项目。选定地块新建一个，即行检测并拟稿。</translation>
    </message>
    <message>
        <source>No case fits the filter.</source>
        <translation>没有符合条件的项目。</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Waiting for: {departments}</source>
        <translation>待回复：{departments}</translation>
    </message>
    <message>
        <source>{count} for me</source>
        <translation>待我办 {count}</translation>
    </message>
    <message>
        <source>Overdue: {departments}</source>
        <translation>逾期：{departments}</translation>
    </message>
    <message>
        <source>{count} new</source>
        <translation>有更新 {count}</translation>
    </message>
    <message>
        <source>Facts of the project (*.toml)</source>
        <translation>项目资料 (*.toml)</translation>
    </message>
    <message>
        <source>Attach files, which stay with the case</source>
        <translation>添加附件，随项目保存</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Facts</source>
        <translation>资料</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>附件</translation>
    </message>
    <message>
        <source>New parcels for “{project}”: they are checked, and round {round} begins. The opinions of this round become void and stay readable.</source>
        <translation>为“{project}”提交新地块：检测后进入第 {round} 轮。本轮意见作废，仍可查阅。</translation>
    </message>
    <message>
        <source>Open a case</source>
        <translation>新建项目</translation>
    </message>
    <message>
        <source>Revise a case</source>
        <translation>项目新一轮</translation>
    </message>
    <message>
        <source>Give the project a name</source>
        <translation>请填写项目名称</translation>
    </message>
    <message>
        <source>Files of the project</source>
        <translation>项目附件</translation>
    </message>
    <message>
        <source>A new case: its parcels are checked, and ten opinions drafted.</source>
        <translation>新建项目：检测地块，并为十个部门拟稿。</translation>
    </message>
    <message>
        <source>Open the case</source>
        <translation>新建项目</translation>
    </message>
    <message>
        <source>Begin round {round}</source>
        <translation>开始第 {round} 轮</translation>
    </message>
    <message>
        <source>Changed since you looked</source>
        <translation>上次查看后有变化</translation>
    </message>
    <message>
        <source>Words typed here are not saved yet</source>
        <translation>此处所填内容尚未保存</translation>
    </message>
    <message>
        <source>Your name, as it stands under opinions</source>
        <translation>您的姓名（署于意见之下）</translation>
    </message>
    <message>
        <source>Under this name you write and sign; your department's opinion is opened first</source>
        <translation>以此姓名拟稿和签署；首先打开本部门的意见</translation>
    </message>
    <message>
        <source>Who are you?</source>
        <translation>经办人</translation>
    </message>
    <message>
        <source>Your name…</source>
        <translation>您的姓名…</translation>
    </message>
    <message>
        <source>No department: all of them</source>
        <translation>不限部门</translation>
    </message>
    <message>
        <source>The earlier draft by {name} ({conclusion}) gave way to yours; it stays readable in the history.</source>
        <translation>{name} 先前的拟稿（{conclusion}）已由您的拟稿代替，仍可在“办理过程”中查阅。</translation>
    </message>
    <message>
        <source>All layers were up to date.</source>
        <translation>各图层无需更新。</translation>
    </message>
    <message>
        <source>Issued: {document}</source>
        <translation>已签发：{document}</translation>
    </message>
    <message>
        <source>Brought up to date: {layers}</source>
        <translation>已更新：{layers}</translation>
    </message>
    <message>
        <source>{count:# department concludes|# departments conclude} otherwise than in the round before ({sign}). Choose one to read.</source>
        <translation>与上一轮相比，{count} 个部门的结论不同（{sign}）。选择部门查看内容。</translation>
    </message>
    <message>
        <source>This is the first round. A revised case has a column for each round.</source>
        <translation>这是第一轮。修改用地后每轮一列。</translation>
    </message>
    <message>
        <source>“{project}” goes to {count:# department, and its clock starts|# departments, and their clocks start}.</source>
        <translation>将“{project}”发送 {count} 个部门征求意见，并开始计时。</translation>
    </message>
    <message>
        <source>From the opinions follows: {conclusion}. Another conclusion needs a reason.</source>
        <translation>按各部门意见，综合结论为：{conclusion}。改为其他结论须说明理由。</translation>
    </message>
    <message>
        <source>The statement of “{project}” gets its number, and the case is closed. This cannot be undone.</source>
        <translation>为“{project}”的会审意见书编号并办结，此操作不可撤销。</translation>
    </message>
    <message>
        <source>“{project}” ends without a statement. This cannot be undone; the case stays readable.</source>
        <translation>“{project}”不出具意见书即终止，此操作不可撤销；项目仍可查阅。</translation>
    </message>
    <message>
        <source>The opinion of {department} has to be written again; the one before stays readable.</source>
        <translation>退回{department}意见重新拟稿；原意见仍可查阅。</translation>
    </message>
    <message>
        <source>{parcel}: {title}. The machine says: {verdict}. Both verdicts and your reason stay in the case.</source>
        <translation>{parcel}：{title}。机器结论：{verdict}。新旧结论和理由均留存在项目中。</translation>
    </message>
    <message>
        <source>all departments with a deadline</source>
        <translation>所有正在计时的部门</translation>
    </message>
    <message>
        <source>Recheck a case</source>
        <translation>项目复检</translation>
    </message>
    <message>
        <source>Verdict instead</source>
        <translation>改判为</translation>
    </message>
    <message>
        <source>No public notice yet: the lead department opens one among the steps.</source>
        <translation>尚未公示：由牵头部门在办理步骤中公示。</translation>
    </message>
    <message>
        <source>Comments</source>
        <translation>公众意见</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>序号</translation>
    </message>
    <message>
        <source>Comment</source>
        <translation>意见</translation>
    </message>
    <message>
        <source>Notice</source>
        <translation>公示</translation>
    </message>
    <message>
        <source>Public notice</source>
        <translation>公示</translation>
    </message>
    <message>
        <source>Days</source>
        <translation>天数</translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation>不公开的内容</translation>
    </message>
    <message>
        <source>Open a public notice</source>
        <translation>公示</translation>
    </message>
    <message>
        <source>Shows a case to the public for some days: its project, its parcels and, once consolidated, its opinions, but for what is left out. Until the notice is closed the case cannot be issued, revised or withdrawn.</source>
        <translation>将项目向社会公示若干天：项目、地块，汇总后另含各部门意见，不公开的内容除外。公示结束前，项目不能签发、修改用地或撤回。</translation>
    </message>
    <message>
        <source>Leave out (codes, semicolons between)</source>
        <translation>不公开的内容（代码，以分号分隔）</translation>
    </message>
    <message>
        <source>Remark on the notice</source>
        <translation>公示说明</translation>
    </message>
    <message>
        <source>Who takes the step</source>
        <translation>经办人</translation>
    </message>
    <message>
        <source>Decisions that were seen on the spots (commas between; undecided for none)</source>
        <translation>所见的图斑处理意见（以逗号相隔；没有的写 undecided）</translation>
    </message>
    <message>
        <source>Revision of the case that was seen</source>
        <translation>所见项目的修订号</translation>
    </message>
    <message>
        <source>Reply</source>
        <translation>答复</translation>
    </message>
    <message>
        <source>“{project}” is shown to the public with its parcels and, once consolidated, its opinions. Until the notice is closed the case cannot be issued, revised or withdrawn.</source>
        <translation>“{project}”将向社会公示，内容为项目和地块，汇总后另有各部门意见。公示结束前不能签发、修改用地或撤回。</translation>
    </message>
    <message>
        <source>The notice takes no more comments. It was to last until {until}; {count:# comment|# comments} came in.</source>
        <translation>结束后不再接收意见。公示期至 {until}，已收到意见 {count} 条。</translation>
    </message>
    <message>
        <source>The reply to comment {number} is printed with it in an annex of the documents.</source>
        <translation>对第 {number} 条意见的答复随意见作为附件刊印。</translation>
    </message>
    <message>
        <source>Name and place of comment {number} are erased for good; its text stays.</source>
        <translation>第 {number} 条意见的姓名和住址将永久删除，意见内容保留。</translation>
    </message>
    <message>
        <source>Written by</source>
        <translation>意见人</translation>
    </message>
    <message>
        <source>More working days for: {departments}. A deadline is never shortened.</source>
        <translation>延长期限：{departments}。期限只能延长，不能缩短。</translation>
    </message>
    <message>
        <source>Read again (what is typed stays)</source>
        <translation>重新查看（已填内容保留）</translation>
    </message>
    <message>
        <source>Why they stay open</source>
        <translation>为何不答复</translation>
    </message>
    <message>
        <source>Items of {department} without an answer, which are printed as open: {count}</source>
        <translation>{department}没有答复的核实事项，文书中印为未核：{count} 项</translation>
    </message>
    <message>
        <source>Choose a conclusion first: the machine proposes none.</source>
        <translation>请先选择结论：机器不提结论。</translation>
    </message>
    <message>
        <source>Only an owner of the library on the server may do this</source>
        <translation>只有服务器上资料库的所有者可以执行此操作</translation>
    </message>
    <message>
        <source>Waiting for an answer…</source>
        <translation>正在等待答复…</translation>
    </message>
    <message>
        <source>No case yet. The lead department opens them.</source>
        <translation>还没有项目。项目由牵头部门新建。</translation>
    </message>
    <message>
        <source>Only the lead department may do this</source>
        <translation>由牵头部门办理，当前账号无此权限</translation>
    </message>
    <message>
        <source>What your account may do in this library has changed, and the buttons with it.</source>
        <translation>您的账号在此资料库中的权限已变更，各按钮随之启用或停用。</translation>
    </message>
    <message>
        <source>Rehearsal</source>
        <translation>演练</translation>
    </message>
    <message>
        <source>Rehearsal: a step may be of any day, and nothing here counts.</source>
        <translation>演练：步骤的日期可以任意，内容一律不作数。</translation>
    </message>
    <message>
        <source>Steps are of {day}, the chosen day, and are marked as entered late.</source>
        <translation>步骤的日期为所选的 {day}，并标明补录。</translation>
    </message>
    <message>
        <source>You act as the account {account}</source>
        <translation>当前账号：{account}</translation>
    </message>
    <message>
        <source>For a rehearsal of the review</source>
        <translation>供演练预审</translation>
    </message>
    <message>
        <source>What the decision is for (C)</source>
        <translation>意见针对的对象（C）</translation>
    </message>
    <message>
        <source>Take back</source>
        <translation>撤回</translation>
    </message>
    <message>
        <source>Take the decision back: the difference is undecided again (0)</source>
        <translation>撤回处理意见，该差异恢复为未处理（0）</translation>
    </message>
    <message>
        <source>taken back</source>
        <translation>撤回</translation>
    </message>
    <message>
        <source>For</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>this spot</source>
        <translation>此图斑</translation>
    </message>
    <message>
        <source>Reason for “{decision}”, then Enter</source>
        <translation>填写“{decision}”的理由，按回车</translation>
    </message>
    <message>
        <source>Reason, kept for the next decision</source>
        <translation>理由（保留至下一条意见）</translation>
    </message>
    <message>
        <source>{count:the # spot|all # spots} of its cluster</source>
        <translation>同组全部 {count} 个图斑</translation>
    </message>
    <message>
        <source>{decision} (key {number})</source>
        <translation>{decision}（按键 {number}）</translation>
    </message>
    <message>
        <source>Since then: {new} new, {changed} changed, {gone} gone</source>
        <translation>此后：新增{new}，变化{changed}，消失{gone}</translation>
    </message>
    <message>
        <source>length by width: {figure}</source>
        <translation>长宽比：{figure}</translation>
    </message>
    <message>
        <source>of its edge along lines of plan A: {figure}</source>
        <translation>边线与规划一界线重合：{figure}</translation>
    </message>
    <message>
        <source>of its edge along lines of plan B: {figure}</source>
        <translation>边线与规划二界线重合：{figure}</translation>
    </message>
    <message>
        <source>of its class that is the other plan's class: {figure}</source>
        <translation>该地类在另一规划中归为同一地类的比例：{figure}</translation>
    </message>
    <message>
        <source>spots of these two classes: {figure}</source>
        <translation>同一对地类的图斑数：{figure}</translation>
    </message>
    <message>
        <source>agreed with plan A's earlier version: {figure}</source>
        <translation>与规划一上一版本一致：{figure}</translation>
    </message>
    <message>
        <source>agreed with plan B's earlier version: {figure}</source>
        <translation>与规划二上一版本一致：{figure}</translation>
    </message>
    <message>
        <source>mean width {width}</source>
        <translation>平均宽度{width}</translation>
    </message>
    <message>
        <source>Spot: {name}</source>
        <translation>图斑：{name}</translation>
    </message>
    <message>
        <source>lines {shift} apart</source>
        <translation>两线相距{shift}</translation>
    </message>
    <message>
        <source>up to {distance} from a line</source>
        <translation>距最近界线不超过{distance}</translation>
    </message>
    <message>
        <source>Proposed cause: {cause}</source>
        <translation>推测原因：{cause}</translation>
    </message>
    <message>
        <source>One of {count} spots of cluster {cluster}</source>
        <translation>图斑组 {cluster} 共 {count} 个图斑之一</translation>
    </message>
    <message>
        <source>Against the earlier comparison: {state}</source>
        <translation>与上次比对相比：{state}</translation>
    </message>
    <message>
        <source>mainly {code}</source>
        <translation>以{code}为主</translation>
    </message>
    <message>
        <source>A matrix from a file…</source>
        <translation>从文件选择矩阵…</translation>
    </message>
    <message>
        <source>Exchange the two plans</source>
        <translation>互换规划一与规划二</translation>
    </message>
    <message>
        <source>With an earlier comparison only what changed is computed, and told</source>
        <translation>选定上次比对后，只计算并列出变化部分</translation>
    </message>
    <message>
        <source>Plan A</source>
        <translation>规划一</translation>
    </message>
    <message>
        <source>Plan B</source>
        <translation>规划二</translation>
    </message>
    <message>
        <source>Matrix</source>
        <translation>矩阵</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>对照上次</translation>
    </message>
    <message>
        <source>Since version</source>
        <translation>自哪一版起</translation>
    </message>
    <message>
        <source>Choose a matrix</source>
        <translation>选择矩阵</translation>
    </message>
    <message>
        <source>whole comparison</source>
        <translation>不对照，全部比对</translation>
    </message>
    <message>
        <source>A matrix from a file</source>
        <translation>从文件选择矩阵</translation>
    </message>
    <message>
        <source>Matrix (*.toml)</source>
        <translation>矩阵 (*.toml)</translation>
    </message>
    <message>
        <source>{moment} ({a} against {b})</source>
        <translation>{moment}（{a} 对 {b}）</translation>
    </message>
    <message>
        <source>Differences by township</source>
        <translation>按乡镇统计的差异</translation>
    </message>
    <message>
        <source>{a} against {b}, {moment}</source>
        <translation>{a} 对 {b}，{moment}</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Choose rows to list their spots and select them on the map; Esc shows all</source>
        <translation>选中行即列出其图斑并在地图上选中；Esc 显示全部</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比对</translation>
    </message>
    <message>
        <source>There is no plan to compare yet. Add plans in the room Map.</source>
        <translation>还没有可以比对的规划。请在“地图”页加入规划。</translation>
    </message>
    <message>
        <source>Choose two different plans, or two versions of one.</source>
        <translation>请选择两个不同的规划，或同一规划的两个版本。</translation>
    </message>
    <message>
        <source>No matrix was made for these two layers. Choose one, or a file.</source>
        <translation>没有专为这两个图层编制的矩阵。请另选一个，或从文件选择。</translation>
    </message>
    <message>
        <source>Choose two plans, then press Compare.</source>
        <translation>选择两个规划，然后点击“比对”。</translation>
    </message>
    <message>
        <source>Decision</source>
        <translation>处理意见</translation>
    </message>
    <message>
        <source>Cause</source>
        <translation>成因</translation>
    </message>
    <message>
        <source>Proposed by the figures; a person decides</source>
        <translation>由数据推测，由人决定</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>宽度</translation>
    </message>
    <message>
        <source>Mean width: twice the area by the outline</source>
        <translation>平均宽度：面积的两倍除以周长</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>地类</translation>
    </message>
    <message>
        <source>The class in plan A and in plan B</source>
        <translation>规划一与规划二的地类</translation>
    </message>
    <message>
        <source>Shift</source>
        <translation>位移</translation>
    </message>
    <message>
        <source>How far the line of one plan lies from that of the other</source>
        <translation>两个规划的界线相距多远</translation>
    </message>
    <message>
        <source>To a line</source>
        <translation>距界线</translation>
    </message>
    <message>
        <source>How far the spot reaches from the nearest line of a plan</source>
        <translation>图斑离最近规划界线最远多少</translation>
    </message>
    <message>
        <source>Compactness</source>
        <translation>紧凑度</translation>
    </message>
    <message>
        <source>1 is a circle; near 0 is a ribbon</source>
        <translation>1为圆形，接近0为狭长带状</translation>
    </message>
    <message>
        <source>Dates</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>From when plan A and plan B hold</source>
        <translation>规划一与规划二的生效日期</translation>
    </message>
    <message>
        <source>Cluster</source>
        <translation>图斑组</translation>
    </message>
    <message>
        <source>Since then</source>
        <translation>此后</translation>
    </message>
    <message>
        <source>Against the earlier comparison</source>
        <translation>与上次比对相比</translation>
    </message>
    <message>
        <source>new</source>
        <translation>新增</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>变化</translation>
    </message>
    <message>
        <source>Undecided</source>
        <translation>未处理</translation>
    </message>
    <message>
        <source>List only differences that nobody has decided</source>
        <translation>只列出尚无处理意见的差异</translation>
    </message>
    <message>
        <source>New or changed</source>
        <translation>新增或变化</translation>
    </message>
    <message>
        <source>List only what is new or changed since the earlier comparison</source>
        <translation>只列出上次比对之后新增或变化的图斑</translation>
    </message>
    <message>
        <source>Previous spot (P)</source>
        <translation>上一个图斑（P）</translation>
    </message>
    <message>
        <source>Next spot (N)</source>
        <translation>下一个图斑（N）</translation>
    </message>
    <message>
        <source>Go to it on the map (Z, double click)</source>
        <translation>在地图上定位（Z，双击）</translation>
    </message>
    <message>
        <source>Swipe: plan A left of the mouse, plan B right of it (S)</source>
        <translation>卷帘：鼠标左侧为规划一，右侧为规划二（S）</translation>
    </message>
    <message>
        <source>Keep the layer: in a file that stays</source>
        <translation>保存图层：存入长期保留的文件</translation>
    </message>
    <message>
        <source>{place} of {shown}</source>
        <translation>第 {place}/{shown} 个</translation>
    </message>
    <message>
        <source>The comparison has {total:# spot|# spots} in all</source>
        <translation>本次比对共有 {total} 个图斑</translation>
    </message>
    <message>
        <source>Show what is searched for, and change it</source>
        <translation>显示并修改查找条件</translation>
    </message>
    <message>
        <source>Changed since this check: {names}. Check again for verdicts that hold.</source>
        <translation>检测之后已改动：{names}。现有结论不再适用，请重新检测。</translation>
    </message>
    <message>
        <source>Show what is checked, and change it</source>
        <translation>显示检测的内容，并可修改</translation>
    </message>
    <message>
        <source>Show which plans are compared, and choose others</source>
        <translation>显示所比对的规划，或另选规划</translation>
    </message>
    <message>
        <source>All steps of the case, and its project</source>
        <translation>项目概况和全部步骤</translation>
    </message>
    <message>
        <source>In one piece</source>
        <translation>只留一块</translation>
    </message>
    <message>
        <source>Keep only the largest part</source>
        <translation>只保留最大的一块</translation>
    </message>
    <message>
        <source>What would pass of {parcel}, {moment}</source>
        <translation>{parcel}可行范围，{moment}</translation>
    </message>
    <message>
        <source>What would pass?</source>
        <translation>怎样能通过？</translation>
    </message>
    <message>
        <source>What would pass of {parcel}?</source>
        <translation>{parcel}的哪一部分能通过？</translation>
    </message>
    <message>
        <source>{rule} (of it unknown: {area})</source>
        <translation>{rule}（其中无法判定：{area}）</translation>
    </message>
    <message>
        <source>Dropped as too small or too thin</source>
        <translation>因过小或过窄而舍弃</translation>
    </message>
    <message>
        <source>Nothing of {parcel} would pass.</source>
        <translation>地块 {parcel} 没有任何部分能通过。</translation>
    </message>
    <message>
        <source>{parcel} would pass as it is.</source>
        <translation>{parcel}整块即可通过。</translation>
    </message>
    <message>
        <source>{area} ({mu}, {share}) of {parcel} would pass.</source>
        <translation>{parcel} 有 {area}（{mu}，{share}）能通过。</translation>
    </message>
    <message>
        <source>Checking that again finds nothing more severe than a notice.</source>
        <translation>对该部分重新检测，没有比“提示”更重的结论。</translation>
    </message>
    <message>
        <source>The largest part of this parcel that passes, and what each rule would cut</source>
        <translation>此地块能通过的最大部分，以及各规则要裁去多少</translation>
    </message>
    <message>
        <source>Go to the parcels on the map</source>
        <translation>在地图上定位地块</translation>
    </message>
    <message>
        <source>Add the basis of a rule whose finding concerns this department</source>
        <translation>添加涉及本部门的规则依据</translation>
    </message>
    <message>
        <source>In working days of the Chinese calendar</source>
        <translation>按中国法定工作日计算</translation>
    </message>
    <message>
        <source>Open a library on a server</source>
        <translation>打开服务器上的资料库</translation>
    </message>
    <message>
        <source>Open a library on a server…</source>
        <translation>打开服务器上的资料库…</translation>
    </message>
    <message>
        <source>postgresql://host/database, or the name of a service</source>
        <translation>postgresql://主机/数据库，或服务名</translation>
    </message>
    <message>
        <source>the library's schema in the database, such as city</source>
        <translation>资料库在数据库中的模式名，例如 city</translation>
    </message>
    <message>
        <source>Name and password are kept in QGIS's authentication store only: choose an entry, or add one with +. Without an entry the password file or the service file of PostgreSQL is used.</source>
        <translation>用户名和口令只保存在 QGIS 的认证库里：选择一个条目，或用 + 新增。不选条目时，使用 PostgreSQL 的口令文件或服务文件。</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Schema</source>
        <translation>模式</translation>
    </message>
    <message>
        <source>Give the server's address, or the name of a service.</source>
        <translation>请填写服务器地址或服务名。</translation>
    </message>
    <message>
        <source>Take user and password out of the address, and choose an authentication entry instead.</source>
        <translation>请从地址中去掉用户名和口令，改为选择一个认证条目。</translation>
    </message>
    <message>
        <source>Write the server as postgresql://host/database, or as the name of a service.</source>
        <translation>服务器请写成 postgresql://主机/数据库，或写服务名。</translation>
    </message>
    <message>
        <source>Give the schema: lower-case letters, digits and underscores, a letter first.</source>
        <translation>请填写模式名：小写字母、数字和下划线，以字母开头。</translation>
    </message>
    <message>
        <source>Choose an entry of the kind “Basic”: name and password.</source>
        <translation>请选择“Basic”类条目：用户名和口令。</translation>
    </message>
    <message>
        <source>Choose an entry with the right name and password under “Change the connection…”.</source>
        <translation>请在“修改连接…”中选择用户名和口令正确的条目。</translation>
    </message>
    <message>
        <source>Choose an entry with name and password under “Change the connection…”, or open the store.</source>
        <translation>请在“修改连接…”中选择含用户名和口令的条目，或先打开认证库。</translation>
    </message>
    <message>
        <source>The authentication entry {entry} is not in QGIS's store.</source>
        <translation>QGIS 的认证库里没有条目 {entry}。</translation>
    </message>
    <message>
        <source>QGIS's authentication store is locked, so nobody can log in to the server.</source>
        <translation>QGIS 的认证库已锁定，无法登录服务器。</translation>
    </message>
    <message>
        <source>The authentication entry is of another kind than “Basic”: name and password.</source>
        <translation>该认证条目不是“Basic”类（用户名和口令）。</translation>
    </message>
    <message>
        <source>The core is still at work. Open the library on the server when it has ended.</source>
        <translation>核心程序仍在工作，请等它结束后再打开服务器上的资料库。</translation>
    </message>
    <message>
        <source>Change the connection…</source>
        <translation>修改连接…</translation>
    </message>
    <message>
        <source>Take user and password out of the library's address: open it in the One Map panel, with an entry.</source>
        <translation>请从资料库地址中去掉用户名和口令：在一张图面板中打开它，并选择认证条目。</translation>
    </message>
    <message>
        <source>The server refused access to the library: name or password is wrong or missing, or your computer may not connect.</source>
        <translation>服务器拒绝访问该资料库：用户名或口令有误或没有提供，或不允许这台电脑连接。</translation>
    </message>
    <message>
        <source>Alternatives</source>
        <translation>备选方案</translation>
    </message>
    <message>
        <source>Compares every pair of plans in force for which there is a matrix, and says in hectares how much ground they disagree about. Each comparison is kept in the library as a run of its own; a pair that cannot be compared has its reason in the table.</source>
        <translation>对现行规划中有对照矩阵的每一对进行比对，以公顷列出双方不一致的面积。每次比对都作为一次运行保存在资料库中；无法比对的，在表中写明原因。</translation>
    </message>
    <message>
        <source>Matrices of your city's own (files, semicolons between)</source>
        <translation>本市自定的对照矩阵（文件，用分号隔开）</translation>
    </message>
    <message>
        <source>Number of pairs</source>
        <translation>规划对数</translation>
    </message>
    <message>
        <source>Contradictions, pair by pair</source>
        <translation>矛盾清单（逐对）</translation>
    </message>
    <message>
        <source>Hectares in conflict, plan against plan</source>
        <translation>矛盾面积矩阵（公顷）</translation>
    </message>
    <message>
        <source>Decide on a difference</source>
        <translation>处理差异图斑</translation>
    </message>
    <message>
        <source>Says what is to become of a difference spot, or of all spots of a cluster, and why. The library keeps the decision with name and moment, and finds it again when newer versions are compared; of several the last one stands.

The name of a spot or a cluster stands in the tables of a comparison.</source>
        <translation>写明一个差异图斑或一组差异图斑如何处理及其理由。资料库记录处理意见、处理人和时间，比对新版本时仍能对应；同一图斑多次处理的，以最后一次为准。

图斑或图斑组的编号见比对结果表。</translation>
    </message>
    <message>
        <source>Spot or cluster (its name)</source>
        <translation>图斑或图斑组（编号）</translation>
    </message>
    <message>
        <source>Who decides (empty: your computer's user)</source>
        <translation>处理人（空：本机用户）</translation>
    </message>
    <message>
        <source>Ground decided on, m²</source>
        <translation>所处理的面积，m²</translation>
    </message>
    <message>
        <source>Find sites that would pass</source>
        <translation>选址：查找可通过的地块位置</translation>
    </message>
    <message>
        <source>Looks for places in the district, or in the ground given, where a parcel of this area and at least this width would pass the check, the freest first. Each place was checked as it is written. The search is bounded: that it finds nothing is no proof that there is nothing.</source>
        <translation>在行政区或给定范围内查找能容纳该面积、且不小于该宽度的地块并通过检测的位置，余地最大的排在前面。列出的每个位置都已按写出的坐标检测过。查找有范围限制：没有找到不等于不存在。</translation>
    </message>
    <message>
        <source>Area that is needed, m²</source>
        <translation>所需面积，m²</translation>
    </message>
    <message>
        <source>Least width, m (empty: a square)</source>
        <translation>最小宽度（m，空：正方形）</translation>
    </message>
    <message>
        <source>Ground to search in (empty: the district)</source>
        <translation>查找范围（空：行政区）</translation>
    </message>
    <message>
        <source>Attributes of the project (FIELD=VALUE, commas between)</source>
        <translation>项目自身属性（字段=值，用逗号隔开）</translation>
    </message>
    <message>
        <source>How many places at most</source>
        <translation>最多列出几个位置</translation>
    </message>
    <message>
        <source>unbuilt ground only</source>
        <translation>只在未建设用地中选址</translation>
    </message>
    <message>
        <source>Only where the survey in force says that nothing is built; what it does not say is no place</source>
        <translation>只在有效现状调查为未建设用地之处选址；调查没有说明的土地不作为选址</translation>
    </message>
    <message>
        <source>How many places at most (empty: 10)</source>
        <translation>最多列出几个位置（空：10）</translation>
    </message>
    <message>
        <source>places: ≤ {most}</source>
        <translation>≤ {most} 处</translation>
    </message>
    <message>
        <source>Number of places</source>
        <translation>位置个数</translation>
    </message>
    <message>
        <source>No place was found. That is no proof that there is none.</source>
        <translation>没有找到合适的位置。这不等于不存在。</translation>
    </message>
    <message>
        <source>Places that would pass</source>
        <translation>可通过的位置</translation>
    </message>
    <message>
        <source>Print a comparison as an atlas</source>
        <translation>输出比对图册</translation>
    </message>
    <message>
        <source>Writes a comparison that the library keeps as a PDF: a cover with the matrix of areas, an overview with the index of sheets, and one page for each cluster or spot, the largest first. The cover says what was left out.</source>
        <translation>把资料库中保存的一次比对输出为 PDF：封面附面积矩阵，总图附图幅索引，每组图斑或每个图斑一页，面积大的在前。未列入的内容在封面写明。</translation>
    </message>
    <message>
        <source>Comparison (the id of its run)</source>
        <translation>比对（运行编号）</translation>
    </message>
    <message>
        <source>One page for each</source>
        <translation>每页一个</translation>
    </message>
    <message>
        <source>Types of spots (numbers, commas between)</source>
        <translation>图斑类型（编号，用逗号隔开）</translation>
    </message>
    <message>
        <source>Sheets at most (empty: 200)</source>
        <translation>最多图幅数（空：200）</translation>
    </message>
    <message>
        <source>Number of sheets</source>
        <translation>图幅数</translation>
    </message>
    <message>
        <source>Sheets left out</source>
        <translation>未列入的图幅数</translation>
    </message>
    <message>
        <source>any size</source>
        <translation>不限面积</translation>
    </message>
    <message>
        <source>any width</source>
        <translation>不限宽度</translation>
    </message>
    <message>
        <source>no move</source>
        <translation>不移动</translation>
    </message>
    <message>
        <source>no turn</source>
        <translation>不旋转</translation>
    </message>
    <message>
        <source>Drop parts that are smaller than this</source>
        <translation>舍弃小于此面积的部分</translation>
    </message>
    <message>
        <source>Drop parts that are thinner than this</source>
        <translation>舍弃窄于此宽度的部分</translation>
    </message>
    <message>
        <source>How far the whole parcel may be moved in search of a place that passes</source>
        <translation>整个地块最多可移动多远，以寻找可通过的位置</translation>
    </message>
    <message>
        <source>How far the whole parcel may be turned, to either side, until it passes</source>
        <translation>整个地块向左右最多可旋转多少度，以求通过</translation>
    </message>
    <message>
        <source>Look again for what would pass, within these limits</source>
        <translation>按这些限制重新查找可通过的方案</translation>
    </message>
    <message>
        <source>Parts from</source>
        <translation>保留部分</translation>
    </message>
    <message>
        <source>Move, turn</source>
        <translation>移动、旋转</translation>
    </message>
    <message>
        <source>Alternative</source>
        <translation>方案</translation>
    </message>
    <message>
        <source>Choose one to see it on the map</source>
        <translation>选择一个方案，在地图上查看</translation>
    </message>
    <message>
        <source>{alternative} (parts: {parts})</source>
        <translation>{alternative}（{parts} 块）</translation>
    </message>
    <message>
        <source>Conflict now</source>
        <translation>现冲突</translation>
    </message>
    <message>
        <source>Then</source>
        <translation>调整后</translation>
    </message>
    <message>
        <source>Add what remains, what was cut and the alternatives to the map, in a file that stays</source>
        <translation>把可行范围、裁去部分和各备选方案加到地图上，存入长期保留的文件</translation>
    </message>
    <message>
        <source>No place was found where it would pass whole.</source>
        <translation>没有找到整块可通过的位置。</translation>
    </message>
    <message>
        <source>Search in the polygons of a file</source>
        <translation>在文件的面范围内查找</translation>
    </message>
    <message>
        <source>Draw the ground: click its corners, finish with the right button or Enter</source>
        <translation>绘制范围：依次点击角点，右键或回车结束</translation>
    </message>
    <message>
        <source>Ground to search in</source>
        <translation>查找范围</translation>
    </message>
    <message>
        <source>This file has several layers. Which has the ground?</source>
        <translation>该文件有多个图层，范围在哪一层？</translation>
    </message>
    <message>
        <source>a square</source>
        <translation>正方形</translation>
    </message>
    <message>
        <source>The least width of the place; a square is looked for where none is given</source>
        <translation>位置的最小宽度；不填则按正方形查找</translation>
    </message>
    <message>
        <source>Search in</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>Least width</source>
        <translation>最小宽度</translation>
    </message>
    <message>
        <source>A place of {area} cannot be wider than {side} on every side.</source>
        <translation>面积为{area}的位置，各向宽度不可能都大于{side}。</translation>
    </message>
    <message>
        <source>Find places</source>
        <translation>查找位置</translation>
    </message>
    <message>
        <source>Looks for places where a parcel would pass by these rules, the freest first.</source>
        <translation>按所选规则查找地块可通过的位置，余地最大的排在前面。</translation>
    </message>
    <message>
        <source>Previous place</source>
        <translation>上一个位置</translation>
    </message>
    <message>
        <source>Next place</source>
        <translation>下一个位置</translation>
    </message>
    <message>
        <source>Take this place as a parcel to check</source>
        <translation>把此位置作为地块进行检测</translation>
    </message>
    <message>
        <source>Each place was checked as it is drawn. It stands for a rectangle; others may fit there too.</source>
        <translation>每个位置都按所画图形检测过。所列为矩形，别的形状也可能合适。</translation>
    </message>
    <message>
        <source>Changed since this search: {names}. Search again for places that hold.</source>
        <translation>查找之后已改动：{names}。所列位置不再适用，请重新查找。</translation>
    </message>
    <message>
        <source>Places that would pass, {moment}</source>
        <translation>可通过的位置，{moment}</translation>
    </message>
    <message>
        <source>{area}, {width} wide</source>
        <translation>{area}，宽 {width}</translation>
    </message>
    <message>
        <source>Find a site: where a parcel of a given area would pass</source>
        <translation>选址：查找给定面积的地块可通过的位置</translation>
    </message>
    <message>
        <source>Find places that would pass</source>
        <translation>查找可通过的位置</translation>
    </message>
    <message>
        <source>One page for each cluster…</source>
        <translation>每组图斑一页…</translation>
    </message>
    <message>
        <source>One page for each spot…</source>
        <translation>每个图斑一页…</translation>
    </message>
    <message>
        <source>Print an atlas</source>
        <translation>输出图册</translation>
    </message>
    <message>
        <source>Smaller spots are set apart as type 90</source>
        <translation>小于此面积的图斑归入类型90</translation>
    </message>
    <message>
        <source>Thinner spots are set apart as type 90</source>
        <translation>窄于此宽度的图斑归入类型90</translation>
    </message>
    <message>
        <source>Spots from</source>
        <translation>图斑下限</translation>
    </message>
    <message>
        <source>Side by side: plan A on the map, plan B on a second one (B)</source>
        <translation>并排：规划一在主地图，规划二在第二个地图（B）</translation>
    </message>
    <message>
        <source>Who contradicts whom: every plan against every other, with the areas</source>
        <translation>规划矛盾一览：各规划两两比对及矛盾面积</translation>
    </message>
    <message>
        <source>The atlas has {count:# sheet|# sheets}: {path}</source>
        <translation>图册共 {count} 幅：{path}</translation>
    </message>
    <message>
        <source>{count:# was|# were} left out.</source>
        <translation>另有 {count} 幅未列入。</translation>
    </message>
    <message>
        <source>Areas in conflict; a click opens the comparison of the two plans</source>
        <translation>矛盾面积；单击打开这两个规划的比对</translation>
    </message>
    <message>
        <source>Compare all plans</source>
        <translation>全部比对</translation>
    </message>
    <message>
        <source>Compares every pair of plans in force for which there is a matrix</source>
        <translation>对现行规划中有对照矩阵的每一对进行比对</translation>
    </message>
    <message>
        <source>Save as Excel…</source>
        <translation>另存为 Excel…</translation>
    </message>
    <message>
        <source>Save as Excel</source>
        <translation>另存为 Excel</translation>
    </message>
    <message>
        <source>Back to two plans</source>
        <translation>返回两规划比对</translation>
    </message>
    <message>
        <source>Every plan against every other for which there is a matrix: the areas in conflict.</source>
        <translation>各规划两两比对（有对照矩阵的）：矛盾面积。</translation>
    </message>
    <message>
        <source>The library has no two plans for which there is a matrix.</source>
        <translation>资料库中没有可用对照矩阵比对的两个规划。</translation>
    </message>
    <message>
        <source>{count:# pair|# pairs} compared, {against} with contradictions.</source>
        <translation>比对 {count} 对规划，{against} 对互相矛盾。</translation>
    </message>
    <message>
        <source>{count} could not be compared: see –.</source>
        <translation>{count} 对无法比对，见“–”。</translation>
    </message>
    <message>
        <source>Back to the findings</source>
        <translation>返回结论</translation>
    </message>
    <message>
        <source>The core is at work.</source>
        <translation>核心程序正在工作。</translation>
    </message>
    <message>
        <source>Keep differences in the library</source>
        <translation>差异图斑入库</translation>
    </message>
    <message>
        <source>Makes the spots of a comparison, numbered and with what was decided on each, a new version of the layer of difference spots (CYTB) in the integrated library.</source>
        <translation>把一次比对的图斑编号，连同处理意见，作为“多规合一”成果库中差异图斑（CYTB）图层的新版本。</translation>
    </message>
    <message>
        <source>Only what is decided</source>
        <translation>仅含已有处理意见的</translation>
    </message>
    <message>
        <source>Division (six figures), for spots that lie in no township</source>
        <translation>行政区代码（六位），用于不在任何乡镇内的图斑</translation>
    </message>
    <message>
        <source>Keep in the library as difference spots…</source>
        <translation>入库为差异图斑…</translation>
    </message>
    <message>
        <source>Print an atlas or a report, or keep in the library; types chosen in the matrix, else all differences</source>
        <translation>输出图册、报告或入库：矩阵中选了类型的只含这些类型，否则含全部差异</translation>
    </message>
    <message>
        <source>Report for Word, as PDF or as a page…</source>
        <translation>比对报告（Word、PDF 或网页）…</translation>
    </message>
    <message>
        <source>Print the report of a comparison</source>
        <translation>输出比对报告</translation>
    </message>
    <message>
        <source>Writes a comparison that the library keeps as a report for Word, as PDF or as a page: the conclusion, the areas by type and by use, a map, the largest differences, and what was decided of them.</source>
        <translation>将库中保存的一次比对写成报告（Word、PDF 或网页）：结论、按类型与用途的面积、地图、最大的差异图斑以及处理意见。</translation>
    </message>
    <message>
        <source>Do not keep the run in the library</source>
        <translation>本次检测不存入资料库</translation>
    </message>
    <message>
        <source>Check while editing: the verdict follows every corner that is moved; such checks are not kept</source>
        <translation>边改边检：每移动一个拐点，结论随之更新；这样的检测不存入资料库</translation>
    </message>
    <message>
        <source>Checking what has changed…</source>
        <translation>正在检测改动之处…</translation>
    </message>
    <message>
        <source>{count} parcels have changed. Press Check to check them.</source>
        <translation>有 {count} 个地块已改动。请点击“检测”。</translation>
    </message>
    <message>
        <source>Press Check to keep this in the library.</source>
        <translation>要存入资料库，请点击“检测”。</translation>
    </message>
    <message>
        <source>{count} parcels have another verdict.</source>
        <translation>有 {count} 个地块的结论变了。</translation>
    </message>
    <message>
        <source>{parcel}: {verdict}.</source>
        <translation>{parcel}：{verdict}。</translation>
    </message>
    <message>
        <source>The verdicts are as before.</source>
        <translation>结论不变。</translation>
    </message>
    <message>
        <source>No verdict for this shape.</source>
        <translation>此图形没有结论。</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>图层</translation>
    </message>
    <message>
        <source>Places found</source>
        <translation>找到的位置</translation>
    </message>
    <message>
        <source>Parcels whose verdict changes</source>
        <translation>结论变化的地块</translation>
    </message>
    <message>
        <source>Cases</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Opinions of the departments</source>
        <translation>各部门意见</translation>
    </message>
    <message>
        <source>What each department has against it</source>
        <translation>各部门的冲突</translation>
    </message>
    <message>
        <source>Who contradicts whom</source>
        <translation>规划矛盾一览</translation>
    </message>
    <message>
        <source>Working days…</source>
        <translation>工作日…</translation>
    </message>
    <message>
        <source>Working days</source>
        <translation>工作日</translation>
    </message>
    <message>
        <source>The State Council's notice</source>
        <translation>国务院办公厅通知</translation>
    </message>
    <message>
        <source>Year</source>
        <translation>年份</translation>
    </message>
    <message>
        <source>Known from</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Keep the year</source>
        <translation>存入该年日历</translation>
    </message>
    <message>
        <source>Deadlines are counted in working days. When a year is not known yet, paste the State Council's notice on its holidays, whole and with its heading; its days are shown below before they are kept.</source>
        <translation>期限按工作日计算。尚无某年日历时，请粘贴国务院办公厅关于该年部分节假日安排的通知全文（含标题）；存入之前，下方列出其中的日期。</translation>
    </message>
    <message>
        <source>The year is kept with the library. Deadlines are counted by it from now on.</source>
        <translation>该年日历已存入资料库，今后的期限按它计算。</translation>
    </message>
    <message>
        <source>Corners of parcels</source>
        <translation>界址点坐标</translation>
    </message>
    <message>
        <source>Corners</source>
        <translation>界址点</translation>
    </message>
    <message>
        <source>Put on the map</source>
        <translation>上图</translation>
    </message>
    <message>
        <source>Type or paste corners</source>
        <translation>键入或粘贴界址点坐标</translation>
    </message>
    <message>
        <source>One corner a line: north and east, longitude and latitude, or the other way round, with or without a label. An empty line begins the next parcel.</source>
        <translation>每行一个界址点：北坐标、东坐标，或经度、纬度，次序不限，前面可有点号。空一行为下一地块。</translation>
    </message>
    <message>
        <source>{count:# parcel|# parcels}</source>
        <translation>{count} 个地块</translation>
    </message>
    <message>
        <source>Drawn while a shifted map was shown: {layers}. A corner that was not snapped lies elsewhere.</source>
        <translation>绘制时显示有偏移的底图：{layers}。未捕捉到资料库图层的拐点位置不对。</translation>
    </message>
    <message>
        <source>Shifted by some hundred metres: {layers}. Hide it before you draw a parcel or ask what lies somewhere; 天地图 is not shifted.</source>
        <translation>底图偏移数百米：{layers}。绘制地块或查询某处之前，请先关闭；可改用没有偏移的天地图。</translation>
    </message>
    <message>
        <source>Checking {done} of {total:# polygon|# polygons} of “{layer}” for an expression</source>
        <translation>正在为表达式检测“{layer}”的面：{done} / {total}</translation>
    </message>
    <message>
        <source>The core did not answer within {seconds} s and was stopped. Try again, or check in the One Map panel.</source>
        <translation>核心程序在 {seconds} 秒内没有回答，已被停止。请重试，或在一张图面板中检测。</translation>
    </message>
    <message>
        <source>No library is open. Open one in the One Map panel.</source>
        <translation>没有打开资料库。请在一张图面板中打开一个。</translation>
    </message>
    <message>
        <source>Correct the shape, or pass make_valid(…) of it.</source>
        <translation>请修正图形，或传入 make_valid(…) 的结果。</translation>
    </message>
    <message>
        <source>The first argument must be a geometry, such as @geometry.</source>
        <translation>第一个参数必须是几何图形，例如 @geometry。</translation>
    </message>
    <message>
        <source>Only polygons have a verdict. Pass a polygon, such as buffer(@geometry, 10).</source>
        <translation>只有面才有结论。请传入一个面，例如 buffer(@geometry, 10)。</translation>
    </message>
    <message>
        <source>The second argument must be a map, such as attributes().</source>
        <translation>第二个参数必须是映射（map），例如 attributes()。</translation>
    </message>
    <message>
        <source>The shape has no coordinate system. Choose one in the properties of its layer, or of the project.</source>
        <translation>图形没有坐标系。请在其图层的属性或工程的属性中选择一个。</translation>
    </message>
    <message>
        <source>Checks a polygon against the library that is open in the One Map panel and returns its verdict: prohibited, restricted, unknown, consult, notice or clear.</source>
        <translation>用一张图面板中打开的资料库检测一个面，返回其结论：prohibited（禁止）、restricted（限制）、unknown（无法判定）、consult（征求意见）、notice（提示）或 clear（无冲突）。</translation>
    </message>
    <message>
        <source>Categorise a layer by this expression, or put it into a virtual field, and every parcel has its verdict.</source>
        <translation>以此表达式对图层分类，或写入虚拟字段，每个地块即有其结论。</translation>
    </message>
    <message>
        <source>Checks a polygon against the library that is open in the One Map panel and returns what stands against it: an array of maps, those that count first, the gravest first.</source>
        <translation>用一张图面板中打开的资料库检测一个面，返回与之冲突的各项结论：由映射组成的数组，计入的在前，最严重的在前。</translation>
    </message>
    <message>
        <source>Each map says: {names}.</source>
        <translation>每个映射包含：{names}。</translation>
    </message>
    <message>
        <source>a polygon, in the coordinate system of the layer, else of the project</source>
        <translation>一个面，采用图层的坐标系；没有图层时采用工程的坐标系</translation>
    </message>
    <message>
        <source>what is known of the parcel, by field, such as attributes(); rules may ask for its proposed use</source>
        <translation>地块的已知属性，按字段，例如 attributes()；规则可能需要其拟用途</translation>
    </message>
    <message>
        <source>A null or empty geometry gives NULL. Where there is no answer the expression's error says why.</source>
        <translation>几何图形为空值或为空时返回 NULL。没有答案时，表达式的错误信息说明原因。</translation>
    </message>
    <message>
        <source>Such checks leave no run in the library; to keep one press Check in the One Map panel.</source>
        <translation>这样的检测不存入资料库；要存入，请在一张图面板中点击“检测”。</translation>
    </message>
    <message>
        <source>Syntax</source>
        <translation>语法</translation>
    </message>
    <message>
        <source>Arguments</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Examples</source>
        <translation>示例</translation>
    </message>
    <message>
        <source>Open another library in the One Map panel.</source>
        <translation>请在一张图面板中打开另一个资料库。</translation>
    </message>
    <message>
        <source>The settings name {python} as the core's Python. It is not there, so it is passed over.</source>
        <translation>设置中将 {python} 指定为核心程序的 Python，但它不存在，因此未被采用。</translation>
    </message>
    <message>
        <source>Publish the one map as a project</source>
        <translation>把一张图发布为 QGIS 工程</translation>
    </message>
    <message>
        <source>Writes a QGIS project with the version in force of each layer, as the dock shows it, with names, metadata and what QGIS Server needs to offer it as maps and features to read. The library is only read. A library in a file is found from the project's folder; one on a server is named without user or password.</source>
        <translation>写出一个 QGIS 工程，含各图层的有效版本，样式与面板所示相同，并带有名称、元数据以及 QGIS Server 发布地图和只读要素所需的内容。只读资料库。文件库以相对工程文件夹的路径找到；服务器库不写用户和口令。</translation>
    </message>
    <message>
        <source>QGIS project</source>
        <translation>QGIS 工程</translation>
    </message>
    <message>
        <source>QGIS project (*.qgz)</source>
        <translation>QGIS 工程 (*.qgz)</translation>
    </message>
    <message>
        <source>Authentication for a server</source>
        <translation>服务器的认证</translation>
    </message>
    <message>
        <source>Number of layers</source>
        <translation>图层数</translation>
    </message>
    <message>
        <source>Remarks</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>Layers left out</source>
        <translation>未发布的图层数</translation>
    </message>
    <message>
        <source>Publish as a QGIS project…</source>
        <translation>发布为 QGIS 工程…</translation>
    </message>
    <message>
        <source>The project has {count:# layer|# layers}: {path}</source>
        <translation>工程共 {count} 个图层：{path}</translation>
    </message>
    <message>
        <source>“{layer}” shows only its outline: the raster's file is gone, or is not the one that was added. Put that file back, or add this one as a new version.</source>
        <translation>“{layer}”只显示范围：栅格文件已不在，或与入库时不同。请放回原文件，或将现文件作为新版本入库。</translation>
    </message>
    <message>
        <source>unreadable</source>
        <translation>无法读取</translation>
    </message>
    <message>
        <source>What was added cannot be read any more: what depends on it is unknown, not clear</source>
        <translation>入库的数据已无法读取：相关结论为无法判定，而非无冲突</translation>
    </message>
    <message>
        <source>Prove a delivery</source>
        <translation>检查汇交成果</translation>
    </message>
    <message>
        <source>Holds a delivery (folder, archive or database) against a template before anything of it enters a library: files, layers, fields, topology, sums. Tells each problem with its place and how to mend it, a score and a grade.</source>
        <translation>入库前按模板检查汇交成果（文件夹、压缩包或数据库）：文件、图层、字段、拓扑、合计。逐条给出问题的位置和处理办法，以及得分和结论。</translation>
    </message>
    <message>
        <source>Folder of the delivery (or .zip, .gdb, .gpkg)</source>
        <translation>成果文件夹（或 .zip、.gdb、.gpkg）</translation>
    </message>
    <message>
        <source>Template (name or *.toml)</source>
        <translation>模板（名称或 *.toml）</translation>
    </message>
    <message>
        <source>Reports (*.xlsx, *.docx, *.html, *.pdf, *.json)</source>
        <translation>报告（*.xlsx、*.docx、*.html、*.pdf、*.json）</translation>
    </message>
    <message>
        <source>Findings as layers (*.gpkg)</source>
        <translation>问题图层（*.gpkg）</translation>
    </message>
    <message>
        <source>Granted exceptions (*.toml)</source>
        <translation>准予的例外（*.toml）</translation>
    </message>
    <message>
        <source>Fail where a problem is as severe as</source>
        <translation>问题达到此级别即失败</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>得分</translation>
    </message>
    <message>
        <source>Grade</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>Add a whole delivery</source>
        <translation>整批数据入库</translation>
    </message>
    <message>
        <source>Holds every layer of every file in a folder against the catalogue, and adds all of them in one go, or layer by layer. What no name tells waits for a person: have the plan written, give the codes there, and run the algorithm again with the same plan.</source>
        <translation>把文件夹中每个文件的每个图层与目录对照，一次全部入库，或逐图层入库。名称不能判断的留给人来定：先生成计划，填写代码，再用同一计划运行。</translation>
    </message>
    <message>
        <source>Folder (or .zip, .7z)</source>
        <translation>文件夹（或 .zip、.7z）</translation>
    </message>
    <message>
        <source>Plan (*.toml)</source>
        <translation>计划（*.toml）</translation>
    </message>
    <message>
        <source>Package or receipt (*.zip *.json)</source>
        <translation>数据包或回执 (*.zip *.json)</translation>
    </message>
    <message>
        <source>Layer by layer</source>
        <translation>逐图层入库</translation>
    </message>
    <message>
        <source>Ground that the layers cover</source>
        <translation>各图层的覆盖范围</translation>
    </message>
    <message>
        <source>Layers added</source>
        <translation>入库图层数</translation>
    </message>
    <message>
        <source>Layers refused</source>
        <translation>未入库图层数</translation>
    </message>
    <message>
        <source>Changes between two versions of a layer</source>
        <translation>图层两个版本的变化</translation>
    </message>
    <message>
        <source>Tells feature by feature what was added, is gone, has moved or has other attributes, and how much ground is of another class now.</source>
        <translation>逐要素说明新增、消失、移动和属性变化，以及类别变化的面积。</translation>
    </message>
    <message>
        <source>Label of the older version</source>
        <translation>旧版本名称</translation>
    </message>
    <message>
        <source>Label of the newer version</source>
        <translation>新版本名称</translation>
    </message>
    <message>
        <source>Field of the class</source>
        <translation>类别字段</translation>
    </message>
    <message>
        <source>Features that changed</source>
        <translation>有变化的要素</translation>
    </message>
    <message>
        <source>Classes that changed</source>
        <translation>变化的类别</translation>
    </message>
    <message>
        <source>Features added</source>
        <translation>新增要素数</translation>
    </message>
    <message>
        <source>Features removed</source>
        <translation>消失要素数</translation>
    </message>
    <message>
        <source>Features moved</source>
        <translation>移动要素数</translation>
    </message>
    <message>
        <source>Features changed</source>
        <translation>属性变化要素数</translation>
    </message>
    <message>
        <source>Features unchanged</source>
        <translation>未变要素数</translation>
    </message>
    <message>
        <source>Deliver layers as a package</source>
        <translation>打包交付图层</translation>
    </message>
    <message>
        <source>Packs chosen layers for another department or level: data, metadata and hashes in one file, whole or only what changed since a version. The library's log keeps what went where.</source>
        <translation>把选定的图层打包交给其他部门或上下级：数据、元数据和校验值在一个文件中，可为全部或某版本以来的变更。资料库日志记录去向。</translation>
    </message>
    <message>
        <source>Package (*.zip)</source>
        <translation>数据包（*.zip）</translation>
    </message>
    <message>
        <source>Layers (codes, commas between)</source>
        <translation>图层（代码，用逗号隔开）</translation>
    </message>
    <message>
        <source>Only changes since (label)</source>
        <translation>只含该版本以来的变更</translation>
    </message>
    <message>
        <source>Only one area unit (CODE=VALUE)</source>
        <translation>只含一个统计单元（代码=值）</translation>
    </message>
    <message>
        <source>Receiver</source>
        <translation>接收方</translation>
    </message>
    <message>
        <source>Also a FileGDB</source>
        <translation>附带 FileGDB</translation>
    </message>
    <message>
        <source>Secrecy class</source>
        <translation>密级</translation>
    </message>
    <message>
        <source>Template of a plan database&apos;s delivery (name or *.toml)</source>
        <translation>规划数据库汇交模板（名称或 *.toml）</translation>
    </message>
    <message>
        <source>Division code in the names of the delivery</source>
        <translation>汇交名称中的行政区代码</translation>
    </message>
    <message>
        <source>Division name in the names of the delivery</source>
        <translation>汇交名称中的行政区名称</translation>
    </message>
    <message>
        <source>Folder of the documents that go with it</source>
        <translation>随附文档的文件夹</translation>
    </message>
    <message>
        <source>Package</source>
        <translation>数据包</translation>
    </message>
    <message>
        <source>SHA-256</source>
        <translation>SHA-256</translation>
    </message>
    <message>
        <source>Receive a package</source>
        <translation>接收数据包</translation>
    </message>
    <message>
        <source>Takes in a package as new versions, all or none, proved by its hashes, and writes the receipt; or takes in the receipt of a package that this library has delivered.</source>
        <translation>接收数据包并作为新版本入库：全部成功或全部不入，按校验值核对，并写出回执；或收入本库所交付的包的回执。</translation>
    </message>
    <message>
        <source>Package or receipt</source>
        <translation>数据包或回执</translation>
    </message>
    <message>
        <source>Only show what would become of it</source>
        <translation>只显示将如何处理</translation>
    </message>
    <message>
        <source>Receipt (*.json)</source>
        <translation>回执（*.json）</translation>
    </message>
    <message>
        <source>Receipt</source>
        <translation>回执</translation>
    </message>
    <message>
        <source>What lies here?</source>
        <translation>图上查询</translation>
    </message>
    <message>
        <source>Close what lies here</source>
        <translation>关闭查询结果</translation>
    </message>
    <message>
        <source>What lies here</source>
        <translation>查询结果</translation>
    </message>
    <message>
        <source>Layer, class</source>
        <translation>图层、类别</translation>
    </message>
    <message>
        <source>Version, measure</source>
        <translation>版本、数值</translation>
    </message>
    <message>
        <source>One Map: places, plots, coordinates</source>
        <translation>一张图：地名、地块、坐标</translation>
    </message>
    <message>
        <source>This QGIS has no 3D view: it was built without it.</source>
        <translation>此 QGIS 编译时未带三维视图。</translation>
    </message>
    <message>
        <source>3D view</source>
        <translation>三维视图</translation>
    </message>
    <message>
        <source>Terrain, buildings, permitted heights and height limits</source>
        <translation>地形、建筑、允许高度与限高面</translation>
    </message>
    <message>
        <source>The library has nothing for a 3D view: {layers}.</source>
        <translation>资料库没有可供三维显示的图层：{layers}。</translation>
    </message>
    <message>
        <source>One Map 3D</source>
        <translation>一张图三维</translation>
    </message>
    <message>
        <source>The 3D view is without: {layers}.</source>
        <translation>三维视图缺少：{layers}。</translation>
    </message>
    <message>
        <source>Lists for a point, a line or a box what every layer in force says of it: polygons that contain the point, lines and points within the radius, the value of a raster. A layer that says nothing of the place is listed too, with the reason. The log has what lies there; all that is known goes to a file of JSON.</source>
        <translation>列出一点、一线或一个范围内各有效图层的内容：包含该点的面，半径之内的线和点，栅格的取值。此处情况不明的图层也一并列出，并写明原因。日志中列出此处的内容，全部结果写入 JSON 文件。</translation>
    </message>
    <message>
        <source>East, or longitude</source>
        <translation>东坐标或经度</translation>
    </message>
    <message>
        <source>North, or latitude</source>
        <translation>北坐标或纬度</translation>
    </message>
    <message>
        <source>Coordinate system of the numbers (empty: the library's)</source>
        <translation>坐标的坐标系（留空为资料库的）</translation>
    </message>
    <message>
        <source>Radius for lines and points, m (empty: 10)</source>
        <translation>线和点的半径，米（留空为 10）</translation>
    </message>
    <message>
        <source>Instead of a point, a line (WKT)</source>
        <translation>代替点：线（WKT）</translation>
    </message>
    <message>
        <source>Instead of a point, a box (west,south,east,north)</source>
        <translation>代替点：范围（西,南,东,北）</translation>
    </message>
    <message>
        <source>Number of features</source>
        <translation>要素数</translation>
    </message>
    <message>
        <source>What lies here (JSON)</source>
        <translation>查询结果（JSON）</translation>
    </message>
    <message>
        <source>Point on the map</source>
        <translation>在图上取点</translation>
    </message>
    <message>
        <source>Give one place only: a point on the map, numbers, a line or a box.</source>
        <translation>位置只能给一个：图上的点、坐标数值、线或框。</translation>
    </message>
    <message>
        <source>not yet</source>
        <translation>尚未生效</translation>
    </message>
    <message>
        <source>Not yet in force on that day: a check does not use it</source>
        <translation>该日尚未生效：检测不采用</translation>
    </message>
    <message>
        <source>Hide layers without data ({count})</source>
        <translation>隐藏无数据的图层（{count} 个）</translation>
    </message>
    <message>
        <source>{theme} (One Map)</source>
        <translation>{theme}（一张图）</translation>
    </message>
    <message>
        <source>Version of the chosen layer</source>
        <translation>所选图层的版本</translation>
    </message>
    <message>
        <source>Show the map as of another version of this layer, and set the day with it: drag, or press ← and →</source>
        <translation>按该图层的另一版本显示地图，日期随之改变：拖动，或按 ← 与 →</translation>
    </message>
    <message>
        <source>Show all {count} warnings</source>
        <translation>显示全部 {count} 条提醒</translation>
    </message>
    <message>
        <source>Rooms</source>
        <translation>页面</translation>
    </message>
    <message>
        <source>{label} · in force today</source>
        <translation>{label} · 现行有效</translation>
    </message>
    <message>
        <source>{label} · not yet in force</source>
        <translation>{label} · 尚未生效</translation>
    </message>
    <message>
        <source>{label} · no longer in force</source>
        <translation>{label} · 已失效</translation>
    </message>
    <message>
        <source>Show this map: its layers, and of the library no others; pressed again, the map before it</source>
        <translation>显示该专题图：只显示其图层，资料库的其他图层隐藏；再按一次恢复之前的显示</translation>
    </message>
    <message>
        <source>Show the layers of one department</source>
        <translation>显示某一部门的图层</translation>
    </message>
    <message>
        <source>Map: {theme}</source>
        <translation>专题图：{theme}</translation>
    </message>
    <message>
        <source>These layers cannot be opened: {layers}.</source>
        <translation>以下图层无法打开：{layers}。</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>Not in force on that day, and off the map until the day changes: {layers}.</source>
        <translation>该日无现行版本，已从地图移出，改换日期后恢复：{layers}。</translation>
    </message>
    <message>
        <source>Another day</source>
        <translation>另一日期</translation>
    </message>
    <message>
        <source>Swipe two days</source>
        <translation>两日卷帘</translation>
    </message>
    <message>
        <source>{day} · no data</source>
        <translation>{day} · 无数据</translation>
    </message>
    <message>
        <source>No layer of the library on the map was in force on {day}: {layers}.</source>
        <translation>{day} 当日，地图上的资料库图层均无有效版本：{layers}。</translation>
    </message>
    <message>
        <source>Not in force on {day}, and not on its side of the map: {layers}.</source>
        <translation>{day} 当日无有效版本、不在其一侧显示的图层：{layers}。</translation>
    </message>
    <message>
        <source>Left of the pointer the map as of the library's day, right of it as of this one; ← and → move it too</source>
        <translation>指针左侧为资料库当前日期的地图，右侧为此日期的地图；也可按 ← → 移动</translation>
    </message>
    <message>
        <source>Between these two days nothing on the map changed.</source>
        <translation>两个日期之间，地图上的图层没有变化。</translation>
    </message>
    <message>
        <source>Findings by department and verdict</source>
        <translation>各部门各类检测结论数</translation>
    </message>
    <message>
        <source>Rules that were not asked, such as of a layer that the library does not have</source>
        <translation>未检测的规则，例如资料库没有所需图层</translation>
    </message>
    <message>
        <source>Findings by department and verdict, and the rules that were not asked</source>
        <translation>各部门各类检测结论数，以及未检测的规则</translation>
    </message>
    <message>
        <source>Rule</source>
        <translation>规则</translation>
    </message>
    <message>
        <source>Against “{name}” {count} of {all:# parcel|# parcels} changed verdict.</source>
        <translation>与“{name}”相比，{all} 个地块中有 {count} 个结论不同。</translation>
    </message>
    <message>
        <source>Results of a trial</source>
        <translation>试算结果</translation>
    </message>
    <message>
        <source>Write the results of the trial as Excel, GeoPackage or PDF</source>
        <translation>将试算结果导出为 Excel、GeoPackage 或 PDF</translation>
    </message>
    <message>
        <source>The results are in {path}.</source>
        <translation>结果已写入 {path}。</translation>
    </message>
    <message>
        <source>Reading the cases…</source>
        <translation>正在读取项目…</translation>
    </message>
    <message>
        <source>The cases could not be read.</source>
        <translation>未能读取项目。</translation>
    </message>
    <message>
        <source>Check results</source>
        <translation>检测结果</translation>
    </message>
    <message>
        <source>Compare two checks</source>
        <translation>比较两次检测</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Delete a check</source>
        <translation>删除检测</translation>
    </message>
    <message>
        <source>The library now has other versions than were asked here: {layers}. Ask again to use them.</source>
        <translation>资料库现有的版本与此处所用的不同：{layers}。请重新查询。</translation>
    </message>
    <message>
        <source>This check is no longer in the library: it was deleted elsewhere.</source>
        <translation>资料库中已没有这次检测：它已在别处删除。</translation>
    </message>
    <message>
        <source>Delete the check “{name}” of {moment}? This cannot be undone.</source>
        <translation>删除 {moment} 的检测“{name}”？删除后不能恢复。</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>删除…</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Name of this check</source>
        <translation>检测的名称</translation>
    </message>
    <message>
        <source>Name…</source>
        <translation>命名…</translation>
    </message>
    <message>
        <source>OK</source>
        <translation>确定</translation>
    </message>
    <message>
        <source>Open a past check</source>
        <translation>打开以往的检测</translation>
    </message>
    <message>
        <source>Past checks</source>
        <translation>以往的检测</translation>
    </message>
    <message>
        <source>Past checks: open one again, compare, name or delete it</source>
        <translation>以往的检测：重新打开、比较、命名、删除</translation>
    </message>
    <message>
        <source>Take the results off the map</source>
        <translation>从地图上移除检测结果</translation>
    </message>
    <message>
        <source>The check of {library} has ended. It is not shown: another library or day was chosen meanwhile.</source>
        <translation>{library} 的检测已完成；其间已切换资料库或日期，结果不予显示。</translation>
    </message>
    <message>
        <source>The case was written into {library}. It is not shown: another library was opened meanwhile.</source>
        <translation>案件已写入 {library}；其间已切换资料库，不予显示。</translation>
    </message>
    <message>
        <source>Parcels only in “{name}”: {count}.</source>
        <translation>仅在“{name}”中的地块：{count} 个。</translation>
    </message>
    <message>
        <source>Parcels only in the check on display: {count}.</source>
        <translation>仅在当前显示的检测中的地块：{count} 个。</translation>
    </message>
    <message>
        <source>The two checks did not ask the same rules: a verdict may differ for that alone.</source>
        <translation>两次检测所用规则不同，结论不同可能仅由此造成。</translation>
    </message>
    <message>
        <source>not asked</source>
        <translation>未检测</translation>
    </message>
    <message>
        <source>A new day has begun, and the library is shown as of today. Earlier checks are in “{past}”.</source>
        <translation>已是新的一天，资料库按今天显示。先前的检测见“{past}”。</translation>
    </message>
    <message>
        <source>Changed since this check: {files}. Check again first: it would be an answer about something else.</source>
        <translation>检测之后已有变动：{files}。请先重新检测，否则答复针对的已不是所检测的内容。</translation>
    </message>
    <message>
        <source>This window is of {library}, and another library is open by now. Open that one again, or close this window and begin anew.</source>
        <translation>此窗口属于 {library}，而现在打开的是另一个资料库。请重新打开该资料库，或关闭此窗口后重新开始。</translation>
    </message>
    <message>
        <source>This window is as of {day}, and another day is chosen by now. Choose that day again, or close this window and begin anew.</source>
        <translation>此窗口的日期为 {day}，而现在选择的是另一个日期。请改回该日期，或关闭此窗口后重新开始。</translation>
    </message>
    <message>
        <source>The file of this check's parcels is not known any more: check them again.</source>
        <translation>该次检测的地块文件已无从得知，请重新检测。</translation>
    </message>
    <message>
        <source>The library does not keep this check; export it as GeoPackage.</source>
        <translation>资料库没有保存这次检测；请导出为 GeoPackage。</translation>
    </message>
    <message>
        <source>Which parcels have another verdict in the check that was open before</source>
        <translation>当前显示的检测与所选检测相比，哪些地块结论不同</translation>
    </message>
    <message>
        <source>Write the results</source>
        <translation>导出检测结果</translation>
    </message>
    <message>
        <source>Nothing usable of {parcel} would pass.</source>
        <translation>{parcel} 中没有可用的部分能通过。</translation>
    </message>
    <message>
        <source>nothing usable</source>
        <translation>无可用部分</translation>
    </message>
    <message>
        <source>As a reviewer reads it</source>
        <translation>返回说明</translation>
    </message>
    <message>
        <source>Technical details</source>
        <translation>技术细节</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Print…</source>
        <translation>打印…</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Proposed use</source>
        <translation>拟用途</translation>
    </message>
    <message>
        <source>The proposed use, for rules that ask for it: type a part of its code or name</source>
        <translation>拟用途，供询问用途的规则使用：输入代码或名称的一部分即可查找</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>用途</translation>
    </message>
    <message>
        <source>More facts</source>
        <translation>其他属性</translation>
    </message>
    <message>
        <source>Last side: {length}</source>
        <translation>末边：{length}</translation>
    </message>
    <message>
        <source>Outline: {length}</source>
        <translation>周长：{length}</translation>
    </message>
    <message>
        <source>Which cases are listed</source>
        <translation>列出哪些项目</translation>
    </message>
    <message>
        <source>Text of the opinion</source>
        <translation>意见正文</translation>
    </message>
    <message>
        <source>Use classes</source>
        <translation>用途分类</translation>
    </message>
    <message>
        <source>as the rules say</source>
        <translation>按规则包设定</translation>
    </message>
    <message>
        <source>By which codes the parcels name their use, where they do not say it themselves</source>
        <translation>地块自身未说明时，其用途代码所依据的分类</translation>
    </message>
    <message>
        <source>No layer that the rules ask has data in force on this day: nothing can be found.</source>
        <translation>规则所涉图层在该日均无现行数据，无法得出任何结论。</translation>
    </message>
    <message>
        <source>One Map's core is not set up yet. It is a Python environment of its own, kept in your QGIS profile; QGIS itself is not changed. Setting it up takes some minutes and 0.9 GB.</source>
        <translation>一张图的核心程序尚未安装。它是一个独立的 Python 环境，存放在您的 QGIS 配置文件夹中，不改动 QGIS 本身。安装需要几分钟，约占 0.9 GB。</translation>
    </message>
    <message>
        <source>Check this computer</source>
        <translation>检查本机</translation>
    </message>
    <message>
        <source>Check this computer…</source>
        <translation>检查本机…</translation>
    </message>
    <message>
        <source>Save the report…</source>
        <translation>保存报告…</translation>
    </message>
    <message>
        <source>Everything that One Map needs of this computer is tested on a small scale.</source>
        <translation>正在小规模测试一张图对本机的全部要求。</translation>
    </message>
    <message>
        <source>The core could not be started: {reason}</source>
        <translation>核心程序无法启动：{reason}</translation>
    </message>
    <message>
        <source>The core ended in the middle of its test. Save the report and send it to whoever looks after it.</source>
        <translation>核心程序在自检途中退出。请保存报告，发给维护人员。</translation>
    </message>
    <message>
        <source>Not everything works here: {names}. The next step is given under each.</source>
        <translation>本机有以下项目未通过：{names}。处理办法见各项之下。</translation>
    </message>
    <message>
        <source>Everything works on this computer.</source>
        <translation>本机各项均可正常工作。</translation>
    </message>
    <message>
        <source>One Map's core is not set up yet.</source>
        <translation>一张图的核心程序尚未安装。</translation>
    </message>
    <message>
        <source>The core was made, and its test says that it cannot work on this computer. What to do stands below; the whole report lies in the QGIS profile: {path}</source>
        <translation>核心程序已经生成，但自检表明它不能在本机工作。处理办法见下；完整报告在 QGIS 配置文件夹中：{path}</translation>
    </message>
    <message>
        <source>Python's module venv is missing. Run “sudo apt install python3-venv” in a terminal (or ask whoever looks after this computer to), then press “Set up the core” again.</source>
        <translation>缺少 Python 的 venv 模块。请在终端运行“sudo apt install python3-venv”（或请本机管理员运行），再点击“安装核心程序”。</translation>
    </message>
    <message>
        <source>Area units</source>
        <translation>统计单元</translation>
    </message>
    <message>
        <source>Indicator, status</source>
        <translation>指标、状态</translation>
    </message>
    <message>
        <source>Indicators</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>Only what is broken or near its limit</source>
        <translation>只看突破和预警</translation>
    </message>
    <message>
        <source>Indicators of every area unit with value, target and status, as of the chosen day.</source>
        <translation>按所选日期列出各统计单元的指标：数值、目标、状态。</translation>
    </message>
    <message>
        <source>Measure indicators</source>
        <translation>测算指标</translation>
    </message>
    <message>
        <source>Measure the indicators of the units; the run is kept in the library</source>
        <translation>测算各单元的指标；计算记录存入资料库</translation>
    </message>
    <message>
        <source>No alerts.</source>
        <translation>没有预警提醒。</translation>
    </message>
    <message>
        <source>Numbers</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>On the map</source>
        <translation>图上点选</translation>
    </message>
    <message>
        <source>Quotas, permits that end, sums that differ, change without approval</source>
        <translation>约束指标、将到期的许可、合计不符、疑似未经批准的变化</translation>
    </message>
    <message>
        <source>Unit whose values are listed</source>
        <translation>列出其数值的单元</translation>
    </message>
    <message>
        <source>all units</source>
        <translation>全部单元</translation>
    </message>
    <message>
        <source>the whole district</source>
        <translation>整个辖区</translation>
    </message>
    <message>
        <source>{count:# alert|# alerts}, {ground} with a place: double click or Enter goes there.</source>
        <translation>共 {count} 项，其中 {ground} 项有位置：双击或按回车键前往。</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>专题</translation>
    </message>
    <message>
        <source>all indicators</source>
        <translation>全部指标</translation>
    </message>
    <message>
        <source>The library lacks: {layers}</source>
        <translation>资料库缺：{layers}</translation>
    </message>
    <message>
        <source>Show the layers of the theme on the map</source>
        <translation>在地图上显示该专题的图层</translation>
    </message>
    <message>
        <source>The folder of wheels is for Python {version}, and no Python {version} was found on this computer. Install it from python.org, or choose a folder of wheels for the Python that is here, then press “Set up the core” again.</source>
        <translation>离线安装包文件夹适用于 Python {version}，但本机没有 Python {version}。请从 python.org 安装该版本，或改选适用于本机 Python 的离线安装包文件夹，再点击“安装核心程序”。</translation>
    </message>
    <message>
        <source>Remove One Map's former core</source>
        <translation>删除一张图原来的核心程序</translation>
    </message>
    <message>
        <source>Add a whole delivery: a folder of many files</source>
        <translation>加入整批报送成果：含多个文件的文件夹</translation>
    </message>
    <message>
        <source>A whole delivery…</source>
        <translation>整批报送成果…</translation>
    </message>
    <message>
        <source>Drop a folder here, or choose one</source>
        <translation>把文件夹拖到这里，或点选</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation>选择文件夹</translation>
    </message>
    <message>
        <source>any department</source>
        <translation>任一部门</translation>
    </message>
    <message>
        <source>Looking through the delivery…</source>
        <translation>正在查看报送成果…</translation>
    </message>
    <message>
        <source>Add {count:# layer|# layers} of a delivery</source>
        <translation>加入报送成果的 {count} 个图层</translation>
    </message>
    <message>
        <source>Add the others</source>
        <translation>先加入其余图层</translation>
    </message>
    <message>
        <source>Folder…</source>
        <translation>文件夹…</translation>
    </message>
    <message>
        <source>Archive (.zip, .7z)…</source>
        <translation>压缩包（.zip、.7z）…</translation>
    </message>
    <message>
        <source>Delivery</source>
        <translation>报送成果</translation>
    </message>
    <message>
        <source>Layers of</source>
        <translation>图层所属部门</translation>
    </message>
    <message>
        <source>All of it covers</source>
        <translation>整批成果的覆盖范围</translation>
    </message>
    <message>
        <source>Layers with a new version: {count}.</source>
        <translation>有新版本的图层：{count} 个。</translation>
    </message>
    <message>
        <source>Refused: {count}; the table says why.</source>
        <translation>被拒绝：{count} 个；原因见表。</translation>
    </message>
    <message>
        <source>Choose a folder.</source>
        <translation>请选择文件夹。</translation>
    </message>
    <message>
        <source>Several files become one version: {layers}. Only different versions have labels of their own.</source>
        <translation>多个文件合成一个版本：{layers}。只有不同版本才各取版本名称。</translation>
    </message>
    <message>
        <source>Several rasters become {layers}: give each another label, or leave one out.</source>
        <translation>多个栅格都将成为 {layers}：请为各版本取不同名称，或不加入其中一个。</translation>
    </message>
    <message>
        <source>Nothing in it has a layer yet.</source>
        <translation>其中的数据都还没有对应的图层。</translation>
    </message>
    <message>
        <source>Layers that go in: {count}.</source>
        <translation>将加入的图层：{count} 个。</translation>
    </message>
    <message>
        <source>Still without a layer, and so left out: {count}.</source>
        <translation>尚未指定图层、因而不加入：{count} 个。</translation>
    </message>
    <message>
        <source>A folder that a department sent</source>
        <translation>部门报送的文件夹</translation>
    </message>
    <message>
        <source>Archive (*.zip *.7z)</source>
        <translation>压缩包 (*.zip *.7z)</translation>
    </message>
    <message>
        <source>An archive that a department sent</source>
        <translation>部门报送的压缩包</translation>
    </message>
    <message>
        <source>as the file says</source>
        <translation>以文件为准</translation>
    </message>
    <message>
        <source>In the delivery</source>
        <translation>报送成果中</translation>
    </message>
    <message>
        <source>What goes where</source>
        <translation>图层对应关系</translation>
    </message>
    <message>
        <source>– left out</source>
        <translation>– 不加入</translation>
    </message>
    <message>
        <source>{layers}?</source>
        <translation>{layers}？</translation>
    </message>
    <message>
        <source> or </source>
        <translation>或</translation>
    </message>
    <message>
        <source>as its last version</source>
        <translation>同上一版本</translation>
    </message>
    <message>
        <source>as said above</source>
        <translation>同上方所选</translation>
    </message>
    <message>
        <source>raster</source>
        <translation>栅格</translation>
    </message>
    <message>
        <source>It is a table without geometry; this layer takes {kind}.</source>
        <translation>这是没有几何的表；该图层只收{kind}。</translation>
    </message>
    <message>
        <source>It holds {found}; this layer takes {kind}.</source>
        <translation>其中是{found}；该图层只收{kind}。</translation>
    </message>
    <message>
        <source>Nothing else in it is matched to a layer.</source>
        <translation>其余数据没有对应的图层。</translation>
    </message>
    <message>
        <source>Values in it</source>
        <translation>其中的值</translation>
    </message>
    <message>
        <source>m², and mu beside</source>
        <translation>平方米（m²），旁注亩</translation>
    </message>
    <message>
        <source>mu, and m² beside</source>
        <translation>亩，旁注平方米（m²）</translation>
    </message>
    <message>
        <source>ha, and mu beside</source>
        <translation>公顷，旁注亩</translation>
    </message>
    <message>
        <source>ha</source>
        <translation>公顷</translation>
    </message>
    <message>
        <source>Read again</source>
        <translation>重新查看</translation>
    </message>
    <message>
        <source>the plugin's own</source>
        <translation>插件自带</translation>
    </message>
    <message>
        <source>Areas in the panel</source>
        <translation>面板中的面积单位</translation>
    </message>
    <message>
        <source>Rules that a check begins with</source>
        <translation>检测默认使用的规则</translation>
    </message>
    <message>
        <source>Templates of documents</source>
        <translation>文书模板</translation>
    </message>
    <message>
        <source>Layers to publish</source>
        <translation>要发布的图层</translation>
    </message>
    <message>
        <source>The versions in force, as of {day}. The library is only read.</source>
        <translation>以下为{day}的现行版本。资料库只读取，不改动。</translation>
    </message>
    <message>
        <source>Publish</source>
        <translation>发布</translation>
    </message>
    <message>
        <source>withheld</source>
        <translation>不公开</translation>
    </message>
    <message>
        <source>The catalogue keeps it out of projects unless someone asks for it.</source>
        <translation>目录规定不放入工程，除非专门选取。</translation>
    </message>
    <message>
        <source>Replace it</source>
        <translation>替换该文件</translation>
    </message>
    <message>
        <source>Layers: {count}</source>
        <translation>图层：{count} 个</translation>
    </message>
    <message>
        <source>not in force</source>
        <translation>非现行</translation>
    </message>
    <message>
        <source>Page</source>
        <translation>页面</translation>
    </message>
    <message>
        <source>Open the page of this unit, or of all, with charts, versions and reasons</source>
        <translation>打开该单元（或全部单元）的页面：图、版本和原因</translation>
    </message>
    <message>
        <source>Notified…</source>
        <translation>已通知…</translation>
    </message>
    <message>
        <source>Explained…</source>
        <translation>已说明…</translation>
    </message>
    <message>
        <source>Mended…</source>
        <translation>已整改…</translation>
    </message>
    <message>
        <source>Close…</source>
        <translation>办结…</translation>
    </message>
    <message>
        <source>Note that whoever is responsible has been told</source>
        <translation>记录已通知责任方</translation>
    </message>
    <message>
        <source>Note why it is as it is</source>
        <translation>记录情况说明</translation>
    </message>
    <message>
        <source>Note how it was mended</source>
        <translation>记录整改情况</translation>
    </message>
    <message>
        <source>Note why nothing is left to do</source>
        <translation>记录办结理由</translation>
    </message>
    <message>
        <source>Open the alerts</source>
        <translation>开立预警提醒</translation>
    </message>
    <message>
        <source>Keep the list in the library: what is new is opened, and waits to be notified</source>
        <translation>把本次清单存入资料库：新出现的予以开立，待通知</translation>
    </message>
    <message>
        <source>{count:# is new: open it to follow it up|# are new: open them to follow them up}.</source>
        <translation>其中 {count} 项为新出现：开立后可记录办理步骤。</translation>
    </message>
    <message>
        <source>Sensors</source>
        <translation>传感器</translation>
    </message>
    <message>
        <source>Show each sensor on the map by its status and by how old its last reading is</source>
        <translation>在图上显示各传感器：状态，以及末次读数的时间</translation>
    </message>
    <message>
        <source>Limits of the readings…</source>
        <translation>读数限值文件…</translation>
    </message>
    <message>
        <source>{count:# sensor|# sensors}, {placed} with a place.</source>
        <translation>{count} 个传感器读数项，其中 {placed} 个有位置。</translation>
    </message>
    <message>
        <source>Theme (name or TOML file)</source>
        <translation>专题（编号或 TOML 文件）</translation>
    </message>
    <message>
        <source>Also how sensors look on the map</source>
        <translation>同时给出传感器在图上的样式</translation>
    </message>
    <message>
        <source>Folder for the rasters of the package</source>
        <translation>包中栅格的存放文件夹</translation>
    </message>
    <message>
        <source>What is asked about</source>
        <translation>查询范围</translation>
    </message>
    <message>
        <source>At a point</source>
        <translation>点</translation>
    </message>
    <message>
        <source>Along a line</source>
        <translation>沿线</translation>
    </message>
    <message>
        <source>In a box</source>
        <translation>框内</translation>
    </message>
    <message>
        <source>Click on the map; drag for a box. Enter: the middle of the map.</source>
        <translation>在图上单击；按住拖动则查询一个范围。回车：图的中央。</translation>
    </message>
    <message>
        <source>Click the corners; end with a double click or Enter. Insert: the middle of the map as a corner.</source>
        <translation>单击各折点，双击或回车结束。Insert 键：以图的中央为折点。</translation>
    </message>
    <message>
        <source>Drag a box, or click two corners. Enter: all that the map shows.</source>
        <translation>按住拖出一框，或单击两个对角。回车：图上所见全部。</translation>
    </message>
    <message>
        <source>Looking up what lies there…</source>
        <translation>正在查询…</translation>
    </message>
    <message>
        <source>What lies along a line from here…</source>
        <translation>从此处起画线，沿线有什么…</translation>
    </message>
    <message>
        <source>What lies in a box from here…</source>
        <translation>从此处起画框，框内有什么…</translation>
    </message>
    <message>
        <source>Chart</source>
        <translation>图</translation>
    </message>
    <message>
        <source>Copy the picture</source>
        <translation>复制图片</translation>
    </message>
    <message>
        <source>Save the picture…</source>
        <translation>保存图片…</translation>
    </message>
    <message>
        <source>The picture is on the clipboard.</source>
        <translation>图片已复制到剪贴板。</translation>
    </message>
    <message>
        <source>How this value came about, down to versions and features</source>
        <translation>这个数值如何得出，直到版本和要素</translation>
    </message>
    <message>
        <source>By unit</source>
        <translation>各单元</translation>
    </message>
    <message>
        <source>Over time</source>
        <translation>历年</translation>
    </message>
    <message>
        <source>Quota left</source>
        <translation>指标余量</translation>
    </message>
    <message>
        <source>The unit against its targets</source>
        <translation>本单元与目标值</translation>
    </message>
    <message>
        <source>Own themes and indicators</source>
        <translation>自有专题和指标</translation>
    </message>
    <message>
        <source>Add a theme from a file…</source>
        <translation>从文件加入专题…</translation>
    </message>
    <message>
        <source>Without {name}</source>
        <translation>不用 {name}</translation>
    </message>
    <message>
        <source>Indicators from a file…</source>
        <translation>指标取自文件…</translation>
    </message>
    <message>
        <source>States of the data before that are measured, too (trend)</source>
        <translation>另算数据此前的几个时点（趋势）</translation>
    </message>
    <message>
        <source>Also the charts as SVG, so many millimetres wide</source>
        <translation>另给出各图的 SVG，宽度（毫米）</translation>
    </message>
    <message>
        <source>The bureau's profile…</source>
        <translation>单位信息…</translation>
    </message>
    <message>
        <source>Who issues the documents of the open library, to whom, under what head</source>
        <translation>当前资料库的文书由谁签发、主送何处、采用何种版头</translation>
    </message>
    <message>
        <source>Head of documents</source>
        <translation>文书版头与单位</translation>
    </message>
    <message>
        <source>Keep the profile</source>
        <translation>存入单位信息</translation>
    </message>
    <message>
        <source>The bureau's profile</source>
        <translation>单位信息</translation>
    </message>
    <message>
        <source>Parts of the profile</source>
        <translation>单位信息各部分</translation>
    </message>
    <message>
        <source>The head of a document</source>
        <translation>文书版头</translation>
    </message>
    <message>
        <source>What is left empty is not printed. A department that leaves everything empty gets no red head.</source>
        <translation>没有填的，文书中不印。没有填写的部门，文书不带红头。</translation>
    </message>
    <message>
        <source>Keep with the library</source>
        <translation>存入资料库</translation>
    </message>
    <message>
        <source>Lead bureau</source>
        <translation>牵头单位</translation>
    </message>
    <message>
        <source>Fonts</source>
        <translation>字体</translation>
    </message>
    <message>
        <source>The profile is kept with the library. Documents written from now on bear it.</source>
        <translation>单位信息已存入资料库，此后的文书即按此排印。</translation>
    </message>
    <message>
        <source>(seal)</source>
        <translation>（印章）</translation>
    </message>
    <message>
        <source>Contact: {text}</source>
        <translation>联系人：{text}</translation>
    </message>
    <message>
        <source>Signatory: {text}</source>
        <translation>签发人：{text}</translation>
    </message>
    <message>
        <source>Copies: {text}</source>
        <translation>抄送：{text}</translation>
    </message>
    <message>
        <source>Printed by: {text}</source>
        <translation>印发：{text}</translation>
    </message>
    <message>
        <source>The library has no profile yet.</source>
        <translation>资料库还没有单位信息。</translation>
    </message>
    <message>
        <source>Documents bear no head: the profile says nothing of this sender.</source>
        <translation>文书不带版头：单位信息没有写这个单位。</translation>
    </message>
    <message>
        <source>in Chinese</source>
        <translation>中文</translation>
    </message>
    <message>
        <source>in English</source>
        <translation>英文</translation>
    </message>
    <message>
        <source>as usual</source>
        <translation>按通常做法</translation>
    </message>
    <message>
        <source>the same</source>
        <translation>同中文</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>{count:# rule asks|# rules ask} for it</source>
        <translation>{count} 条规则需要</translation>
    </message>
    <message>
        <source>Fill in…</source>
        <translation>填写…</translation>
    </message>
    <message>
        <source>The facts of the project that rules ask for, as a form</source>
        <translation>以表单填写规则需要的项目资料</translation>
    </message>
    <message>
        <source>none stated</source>
        <translation>未填</translation>
    </message>
    <message>
        <source>{count} stated</source>
        <translation>已填 {count} 项</translation>
    </message>
    <message>
        <source>no rule lacks any</source>
        <translation>没有规则缺资料</translation>
    </message>
    <message>
        <source>Of {count:# rule that needs|# rules that need} facts about the project {waiting:# lacks|# lack} some.</source>
        <translation>需要项目资料的 {count} 条规则中，{waiting} 条缺少资料。</translation>
    </message>
    <message>
        <source>These rules need no facts about the project.</source>
        <translation>这些规则不需要项目资料。</translation>
    </message>
    <message>
        <source>Facts of the project</source>
        <translation>项目资料</translation>
    </message>
    <message>
        <source>Facts are read…</source>
        <translation>正在读取资料…</translation>
    </message>
    <message>
        <source>Facts are checked…</source>
        <translation>正在核对资料…</translation>
    </message>
    <message>
        <source>Mend what is remarked below, or press OK again to keep it as it is.</source>
        <translation>请按各项下的提示修改；保持不变的，再点一次“确定”。</translation>
    </message>
    <message>
        <source>What is not stated stays unknown; it is never guessed. What a parcel says itself comes first.</source>
        <translation>没有填的就是未知，不作猜测。地块自身注明的优先。</translation>
    </message>
    <message>
        <source>Load the facts of a project</source>
        <translation>读取项目资料</translation>
    </message>
    <message>
        <source>Save the facts of the project</source>
        <translation>另存项目资料</translation>
    </message>
    <message>
        <source>Load…</source>
        <translation>读取…</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>另存…</translation>
    </message>
    <message>
        <source>All unknown</source>
        <translation>全部未知</translation>
    </message>
    <message>
        <source>{count:The # rule that needs facts about the project has them|All # rules that need facts about the project have them}.</source>
        <translation>需要项目资料的 {count} 条规则，资料已齐。</translation>
    </message>
    <message>
        <source>The facts were written: {path}</source>
        <translation>资料已写入：{path}</translation>
    </message>
    <message>
        <source>All rules of this department were asked</source>
        <translation>本部门的规则均已检测</translation>
    </message>
    <message>
        <source>Rules not asked: {unasked}</source>
        <translation>未检测的规则：{unasked} 条</translation>
    </message>
    <message>
        <source>Sort the list</source>
        <translation>列表排序</translation>
    </message>
    <message>
        <source>By type, then by area</source>
        <translation>按类型和面积</translation>
    </message>
    <message>
        <source>Sorted</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>Sort</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>Change of datum</source>
        <translation>基准转换</translation>
    </message>
    <message>
        <source>Remembered answers</source>
        <translation>已记住的回答</translation>
    </message>
    <message>
        <source>They are taken for the next delivery where its files leave the same open.</source>
        <translation>下次报送的文件未说明同样内容时，沿用这些回答。</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation>清除</translation>
    </message>
    <message>
        <source>Reading the answers…</source>
        <translation>正在读取回答…</translation>
    </message>
    <message>
        <source>Changing the answer…</source>
        <translation>正在修改回答…</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Forgetting…</source>
        <translation>正在清除…</translation>
    </message>
    <message>
        <source>Nothing is remembered yet: it comes with the first version of a layer.</source>
        <translation>尚无可沿用的回答：图层的第一个版本入库后即有。</translation>
    </message>
    <message>
        <source>A file of parameters, for layers of another datum</source>
        <translation>参数文件，用于其他基准的图层</translation>
    </message>
    <message>
        <source>What was taken and what was refused, to send back: .xlsx, .pdf, .docx, .html or .json</source>
        <translation>入库和拒绝的内容，可退回部门：.xlsx、.pdf、.docx、.html 或 .json</translation>
    </message>
    <message>
        <source>none, or the one that is known of a layer</source>
        <translation>无，或图层以前所用的</translation>
    </message>
    <message>
        <source>Remembered answers…</source>
        <translation>已记住的回答…</translation>
    </message>
    <message>
        <source>A file of parameters</source>
        <translation>参数文件</translation>
    </message>
    <message>
        <source>Report to send back</source>
        <translation>可退回的报告</translation>
    </message>
    <message>
        <source>Change of datum (a file of parameters)</source>
        <translation>基准转换（参数文件）</translation>
    </message>
    <message>
        <source>Reports to send back</source>
        <translation>可退回的报告</translation>
    </message>
    <message>
        <source>Open cases whose conclusion would change</source>
        <translation>在办项目：哪些结论会改变</translation>
    </message>
    <message>
        <source>Kept checks whose verdicts would change (ids, semicolons between)</source>
        <translation>哪些已保存的检测结论会变（编号，分号隔开）</translation>
    </message>
    <message>
        <source>Changes of {layer}</source>
        <translation>{layer} 的变化</translation>
    </message>
    <message>
        <source>What changed since {label}…</source>
        <translation>自 {label} 以来的变化…</translation>
    </message>
    <message>
        <source>Page of the alerts</source>
        <translation>预警提醒的页面</translation>
    </message>
    <message>
        <source>List the alerts</source>
        <translation>列出预警提醒</translation>
    </message>
    <message>
        <source>Open the list as a page, with a chart of how many there are of each kind</source>
        <translation>以页面打开清单，附各类数量的图</translation>
    </message>
    <message>
        <source>Measure again and compare</source>
        <translation>重新测算并比对</translation>
    </message>
    <message>
        <source>Measure the kept run again with what was known then, and compare row by row</source>
        <translation>用当时的数据重新测算所保存的结果，逐行比对</translation>
    </message>
    <message>
        <source>The run {run} was measured again: every row is as it is kept.</source>
        <translation>已重新测算 {run}：每一行都与所保存的相同。</translation>
    </message>
    <message>
        <source>Exchange</source>
        <translation>汇交</translation>
    </message>
    <message>
        <source>Open a review case</source>
        <translation>立项（并联预审）</translation>
    </message>
    <message>
        <source>Checks parcels and opens a case on them: the ten departments' opinions are drafted in the wording of the rules. The case goes on in the panel's room Review. What the project says of itself stands in a file of facts; what it does not say is unknown.</source>
        <translation>检测地块并立项：按规则用语为十个部门拟写意见，随后在面板的“会审”中办理。项目资料写在文件中；没有写的即为未知。</translation>
    </message>
    <message>
        <source>Write a document of a review case</source>
        <translation>输出会审文书</translation>
    </message>
    <message>
        <source>Writes the report, the consolidated statement, one department's opinion or its reply form as Word, PDF, a page or JSON, by the ending of the file's name.</source>
        <translation>按文件后缀输出审查报告、会审意见书、某部门意见或回函：Word、PDF、网页或 JSON。</translation>
    </message>
    <message>
        <source>Who opens it</source>
        <translation>立项人</translation>
    </message>
    <message>
        <source>Day of the step</source>
        <translation>办理日期</translation>
    </message>
    <message>
        <source>Files to keep with the case (semicolons between)</source>
        <translation>随项目保存的文件（分号分隔）</translation>
    </message>
    <message>
        <source>Case (its id)</source>
        <translation>项目（编号）</translation>
    </message>
    <message>
        <source>Document</source>
        <translation>文书</translation>
    </message>
    <message>
        <source>Which document</source>
        <translation>文书种类</translation>
    </message>
    <message>
        <source>Annexes (all, none, or names with commas between)</source>
        <translation>附件（all、none 或逗号分隔的名称）</translation>
    </message>
    <message>
        <source>Case</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Choose from a list</source>
        <translation>从列表中选择</translation>
    </message>
    <message>
        <source>There is none in this library.</source>
        <translation>资料库中没有可选的。</translation>
    </message>
    <message>
        <source>Choose the library first.</source>
        <translation>请先选择资料库。</translation>
    </message>
    <message>
        <source>Click a unit on the map: its values are listed, and its page opens</source>
        <translation>在地图上点击一个单元：列出其指标，并打开其页面</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>what the map shows</source>
        <translation>地图当前范围</translation>
    </message>
    <message>
        <source>Choose a layer of the library</source>
        <translation>选择资料库中的图层</translation>
    </message>
    <message>
        <source>Choose files</source>
        <translation>选择文件</translation>
    </message>
    <message>
        <source>Only what was dropped: {files}</source>
        <translation>只取拖入的：{files}</translation>
    </message>
    <message>
        <source>{files} and {count} more</source>
        <translation>{files}等，另有 {count} 个</translation>
    </message>
    <message>
        <source>These files lie on different drives. Put them into one folder, and drop that.</source>
        <translation>这些文件不在同一个盘上。请放进同一个文件夹，再拖入该文件夹。</translation>
    </message>
    <message>
        <source>Only these files and folders of it (semicolons between)</source>
        <translation>只取其中的这些文件和子文件夹（用分号隔开）</translation>
    </message>
    <message>
        <source>Left out, {reason}: {layer}</source>
        <translation>未发布（{reason}）：{layer}</translation>
    </message>
    <message>
        <source>{title} ({code})</source>
        <translation>{title}（{code}）</translation>
    </message>
    <message>
        <source>No layer, place or parcel on the map has this name.</source>
        <translation>没有这个名称的图层、地名，地图上也没有这样的地块。</translation>
    </message>
    <message>
        <source>Looking for a Python…</source>
        <translation>查找 Python…</translation>
    </message>
    <message>
        <source>All that has a layer is in the library.</source>
        <translation>有对应图层的都已入库。</translation>
    </message>
    <message>
        <source>rules that lack facts: {count}</source>
        <translation>缺资料的规则：{count}</translation>
    </message>
    <message>
        <source>{names}, {count} more</source>
        <translation>{names}，另有 {count} 个</translation>
    </message>
    <message>
        <source>No layer has this name. Places and parcels are searched from two letters on.</source>
        <translation>没有这个名称的图层。地名和地块至少输入两个字才查找。</translation>
    </message>
    <message>
        <source>The library has changed meanwhile, and is shown as it is now: {layers}.</source>
        <translation>资料库期间有变动，现已按最新内容显示：{layers}。</translation>
    </message>
    <message>
        <source>cluster of spots</source>
        <translation>图斑组</translation>
    </message>
    <message>
        <source>spot</source>
        <translation>图斑</translation>
    </message>
    <message>
        <source>hour</source>
        <translation>小时</translation>
    </message>
    <message>
        <source>day</source>
        <translation>日</translation>
    </message>
    <message>
        <source>Opinion of one department</source>
        <translation>单部门意见</translation>
    </message>
    <message>
        <source>Reply form of one department</source>
        <translation>单部门回函</translation>
    </message>
    <message>
        <source>lines beside those of the library</source>
        <translation>界线与库内数据平移不符</translation>
    </message>
    <message>
        <source>Atlas (*.pdf)</source>
        <translation>图册（*.pdf）</translation>
    </message>
    <message>
        <source>Converted file</source>
        <translation>转换后的文件</translation>
    </message>
    <message>
        <source>Sheets (.pdf, .docx, .html or .json)</source>
        <translation>查询表（.pdf、.docx、.html 或 .json）</translation>
    </message>
    <message>
        <source>Rules that were not asked, with the reason (JSON)</source>
        <translation>未检测的规则及原因（JSON）</translation>
    </message>
    <message>
        <source>The library has its version “{label}” already: another label, or leave it out.</source>
        <translation>资料库已有该图层的版本“{label}”：另取标签，或不加入。</translation>
    </message>
    <message>
        <source>“{name}” is in this folder already. What is in it will be lost.</source>
        <translation>该文件夹中已有“{name}”。其中的内容将被覆盖，无法恢复。</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>替换</translation>
    </message>
    <message>
        <source>“{name}” cannot be written: {reason}.</source>
        <translation>无法写入“{name}”：{reason}。</translation>
    </message>
    <message>
        <source>Choose another folder or name; if a program has the file open, close it there first.</source>
        <translation>请另选文件夹或文件名；若文件正在其他程序中打开，请先在那里关闭。</translation>
    </message>
    <message>
        <source>“{name}” cannot be read: {reason}.</source>
        <translation>无法读取“{name}”：{reason}。</translation>
    </message>
    <message>
        <source>Make it again.</source>
        <translation>请重新生成该文件。</translation>
    </message>
    <message>
        <source>it is no longer there</source>
        <translation>文件已不存在</translation>
    </message>
    <message>
        <source>there is no right to read it</source>
        <translation>没有读取权限</translation>
    </message>
    <message>
        <source>another program has it open</source>
        <translation>文件正在其他程序中打开</translation>
    </message>
    <message>
        <source>the disk is full</source>
        <translation>磁盘已满</translation>
    </message>
    <message>
        <source>the disk is read-only</source>
        <translation>磁盘是只读的</translation>
    </message>
    <message>
        <source>there is no right to write there</source>
        <translation>没有写入权限</translation>
    </message>
    <message>
        <source>its folder is not there</source>
        <translation>所在文件夹不存在</translation>
    </message>
    <message>
        <source>a folder has that name</source>
        <translation>已有同名文件夹</translation>
    </message>
    <message>
        <source>the name is too long</source>
        <translation>文件名过长</translation>
    </message>
    <message>
        <source>Plans against each other</source>
        <translation>规划两两比对</translation>
    </message>
    <message>
        <source>There is nothing to add up: no layer of land use is in force on this day. Add one of {layers}.</source>
        <translation>没有可以汇总的内容：当日没有生效的用地图层。请加入其中之一：{layers}。</translation>
    </message>
    <message>
        <source>No layer has this name, only the places above.</source>
        <translation>没有图层叫这个名称，只有上面的地点。</translation>
    </message>
    <message>
        <source>These files of your own are gone: {files}. Put them back, or leave them out with the button above.</source>
        <translation>自有文件已不在原处：{files}。请放回原处，或用上面的按钮将其去掉。</translation>
    </message>
    <message>
        <source>The theme “{theme}” is gone; all indicators are listed.</source>
        <translation>专题“{theme}”已不存在，现列出全部指标。</translation>
    </message>
    <message>
        <source>no date</source>
        <translation>无日期</translation>
    </message>
    <message>
        <source>{label} · not in force, without a date</source>
        <translation>{label} · 无日期，未生效</translation>
    </message>
    <message>
        <source>Not in force: it has no date, and a version with a date goes before it. To use it, add it again with the day from which it is valid.</source>
        <translation>未生效：该版本没有日期，有日期的版本优先。如要采用，请注明生效日期后重新入库。</translation>
    </message>
    <message>
        <source>“{layer}” is unchanged: version {version} holds the same. Nothing was written.</source>
        <translation>“{layer}”无变化：与版本 {version} 相同，未写入任何内容。</translation>
    </message>
    <message>
        <source>It is not in force today; in force is {other}.</source>
        <translation>该版本今日未生效，生效的是 {other}。</translation>
    </message>
    <message>
        <source>It is not in force: it has no date, and {other}, which has one, goes before it.</source>
        <translation>该版本没有生效：没有日期，有日期的 {other} 优先。</translation>
    </message>
    <message>
        <source>no features: there are none</source>
        <translation>没有要素：无此类要素</translation>
    </message>
    <message>
        <source>Add it: there are none</source>
        <translation>无此类要素，入库</translation>
    </message>
    <message>
        <source>Add all the same</source>
        <translation>仍然入库</translation>
    </message>
    <message>
        <source>Add it all the same</source>
        <translation>存疑仍入库</translation>
    </message>
    <message>
        <source>It does not look like this layer; the log says who was sure</source>
        <translation>看起来不像该图层的数据；由谁确认将记入日志</translation>
    </message>
    <message>
        <source>Unchanged, and not written: {count}.</source>
        <translation>无变化、未写入：{count}。</translation>
    </message>
    <message>
        <source>retired</source>
        <translation>已撤下</translation>
    </message>
    <message>
        <source>Retired, because it was added by mistake: no check of any day uses it</source>
        <translation>误入库，已撤下：任何日期的检测都不采用</translation>
    </message>
    <message>
        <source>{label} · retired</source>
        <translation>{label} · 已撤下</translation>
    </message>
    <message>
        <source>Put it back into force…</source>
        <translation>恢复生效…</translation>
    </message>
    <message>
        <source>Retire this version…</source>
        <translation>撤下此版本…</translation>
    </message>
    <message>
        <source>Retire {layer} {label}</source>
        <translation>撤下 {layer} {label}</translation>
    </message>
    <message>
        <source>Why is it put back into force? The log keeps the reason.</source>
        <translation>恢复生效的理由（记入日志）：</translation>
    </message>
    <message>
        <source>Why is it in force no more, from its first day on? The log keeps the reason.</source>
        <translation>撤下的理由（自始不再生效，理由记入日志）：</translation>
    </message>
    <message>
        <source>“{layer}” {label} is retired. Its menu puts it back.</source>
        <translation>“{layer}” {label} 已撤下，可在其右键菜单中恢复。</translation>
    </message>
    <message>
        <source>“{layer}” {label} is back in force on its days.</source>
        <translation>“{layer}” {label} 已恢复，按其日期生效。</translation>
    </message>
    <message>
        <source>The library has no data yet. Drop a department's folder here, or choose one.</source>
        <translation>资料库还没有数据。请把部门报来的文件夹拖到这里，或选择文件夹。</translation>
    </message>
    <message>
        <source>Choose a folder…</source>
        <translation>选择文件夹…</translation>
    </message>
    <message>
        <source>Where a layer has no feature, a check finds nothing there.</source>
        <translation>图层没有要素的地方，检测视为没有。</translation>
    </message>
    <message>
        <source>Not in force: {layers}; the list of layers says why.</source>
        <translation>未生效：{layers}；原因见图层列表。</translation>
    </message>
    <message>
        <source>Making a Python environment…</source>
        <translation>正在创建 Python 环境…</translation>
    </message>
    <message>
        <source>Installing the packages…</source>
        <translation>正在安装软件包…</translation>
    </message>
    <message>
        <source>Testing the core…</source>
        <translation>正在测试核心程序…</translation>
    </message>
    <message>
        <source>List differences that are too narrow to be one, too</source>
        <translation>同时列出过窄、不构成差异的图斑</translation>
    </message>
    <message>
        <source>Slivers: {count}</source>
        <translation>细碎图斑：{count}</translation>
    </message>
    <message>
        <source>Write the results, or their parcels alone, as a file</source>
        <translation>把检测结果或其中的地块写成文件</translation>
    </message>
    <message>
        <source>List only what is broken or near its limit</source>
        <translation>只列突破和预警的指标</translation>
    </message>
    <message>
        <source>Reports (*.xlsx, *.html, *.json)</source>
        <translation>报告（*.xlsx、*.html、*.json）</translation>
    </message>
    <message>
        <source>Prove it</source>
        <translation>检验</translation>
    </message>
    <message>
        <source>Prove the pack</source>
        <translation>检验规则包</translation>
    </message>
    <message>
        <source>Judge open cases by the pack</source>
        <translation>按这个规则包重新判断在办项目</translation>
    </message>
    <message>
        <source>Why is it put in force? The log keeps the reason. Opinions by the former rules become outdated.</source>
        <translation>为何启用？理由记入日志。依据原规则的意见随即过时。</translation>
    </message>
    <message>
        <source>In force: {id} {version}. Opinions that rest on the former rules are outdated.</source>
        <translation>已启用 {id} {version}。依据原规则的意见已过时。</translation>
    </message>
    <message>
        <source>Read another pack, a file</source>
        <translation>查看另一个规则包文件</translation>
    </message>
    <message>
        <source>Put the pack in force</source>
        <translation>启用规则包</translation>
    </message>
    <message>
        <source>Copy the pack</source>
        <translation>复制规则包</translation>
    </message>
    <message>
        <source>Make it the city's own…</source>
        <translation>复制为本市规则包…</translation>
    </message>
    <message>
        <source>Write the pack and its cases to a file that may be changed</source>
        <translation>把规则包和案例另存为可以修改的文件</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Judge the cases beside the pack</source>
        <translation>用规则包旁的案例逐一检验</translation>
    </message>
    <message>
        <source>What would turn</source>
        <translation>试算影响</translation>
    </message>
    <message>
        <source>Judge open cases by this pack; nothing is written</source>
        <translation>按这个规则包重新判断在办项目，不写入资料库</translation>
    </message>
    <message>
        <source>Put in force…</source>
        <translation>启用…</translation>
    </message>
    <message>
        <source>This pack is shipped with One Map. Make it the city's own to change it.</source>
        <translation>这是自带的规则包，复制为本市的才能修改。</translation>
    </message>
    <message>
        <source>Save the pack</source>
        <translation>保存规则包</translation>
    </message>
    <message>
        <source>The city's own pack</source>
        <translation>本市规则包</translation>
    </message>
    <message>
        <source>Put in force</source>
        <translation>启用规则包</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>放弃修改</translation>
    </message>
    <message>
        <source>What the cases prove</source>
        <translation>案例检验结果</translation>
    </message>
    <message>
        <source>What would turn in open cases</source>
        <translation>在办项目中会改变的结论</translation>
    </message>
    <message>
        <source>What differs from the origin</source>
        <translation>与来源规则包的差异</translation>
    </message>
    <message>
        <source>Packs in force, and those of before</source>
        <translation>现行和历次的规则包</translation>
    </message>
    <message>
        <source>Proof of cases</source>
        <translation>案例检验</translation>
    </message>
    <message>
        <source>Would turn</source>
        <translation>影响</translation>
    </message>
    <message>
        <source>Differences</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>In force</source>
        <translation>现行</translation>
    </message>
    <message>
        <source>The library keeps this pack. Make it the city's own, a file, to change it.</source>
        <translation>这是资料库保存的规则包，另存为文件才能修改。</translation>
    </message>
    <message>
        <source>{count:# value is|# values are} saved: {file}</source>
        <translation>已保存 {count} 处：{file}</translation>
    </message>
    <message>
        <source>{count:# value was|# values were} changed and not saved.</source>
        <translation>有 {count} 处改动尚未保存。</translation>
    </message>
    <message>
        <source>The original has changed since.</source>
        <translation>来源规则包此后已有改动。</translation>
    </message>
    <message>
        <source>Hits are those of the check {run}.</source>
        <translation>命中数取自检测 {run}。</translation>
    </message>
    <message>
        <source>Compare the packs</source>
        <translation>对照规则包</translation>
    </message>
    <message>
        <source>A copy of {id} {version}; what differs is marked.</source>
        <translation>复制自 {id} {version}，不同之处已标明。</translation>
    </message>
    <message>
        <source>Rule, law …</source>
        <translation>规则、依据……</translation>
    </message>
    <message>
        <source>Search the rules</source>
        <translation>查找规则</translation>
    </message>
    <message>
        <source>Rules by department</source>
        <translation>各部门的规则</translation>
    </message>
    <message>
        <source>Hits</source>
        <translation>命中</translation>
    </message>
    <message>
        <source>Differs</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Terms of the review</source>
        <translation>审查期限等</translation>
    </message>
    <message>
        <source>Law</source>
        <translation>依据</translation>
    </message>
    <message>
        <source>Read, change and prove the rules</source>
        <translation>查看、修改和检验规则</translation>
    </message>
    <message>
        <source>Prove rule packs</source>
        <translation>检验规则包</translation>
    </message>
    <message>
        <source>Judges the cases beside a rule pack (NAME.cases.toml) and says which fail, which rules lack a hit, a miss or an unknown, and, with single errors made in every rule, which sentences of it no case protects.</source>
        <translation>用规则包旁的案例（名称.cases.toml）检验规则包：哪些案例不符预期，哪些规则还缺命中、未命中或无法判定的案例；另可在每条规则中制造单处错误，指出哪些内容没有案例保护。</translation>
    </message>
    <message>
        <source>Rule packs (names or *.toml)</source>
        <translation>规则包（名称或 *.toml）</translation>
    </message>
    <message>
        <source>Also make single errors in every rule</source>
        <translation>另在每条规则中制造单处错误</translation>
    </message>
    <message>
        <source>Only draft the cases of this rule</source>
        <translation>只起草这条规则的案例</translation>
    </message>
    <message>
        <source>Cases as expected</source>
        <translation>符合预期的案例</translation>
    </message>
    <message>
        <source>Rules not fully shown (JSON)</source>
        <translation>未全部检验的规则（JSON）</translation>
    </message>
    <message>
        <source>Items of the checklist</source>
        <translation>核实事项</translation>
    </message>
    <message>
        <source>Classes of projects</source>
        <translation>项目类别</translation>
    </message>
    <message>
        <source>A file that was delivered</source>
        <translation>报送来的文件</translation>
    </message>
    <message>
        <source>A folder that was delivered</source>
        <translation>报送来的文件夹</translation>
    </message>
    <message>
        <source>A folder, archive or database</source>
        <translation>文件夹、压缩包或数据库</translation>
    </message>
    <message>
        <source>A template</source>
        <translation>成果模板</translation>
    </message>
    <message>
        <source>A template of your own (*.toml)</source>
        <translation>自编模板（*.toml）</translation>
    </message>
    <message>
        <source>Add this delivery to the library…</source>
        <translation>将此成果加入资料库…</translation>
    </message>
    <message>
        <source>Archive or GeoPackage…</source>
        <translation>压缩包或 GeoPackage…</translation>
    </message>
    <message>
        <source>Changes that are not saved are not proved: {layers}. Save them, and prove again.</source>
        <translation>未保存的修改不参与质检：{layers}。请保存后重新质检。</translation>
    </message>
    <message>
        <source>Choose a delivery and a template, and press Prove.</source>
        <translation>选择成果和模板，然后点“质检”。</translation>
    </message>
    <message>
        <source>Delivery (*.zip *.7z *.gpkg)</source>
        <translation>报送成果（*.zip *.7z *.gpkg）</translation>
    </message>
    <message>
        <source>Folder, or FileGDB…</source>
        <translation>文件夹或 FileGDB…</translation>
    </message>
    <message>
        <source>Grant an exception</source>
        <translation>准予例外</translation>
    </message>
    <message>
        <source>Grant an exception…</source>
        <translation>准予例外…</translation>
    </message>
    <message>
        <source>Next problem (F8)</source>
        <translation>下一个问题（F8）</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Problem before this (Shift+F8)</source>
        <translation>上一个问题（Shift+F8）</translation>
    </message>
    <message>
        <source>Problems (areas)</source>
        <translation>问题（面）</translation>
    </message>
    <message>
        <source>Problems (lines)</source>
        <translation>问题（线）</translation>
    </message>
    <message>
        <source>Problems (points)</source>
        <translation>问题（点）</translation>
    </message>
    <message>
        <source>Problems of the delivery</source>
        <translation>成果中的问题</translation>
    </message>
    <message>
        <source>Proof</source>
        <translation>质检</translation>
    </message>
    <message>
        <source>Proof of {delivery}</source>
        <translation>质检：{delivery}</translation>
    </message>
    <message>
        <source>Prove</source>
        <translation>质检</translation>
    </message>
    <message>
        <source>Prove again</source>
        <translation>重新质检</translation>
    </message>
    <message>
        <source>Prove {delivery}</source>
        <translation>质检 {delivery}</translation>
    </message>
    <message>
        <source>Severity</source>
        <translation>级别</translation>
    </message>
    <message>
        <source>Show the problems and the delivered layers on the map</source>
        <translation>在地图上显示问题和报送的图层</translation>
    </message>
    <message>
        <source>The report is written: {path}</source>
        <translation>报告已写出：{path}</translation>
    </message>
    <message>
        <source>There is no problem left.</source>
        <translation>没有问题了。</translation>
    </message>
    <message>
        <source>What has not changed since is not proved anew</source>
        <translation>未改动的部分不再重复检查</translation>
    </message>
    <message>
        <source>Why may this stay as it is? The reason stands in the report, with your name.</source>
        <translation>为何可以保持现状？理由和您的姓名将写入报告。</translation>
    </message>
    <message>
        <source>Withdraw the exception</source>
        <translation>撤回例外</translation>
    </message>
    <message>
        <source>Write a report to send back</source>
        <translation>写出退回报告</translation>
    </message>
    <message>
        <source>What was proved before (*.json): only what has changed is proved again</source>
        <translation>上次检查的记录（*.json）：只重新检查改动的部分</translation>
    </message>
    <message>
        <source>Grant an exception for the problems of these hashes (semicolons between)</source>
        <translation>对这些哈希值的问题准予例外（以分号分隔）</translation>
    </message>
    <message>
        <source>Withdraw the exceptions of these hashes (semicolons between)</source>
        <translation>撤回这些哈希值的例外（以分号分隔）</translation>
    </message>
    <message>
        <source>Why the exception is granted</source>
        <translation>准予例外的理由</translation>
    </message>
    <message>
        <source>Who grants it</source>
        <translation>准予人</translation>
    </message>
    <message>
        <source>The library's district</source>
        <translation>资料库的行政区范围</translation>
    </message>
    <message>
        <source>The library's district…</source>
        <translation>资料库的行政区范围…</translation>
    </message>
    <message>
        <source>A file of polygons: the district from now on</source>
        <translation>面文件：自即日起的行政区范围</translation>
    </message>
    <message>
        <source>why it changes; the log keeps it</source>
        <translation>变更原因，记入日志</translation>
    </message>
    <message>
        <source>Change the district</source>
        <translation>变更行政区范围</translation>
    </message>
    <message>
        <source>A layer may say that it covers the district: where it has no feature, a check then finds nothing. When the district changes, versions keep the ground for which they speak.</source>
        <translation>图层可以说明覆盖整个行政区：没有要素之处，检测即无发现。行政区范围变更后，已入库版本的覆盖范围不变。</translation>
    </message>
    <message>
        <source>New district</source>
        <translation>新的范围</translation>
    </message>
    <message>
        <source>The district is changed.</source>
        <translation>行政区范围已变更。</translation>
    </message>
    <message>
        <source>This is the library's district already.</source>
        <translation>资料库的行政区范围已经如此。</translation>
    </message>
    <message>
        <source>State the reason first.</source>
        <translation>请先写明原因。</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>变更</translation>
    </message>
    <message>
        <source>Area or reason</source>
        <translation>面积或原因</translation>
    </message>
    <message>
        <source>Land width</source>
        <translation>用地宽度</translation>
    </message>
    <message>
        <source>metres, or the field that has them</source>
        <translation>米数，或记载宽度的字段</translation>
    </message>
    <message>
        <source>Lines and points are checked as land of this width, along or around them</source>
        <translation>线、点要素按此宽度的用地检测</translation>
    </message>
    <message>
        <source>State the width of the land</source>
        <translation>填写用地宽度</translation>
    </message>
    <message>
        <source>State the width of the land of these lines or points, then press Check.</source>
        <translation>请填写这些线或点的用地宽度，再点击“检测”。</translation>
    </message>
    <message>
        <source>Land width of lines and points (metres, or the field that has them)</source>
        <translation>线、点的用地宽度（米数，或记载宽度的字段）</translation>
    </message>
    <message>
        <source>File of the last version that this one replaces</source>
        <translation>本文件替换上一版本中的哪个文件</translation>
    </message>
</context>
</TS>
