// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/maskfiles.h"

#include "core/base/atomicfile.h"
#include "ui/window/settings.h"

#include <QCoreApplication>
#include <QFileDialog>
#include <QFileInfo>

#include <algorithm>

namespace rekey::ui {

namespace {

struct MaskFiles
{
    Q_DECLARE_TR_FUNCTIONS(rekey::ui::MaskFiles)
};

/// Half a pixel: no corner that an eye would miss goes.
constexpr double polygonTolerance = 0.5;

struct Form
{
    MaskFile form;
    QString filter, suffix;
    bool several;
};

QList<Form> forms()
{
    return {{MaskFile::Png, MaskFiles::tr("PNG, white on black (*.png)"), QStringLiteral(".png"), false},
            {MaskFile::CocoRle, MaskFiles::tr("COCO JSON, compressed run lengths (*.json)"), QStringLiteral(".json"), true},
            {MaskFile::CocoCounts, MaskFiles::tr("COCO JSON, run lengths as numbers (*.json)"), QStringLiteral(".json"), true},
            {MaskFile::CocoPolygon, MaskFiles::tr("COCO JSON, polygons (*.json)"), QStringLiteral(".json"), true},
            {MaskFile::Svg, MaskFiles::tr("SVG, outlines (*.svg)"), QStringLiteral(".svg"), false}};
}

CocoForm cocoForm(MaskFile form)
{
    return form == MaskFile::CocoRle      ? CocoForm::CompressedRle
           : form == MaskFile::CocoCounts ? CocoForm::UncompressedRle
                                          : CocoForm::Polygon;
}

} // namespace

MaskDestination askMaskDestination(QWidget *window, Settings &settings, const QString &stem, bool several)
{
    QList<Form> offered = forms();
    offered.removeIf([several](const Form &form) { return several && !form.several; });
    QStringList filters;
    for (const Form &form : offered)
        filters << form.filter;
    QString chosen = filters.first();
    const QString start = settings.lastFolder(QStringLiteral("export")) + QLatin1Char('/') + stem + offered.first().suffix;
    MaskDestination destination;
    destination.file = QFileDialog::getSaveFileName(window, several ? MaskFiles::tr("Save masks") : MaskFiles::tr("Save mask"), start,
                                                    filters.join(QStringLiteral(";;")), &chosen);
    if (destination.file.isEmpty())
        return destination;
    settings.setLastFolder(QStringLiteral("export"), QFileInfo(destination.file).absolutePath());
    const Form &form = offered[std::max(0, static_cast<int>(filters.indexOf(chosen)))];
    destination.form = form.form;
    // The ending says which form it is to those who typed one.
    const QString suffix = QFileInfo(destination.file).suffix().toLower();
    if (suffix.isEmpty())
        destination.file += form.suffix;
    else if (suffix == QLatin1String("svg") && !several)
        destination.form = MaskFile::Svg;
    else if (suffix == QLatin1String("png") && !several)
        destination.form = MaskFile::Png;
    else if (suffix == QLatin1String("json") && form.suffix != QLatin1String(".json"))
        destination.form = MaskFile::CocoRle;
    return destination;
}

void saveMasks(const MaskDestination &destination, const CocoImage &image, const std::vector<ExportedMask> &masks)
{
    const std::filesystem::path path = destination.file.toStdString();
    switch (destination.form) {
    case MaskFile::Png: return saveMaskPng(path, masks.front().mask);
    case MaskFile::Svg: {
        AtomicFile file(path);
        file.write(std::string_view(maskSvg(masks.front().mask, polygonTolerance)));
        return file.commit();
    }
    default: return saveCocoJson(path, image, masks, cocoForm(destination.form), polygonTolerance);
    }
}

ExportedMask exported(const MaskCandidate &mask, const SegmentResult &result, const Prompts &prompts)
{
    ExportedMask out;
    out.mask = encodeMask(mask.pixels, result.width, result.height);
    out.predictedIou = static_cast<double>(mask.predictedIou);
    out.stability = static_cast<double>(mask.stability);
    for (const PromptPoint &point : prompts.points)
        out.points.push_back({point.x, point.y});
    return out;
}

std::vector<ExportedMask> exported(const EverythingResult &result)
{
    std::vector<ExportedMask> masks;
    for (const EverythingMask &mask : result.masks) {
        ExportedMask out;
        out.mask = mask.mask;
        out.predictedIou = static_cast<double>(mask.predictedIou);
        out.stability = static_cast<double>(mask.stability);
        out.points = {mask.point};
        out.cropBox = std::array<double, 4> {static_cast<double>(mask.cropBox[0]), static_cast<double>(mask.cropBox[1]),
                                             static_cast<double>(mask.cropBox[2]), static_cast<double>(mask.cropBox[3])};
        masks.push_back(std::move(out));
    }
    return masks;
}

} // namespace rekey::ui
